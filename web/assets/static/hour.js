// The last hour of a camera in words and as a drawing: what was hidden, in doubt, and never came out.

import { WHOLLY, many, percent } from "./format.js";

/** A slice, as the viewer sends it, by names. */
export const slice = ([at, frames, covered, most, whole, doubts, doubt, missing]) => ({ at, frames, covered, most, whole, doubts, doubt, missing });

/** How much is hidden of a picture, as one reads it. */
export const hiddenSaid = (share) => (share >= WHOLLY ? "wholly hidden" : `${percent(share)} hidden`);

/** What a slice or a row of them says. */
export function said({ frames, covered, most, doubts, doubt, missing }) {
  if (!frames) return [missing ? `${missing} never came out` : "no frame"].join("");
  return [
    most > covered + 0.001 ? `${hiddenSaid(covered)}, at most ${percent(most)}` : hiddenSaid(covered),
    doubts ? `${doubts} of ${frames} in doubt: ${doubt}` : "nothing in doubt",
    ...(missing ? [`${missing} never came out`] : []),
  ].join(" · ");
}

/** What an hour comes to; `missing` is null where nobody can tell. */
export function hourSaid({ frames, covered, most, whole, doubts, doubt, missing }) {
  if (!frames) return "No redacted frame in the last hour";
  return [
    `${percent(covered)} hidden on average, at most ${percent(most)}`,
    ...(whole ? [`${whole} of ${many(frames, "frame")} wholly hidden`] : []),
    doubts ? `${doubts} in doubt, the last: ${doubt}` : "nothing in doubt",
    ...(missing === null ? [] : [missing ? `${many(missing, "frame")} never came out` : "every frame came out"]),
  ].join(" · ");
}

/** What the last check of a camera has shown. */
export function checkSaid(check, day) {
  if (!check) return "never checked by an operator";
  const { exposed, people, fewer_than, at } = check;
  return `exposed at the last check: ${exposed} of ${people}, fewer than ${fewer_than} (95 %), ${day(at * 1e6)}`;
}

/** The paths of a drawing so high, a unit wide for each slice, which ends at `now`. */
export function paths(slices, now, { slice_s, slots, height }) {
  const end = Math.floor(now / slice_s) * slice_s;
  const path = { mean: "", most: "", doubts: "", absent: "" };
  for (const { at, frames, covered, most, doubts, missing } of slices) {
    const x = slots - 1 - (end - at) / slice_s;
    if (x < 0 || x >= slots) continue;
    if (frames) path.mean += bar(x, height, -Math.max(0.5, covered * height));
    if (frames && most > covered) path.most += bar(x, height * (1 - covered), (covered - most) * height);
    if (doubts) path.doubts += bar(x, 0, 1);
    if (missing) path.absent += bar(x, 0, 1);
  }
  return path;
}

const bar = (x, y, height) => `M${x} ${round(y)}h1v${round(height)}h-1z`;
const round = (number) => Math.round(number * 100) / 100;
