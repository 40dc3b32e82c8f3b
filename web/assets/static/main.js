// Puts a page together: its pictures, the choices and controls above them, and one line about the bus.

import { CamerasView } from "./cameras.js";
import { CheckView } from "./check.js";
import { Choice, buttons } from "./controls.js";
import { CountsView } from "./counts.js";
import { el, say } from "./dom.js";
import { Duo } from "./duo.js";
import { duration } from "./format.js";
import { HoursView } from "./hours.js";
import { Link } from "./link.js";
import { PlaybackView } from "./playback.js";
import { Strip } from "./strip.js";
import { Wall } from "./wall.js";
import { ZonesView } from "./zones.js";

const { page, pages, topics, broker } = JSON.parse(document.getElementById("config").textContent);
const content = document.getElementById("content");
const link = new Link();
if (pages.some(({ cameras }) => cameras)) {
  document.getElementById("status-text").replaceWith(el("a", { id: "status-text", href: "/cameras", textContent: "connecting" }));
}
const offerSources = (page.playback ? showPlayback : page.cameras || page.hours ? showNumbers : page.zones ? showZones : page.check ? showCheck : page.counts ? showCounts : page.wall ? showWall : showDuo)();

link.addEventListener("change", () => {
  offerSources(sourcesHere());
  sayStatus();
});
setInterval(sayStatus, 1000);
sayStatus();

/** Two pictures of one source; what is called with the names of the sources there are. */
function showDuo() {
  const duo = new Duo(link, page, topics);
  const strip = topics[page.right].kind === "redacted" ? new Strip() : null;
  const source = sessionStorage.getItem("source") ?? "";
  const watch = (name) => {
    duo.watch(name);
    strip?.watch(name);
  };
  const sources = new Choice("Source", "all sources", source, (name) => {
    sessionStorage.setItem("source", name ?? "");
    watch(name);
  });
  const labels = new Choice("Label", "all labels", "", (label) => duo.filter(label));
  content.append(toolbar(sources.element, labels.element, buttons(duo)), duo.element);
  duo.addEventListener("change", () => labels.offer([...duo.labels]));
  if (strip) duo.pictures.after(strip.element);
  watch(source || null);
  return (names) => sources.offer(names);
}

/** All sources of one topic. */
function showWall() {
  const wall = new Wall(link, page, topics, pages);
  const choice = new Choice("Topic", "", page.right, (topic) => wall.watch(topic));
  choice.offer(Object.keys(topics));
  content.append(toolbar(choice.element, buttons(wall)), wall.element);
  return () => {};
}

/** Numbers only. */
function showCounts() {
  const counts = new CountsView(link);
  const cameras = new Choice("Camera", "all cameras", "", (source) => counts.choose(source));
  const windows = new Choice("Bars", "", "hour", (window) => counts.plot(window));
  windows.offer(["hour", "day"]);
  content.append(toolbar(cameras.element, windows.element, buttons(counts)), counts.element);
  counts.addEventListener("change", () => cameras.offer(counts.sources));
  return () => {};
}

/** One frame after the other, for somebody to mark who can be seen. */
function showCheck() {
  const check = new CheckView(link, page);
  const source = sessionStorage.getItem("source") ?? "";
  const sources = new Choice("Source", "", source, (name) => {
    sessionStorage.setItem("source", name ?? "");
    check.watch(name);
  });
  content.append(toolbar(sources.element, check.overlay, buttons(check)), check.element);
  if (source) check.watch(source);
  return (names) => sources.offer(names);
}

/** Every camera in numbers: how it is now, or its last hour. */
function showNumbers() {
  const view = page.cameras ? new CamerasView(pages) : new HoursView();
  content.append(toolbar(buttons(view)), view.element);
  return () => {};
}

/** Polygons on one camera's picture, for somebody to draw what is always covered. */
function showZones() {
  const zones = new ZonesView(link, page);
  const asked = new URLSearchParams(location.search).get("source") ?? sessionStorage.getItem("source") ?? "";
  const choose = (name) => {
    sessionStorage.setItem("source", name);
    history.replaceState(null, "", `?source=${encodeURIComponent(name)}`);
    zones.watch(name);
  };
  const sources = new Choice("Source", "", asked, choose);
  content.append(toolbar(sources.element, zones.overlay, buttons(zones)), zones.element);
  if (asked) choose(asked);
  return (names) => sources.offer(names);
}

/** What was recorded. */
function showPlayback() {
  const playback = new PlaybackView();
  const asked = new URLSearchParams(location.search).get("source") ?? "";
  const cameras = new Choice("Camera", "", asked, (name) => playback.choose(name));
  const speeds = new Choice("Speed", "", "1×", (speed) => playback.speed(speed));
  speeds.offer(playback.speeds);
  playback.addEventListener("cameras", () => cameras.offer(playback.names, playback.shown));
  content.append(toolbar(cameras.element, playback.day, speeds.element, buttons(playback)), playback.element);
  return () => {};
}

function toolbar(...parts) {
  return el("div", { className: "toolbar" }, ...parts);
}

function sourcesHere() {
  const wanted = page.counts ? Object.keys(topics) : [page.left, page.right].filter(Boolean);
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
    ready: [Object.keys(cameras).every((word) => word === "live") ? "live" : "late", counted(cameras), full || twice || ""],
  }[bus];
}

/** As “2 live · 1 silent”. */
function counted({ live = 0, ...others }) {
  return [`${live} live`, ...Object.entries(others).map(([word, count]) => `${count} ${word}`)].join(" · ");
}

/** The cameras that are not live, a line each. */
function amiss() {
  return Object.entries(link.state?.amiss ?? {})
    .map(([name, word]) => `${name}: ${word}`)
    .join("\n");
}
