// Puts a page together: its pictures, the choice of source, and one line about the bus.

import { el, fill, say } from "./dom.js";
import { Duo } from "./duo.js";
import { duration } from "./format.js";
import { Link } from "./link.js";

const { page, topics, broker } = JSON.parse(document.getElementById("config").textContent);
const ALL = "all sources";

const link = new Link();
const duo = new Duo(link, page, topics);
const chooser = el("select", { attrs: { "aria-label": "Source" } });
document
  .getElementById("content")
  .append(el("div", { className: "toolbar" }, el("label", { className: "field" }, chooser)), duo.element);

let source = sessionStorage.getItem("source") || null;
chooser.addEventListener("change", () => {
  source = chooser.value || null;
  sessionStorage.setItem("source", source ?? "");
  duo.watch(source);
});
link.addEventListener("change", () => {
  offerSources();
  sayStatus();
});
offerSources();
sayStatus();
setInterval(sayStatus, 1000);
duo.watch(source);

function sourcesHere() {
  const shown = [page.left, page.right].filter(Boolean).map((topic) => link.state?.topics[topic]?.sources ?? {});
  return [...new Set(shown.flatMap((sources) => Object.keys(sources)))].sort();
}

function offerSources() {
  const names = [...new Set([...sourcesHere(), ...(source ? [source] : [])])];
  fill(
    chooser,
    ["", ...names],
    () => el("option"),
    (option, name) => {
      say(option, name || ALL);
      if (option.getAttribute("value") !== name) option.value = name;
    },
  );
  chooser.value = source ?? "";
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
  if (!link.connected) return ["late", "reconnecting", "The viewer does not answer: reconnecting…"];
  const { bus, for_s } = link.state ?? { bus: "joining", for_s: 0 };
  const count = sourcesHere().length;
  const sources = `${count} ${count === 1 ? "source" : "sources"}`;
  return {
    waiting: ["late", "waiting", `Waiting for the broker at ${broker} (${duration(for_s)})`],
    joining: ["late", "joining", ""],
    lost: ["late", "broker lost", `The broker at ${broker} does not answer since ${duration(for_s)}: nothing new can come`],
    ready: ["live", `live · ${sources}`, ""],
  }[bus];
}
