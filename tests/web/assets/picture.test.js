// Binary messages of the viewer, taken apart.

import assert from "node:assert/strict";
import test from "node:test";

import { decode, mainSide, readPicture, widthFor } from "../../../web/assets/static/picture.js";

/** A message as the viewer writes it: four bytes of length, JSON, then the JPEGs. */
function message(header, ...jpegs) {
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(json.length);
  const whole = Buffer.concat([length, json, ...jpegs]);
  return whole.buffer.slice(whole.byteOffset, whole.byteOffset + whole.length);
}

const bytesOf = async ({ jpeg }) => [...new Uint8Array(await jpeg.arrayBuffer())];

test("each side has its own JPEG, also behind a name that is no ASCII", async () => {
  const [left, right] = [Buffer.from([0xff, 0xd8, 1]), Buffer.from([0xff, 0xd8, 2, 3])];
  const header = {
    view: "v1",
    n: 7,
    sides: [
      { side: "left", bytes: left.length, age_ms: 5, frame: { source: "Tür 門" } },
      { side: "right", bytes: right.length, age_ms: 3, frame: { source: "Tür 門" } },
    ],
  };
  const picture = readPicture(message(header, left, right), 42);
  assert.deepEqual([picture.view, picture.n, picture.receivedAt], ["v1", 7, 42]);
  assert.deepEqual(await bytesOf(picture.sides.left), [...left]);
  assert.deepEqual(await bytesOf(picture.sides.right), [...right]);
  assert.equal(picture.sides.left.frame.source, "Tür 門");
  assert.equal(picture.sides.right.waitedUs, 3000);
  assert.equal(picture.sides.right.jpeg.type, "image/jpeg");
});

test("the right side is the main one, the left one where it is alone", () => {
  assert.equal(mainSide({ sides: { left: "a", right: "b" } }), "b");
  assert.equal(mainSide({ sides: { left: "a" } }), "a");
});

/** A thread that decodes what begins as a JPEG does, and ends at two zeros. */
class Thread {
  postMessage({ n, jpeg }) {
    queueMicrotask(() => {
      if (jpeg[0] + jpeg[1] === 0) this.onerror();
      else this.onmessage({ data: { n, bitmap: jpeg[0] === 0xff ? "pixels" : null } });
    });
  }
}

test("a side that cannot be decoded is null beside one that can, and no picture waits for a thread that has ended", async (context) => {
  globalThis.Worker = Thread;
  context.after(() => delete globalThis.Worker);
  const [good, bad, deadly] = [[0xff, 0xd8], [1, 2], [0, 0]].map((bytes) => ({ bytes: Uint8Array.from(bytes) }));
  assert.deepEqual(await decode({ sides: { left: bad, right: good } }), { left: null, right: "pixels" });
  assert.deepEqual(await decode({ sides: { right: deadly } }), { right: null });
  assert.deepEqual(await decode({ sides: { right: good } }), { right: "pixels" });
});

for (const [pixels, width] of [
  [1, 160],
  [160, 160],
  [161, 320],
  [1280, 1280],
  [1281, null],
]) {
  test(`${pixels} pixels ask for a width of ${width}`, () => assert.equal(widthFor(pixels), width));
}
