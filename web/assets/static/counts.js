// How many came by: in the newest hour and day and since the beginning, at each camera, and over time.

import { Bars } from "./bars.js";
import { clockIn } from "./clock.js";
import { Choice, buttons } from "./controls.js";
import { el, fill, say } from "./dom.js";
import { duration } from "./format.js";
import { asked, tell } from "./state.js";

const NUMBERS_MS = 1000;
const WINDOWS = ["hour", "day", "running"];

/** How a window that begins then is called. */
const saysOf = ({ hourOf, dayOf, dateAndTime }) => ({
  hour: (us) => `hour from ${hourOf(us)}`,
  day: dayOf,
  running: (us) => `since ${dateAndTime(us)}`,
});

/** Numbers only. */
export function show({ link, content, toolbar, time_zone }) {
  const counts = new CountsView(link, time_zone);
  const cameras = new Choice("Camera", "all cameras", asked("source") ?? "", (source) => {
    tell({ source });
    counts.choose(source);
  });
  const windows = new Choice("Bars", "", asked("bars") === "day" ? "day" : "hour", (bars) => {
    tell({ bars });
    counts.plot(bars);
  });
  windows.offer(["hour", "day"]);
  counts.choose(asked("source"));
  counts.plot(asked("bars") === "day" ? "day" : "hour");
  content.append(toolbar(cameras.element, windows.element, buttons(counts)), counts.element);
  counts.addEventListener("change", () => cameras.offer(counts.sources));
  return () => {};
}

class CountsView extends EventTarget {
  #link;
  #records = new Map(); // by window, start and source
  #source = null;
  #window = "hour";
  #stats = el("ul", { className: "stats", attrs: { "aria-label": "Visitors" } });
  #clock;
  #says;
  #bars;
  #table;
  #zone = el("p", { className: "none" });
  #updated = el("p", { className: "none" });
  #restarted = el("p", { className: "restarted", hidden: true });
  #counted;
  #empty;

  saves = { name: "CSV", what: "save all counts as a CSV file" };

  /** Days and hours are of the zone in which they are counted; null where the chain file does not say. */
  constructor(link, timeZone) {
    super();
    this.#link = link;
    this.#clock = clockIn(timeZone);
    this.#says = saysOf(this.#clock);
    this.#bars = new Bars(this.#clock);
    this.#table = new CameraTable(this.#says);
    say(this.#zone, `Days and hours in ${this.#clock.timeZone}${this.#clock.timeZone === timeZone ? "" : ", the time zone of this browser"}`);
    this.#empty = el("p", {
      className: "none",
      textContent: "Waiting for COUNTS: nobody was counted yet; docs/counting.md says how counting begins",
    });
    this.#counted = el(
      "section",
      { className: "counted", attrs: { "aria-label": "Counts" }, hidden: true },
      this.#stats,
      this.#zone,
      this.#restarted,
      this.#bars.element,
      this.#table.element,
      this.#updated,
    );
    this.element = el("div", {}, this.#empty, this.#counted);
    link.subscribe((records) => this.#take(records));
    link.addEventListener("change", () => this.#refresh());
    setInterval(() => this.#refresh(), NUMBERS_MS);
  }

  /** The cameras there are counts of. */
  get sources() {
    const named = [...this.#records.values()].map(({ source }) => source).filter((source) => source !== null);
    return [...new Set(named)].sort();
  }

  /** Show the numbers of one camera; null for all together. */
  choose(source) {
    this.#source = source;
    this.#draw();
  }

  /** Show an hour or a day as one bar. */
  plot(window) {
    this.#window = window;
    this.#draw();
  }

  /** Keep all of it as a file. */
  save() {
    el("a", { href: "/counts.csv", download: "" }).click();
  }

  #take(records) {
    for (const record of records) this.#records.set(keyOf(record), record);
    this.#draw();
    this.dispatchEvent(new Event("change"));
  }

  #draw() {
    if (!this.#records.size) return;
    this.#empty.hidden = true;
    this.#counted.hidden = false;
    const newest = WINDOWS.map((window) => this.#newest(window)).filter((start) => start !== undefined);
    fill(this.#stats, newest, makeStat, (item, found) => this.#showStat(item, found));
    this.#table.show(newest, this.sources, (found, source) => this.#records.get(keyOf({ ...found, source })));
    this.#showRestart(newest);
    const name = this.#source ?? "all cameras";
    this.#bars.show(this.#window, this.#of(this.#window, this.#source), this.#source === null, name);
    this.#refresh();
  }

  #showStat(item, found) {
    const record = this.#records.get(keyOf({ ...found, source: this.#source }));
    const [what, number, rest] = item.children;
    say(what, this.#says[found.window](found.starts_at), true);
    const { unique = 0, visitors = 0 } = record ?? {};
    say(number, String(unique));
    say(rest, this.#source ?? `distinct ${unique === 1 ? "person" : "people"}; the cameras saw ${visitors}`, true);
  }

  #showRestart(newest) {
    const moments = newest.map((found) => this.#records.get(keyOf({ ...found, source: this.#source }))?.restarted_at ?? 0);
    const last = Math.max(0, ...moments);
    this.#restarted.hidden = !last;
    say(
      this.#restarted,
      `Counting began anew at ${this.#clock.dateAndTime(last)} without the memory of looks: who was here before may be counted twice`,
    );
  }

  /** The newest of a window that any camera has. */
  #newest(window) {
    const starts = [...this.#records.values()].filter((record) => record.window === window).map((each) => each.starts_at);
    return starts.length ? { window, starts_at: starts.reduce((a, b) => Math.max(a, b)) } : undefined;
  }

  #of(window, source) {
    return [...this.#records.values()].filter((record) => record.window === window && record.source === source);
  }

  #refresh() {
    if (!this.#records.size) return;
    const { expired, connected, state } = this.#link;
    this.#counted.classList.toggle("stale", expired || !connected || state?.bus !== "ready");
    const last = [...this.#records.values()].reduce((at, record) => Math.max(at, record.updated_at), 0);
    say(this.#updated, `Last counted ${this.#clock.dateAndTime(last)}, ${duration(Math.max(0, this.#link.now() - last) / 1e6)} ago`);
  }
}

/** One row a camera, one column a window, and below what they come to together. */
class CameraTable {
  #says;
  #head = el("tr");
  #rows = el("tbody");
  #foot = el("tfoot");
  element = el(
    "table",
    { className: "cameras" },
    el("caption", { className: "hidden", textContent: "Visitors of each camera" }),
    el("thead", {}, this.#head),
    this.#rows,
    this.#foot,
  );

  constructor(says) {
    this.#says = says;
  }

  show(windows, sources, recordOf) {
    const heads = ["camera", ...windows.map(({ window, starts_at }) => this.#says[window](starts_at))];
    fill(this.#head, heads, () => el("th", { scope: "col" }), (cell, text) => say(cell, text, true));
    const numbers = (source, field) => windows.map((found) => recordOf(found, source)?.[field] ?? 0);
    fill(this.#rows, sources, makeRow, (row, source) => showRow(row, source, numbers(source, "visitors")));
    const together = [
      ["sum of the cameras", numbers(null, "visitors")],
      ["distinct people", numbers(null, "unique")],
    ];
    fill(this.#foot, together, makeRow, (row, [name, values]) => showRow(row, name, values));
  }
}

const makeRow = () => el("tr", {}, el("th", { scope: "row" }));

function showRow(row, name, numbers) {
  const wanted = [name, ...numbers.map(String)];
  fill(row, wanted, () => el("td"), (cell, text) => say(cell, text, true));
}

const makeStat = () =>
  el("li", {}, el("span", { className: "what" }), el("span", { className: "big" }), el("span", { className: "what" }));

const keyOf = ({ window, starts_at, source }) => JSON.stringify([window, starts_at, source]);
