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
    picture.sides[side] = new Side(frame, new Uint8Array(buffer, at, bytes), age_ms * 1000);
    at += bytes;
  }
  return picture;
}

/** What a message holds of one topic: a frame, its picture as the bytes of a JPEG, and how long it waited in the viewer. */
class Side {
  #jpeg = null;

  constructor(frame, bytes, waitedUs) {
    this.frame = frame;
    this.bytes = bytes;
    this.waitedUs = waitedUs;
  }

  /** As a file; a browser takes long to make one, so it is made only for who keeps it. */
  get jpeg() {
    return (this.#jpeg ??= new Blob([this.bytes], { type: "image/jpeg" }));
  }
}

/** The pixels of all sides by name, decoded off this thread; null for a side that cannot be decoded. */
export async function decode({ sides }) {
  const decoding = Object.entries(sides).map(async ([name, { bytes }]) => [name, await decoder.decode(bytes)]);
  return Object.fromEntries(await Promise.all(decoding));
}

/** The side that says most about a frame: the one behind more stages. */
export const mainSide = ({ sides }) => sides.right ?? sides.left;

/** Decodes beside the page's own thread: there a Blob alone takes longer than all that is drawn. */
class Decoder {
  #worker = null;
  #waiting = new Map();
  #last = 0;

  decode(bytes) {
    const n = ++this.#last;
    const jpeg = bytes.slice(); // the page may keep its own
    return new Promise((resolve) => {
      this.#waiting.set(n, resolve);
      this.#started().postMessage({ n, jpeg }, [jpeg.buffer]);
    });
  }

  #started() {
    if (this.#worker) return this.#worker;
    this.#worker = new Worker(new URL("./decoder.js", import.meta.url));
    this.#worker.onmessage = ({ data: { n, bitmap } }) => this.#answer(n, bitmap);
    this.#worker.onerror = () => {
      this.#worker = null;
      for (const n of [...this.#waiting.keys()]) this.#answer(n, null);
    };
    return this.#worker;
  }

  #answer(n, bitmap) {
    this.#waiting.get(n)?.(bitmap);
    this.#waiting.delete(n);
  }
}

const decoder = new Decoder();
