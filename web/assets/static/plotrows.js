// Plots as a table, for who cannot see lines, loaded when somebody opens it: the mean of each ten seconds.

import { el, fill, say } from "./dom.js";
import { SECONDS } from "./plot.js";

const ROW_S = 10;

/** Fill the head and the body of a table, with a column for each plot. */
export function tell(head, body, plots) {
  fill(head, ["seconds ago", ...plots.map(({ title }) => title)], () => el("th", { scope: "col" }), say);
  const rows = Array.from({ length: SECONDS / ROW_S }, (_, at) => at * ROW_S);
  fill(body, rows, () => el("tr"), (row, ago) => fill(row, [`${ago}–${ago + ROW_S}`, ...plots.map((plot) => mean(plot, ago))], () => el("td"), say));
}

function mean(plot, ago) {
  const values = plot.values(ago, ROW_S);
  return values.length ? plot.format(values.reduce((sum, value) => sum + value, 0) / values.length) : "–";
}
