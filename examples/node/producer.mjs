// A producer: the JPEGs of a folder, or an MJPEG stream on standard input, become records.
//
//   node producer.mjs --name door pictures/
//   ffmpeg -i rtsp://… -f mjpeg -q:v 4 - | node producer.mjs --name door -

import { randomBytes } from "node:crypto";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { client, connectedProducer, makeTopics, nowUs } from "./bus.mjs";
import { sizeOf } from "./jpeg.mjs";
import { encode } from "./record.mjs";

const MAX_JPEG_BYTES = 4 * 1024 * 1024;
const END_AND_START = Buffer.from("ffd9ffd8", "hex");

/** The pictures of a folder by name, one a second. */
async function* ofFolder(folder) {
  const names = (await readdir(folder)).filter((name) => /\.jpe?g$/i.test(name)).sort();
  for (const [at, name] of names.entries()) yield { jpeg: await readFile(join(folder, name)), at: BigInt(at) * 1_000_000n };
}

/** The pictures of a stream, each as soon as the next has begun. */
async function* ofStream(stream) {
  let left = Buffer.alloc(0);
  for await (const chunk of stream) {
    left = Buffer.concat([left, chunk]);
    for (let end = left.indexOf(END_AND_START); end !== -1; end = left.indexOf(END_AND_START)) {
      yield { jpeg: left.subarray(0, end + 2) };
      left = left.subarray(end + 2);
    }
    if (left.length > MAX_JPEG_BYTES) throw new Error(`Expected JPEGs one after the other, got ${left.length} bytes of one`);
  }
  if (left.length) yield { jpeg: left };
}

const { values: said, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    name: { type: "string", default: "node" },
    topic: { type: "string", default: "SOURCE_FRAME" },
    every: { type: "string", default: "1" },
  },
});
if (positionals.length !== 1) {
  console.error("Expected one folder of JPEGs, or - for an MJPEG stream on standard input");
  process.exit(2);
}
const [source] = positionals;
const live = source === "-";

const kafka = client(said.name);
const producer = await connectedProducer(kafka);
await makeTopics(kafka, [said.topic]);

const run = randomBytes(6).toString("hex");
const beganAt = nowUs();
const counted = { sent: 0, leftOut: 0 };
let seq = -1;
for await (const { jpeg, at } of live ? ofStream(process.stdin) : ofFolder(source)) {
  seq += 1;
  if (seq % Number(said.every)) continue;
  try {
    const value = encode(recordOf(jpeg, live ? nowUs() : beganAt + at));
    await producer.send({ topic: said.topic, acks: -1, messages: [{ key: said.name, value }] });
    counted.sent += 1;
  } catch (error) {
    if (error.name?.startsWith("KafkaJS")) throw error;
    counted.leftOut += 1;
    console.error(`${said.name}: frame ${seq} is left out: ${error.message}`);
  }
}
await producer.disconnect();
console.log(`${said.name}: ${counted.sent} frames sent, ${counted.leftOut} left out`);

function recordOf(jpeg, capturedAt) {
  return {
    v: 1,
    id: `${run}-${seq}`,
    source: said.name,
    seq,
    captured_at: capturedAt,
    live,
    size_wh: sizeOf(jpeg),
    detections: [],
    hops: [],
    redaction: null,
    jpeg,
  };
}
