// What was found in a frame: how fast, which labels, and a table of the boxes.

import { el, fill, say } from "./dom.js";
import { box, millis, nameOf, percent } from "./format.js";

const LABELS_AT_FIRST = 12;

export class Details {
  #speed = el("ul", { className: "speed", attrs: { "aria-label": "Speed of each stage" } });
  #labels;
  #rows = el("tbody");
  #none = el("p", { className: "none", textContent: "Nothing found in this frame", hidden: true });

  /** `point(number or null)` is called with the number of the detection whose row is pointed at. */
  constructor(findable, point) {
    this.#labels = new Labels(findable);
    this.#listen(point);
    const heads = ["#", "label", "confidence", "box", "state"].map((text) =>
      el("th", { textContent: text, scope: "col" }),
    );
    this.element = el(
      "section",
      { className: "details", attrs: { "aria-label": "What was found" } },
      this.#labels.element,
      el("table", {}, el("thead", {}, el("tr", {}, ...heads)), this.#rows),
      this.#none,
      this.#speed,
    );
  }

  /** Show what was found; only one label's rows where one is given. */
  show(frame, label) {
    fill(this.#speed, frame.hops, makeSpeed, showSpeed);
    this.#labels.show(frame.detections);
    const numbered = frame.detections.map((found, at) => ({ found, at }));
    const wanted = numbered.filter(({ found }) => !label || found.label === label);
    fill(this.#rows, wanted, makeRow, showRow);
    this.#none.hidden = wanted.length > 0;
  }

  #listen(point) {
    const enter = (event) => point(Number(event.target.closest("tr").dataset.at));
    const leave = () => point(null);
    for (const kind of ["pointerover", "focusin"]) this.#rows.addEventListener(kind, enter);
    for (const kind of ["pointerleave", "focusout"]) this.#rows.addEventListener(kind, leave);
  }
}

/** The labels that can be found: green where found, red where hidden. */
class Labels {
  #findable;
  #seen = new Set();
  #list = el("ul", { className: "labels", attrs: { "aria-label": "Labels" } });
  #more = el("button", { type: "button", className: "more", hidden: true, attrs: { "aria-expanded": "false" } });
  #all = false;
  #found = new Map();

  constructor(findable) {
    this.#findable = findable;
    this.element = el("div", { className: "label-line" }, this.#list, this.#more);
    this.#more.addEventListener("click", () => this.#toggle());
  }

  show(detections) {
    this.#found = new Map();
    for (const { label, hidden } of detections) {
      this.#seen.add(label);
      this.#found.set(label, hidden || this.#found.get(label) === true);
    }
    this.#draw();
  }

  #draw() {
    const every = [...new Set([...this.#findable, ...this.#seen])];
    const shown = this.#all ? every : every.filter((label, at) => at < LABELS_AT_FIRST || this.#seen.has(label));
    fill(this.#list, shown, makeLabel, (item, label) => {
      const hidden = this.#found.get(label);
      item.className = hidden === undefined ? "" : hidden ? "hidden-label" : "found";
      say(item.children[0], nameOf(label), true);
      say(item.children[1], hidden === undefined ? "" : hidden ? " hidden" : " found");
    });
    const rest = every.length - shown.length;
    this.#more.hidden = !rest && !(this.#all && every.length > LABELS_AT_FIRST);
    say(this.#more, this.#all ? "fewer" : `… ${rest} more`);
  }

  #toggle() {
    this.#all = !this.#all;
    this.#more.setAttribute("aria-expanded", String(this.#all));
    this.#draw();
  }
}

const makeLabel = () => el("li", {}, el("bdi"), el("span", { className: "hidden" }));

const makeSpeed = () =>
  el("li", {}, el("span", { className: "what" }), el("span", { className: "number" }), el("span", { className: "average" }));

function showSpeed(item, hop) {
  say(item.children[0], hop.stage, true);
  item.title = `${hop.function} ${hop.version}`;
  say(item.children[1], `${millis(hop.took_us)} ms`);
  say(item.children[2], `(average ${millis(hop.average_us)})`);
}

const makeRow = () => el("tr", { tabIndex: 0 }, el("td"), el("td", {}, el("bdi")), el("td"), el("td"), el("td"));

function showRow(row, { found, at }) {
  row.dataset.at = at;
  row.className = found.hidden ? "hidden-row" : "";
  const [number, label, confidence, where, state] = row.children;
  say(number, String(at + 1));
  const what = nameOf(found.label);
  say(label.firstElementChild, found.track === null ? what : `${what} ${found.track}`, true);
  say(confidence, percent(found.confidence));
  say(where, box(found.xyxy));
  say(state, found.hidden ? "hidden" : "");
}
