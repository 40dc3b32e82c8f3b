// Reads every vector of a frame in a folder, as its index names them, with the example's code. To standard output, as
// JSON: of each good one the fields and the same written again, of each bad one the error.

import { readFileSync } from "node:fs";
import { join } from "node:path";

import { decode, encode } from "./record.mjs";

const folder = process.argv[2];
const index = JSON.parse(readFileSync(join(folder, "index.json")));
const read = {};
for (const name of [...Object.keys(index.good), ...Object.keys(index.bad)]) {
  try {
    const fields = decode(readFileSync(join(folder, `${name}.msgpack`)));
    read[name] = { fields, written: encode(fields) };
  } catch (error) {
    read[name] = { error: `${error.constructor.name}: ${error.message}` };
  }
}

function shown(key, value) {
  if (typeof value === "bigint") return { int: String(value) };
  return value instanceof Uint8Array ? { hex: Buffer.from(value).toString("hex") } : value;
}

// A Buffer would turn itself into something else before `shown` sees it.
delete Buffer.prototype.toJSON;
process.stdout.write(JSON.stringify(read, shown));
