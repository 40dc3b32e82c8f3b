// The last pictures of a view: steps back and forth, and what is given up.

import assert from "node:assert/strict";
import test from "node:test";

import { History } from "../../../web/assets/static/history.js";

const MIB = 1024 * 1024;
let seq = 0;
const frameOf = (source) => ({ source, id: String(++seq), captured_at: seq });
const picture = (source, size = 1) => ({ sides: { right: { frame: frameOf(source), jpeg: { size } } } });

function historyOf(pictures) {
  const history = new History();
  for (const each of pictures) history.add(each);
  return history;
}

test("steps lead to the pictures before and after, null at either end", () => {
  const [a, b, c] = [picture("door"), picture("door"), picture("door")];
  const history = historyOf([a, b, c]);
  assert.equal(history.from(b, -1), a);
  assert.equal(history.from(b, 1), c);
  assert.equal(history.from(a, -1), null);
  assert.equal(history.from(c, 1), null);
});

test("steps stay with the source of the picture", () => {
  const [a, other, b] = [picture("door"), picture("yard"), picture("door")];
  const history = historyOf([a, other, b]);
  assert.equal(history.from(a, 1), b);
  assert.equal(history.from(other, 1), null);
});

test("the 120 newest are kept", () => {
  const pictures = Array.from({ length: 121 }, () => picture("door"));
  const history = historyOf(pictures);
  assert.equal(history.length, 120);
  assert.equal(history.from(pictures[1], -1), null);
});

test("no step leads from a picture that was given up: those beside it are on the bus", () => {
  const pictures = Array.from({ length: 122 }, () => picture("door"));
  const history = historyOf(pictures);
  assert.equal(history.from(pictures[0], 1), null);
  assert.equal(history.newest, pictures[121]);
});

test("steps lead on from the same frame that came by another way", () => {
  const [a, b, c] = [picture("door"), picture("door"), picture("door")];
  const again = { view: "held", sides: { right: { ...b.sides.right } } };
  assert.equal(historyOf([a, b, c]).from(again, 1), c);
});

test("64 MiB are kept, and one picture however large it is", () => {
  const history = historyOf([picture("door", 40 * MIB), picture("door", 24 * MIB)]);
  assert.equal(history.length, 2);
  history.add(picture("door", 1));
  assert.equal(history.length, 2);
  history.add(picture("door", 100 * MIB));
  assert.equal(history.length, 1);
});

test("both sides of a picture count", () => {
  const side = { frame: frameOf("door"), jpeg: { size: 33 * MIB } };
  assert.equal(historyOf([picture("door"), { sides: { left: side, right: side } }]).length, 1);
});

test("nothing is left of a history that was cleared, its bytes included", () => {
  const history = historyOf([picture("door", 60 * MIB)]);
  history.clear();
  assert.equal(history.length, 0);
  for (const each of [picture("door", 30 * MIB), picture("door", 30 * MIB)]) history.add(each);
  assert.equal(history.length, 2);
});
