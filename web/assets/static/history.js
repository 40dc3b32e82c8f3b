// The last pictures of a view, so that a person can stop and look back. They are kept as JPEG, not as pixels.

import { mainSide } from "./picture.js";

const PICTURES = 120;
const BYTES = 64 * 1024 * 1024;

export class History {
  #pictures = [];
  #bytes = 0;

  get length() {
    return this.#pictures.length;
  }

  add(picture) {
    this.#pictures.push(picture);
    this.#bytes += sizeOf(picture);
    while (this.#pictures.length > PICTURES || (this.#bytes > BYTES && this.#pictures.length > 1)) {
      this.#bytes -= sizeOf(this.#pictures.shift());
    }
  }

  clear() {
    this.#pictures = [];
    this.#bytes = 0;
  }

  /** The picture that came last. */
  get newest() {
    return this.#pictures.at(-1);
  }

  /** The picture so many steps after this one (before, if negative), of the same source; null where it is not here. */
  from(picture, steps) {
    const { source, id } = mainSide(picture).frame;
    const same = this.#pictures.filter((other) => mainSide(other).frame.source === source);
    const at = same.findIndex((other) => mainSide(other).frame.id === id);
    return at < 0 ? null : (same[at + steps] ?? null);
  }

}

const sizeOf = ({ sides }) => Object.values(sides).reduce((sum, side) => sum + side.jpeg.size, 0);
