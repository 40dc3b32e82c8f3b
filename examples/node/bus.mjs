// Kafka as this project uses it: topics made before they are used, keys placed as Java places them, nothing compressed.

import { Kafka, Partitioners, logLevel } from "kafkajs";

const MIB = 1024 * 1024;

/** A client of the brokers that KAFKA_URL names. */
export function client(name) {
  const brokers = (process.env.KAFKA_URL ?? "127.0.0.1:9092").split(",");
  return new Kafka({ clientId: name, brokers, logLevel: logLevel.ERROR });
}

/** A producer that puts a key on the partition on which Java, Faust and this project's own producers put it. */
export async function connectedProducer(kafka) {
  const producer = kafka.producer({
    createPartitioner: Partitioners.DefaultPartitioner,
    allowAutoTopicCreation: false,
    maxInFlightRequests: 1, // or a repeat could overtake what came after it
  });
  await producer.connect();
  return producer;
}

/** Make the topics that are not there yet; one that is there stays as it is. */
export async function makeTopics(kafka, names) {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const there = await admin.listTopics();
    const topics = names.filter((name) => !there.includes(name)).map(planned);
    if (topics.length) await admin.createTopics({ topics, waitForLeaders: true }); // false: another was faster
  } finally {
    await admin.disconnect();
  }
}

function planned(topic) {
  const dead = topic.startsWith("DEAD_");
  const config = {
    "retention.ms": 600_000,
    "retention.bytes": 256 * MIB,
    "segment.bytes": 8 * MIB,
    "max.message.bytes": (dead ? 5 : 4) * MIB,
    "message.timestamp.type": "LogAppendTime",
    "compression.type": "uncompressed",
  };
  const configEntries = Object.entries(config).map(([name, value]) => ({ name, value: String(value) }));
  return { topic, numPartitions: dead ? 1 : 16, replicationFactor: 1, configEntries };
}

/** Microseconds since 1970, as records have them. */
export const nowUs = () => BigInt(Date.now()) * 1000n;
