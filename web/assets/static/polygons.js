// Zones that somebody draws: closed polygons with a name, and the one that is open. Points are shares of the picture.
// What `covers` hides what is in it; the others are areas for alerts.

const MOST_ZONES = 64;
const MOST_POINTS = 64;
const DIGITS = 1e4; // a tenth of a pixel of the largest pictures

export class Draft {
  zones = [];
  open = [];
  held = null;

  /** Begin with these zones and areas. */
  constructor(zones = [], areas = []) {
    const drawn = (covers) => ({ name, polygon }) => ({ name, polygon: polygon.map(([x, y]) => [x, y]), covers });
    this.zones = [...zones.map(drawn(true)), ...areas.map(drawn(false))];
  }

  /** Those that cover, or the areas, as they are saved. */
  of(wanted) {
    return this.zones.filter(({ covers }) => covers === wanted).map(({ name, polygon }) => ({ name, polygon }));
  }

  /** Add a point to the open polygon; on its first one the polygon is closed. Says why it cannot be done, or "". */
  add(at, reach) {
    if (this.open.length > 2 && isNear(this.open[0], at, reach)) return this.close();
    if (this.zones.length >= MOST_ZONES) return `A camera has ${MOST_ZONES} zones at most`;
    if (this.open.length >= MOST_POINTS) return `A zone has ${MOST_POINTS} points at most: close it`;
    this.open.push(rounded(at));
    return "";
  }

  /** Make the open polygon a zone. Says why it cannot be done, or "". */
  close() {
    if (this.open.length < 3) return "A zone has three points at least";
    if (crosses(this.open)) return "Its lines cross: it would not be plain what they surround. Move a point, or take one back";
    this.zones.push({ name: this.#freeName(), polygon: this.open, covers: true });
    this.open = [];
    return "";
  }

  /** Take the last point of the open polygon back. */
  back() {
    this.open.pop();
  }

  /** Give up the open polygon, or let go of what is held. */
  abandon() {
    if (this.held) this.held = null;
    else this.open = [];
  }

  remove(at) {
    this.held = null;
    this.zones.splice(at, 1);
  }

  /** Take hold of the point that is nearest, if one is in reach; whether one is. */
  hold(at, reach) {
    const all = [...this.zones.map(({ polygon }) => polygon), this.open].flatMap((polygon) =>
      polygon.map((point, index) => ({ polygon, index, far: farFrom(point, at, reach) })),
    );
    const nearest = all.reduce((a, b) => (b.far < a.far ? b : a), { far: 1, polygon: null, index: 0 });
    this.held = nearest.polygon && nearest;
    return Boolean(this.held);
  }

  /** Whether the first point of an open polygon is held that could be closed. */
  get holdsBeginning() {
    return this.held?.polygon === this.open && this.held.index === 0 && this.open.length > 2;
  }

  /** Move the point that is held. */
  move(at) {
    if (this.held) this.held.polygon[this.held.index] = rounded(at);
  }

  /** Why these zones cannot be saved, or "". */
  get problem() {
    if (this.open.length) return "A zone is not closed yet";
    const nameless = this.zones.findIndex(({ name }) => !name.trim());
    if (nameless >= 0) return `Zone ${nameless + 1} has no name`;
    const crossing = this.zones.find(({ polygon }) => crosses(polygon));
    return crossing ? `Lines of ${crossing.name} cross: it would not be plain what they surround` : "";
  }

  #freeName() {
    const taken = new Set(this.zones.map(({ name }) => name));
    let number = 1;
    while (taken.has(`zone ${number}`)) number++;
    return `zone ${number}`;
  }
}

/** Whether two lines of a polygon cross or touch that are no neighbours. */
export function crosses(polygon) {
  const lines = polygon.map((from, at) => [from, polygon[(at + 1) % polygon.length]]);
  return lines.some((one, at) =>
    lines.slice(at + 2).some((other, after) => !(at === 0 && after === lines.length - 3) && meet(one, other)),
  );
}

function meet([a, b], [c, d]) {
  const sides = [side(a, b, c), side(a, b, d), side(c, d, a), side(c, d, b)];
  if (sides[0] * sides[1] < 0 && sides[2] * sides[3] < 0) return true;
  return [[a, b, c], [a, b, d], [c, d, a], [c, d, b]].some(([from, to, point], at) => sides[at] === 0 && within(from, to, point));
}

const side = ([ax, ay], [bx, by], [cx, cy]) => Math.sign((bx - ax) * (cy - ay) - (by - ay) * (cx - ax));

const within = (from, to, point) => [0, 1].every((axis) => Math.min(from[axis], to[axis]) <= point[axis] && point[axis] <= Math.max(from[axis], to[axis]));

const rounded = (at) => at.map((share) => Math.round(Math.min(1, Math.max(0, share)) * DIGITS) / DIGITS);

/** How far in reaches, which are shares of the picture to the side and down. */
const farFrom = ([x, y], at, reach) => Math.hypot((x - at[0]) / reach[0], (y - at[1]) / reach[1]);

const isNear = (point, at, reach) => farFrom(point, at, reach) < 1;
