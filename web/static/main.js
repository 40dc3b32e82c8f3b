// Puts a page together: its pictures, the choices and controls above them, and one line about the bus.

import { Choice, buttons } from "./controls.js";
import { el, say } from "./dom.js";
import { Duo } from "./duo.js";
import { duration } from "./format.js";
import { Link } from "./link.js";

const { page, topics, broker } = JSON.parse(document.getElementById("config").textContent);

const link = new Link();
const duo = new Duo(link, page, topics);
const source = sessionStorage.getItem("source") ?? "";
const sources = new Choice("Source", "all sources", source, (name) => {
  sessionStorage.setItem("source", name ?? "");
  duo.watch(name);
});
const labels = new Choice("Label", "all labels", "", (label) => duo.filter(label));
document
  .getElementById("content")
  .append(el("div", { className: "toolbar" }, sources.element, labels.element, buttons(duo)), duo.element);

duo.addEventListener("change", () => labels.offer([...duo.labels]));
link.addEventListener("change", () => {
  sources.offer(sourcesHere());
  sayStatus();
});
setInterval(sayStatus, 1000);
sayStatus();
duo.watch(source || null);

function sourcesHere() {
  const shown = [page.left, page.right].filter(Boolean).map((topic) => link.state?.topics[topic]?.sources ?? {});
  return [...new Set(shown.flatMap((ages) => Object.keys(ages)))];
}

function sayStatus() {
  const [level, status, notice] = statusNow();
  document.getElementById("status").className = `status ${level}`;
  say(document.getElementById("status-text"), status);
  const line = document.getElementById("notice");
  say(line, notice);
  line.hidden = !notice;
}

function statusNow() {
  if (link.expired) return ["late", "session ended", "This session has ended: load the page again to log in"];
  if (!link.connected) return ["late", "reconnecting", "The viewer does not answer: reconnecting…"];
  const { bus, for_s } = link.state ?? { bus: "joining", for_s: 0 };
  const count = sourcesHere().length;
  return {
    waiting: ["late", "waiting", `Waiting for the broker at ${broker} (${duration(for_s)})`],
    joining: ["late", "joining", ""],
    lost: ["late", "broker lost", `The broker at ${broker} does not answer since ${duration(for_s)}: nothing new can come`],
    ready: ["live", `live · ${count} ${count === 1 ? "source" : "sources"}`, ""],
  }[bus];
}
