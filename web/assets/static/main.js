// Puts a page together: the view that its kind names, and one line about the cameras and the bus.

import { el, say } from "./dom.js";
import { duration } from "./format.js";
import { Link } from "./link.js";
import { leadOn } from "./state.js";

// Loaded by the page that needs it. Each has `show(shell)`, and gives back what is called when the sources have changed.
const VIEWS = {
  live: () => import("./live.js"),
  wall: () => import("./wall.js"),
  counts: () => import("./counts.js"),
  alerts: () => import("./alerts.js"),
  check: () => import("./check.js"),
  zones: () => import("./zones.js"),
  cameras: () => import("./cameras.js"),
  hours: () => import("./hours.js"),
  playback: () => import("./playback.js"),
};

const config = JSON.parse(document.getElementById("config").textContent);
const { page, pages, broker } = config;
const link = new Link();
const content = document.getElementById("content");
const toolbar = (...parts) => el("div", { className: "toolbar" }, ...parts);

leadToCameras();
leadOn();
document.querySelector("nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" }); // on a phone it may be aside
setInterval(sayStatus, 1000);
link.addEventListener("change", sayStatus);
sayStatus();
const { show } = await VIEWS[page.kind]();
const offer = show({ ...config, link, content, toolbar });
link.addEventListener("change", () => offer(sourcesHere()));
offer(sourcesHere());

function sourcesHere() {
  const wanted = [page.left, page.right].filter(Boolean);
  return [...new Set(wanted.flatMap((topic) => link.sources(topic)))];
}

function sayStatus() {
  const [level, status, notice] = statusNow();
  Object.assign(document.getElementById("status"), { className: `status ${level}`, title: amiss() });
  say(document.getElementById("status-text"), status);
  const line = document.getElementById("notice");
  say(line, notice);
  line.hidden = !notice;
}

/** The line about the cameras leads to where they are told of, where this role has such a page. */
function leadToCameras() {
  const cameras = pages.find(({ kind }) => kind === "cameras");
  const text = document.getElementById("status-text");
  if (cameras) text.replaceWith(el("a", { id: text.id, href: cameras.path, textContent: text.textContent }));
}

function statusNow() {
  if (link.expired) return ["late", "session ended", "This session has ended: load the page again to log in"];
  if (!link.connected) return ["late", "reconnecting", "The viewer does not answer: reconnecting…"];
  const { bus, for_s, crowded, cameras, doubles } = link.state ?? { bus: "joining", for_s: 0, cameras: {}, doubles: [] };
  const full = crowded && "More sources send than the viewer remembers (IMAGEBUS_SOURCES): new ones are left out";
  const twice = doubles.length > 0 && `A second producer was refused as ${doubles.join(", ")}: two cameras cannot share a name`;
  return {
    waiting: ["late", "waiting", `Waiting for the broker at ${broker} (${duration(for_s)})`],
    joining: ["late", "joining", ""],
    lost: ["late", "broker lost", `The broker at ${broker} does not answer since ${duration(for_s)}: nothing new can come`],
    ready: [...counted(cameras), full || twice || ""],
  }[bus];
}

/** As “2 live · 1 silent”, and how that is: nobody there is neither well nor ill. */
function counted({ live = 0, ...others }) {
  const ill = Object.entries(others).map(([word, count]) => `${count} ${word}`);
  if (!live && !ill.length) return ["none", "no camera yet"];
  return [ill.length ? "late" : "live", [`${live} live`, ...ill].join(" · ")];
}

/** The cameras that are not live, a line each. */
function amiss() {
  return Object.entries(link.state?.amiss ?? {})
    .map(([name, word]) => `${name}: ${word}`)
    .join("\n");
}
