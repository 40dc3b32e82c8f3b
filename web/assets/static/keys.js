// What the keys of a view do, loaded when somebody asks for it.

import { button, el } from "./dom.js";

const keysOf = (view) => [
  ...(view.pause ? [["Space", "pause and continue"]] : []),
  ...(view.step ? [["← →", "the picture before and after"]] : []),
  ...(view.keys?.does["1"] ? [] : [["1 – 9", "another page"]]),
  ...(view.keys?.rows ?? []),
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
