// Who is marked as exposed in one frame: people by their boxes, and others by where they were pointed at.

const NEAR = 0.03; // pointed at again so near, a mark is taken back

/** Where a picture that fills a rectangle as far as its shape lets it was pointed at, in shares; null beside it. */
export function shareAt(rect, [width, height], [x, y]) {
  const scale = Math.min(rect.width / width, rect.height / height);
  const at = [
    (x - rect.left - (rect.width - width * scale) / 2) / (width * scale),
    (y - rect.top - (rect.height - height * scale) / 2) / (height * scale),
  ];
  return at.every((share) => share >= 0 && share <= 1) ? at : null;
}

/** The people from left to right, who have the keys 1 to 9: their places in the list. */
export const leftToRight = (people) =>
  people
    .map((_, at) => at)
    .sort((a, b) => people[a].xyxy[0] - people[b].xyxy[0])
    .slice(0, 9);

/** The hours of the day that frames are of, as one reads them. */
export function hoursSaid(hours) {
  const covered = hours.flatMap((count, hour) => (count ? [hour] : []));
  const starts = covered.filter((hour) => !covered.includes(hour - 1));
  const runs = starts.map((hour) => span(hour, covered));
  return covered.length ? `${covered.length} of 24 hours of the day (UTC ${runs.join(", ")})` : "";
}

export class Marks {
  #people;
  exposed = new Set();
  others = [];

  constructor(people) {
    this.#people = people;
  }

  get size() {
    return this.exposed.size + this.others.length;
  }

  /** Mark one of the people, or take the mark back. */
  toggle(at) {
    if (!this.exposed.delete(at) && this.#people[at]) this.exposed.add(at);
  }

  /** Mark whom a point shows: whose box it is in, the smallest one of several, or somebody without a box. */
  point([x, y]) {
    const near = this.others.findIndex((other) => Math.hypot(other[0] - x, other[1] - y) < NEAR);
    if (near >= 0) return void this.others.splice(near, 1);
    const inside = this.#people.flatMap(({ xyxy: [x1, y1, x2, y2] }, at) =>
      x1 <= x && x <= x2 && y1 <= y && y <= y2 ? [{ at, area: (x2 - x1) * (y2 - y1) }] : [],
    );
    if (inside.length) this.toggle(inside.reduce((a, b) => (b.area < a.area ? b : a)).at);
    else this.others.push([x, y]);
  }

  /** What the viewer is told. */
  get said() {
    return { exposed: [...this.exposed], others: this.others.length };
  }
}

function span(hour, covered) {
  let last = hour;
  while (covered.includes(last + 1)) last++;
  return [...new Set([hour, last])].map((each) => String(each).padStart(2, "0")).join("–");
}
