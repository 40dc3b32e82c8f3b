// One picture of a view: its sides, each with what is said about the frame and the JPEG.

const WIDTHS = [160, 320, 480, 640, 960, 1280];

/** The width to ask for where so many pixels are to be filled; null for pictures as they come. */
export const widthFor = (pixels) => WIDTHS.find((width) => width >= pixels) ?? null;

/** Take a binary message apart: a length, that much JSON, then the JPEGs. */
export function readPicture(buffer, receivedAt) {
  const headerBytes = new DataView(buffer).getUint32(0);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, headerBytes)));
  const picture = { ...header, receivedAt, sides: {} };
  let at = 4 + headerBytes;
  for (const { side, bytes, age_ms, frame } of header.sides) {
    const jpeg = new Blob([new Uint8Array(buffer, at, bytes)], { type: "image/jpeg" });
    picture.sides[side] = { frame, jpeg, waitedUs: age_ms * 1000 };
    at += bytes;
  }
  return picture;
}

/** The pixels of all sides by name, decoded off this thread; null for a side that cannot be decoded. */
export async function decode({ sides }) {
  const decoding = Object.entries(sides).map(async ([name, { jpeg }]) => [name, await bitmapOf(jpeg)]);
  return Object.fromEntries(await Promise.all(decoding));
}

/** The side that says most about a frame: the one behind more stages. */
export const mainSide = ({ sides }) => sides.right ?? sides.left;

async function bitmapOf(jpeg) {
  try {
    return await createImageBitmap(jpeg);
  } catch {
    return null;
  }
}
