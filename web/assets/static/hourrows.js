// The last hour of a camera as a table, loaded when somebody opens it.

import { el, fill, say } from "./dom.js";
import { hourOf, percent } from "./format.js";

const ROW_S = 300;
const HEADS = ["from", "frames", "hidden", "at most", "wholly", "in doubt", "missing"];

/** Fill the head and the rows of a table with these slices. */
export function tell(head, rows, slices) {
  fill(head, HEADS, () => el("th", { scope: "col" }), say);
  fill(rows, inRows(slices), makeRow, showRow);
}

/** Rows of five minutes, the newest first. */
export function inRows(slices) {
  const rows = new Map();
  for (const one of slices) {
    const at = Math.floor(one.at / ROW_S) * ROW_S;
    const row = rows.get(at) ?? { at, frames: 0, sum: 0, most: 0, whole: 0, doubts: 0, doubt: "", missing: 0 };
    row.sum += one.covered * one.frames;
    row.most = Math.max(row.most, one.most);
    for (const name of ["frames", "whole", "doubts", "missing"]) row[name] += one[name];
    row.doubt = one.doubt || row.doubt;
    rows.set(at, row);
  }
  return [...rows.values()].reverse().map(({ sum, ...row }) => ({ ...row, covered: row.frames ? sum / row.frames : 0 }));
}

const makeRow = () => el("tr", {}, el("th", { scope: "row" }), ...HEADS.slice(1).map(() => el("td")));

function showRow(row, { at, frames, covered, most, whole, doubts, doubt, missing }) {
  const cells = [hourOf(at * 1e6), frames, percent(covered), percent(most), whole, doubts ? `${doubts}: ${doubt}` : 0, missing];
  cells.forEach((text, at) => say(row.children[at], String(text), true));
}
