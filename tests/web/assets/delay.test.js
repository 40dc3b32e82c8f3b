// Where a frame's time went.

import assert from "node:assert/strict";
import test from "node:test";

import { partsOf } from "../../../web/assets/static/delay.js";

const hop = (stage, started_at, took_us, options = {}) => ({ stage, started_at, took_us, options });
const named = (parts) => parts.map(({ name, us }) => [name, us]);

test("a frame's way is the bus, each stage, the bus again, and the page; together they are the whole delay", () => {
  const frame = { captured_at: 1000, hops: [hop("detect", 1200, 300), hop("redact", 1600, 50)] };
  const parts = partsOf({ frame, waitedUs: 40 }, 1900, 2000);
  assert.deepEqual(named(parts), [["bus", 200], ["detect", 300], ["bus", 100], ["redact", 50], ["bus", 210], ["page", 140]]);
  assert.equal(parts.reduce((sum, { us }) => sum + us, 0), 1000);
});

test("what a stage waits for the frames that follow is its look-ahead, and no time of the bus", () => {
  const frame = { captured_at: 0, hops: [hop("redact", 320_000, 7000, { look_ahead_s: 0.3 })] };
  const parts = partsOf({ frame, waitedUs: 0 }, 330_000, 330_000);
  assert.deepEqual(named(parts), [["bus", 20_000], ["look-ahead", 300_000], ["redact", 7000], ["bus", 3000], ["page", 0]]);
  const early = partsOf({ frame: { ...frame, hops: [hop("redact", 100_000, 0, { look_ahead_s: 0.3 })] }, waitedUs: 0 }, 100_000, 100_000);
  assert.deepEqual(named(early).slice(0, 2), [["bus", 0], ["look-ahead", 100_000]]);
});

test("a frame as it was captured has passed no stage", () => {
  const parts = partsOf({ frame: { captured_at: 0, hops: [] }, waitedUs: 0 }, 70, 100);
  assert.deepEqual(named(parts), [["bus", 70], ["page", 30]]);
});

test("clocks of two hosts that differ make no negative time", () => {
  const frame = { captured_at: 5000, hops: [hop("detect", 1000, 10)] };
  for (const { name, us } of partsOf({ frame, waitedUs: 0 }, 900, 950)) if (name === "bus") assert.equal(us, 0);
});
