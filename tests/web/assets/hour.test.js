// The last hour in words, in rows and as a drawing.

import assert from "node:assert/strict";
import { test } from "node:test";
import { checkSaid, hiddenSaid, hourSaid, paths, said, slice } from "../../../web/assets/static/hour.js";
import { inRows } from "../../../web/assets/static/hourrows.js";

const HOUR = { frames: 100, covered: 0.12, most: 1, whole: 2, doubts: 3, doubt: "the camera moves", missing: 0 };

test("an hour is said by what was hidden, what was in doubt and what never came out", () => {
  assert.equal(
    hourSaid(HOUR),
    "12.0 % hidden on average, at most 100.0 % · 2 of 100 frames wholly hidden · 3 in doubt, the last: the camera moves · every frame came out",
  );
  const { missing, ...rest } = { ...HOUR, whole: 0, doubts: 0, most: 0.2 };
  assert.equal(hourSaid({ ...rest, missing: null }), "12.0 % hidden on average, at most 20.0 % · nothing in doubt");
  assert.equal(hourSaid({ ...rest, missing: 4 }).split(" · ").at(-1), "4 frames never came out");
  assert.equal(hourSaid({ ...rest, missing: 1 }).split(" · ").at(-1), "1 frame never came out");
  assert.match(hourSaid({ ...HOUR, frames: 0 }), /No redacted frame/);
});

test("ten seconds are said under the pointer", () => {
  const one = slice([0, 10, 0.1, 0.5, 0, 2, "no texture", 1]);
  assert.equal(said(one), "10.0 % hidden, at most 50.0 % · 2 of 10 in doubt: no texture · 1 never came out");
  assert.equal(said({ ...one, covered: 1, most: 1, doubts: 0, missing: 0 }), "wholly hidden · nothing in doubt");
  assert.equal(said({ ...one, frames: 0 }), "1 never came out");
  assert.equal(hiddenSaid(0.9996), "wholly hidden");
});

test("a check is said with its bound and its day", () => {
  const check = { exposed: 0, people: 212, fewer_than: "1.4 %", at: 5 };
  assert.equal(checkSaid(check, (us) => `${us} µs`), "exposed at the last check: 0 of 212, fewer than 1.4 % (95 %), 5000000 µs");
  assert.match(checkSaid(null, String), /never checked/);
});

test("rows are of five minutes, the newest first, and weigh by frames", () => {
  const slices = [slice([290, 10, 0.1, 0.2, 0, 1, "a", 0]), slice([300, 30, 0.2, 0.3, 0, 0, "", 2]), slice([310, 10, 0.6, 1, 1, 1, "b", 0])];
  const [newest, oldest] = inRows(slices);
  assert.deepEqual({ ...newest, covered: newest.covered.toFixed(2) }, { at: 300, frames: 40, most: 1, whole: 1, doubts: 1, doubt: "b", missing: 2, covered: "0.30" });
  assert.equal(oldest.doubt, "a");
});

test("a drawing ends now, and leaves out what is older or to come", () => {
  const at = { slice_s: 10, slots: 4, height: 10 };
  const slices = [60, 70, 100, 110].map((from) => slice([from, 1, 0.5, 1, 0, 1, "a", 1]));
  const { mean, most, doubts, absent } = paths(slices, 109, at);
  assert.equal(mean, "M0 10h1v-5h-1zM3 10h1v-5h-1z");
  assert.equal(most, "M0 5h1v-5h-1zM3 5h1v-5h-1z");
  assert.equal(doubts, absent);
});
