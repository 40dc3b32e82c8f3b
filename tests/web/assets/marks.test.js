// Marks of a check: where a picture was pointed at, whose box that is, and what is told of it.

import assert from "node:assert/strict";
import test from "node:test";

import { hoursSaid, leftToRight, Marks, shareAt } from "../../../web/assets/static/marks.js";

const person = (x1, y1, x2, y2) => ({ xyxy: [x1, y1, x2, y2] });
const hours = (...covered) => Array.from({ length: 24 }, (_, hour) => (covered.includes(hour) ? 3 : 0));

test("a point is told in shares of the picture, which may be narrower or lower than its place", () => {
  const place = { left: 100, top: 50, width: 400, height: 200 };
  assert.deepEqual(shareAt(place, [800, 400], [300, 150]), [0.5, 0.5]);
  assert.deepEqual(shareAt(place, [400, 400], [200, 50]), [0, 0]);
  assert.deepEqual(shareAt(place, [400, 400], [400, 250]), [1, 1]);
  assert.equal(shareAt(place, [400, 400], [199, 50]), null);
  assert.deepEqual(shareAt(place, [800, 100], [100, 125]), [0, 0]);
  assert.equal(shareAt(place, [800, 100], [300, 60]), null);
});

test("the first nine from left to right have a number", () => {
  assert.deepEqual(leftToRight([person(0.5, 0, 0.6, 1), person(0.1, 0, 0.9, 1), person(0.7, 0, 0.8, 1)]), [1, 0, 2]);
  assert.equal(leftToRight(Array.from({ length: 20 }, () => person(0, 0, 1, 1))).length, 9);
  assert.deepEqual(leftToRight([]), []);
});

test("a point in a box marks whose it is, the smallest one's of several, and takes the mark back", () => {
  const marks = new Marks([person(0, 0, 1, 1), person(0.4, 0.4, 0.6, 0.6)]);
  marks.point([0.5, 0.5]);
  assert.deepEqual(marks.said, { exposed: [1], others: 0 });
  marks.point([0.1, 0.1]);
  assert.deepEqual(marks.said, { exposed: [1, 0], others: 0 });
  marks.point([0.5, 0.5]);
  assert.deepEqual(marks.said, { exposed: [0], others: 0 });
  assert.equal(marks.size, 1);
});

test("a point in no box marks somebody else, and takes the mark back", () => {
  const marks = new Marks([person(0, 0, 0.2, 0.2)]);
  marks.point([0.5, 0.5]);
  marks.point([0.7, 0.5]);
  assert.deepEqual(marks.said, { exposed: [], others: 2 });
  marks.point([0.51, 0.5]);
  assert.deepEqual(marks.others, [[0.7, 0.5]]);
});

test("a number that nobody has marks nobody", () => {
  const marks = new Marks([person(0, 0, 1, 1)]);
  marks.toggle(undefined);
  marks.toggle(7);
  assert.equal(marks.size, 0);
});

test("hours are told in runs", () => {
  assert.equal(hoursSaid(hours()), "");
  assert.equal(hoursSaid([]), "");
  assert.equal(hoursSaid(hours(8)), "1 of 24 hours of the day (UTC 08)");
  assert.equal(hoursSaid(hours(0, 7, 8, 9, 22, 23)), "6 of 24 hours of the day (UTC 00, 07–09, 22–23)");
});
