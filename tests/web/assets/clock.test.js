// Hours and days of a time zone.

import assert from "node:assert/strict";
import test from "node:test";

process.env.TZ = "Asia/Kolkata"; // five and a half hours ahead of UTC; read when the module makes its formats
const { clockIn } = await import("../../../web/assets/static/clock.js");

const us = (text) => Date.parse(text) * 1000;

test("a day that begins at its zone's midnight is a day alone, any other has its time", () => {
  const { dayOf, hourOf } = clockIn(null);
  const midnight = us("2026-02-28T18:30:00Z");
  assert.doesNotMatch(dayOf(midnight), /:/);
  assert.match(dayOf(midnight), /\b1\b/);
  assert.match(dayOf(us("2026-03-01T00:00:00Z")), /\b0?5:30/);
  assert.match(hourOf(us("2026-03-01T10:00:00Z")), /\b(15|0?3):30/);
});

test("another zone than the browser's has its own days, and one that nobody knows is the browser's", () => {
  const berlin = clockIn("Europe/Berlin");
  assert.equal(berlin.timeZone, "Europe/Berlin");
  assert.doesNotMatch(berlin.dayOf(us("2026-02-28T23:00:00Z")), /:/);
  assert.match(berlin.dayOf(us("2026-02-28T18:30:00Z")), /:30/);
  assert.match(berlin.hourOf(us("2026-03-01T10:00:00Z")), /\b11:00/);
  assert.match(berlin.dateOnly(us("2026-03-29T10:00:00Z")), /\b29\b/);
  assert.equal(clockIn("Mars/Olympus").timeZone, clockIn(null).timeZone);
});

test("a time that no calendar has is shown as the last one there is", () => {
  for (const format of Object.values(clockIn("UTC")).filter((each) => typeof each === "function")) assert.ok(format(8.64e18 + 1e6));
});
