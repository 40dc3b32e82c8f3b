// Numbers and times as people read them.

import assert from "node:assert/strict";
import test from "node:test";

process.env.TZ = "Asia/Kolkata"; // five and a half hours ahead of UTC; read when the module makes its formats
const { box, dateAndTime, dateOf, duration, hourOf, many, millis, nameOf, percent, timeOfDay, wholeTime } = await import(
  "../../../web/assets/static/format.js"
);

const us = (text) => Date.parse(text) * 1000;

test("a time of day has hundredths, in the browser's time zone", () => {
  assert.match(timeOfDay(us("2026-03-01T10:00:00.000Z")), /^(15|0?3):30:00\.00/); // whichever clock the language has
  assert.match(timeOfDay(us("2026-03-01T10:00:00.079Z")), /:30:00\.07/);
  assert.match(timeOfDay(us("2026-03-01T10:00:00.999Z") + 999), /:30:00\.99/);
});

test("a time that no calendar has is shown as the last one there is", () => {
  for (const time of [8.64e18, 8.64e18 + 1e6, Number.MAX_VALUE, Infinity]) {
    assert.equal(dateOf(time).getTime(), 8.64e15);
    for (const format of [timeOfDay, wholeTime, hourOf, dateAndTime]) assert.ok(format(time));
  }
});

for (const [given, shown] of [
  [0, "0.0"],
  [-5000, "0.0"],
  [1234, "1.2"],
  [9949, "9.9"],
  [9951, "10"],
  [12_345_678, "12346"],
]) {
  test(`${given} µs are ${shown} ms`, () => assert.equal(millis(given), shown));
}

for (const [seconds, shown] of [
  [0, "0.0 s"],
  [9.94, "9.9 s"],
  [10, "10 s"],
  [119.9, "119 s"],
  [120, "2 min"],
  [7199, "119 min"],
  [7200, "2 h"],
  [100_000, "27 h"],
]) {
  test(`${seconds} seconds are ${shown}`, () => assert.equal(duration(seconds), shown));
}

test("one of something is one, and of others there are many", () => {
  assert.deepEqual([0, 1, 2].map((count) => many(count, "frame")), ["0 frames", "1 frame", "2 frames"]);
  assert.equal(many(2, "frame was", "frames were"), "2 frames were");
});

test("shares and boxes are rounded", () => {
  assert.equal(percent(0.98765), "98.8 %");
  assert.equal(percent(1), "100.0 %");
  assert.equal(box([1.4, 1.5, 99.6, 100]), "1,2 to 100,100");
});

test("what a stranger's name hides, or turns around, is seen; what scripts need stays", () => {
  assert.equal(nameOf("door\u200b"), "door␣");
  assert.equal(nameOf("\u202eroog\n"), "␣roog␣");
  for (const name of ["улица 3", "می\u200cخواهم", "東口"]) assert.equal(nameOf(name), name);
});
