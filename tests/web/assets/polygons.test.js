// What somebody draws: points, closed zones, points that are held, and lines that cross.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Draft, crosses } from "../../../web/assets/static/polygons.js";

const REACH = [0.02, 0.02];
const SQUARE = [[0.1, 0.1], [0.5, 0.1], [0.5, 0.5], [0.1, 0.5]];
const BOW = [[0, 0], [1, 1], [1, 0], [0, 1]];

const drawn = (points) => {
  const draft = new Draft();
  for (const point of points) assert.equal(draft.add(point, REACH), "");
  return draft;
};

test("the first point again closes a zone, which gets a free name", () => {
  const draft = drawn([...SQUARE, [0.11, 0.1]]);
  assert.deepEqual(draft.zones, [{ name: "zone 1", polygon: SQUARE, covers: true }]);
  draft.zones[0].name = "till";
  for (const point of [...SQUARE, SQUARE[0]]) draft.add(point, REACH);
  assert.deepEqual(draft.zones.map(({ name }) => name), ["till", "zone 1"]);
  assert.deepEqual(draft.open, []);
});

test("two points are no zone, and can be taken back or given up", () => {
  const draft = drawn(SQUARE.slice(0, 2));
  assert.match(draft.close(), /three points/);
  draft.back();
  assert.deepEqual(draft.open, SQUARE.slice(0, 1));
  draft.abandon();
  assert.deepEqual(draft.open, []);
});

test("lines that cross are not closed, and not saved", () => {
  assert.ok(crosses(BOW));
  assert.ok(!crosses(SQUARE));
  assert.ok(!crosses(SQUARE.slice(0, 3)));
  assert.ok(crosses([[0, 0], [1, 0], [1, 1], [0.5, 0], [0, 1]])); // a corner on another line
  const draft = drawn(BOW);
  assert.match(draft.close(), /cross/);
  assert.match(draft.problem, /not closed yet/);
  assert.match(new Draft([{ name: "bow", polygon: BOW }]).problem, /Lines of bow cross/);
});

test("a point that is near is held and moved, and stays within the picture", () => {
  const given = [{ name: "till", polygon: SQUARE }];
  const draft = new Draft(given);
  assert.ok(!draft.hold([0.3, 0.3], REACH));
  assert.ok(draft.hold([0.51, 0.51], REACH));
  draft.move([1.2, 0.123456]);
  assert.deepEqual(draft.zones[0].polygon[2], [1, 0.1235]);
  assert.deepEqual(given[0].polygon[2], [0.5, 0.5]);
  draft.remove(0);
  assert.equal(draft.held, null);
  assert.equal(draft.problem, "");
});

test("a zone without a name, one too many, and a point too many are refused in words", () => {
  assert.match(new Draft([{ name: " ", polygon: SQUARE }]).problem, /Zone 1 has no name/);
  const full = new Draft(Array.from({ length: 64 }, () => ({ name: "a", polygon: SQUARE })));
  assert.match(full.add([0, 0], REACH), /64 zones at most/);
  const round = drawn(Array.from({ length: 64 }, (_, at) => [0.5 + 0.4 * Math.cos(at / 10.2), 0.5 + 0.4 * Math.sin(at / 10.2)]));
  assert.match(round.add([0.5, 0.5], REACH), /64 points at most/);
  assert.equal(round.close(), "");
});

test("areas for alerts stand beside the zones, and are saved apart", () => {
  const draft = new Draft([{ name: "till", polygon: SQUARE }], [{ name: "gate", polygon: SQUARE }]);
  assert.deepEqual(draft.of(true), [{ name: "till", polygon: SQUARE }]);
  assert.deepEqual(draft.of(false), [{ name: "gate", polygon: SQUARE }]);
  draft.zones[1].covers = true;
  assert.deepEqual(draft.of(true).map(({ name }) => name), ["till", "gate"]);
  assert.deepEqual(draft.of(false), []);
});
