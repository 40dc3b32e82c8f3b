// A day of recordings as a table, an hour a row.

import { asTable, el, fill, headOf, say } from "./dom.js";
import { hourOf } from "./format.js";
import { foundIn } from "./timestrip.js";

const HOUR_US = 3600e6;
const HEADS = ["from", "recorded", "found at once", "frames in doubt", "gaps"];

export class DayHours {
  #caption = el("caption", { className: "hidden" });
  #rows = el("tbody");
  element = asTable(headOf(HEADS), this.#rows, { caption: this.#caption });

  /** Show the hours of a day in which something is recorded. */
  show({ from, until }, segments, name) {
    say(this.#caption, `What is recorded of ${name}, by hour`);
    const hours = [];
    for (let hour = from; hour < until; hour += HOUR_US) {
      const files = segments.filter(({ starts_at }) => starts_at >= hour && starts_at < hour + HOUR_US);
      if (files.length) hours.push({ hour, files });
    }
    fill(this.#rows, hours, makeRow, showRow);
  }
}

const makeRow = () => el("tr", {}, el("th", { scope: "row" }), ...[1, 2, 3, 4].map(() => el("td")));

function showRow(row, { hour, files }) {
  const minutes = files.reduce((sum, { starts_at, ends_at }) => sum + (ends_at - starts_at) / 60e6, 0);
  const told = [
    hourOf(hour),
    `${Math.round(minutes)} min`,
    String(Math.max(...files.map(foundIn))),
    String(files.reduce((sum, { doubts }) => sum + doubts, 0)),
    String(files.filter(({ gap }) => gap).length),
  ];
  told.forEach((text, at) => say(row.children[at], text));
}
