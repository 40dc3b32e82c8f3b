// JPEG headers: what has to be known of a picture before anybody decodes it.

const MAX_SIDE = 16384;
const MAX_PIXELS = 40_000_000;
const MAX_PIXELS_OF_SCANS = 20_000_000; // decoders hold a picture of several scans twice
const MAX_SCANS = 100;

const APP1 = 0xe1;
const START_OF_SCAN = 0xda;
const EXIF = Buffer.from("Exif\0\0");
const ORIENTATION_TAG = 0x0112;

const startsFrame = (marker) => marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
const isProgressive = (marker) => [0xc2, 0xc6, 0xca, 0xce].includes(marker);
const standsAlone = (marker) => marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7);

/** Upright width and height of a JPEG that is safe to decode. Throws an Error that says what is wrong with it. */
export function sizeOf(bytes) {
  const jpeg = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (jpeg.length < 2 || jpeg.readUInt16BE(0) !== 0xffd8) {
    throw new Error(`Expected a JPEG (starting FF D8), got ${jpeg.length} bytes starting ${jpeg.toString("hex", 0, 4)}`);
  }
  const { width, height, scans, inOne } = header(jpeg);
  const most = inOne ? MAX_PIXELS : MAX_PIXELS_OF_SCANS;
  if (!width || !height || width > MAX_SIDE || height > MAX_SIDE || width * height > most) {
    throw new Error(`Expected a picture of at most ${most} pixels, each side 1 to ${MAX_SIDE}, got ${width}x${height}`);
  }
  if (scans > MAX_SCANS) throw new Error(`Expected a JPEG of at most ${MAX_SCANS} scans, got ${scans}`);
  return [width, height];
}

function header(jpeg) {
  try {
    return walk(jpeg);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new Error(`Expected a whole JPEG header, got ${jpeg.length} bytes that end within it`);
  }
}

function walk(jpeg) {
  let [at, orientation, frame] = [2, 1, null];
  for (;;) {
    if (jpeg.readUInt8(at) !== 0xff) throw new Error(`Expected a JPEG marker at byte ${at}`);
    const marker = jpeg.readUInt8(at + 1);
    if (marker === 0xff || standsAlone(marker)) {
      at += marker === 0xff ? 1 : 2; // a fill byte, or a marker without a length
      continue;
    }
    const length = jpeg.readUInt16BE(at + 2);
    if (startsFrame(marker)) {
      const size = [jpeg.readUInt16BE(at + 7), jpeg.readUInt16BE(at + 5)];
      frame = { size, components: jpeg.readUInt8(at + 9), progressive: isProgressive(marker) };
    } else if (marker === APP1 && jpeg.subarray(at + 4, at + 10).equals(EXIF)) {
      orientation = orientationOf(jpeg.subarray(at + 10, at + 2 + length));
    } else if (marker === START_OF_SCAN) {
      break;
    }
    at += 2 + length;
  }
  if (!frame) throw new Error("Expected a JPEG frame header before the first scan, got none");
  const inOne = !frame.progressive && jpeg.readUInt8(at + 4) === frame.components;
  const [width, height] = orientation >= 5 ? frame.size.reverse() : frame.size;
  return { width, height, inOne, scans: inOne ? 1 : scansFrom(jpeg, at) };
}

function scansFrom(jpeg, start) {
  let scans = 0;
  for (let at = start; at !== -1; at = jpeg.indexOf("ffda", at + 2, "hex")) scans += 1;
  return scans;
}

function orientationOf(tiff) {
  const little = tiff.toString("latin1", 0, 2) === "II";
  if (!little && tiff.toString("latin1", 0, 2) !== "MM") return 1;
  const short = (at) => (little ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at));
  try {
    const start = little ? tiff.readUInt32LE(4) : tiff.readUInt32BE(4);
    for (let entry = 0; entry < short(start); entry += 1) {
      const at = start + 2 + 12 * entry;
      if (short(at) === ORIENTATION_TAG && short(at + 2) === 3) return short(at + 8) <= 8 ? short(at + 8) : 1;
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return 1; // it has none, or none that can be read
}
