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

test("a side that cannot be decoded is null beside one that can", async (context) => {
  globalThis.createImageBitmap = async (jpeg) => (jpeg === "good" ? "pixels" : Promise.reject(new Error("damaged")));
  context.after(() => delete globalThis.createImageBitmap);
  assert.deepEqual(await decode({ sides: { left: { jpeg: "bad" }, right: { jpeg: "good" } } }), { left: null, right: "pixels" });
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
