// Counts over time: one bar an hour or a day, as a drawing and as the same in a table.

import { asTable, el, fill, headOf, say, svg } from "./dom.js";
import { many } from "./format.js";

/** The kinds of bars, named as a clock writes their times; where clocks change, the middle of a day is in it all the same. */
const kindsOf = ({ hourOf, dayOf, dateOnly }) => ({
  hour: { slots: 48, us: 3600e6, name: hourOf, first: hourOf, title: "hour" },
  day: { slots: 31, us: 86_400e6, name: dayOf, first: (us) => dateOnly(us + 43_200e6), title: "day" },
});
const HEIGHT = 100;
const MARK = 4;

export class Bars {
  #clock;
  #kinds;
  #highest = el("p", { className: "highest" });
  #drawing = svg("svg", { preserveAspectRatio: "none", role: "img" });
  #from = el("span");
  #until = el("span");
  #legend = el(
    "p",
    { className: "legend" },
    el("span", { className: "distinct", textContent: "distinct people" }),
    el("span", { className: "seen", textContent: "sum of the cameras" }),
    el("span", { className: "taken-over", textContent: "counting began anew" }),
  );
  #rows = el("tbody");
  #head = headOf(["from", "distinct people", "sum of the cameras", "counting began anew"]);

  element = el(
    "figure",
    { className: "bars" },
    this.#highest,
    this.#drawing,
    el("p", { className: "axis" }, this.#from, this.#until),
    this.#legend,
    asTable(this.#head, this.#rows),
  );

  /** Times as this clock of `clockIn` writes them. */
  constructor(clock) {
    this.#clock = clock;
    this.#kinds = kindsOf(clock);
  }

  /** Show the newest of these records of one window; `both` numbers where they are of all cameras. */
  show(window, records, both, whose) {
    const kind = this.#kinds[window];
    const last = Math.max(0, ...records.map(({ starts_at }) => starts_at));
    const slotOf = ({ starts_at }) => kind.slots - 1 - Math.round((last - starts_at) / kind.us);
    const shown = records.filter((record) => slotOf(record) >= 0).sort((a, b) => b.starts_at - a.starts_at);
    const highest = Math.max(1, ...shown.map(({ visitors }) => visitors));
    this.#drawing.setAttribute("viewBox", `0 0 ${kind.slots} ${HEIGHT}`);
    this.#drawing.setAttribute("aria-label", `Visitors of ${whose} by ${kind.title}, at most ${highest}; the table below has the numbers`);
    fill(this.#drawing, shown, makeBar, (bar, record) => showBar(bar, record, slotOf(record), highest, kind));
    say(this.#highest, `${highest} by ${kind.title} at most`);
    say(this.#from, last ? kind.first(last - (kind.slots - 1) * kind.us) : "");
    say(this.#until, last ? kind.name(last) : "");
    this.#legend.children[1].hidden = /** @type {HTMLElement} */ (this.#head.children[2]).hidden = !both;
    this.#legend.children[2].hidden = !shown.some(({ restarted_at }) => restarted_at);
    fill(this.#rows, shown, makeRow, (row, record) => showRow(row, record, both, kind.name, this.#clock.dateAndTime));
  }
}

const makeBar = () =>
  svg("g", {}, svg("title"), svg("rect", { class: "room" }), svg("rect", { class: "seen" }), svg("rect", { class: "distinct" }), svg("rect", { class: "taken-over" }));

function showBar(bar, { starts_at, visitors, unique, restarted_at }, slot, highest, kind) {
  const [title, room, seen, distinct, mark] = bar.children;
  say(title, `${kind.name(starts_at)}: ${many(unique, "distinct person", "distinct people")}, ${visitors} as the sum of the cameras`);
  place(room, slot, 0, HEIGHT);
  place(seen, slot, HEIGHT, (-visitors / highest) * HEIGHT);
  place(distinct, slot, HEIGHT, (-unique / highest) * HEIGHT);
  place(mark, slot, 0, restarted_at ? MARK : 0);
}

/** From `y` so far down, or up where `height` is negative. */
function place(rect, slot, y, height) {
  const wanted = { x: slot + 0.1, width: 0.8, y: Math.min(y, y + height), height: Math.abs(height) };
  for (const [name, value] of Object.entries(wanted)) rect.setAttribute(name, value);
}

const makeRow = () => el("tr", {}, el("th", { scope: "row" }), el("td"), el("td"), el("td"));

function showRow(row, { starts_at, visitors, unique, restarted_at }, both, nameOf, dateAndTime) {
  const [from, distinct, seen, mark] = row.children;
  say(from, nameOf(starts_at));
  say(distinct, String(unique));
  say(seen, String(visitors));
  seen.hidden = !both;
  say(mark, restarted_at ? dateAndTime(restarted_at) : "");
}
