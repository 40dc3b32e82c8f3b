// Which file and which frame a moment belongs to.

import assert from "node:assert/strict";
import test from "node:test";

process.env.TZ = "Europe/Berlin"; // has days of 23 and of 25 hours
const { dayAround, frameAt, segmentAt, videoOf } = await import("../../../web/assets/static/recorded.js");

const us = (text) => Date.parse(text) * 1000;

test("a day begins and ends at the viewer's midnights, also when clocks change", () => {
  const hours = ({ from, until }) => (until - from) / 3600e6;
  assert.equal(dayAround(us("2026-03-01T10:00:00Z")).from, us("2026-02-28T23:00:00Z"));
  assert.equal(hours(dayAround(us("2026-03-01T10:00:00Z"))), 24);
  assert.equal(hours(dayAround(us("2026-03-29T10:00:00Z"))), 23);
  assert.equal(hours(dayAround(us("2026-10-25T10:00:00Z"))), 25);
});

test("a moment belongs to the file that holds it, else to the next one", () => {
  const files = [{ starts_at: 10, ends_at: 20 }, { starts_at: 30, ends_at: 40 }];
  assert.deepEqual([5, 10, 20, 25, 40].map((at) => files.indexOf(segmentAt(files, at))), [0, 0, 0, 1, 1]);
  assert.equal(segmentAt(files, 41), undefined);
});

test("a frame is shown until the next one", () => {
  const frames = [{ at: 10 }, { at: 20 }, { at: 30 }];
  assert.deepEqual([9, 10, 19, 20, 35].map((at) => frameAt(frames, at)), [-1, 0, 0, 1, 2]);
});

test("names are parts of an address, whatever they hold", () => {
  const address = videoOf({ recording: "disk", folder: "a/../b?#" }, { file: "2026-03-01/14-05-00" });
  assert.equal(address, "/playback/video/disk/a%2F..%2Fb%3F%23/2026-03-01/14-05-00");
});
