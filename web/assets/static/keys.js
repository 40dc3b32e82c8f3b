// What the keys of a view do, loaded when somebody asks for it.

import { button, el } from "./dom.js";

// Of live pictures, each by a key that does it where it does anything.
const LIVE = {
  p: ["P N", "the camera before, the next one"],
  l: ["L", "another layout"],
  b: ["B", "boxes, labels and tracks"],
  t: ["T", "look back over what the bus still holds"],
  "[": ["[ ]", "where a clip begins, where it ends"],
  c: ["C", "save the clip"],
  z: ["Z", "zones: draw what is always covered"],
};

const rowsOf = ({ does, rows = Object.keys(LIVE).flatMap((key) => (does[key] ? [LIVE[key]] : [])) }) => rows;

const keysOf = (view) => [
  ...(view.pause ? [["Space", "pause and continue"]] : []),
  ...(view.step ? [["← →", "the picture before and after"]] : []),
  ...(view.keys?.does["1"] ? [] : [["1 – 9", "another page"]]),
  ...(view.keys ? rowsOf(view.keys) : []),
  ...(view.pictures ? [["F", "full screen, and back"]] : []),
  ...(view.swipe ? [["double click", "this picture alone on the full screen"]] : []),
  ...(view.save ? [["S", view.saves.what]] : []),
  ["?", "this list"],
];

/** Show the list in a dialog. */
export function list(dialog, view) {
  const rows = keysOf(view).flatMap(([key, does]) => [el("dt", {}, el("kbd", { textContent: key })), el("dd", { textContent: does })]);
  const close = button("Close", () => dialog.close());
  dialog.replaceChildren(el("h2", { textContent: "Keys" }), el("dl", {}, ...rows), close);
  if (!dialog.open) dialog.showModal();
}
