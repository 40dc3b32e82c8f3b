// A stage: passes the frames in which something of a label was found, and drops the others.
//
//   node filter.mjs --input IMAGEAI_FRAME --output BUSY_FRAME --label person --minimum-confidence 0.5

import { parseArgs } from "node:util";

import { client, connectedProducer, makeTopics, nowUs } from "./bus.mjs";
import { RecordError, decode, encode } from "./record.mjs";

const FUNCTION = "only_with";
const VERSION = "1.0.0";

/** What the stage does to a record: the same record, or null to drop it. */
function onlyWith(record, { label, minimum_confidence }) {
  const wanted = (found) => found.label.toLowerCase() === label.toLowerCase() && found.confidence >= minimum_confidence;
  return record.detections.some(wanted) ? record : null;
}

const { values: said } = parseArgs({
  options: {
    input: { type: "string", default: "IMAGEAI_FRAME" },
    output: { type: "string", default: "BUSY_FRAME" },
    stage: { type: "string", default: FUNCTION },
    label: { type: "string", default: "person" },
    "minimum-confidence": { type: "string", default: "0.5" },
  },
});
const options = { label: said.label, minimum_confidence: Number(said["minimum-confidence"]) };
if (!Number.isFinite(options.minimum_confidence)) {
  console.error(`--minimum-confidence: expected a number, got ${said["minimum-confidence"]}`);
  process.exit(2);
}
const deadLetters = `DEAD_${said.stage.toUpperCase()}`;

const kafka = client(said.stage);
const producer = await connectedProducer(kafka);
const consumer = kafka.consumer({
  groupId: `imagebus.${said.input}.${said.stage}.${said.output}`,
  sessionTimeout: 6000,
  heartbeatInterval: 1000,
});
const average = { frames: 0, us: 0 };

await makeTopics(kafka, [said.input, said.output, deadLetters]);
await consumer.connect();
await consumer.subscribe({ topic: said.input, fromBeginning: true });
// kafkajs commits an offset only once the promise of its message is fulfilled: what is not on the bus comes again.
await consumer.run({
  eachMessage: async ({ topic, partition, message }) => {
    const { key, value } = message;
    let result;
    try {
      result = outcome(key, value ?? Buffer.alloc(0));
    } catch (error) {
      // Of the record: it goes to the dead letters as it came. Whatever else fails is thrown, and tried again.
      const reason = error instanceof RecordError ? error.message : `${error.name}: ${error.message}`;
      const headers = { reason, stage: said.stage, topic, partition: String(partition), offset: message.offset };
      await send(deadLetters, { key, value: value ?? Buffer.alloc(0), headers });
      return;
    }
    if (result) await send(said.output, { key, value: result });
  },
});
consumer.on(consumer.events.CRASH, ({ payload }) => {
  if (payload.restart) return;
  console.error(`Stage ${said.stage}: ${payload.error.message}`);
  process.exit(1);
});
console.log(`Stage ${said.stage}: is ready`);

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, async () => {
    await consumer.disconnect(); // commits what is done
    await producer.disconnect();
    process.exit(0);
  });
}

/** The bytes to publish for a message, null where it is dropped. */
function outcome(key, value) {
  const record = decode(value);
  if (key?.toString() !== record.source) {
    throw new RecordError(`Expected the message key '${record.source}' (its source), got '${key}'`);
  }
  const startedAt = nowUs();
  const began = performance.now();
  const result = onlyWith(record, options);
  const took = Math.round((performance.now() - began) * 1000);
  average.frames += 1;
  average.us += (took - average.us) / average.frames;
  return result && encode({ ...result, hops: [...result.hops, hop(startedAt, took)] });
}

function hop(startedAt, took) {
  return {
    stage: said.stage,
    function: FUNCTION,
    version: VERSION,
    options,
    started_at: startedAt,
    took_us: took,
    average_us: Math.round(average.us),
  };
}

function send(topic, message) {
  return producer.send({ topic, acks: -1, messages: [message] });
}
