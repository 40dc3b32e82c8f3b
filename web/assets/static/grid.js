// How many columns let pictures of one shape fill a window, and in which order they stand.

// As many as a page may watch; fewer where some come and go at the edges while it is scrolled.
const [SEEN_AT_MOST, SCROLLED_AT_MOST] = [64, 56];

/**
 * Columns and the width of a tile for so many pictures of one aspect in a rectangle, `captionPx` below each.
 * Where they would be narrower than `leastPx`, or more than a page may watch would be seen at once, one scrolls.
 */
export function gridFor(count, aspect, [width, height], { leastPx, captionPx }) {
  const fits = (columns) => Math.min(width / columns, (height / Math.ceil(count / columns) - captionPx) * aspect);
  const most = Math.max(1, Math.min(count, Math.floor(width / leastPx)));
  let columns = 1;
  for (let each = 2; each <= most; each++) if (fits(each) > fits(columns)) columns = each;
  if (count <= SEEN_AT_MOST && fits(columns) >= Math.min(leastPx, width)) return { columns, tile: Math.floor(fits(columns)) };
  columns = most;
  while (columns > 1 && seenAtOnce(columns, aspect, [width, height], captionPx) > SCROLLED_AT_MOST) columns--;
  return { columns, tile: Math.floor(width / columns) };
}

function seenAtOnce(columns, aspect, [width, height], captionPx) {
  return columns * (Math.ceil(height / (width / columns / aspect + captionPx)) + 1);
}

/** Names in an order that was kept: the known ones as they stood, new ones behind them by name. */
export function inOrder(names, kept) {
  const place = new Map(kept.map((name, at) => [name, at]));
  const by = (name) => place.get(name) ?? Infinity;
  return [...names].sort((a, b) => (by(a) === by(b) ? (a < b ? -1 : 1) : by(a) - by(b)));
}

/** The same names with one of them so many places further. */
export function moved(names, name, steps) {
  const others = names.filter((other) => other !== name);
  const at = Math.max(0, Math.min(others.length, names.indexOf(name) + steps));
  return [...others.slice(0, at), name, ...others.slice(at)];
}
