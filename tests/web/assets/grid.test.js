// How tiles fill a window, and in which order they stand.

import assert from "node:assert/strict";
import test from "node:test";

import { gridFor, inOrder, moved } from "../../../web/assets/static/grid.js";

const LIMITS = { leastPx: 200, captionPx: 29 };
const shareOf = (count, aspect, [width, height]) => {
  const { columns, tile } = gridFor(count, aspect, [width, height], LIMITS);
  assert.ok(columns * tile <= width);
  return (count * tile * (tile / aspect)) / (width * height);
};

test("few tiles fill most of a window, whatever its shape", () => {
  for (const count of [1, 2, 3, 4, 6, 9, 12]) {
    for (const room of [[1920, 984], [1280, 704], [390, 700]]) {
      const share = shareOf(count, 16 / 9, room);
      assert.ok(share > 0.5 || room[0] < 400, `${count} in ${room}: ${share}`);
    }
  }
  assert.ok(shareOf(3, 16 / 9, [1920, 984]) > 0.6);
});

test("sixty cameras are seen at once on a large screen", () => {
  const { columns, tile } = gridFor(60, 4 / 3, [1920, 984], { ...LIMITS, leastPx: 160 });
  assert.ok(Math.ceil(60 / columns) * (tile / (4 / 3) + 29) <= 984);
});

test("a telephone has one beside the other only where they are large enough", () => {
  assert.equal(gridFor(8, 16 / 9, [390, 700], { ...LIMITS, leastPx: 195 }).columns, 2);
});

test("so many tiles that they would be too small are scrolled, and fewer are seen at once than a page may watch", () => {
  for (const room of [[1920, 984], [3840, 2000], [390, 700]]) {
    const { columns, tile } = gridFor(500, 16 / 9, room, LIMITS);
    const rows = Math.ceil(room[1] / (tile / (16 / 9) + 29)) + 1;
    assert.ok(columns * rows <= 56, `${columns} columns of ${rows} rows in ${room}`);
  }
});

test("an order that was kept holds for the names that are still there; new ones come behind by name", () => {
  assert.deepEqual(inOrder(["a", "b", "c", "d"], ["c", "gone", "a"]), ["c", "a", "b", "d"]);
});

test("a tile is moved among the others, and not beyond either end", () => {
  assert.deepEqual(moved(["a", "b", "c"], "c", -1), ["a", "c", "b"]);
  assert.deepEqual(moved(["a", "b", "c"], "a", 9), ["b", "c", "a"]);
  assert.deepEqual(moved(["a", "b", "c"], "b", -9), ["b", "a", "c"]);
});
