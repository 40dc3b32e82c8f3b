// Where a frame's time went.

import assert from "node:assert/strict";
import test from "node:test";

import { partsOf } from "../../../web/assets/static/delay.js";

const hop = (stage, started_at, took_us) => ({ stage, started_at, took_us });

test("a frame's way is the bus, each stage, the bus again, and the page; together they are the whole delay", () => {
  const frame = { captured_at: 1000, hops: [hop("detect", 1200, 300), hop("redact", 1600, 50)] };
  const parts = partsOf({ frame, waitedUs: 40 }, 1900, 2000);
  assert.deepEqual(
    parts.map(({ name, us }) => [name, us]),
    [
      ["bus", 200],
      ["detect", 300],
      ["bus", 100],
      ["redact", 50],
      ["bus", 210],
      ["page", 140],
    ],
  );
  assert.equal(parts.reduce((sum, { us }) => sum + us, 0), 1000);
  assert.deepEqual(new Set(parts.filter(({ bus }) => bus).map(({ name }) => name)), new Set(["bus"]));
});

test("a frame as it was captured has passed no stage", () => {
  const parts = partsOf({ frame: { captured_at: 0, hops: [] }, waitedUs: 0 }, 70, 100);
  assert.deepEqual(parts, [
    { name: "bus", us: 70, bus: true },
    { name: "page", us: 30, bus: false },
  ]);
});

test("clocks of two hosts that differ make no negative time", () => {
  const frame = { captured_at: 5000, hops: [hop("detect", 1000, 10)] };
  for (const { name, us } of partsOf({ frame, waitedUs: 0 }, 900, 950)) if (name === "bus") assert.equal(us, 0);
});
