// The wire format, version 1, as docs/wire-format.md has it: one msgpack map a record, checked before it is believed.

import { Decoder, encode as pack } from "@msgpack/msgpack";

import { sizeOf } from "./jpeg.mjs";

export const MAX_RECORD_BYTES = 2 * 1024 * 1024;
const MAX_INT = 2n ** 63n - 1n;
const NOT_TEXT = Symbol("a key that is no text");

/** A record does not fit the format; the text says where, what was expected and what came. */
export class RecordError extends Error {}

/** One record, with the fields of the format and no other. Integers beyond 32 bits are BigInt. Throws RecordError. */
export function decode(bytes, maxBytes = MAX_RECORD_BYTES) {
  refuseLarge(bytes, maxBytes);
  return record(unpack(bytes), "$");
}

/** The bytes of a record, checked as a reader would. Throws RecordError. */
export function encode(fields, maxBytes = MAX_RECORD_BYTES) {
  const bytes = pack(record(fields, "$"), { useBigInt64: true });
  refuseLarge(bytes, maxBytes);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function refuseLarge(bytes, maxBytes) {
  if (bytes.length > maxBytes) {
    throw new RecordError(`Expected a record of at most ${maxBytes} bytes, got ${bytes.length}`);
  }
}

// ------------------------------------------------------------------ msgpack

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The package's own decoder lets text pass that is not UTF-8. */
class StrictDecoder extends Decoder {
  decodeUtf8String(length, offset) {
    const start = this.pos + offset;
    super.decodeUtf8String(length, offset);
    return utf8.decode(this.bytes.subarray(start, start + length));
  }
}

function unpack(bytes) {
  const mapKeyConverter = (key) => (typeof key === "string" ? key : NOT_TEXT);
  try {
    return new StrictDecoder({ useBigInt64: true, keyDecoder: null, mapKeyConverter }).decode(bytes);
  } catch (error) {
    throw new RecordError(`Expected one msgpack map, got ${bytes.length} bytes that are not: ${error.message}`);
  }
}

/** JavaScript has one kind of number: this keeps the package from writing a large integer as a float. */
function whole(value) {
  const large = Number.isSafeInteger(value) && (value > 0xffffffff || value < -0x80000000);
  return large ? BigInt(value) : value;
}

// ------------------------------------------------- what a value must be: (value, path) => the value, or RecordError

function fail(expected, value, path) {
  throw new RecordError(`Expected ${expected}, got ${shown(value)} - at \`${path}\``);
}

/** What came, without the words of a text: they may be a name. */
function shown(value) {
  if (typeof value === "string") return `\`str\` of ${value.length}`;
  if (Array.isArray(value)) return `\`array\` of ${value.length}`;
  if (value instanceof Uint8Array) return "`bytes`";
  return typeof value === "object" && value !== null ? "`object`" : String(value ?? "nil");
}

const bool = (value, path) => (typeof value === "boolean" ? value : fail("`bool`", value, path));

const bytes = (value, path) => (value instanceof Uint8Array ? value : fail("`bytes`", value, path));

const nullable = (check) => (value, path) => (value === null ? null : check(value, path));

function text(least, most) {
  return (value, path) => {
    const fits = typeof value === "string" && value.length <= 2 * most; // an emoji is 1 code point and 2 of these
    const length = fits ? [...value].length : -1;
    return length >= least && length <= most ? value : fail(`\`str\` of ${least} to ${most} characters`, value, path);
  };
}

function integer(least, most) {
  return (value, path) => {
    const fits = typeof value === "bigint" || Number.isSafeInteger(value);
    return fits && value >= least && value <= most ? whole(value) : fail(`\`int\` ${least} to ${most}`, value, path);
  };
}

function float(least, most) {
  return (value, path) => {
    const number = typeof value === "bigint" ? Number(value) : value;
    const fits = Number.isFinite(number) && number >= least && number <= most;
    return fits ? number : fail(`\`float\` ${least} to ${most}`, value, path);
  };
}

function list(item, least, most) {
  return (value, path) => {
    const fits = Array.isArray(value) && value.length >= least && value.length <= most;
    if (!fits) fail(`\`array\` of ${least === most ? most : `at most ${most}`}`, value, path);
    return value.map((each, at) => item(each, `${path}[${at}]`));
  };
}

function isMap(value) {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

function map(fields, optional = []) {
  return (value, path) => {
    if (!isMap(value) || NOT_TEXT in value) fail("`object` with text for keys", value, path);
    const named = Object.entries(fields).filter(([name]) => Object.hasOwn(value, name) || !optional.includes(name));
    return Object.fromEntries(
      named.map(([name, check]) => {
        if (!Object.hasOwn(value, name)) throw new RecordError(`Missing field \`${name}\` - at \`${path}\``);
        return [name, check(value[name], `${path}.${name}`)];
      }),
    );
  };
}

function optionValue(value, path, nested = false) {
  if (value === null || typeof value === "boolean" || typeof value === "bigint") return value;
  if (typeof value === "string") return text(0, 256)(value, path);
  if (Number.isFinite(value)) return whole(value);
  if (!Array.isArray(value) || nested) return fail("`bool | int | float | str | array | nil`", value, path);
  return value.map((each, at) => optionValue(each, `${path}[${at}]`, true));
}

function options(value, path) {
  if (!isMap(value) || NOT_TEXT in value || Object.keys(value).length > 64) fail("`object` of at most 64", value, path);
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [text(1, 128)(name, path), optionValue(each, `${path}.${name}`)]),
  );
}

// ------------------------------------------------------------------ the format

const name = text(1, 128);
const count = integer(0, MAX_INT);
const share = float(0, 1);

const box = list(float(0, 16384), 4, 4);

const detection = map({
  label: name,
  confidence: share,
  xyxy: box,
  track: nullable(count),
  hidden: bool,
});

const hop = map({
  stage: name,
  function: name,
  version: text(0, 64),
  options,
  started_at: count,
  took_us: count,
  average_us: count,
});

const redaction = map({ labels: list(name, 0, 256), style: name, covered: share, doubt: nullable(text(0, 256)) });

const fields = map({
  v: integer(1, 1),
  id: text(1, 64),
  source: name,
  seq: count,
  captured_at: count,
  live: bool,
  size_wh: list(integer(1, 16384), 2, 2),
  detections: list(detection, 0, 1000),
  hops: list(hop, 0, 64),
  redaction: nullable(redaction),
  unseen: list(box, 0, 256),
  jpeg: bytes,
}, ["unseen"]); // absent or empty: all was looked at

function record(value, path) {
  const found = fields(value, path);
  checkPicture(found);
  found.detections.forEach(({ xyxy }, at) => checkBox(xyxy, found.size_wh, `$.detections[${at}].xyxy`));
  found.unseen?.forEach((xyxy, at) => checkBox(xyxy, found.size_wh, `$.unseen[${at}]`));
  return found;
}

function checkPicture({ jpeg, size_wh: [width, height] }) {
  let size;
  try {
    size = sizeOf(jpeg);
  } catch (error) {
    throw new RecordError(`${error.message} - at \`$.jpeg\``);
  }
  if (size[0] !== width || size[1] !== height) {
    throw new RecordError(`Expected the picture's size ${size.join("x")}, got ${width}x${height} - at \`$.size_wh\``);
  }
}

function checkBox([left, top, right, bottom], [width, height], path) {
  if (!(left <= right && right <= width && top <= bottom && bottom <= height)) {
    const got = [left, top, right, bottom].join(", ");
    throw new RecordError(`Expected a box within ${width}x${height} (left, top, right, bottom), got ${got} - at \`${path}\``);
  }
}
