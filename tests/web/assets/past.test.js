// What the bus still holds, as the strip draws it.

import assert from "node:assert/strict";
import test from "node:test";

import { segments } from "../../../web/assets/static/past.js";

const S = 1e6;
const row = (at, frames, covered, doubts = 0) => [at, frames, covered, covered, 0, doubts, "", 0];
const hour = (...rows) => ({ slice_s: 10, rows });

test("slices of the last hour tell what was hidden and in doubt, and leave gaps where no frame came", () => {
  assert.deepEqual(segments(1000 * S, 1060 * S, hour(row(1000, 50, 0.25), row(1010, 0, 0), row(1020, 40, 1, 3))), [
    { starts_at: 1000 * S, ends_at: 1010 * S, found: { hidden: 0.25 }, doubts: 0 },
    { starts_at: 1020 * S, ends_at: 1030 * S, found: { hidden: 1 }, doubts: 3 },
  ]);
});

test("what is held from before the first slice is one segment, of which nothing is told", () => {
  const before = { starts_at: 900 * S, ends_at: 1000 * S, found: {}, doubts: 0 };
  assert.deepEqual(segments(900 * S, 1060 * S, hour(row(1000, 50, 0.25))).slice(0, 1), [before]);
  assert.deepEqual(segments(900 * S, 1000 * S, null), [before]);
});

test("slices from before what is held are left out", () => {
  assert.equal(segments(1015 * S, 1060 * S, hour(row(1000, 50, 0.25), row(1010, 50, 0.25))).length, 1);
});
