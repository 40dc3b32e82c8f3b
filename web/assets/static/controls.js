// The line of controls above the pictures, and the keys that do the same.

import { button, el, fill, say } from "./dom.js";
import { isolated } from "./format.js";
import { fillScreen } from "./screen.js";

// Held down, the others would do and undo.
const REPEATS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"];

// "camera 10" comes after "camera 9".
const inOrder = new Intl.Collator(undefined, { numeric: true }).compare;

/** A choice; its first entry means all, where `all` names it, and else the first one there is is chosen. */
export class Choice {
  #select;
  #all;
  #choose;
  #chosen;

  constructor(name, all, chosen, choose) {
    this.#all = all;
    this.#chosen = chosen;
    this.#choose = choose;
    this.#select = el("select", { attrs: { "aria-label": name } });
    this.element = this.#select;
    this.#select.addEventListener("change", () => {
      this.#chosen = this.#select.value;
      choose(this.#chosen || null);
    });
    this.offer([]);
  }

  /** Offer these names; `chosen` where something else than a choice here has chosen. */
  offer(names, chosen = this.#chosen) {
    this.#chosen = chosen;
    const every = [...new Set([...names, ...(this.#chosen ? [this.#chosen] : [])])].sort(inOrder);
    if (!this.#all && !this.#chosen && every.length) this.#choose((this.#chosen = every[0]));
    fill(
      this.#select,
      [...(this.#all ? [""] : []), ...every],
      () => el("option"),
      (option, name) => {
        say(option, name ? isolated(name) : this.#all);
        if (option.getAttribute("value") !== name) option.value = name;
      },
    );
    this.#select.value = this.#chosen;
  }

  /** Choose the entry so many places further, around the end; of all together, none. */
  step(steps) {
    const names = [...this.#select.options].map(({ value }) => value).filter(Boolean);
    if (!names.length) return;
    const at = names.indexOf(this.#chosen);
    const next = at < 0 ? (steps > 0 ? 0 : names.length - 1) : (at + steps + names.length) % names.length;
    this.pick(names[next]);
  }

  /** Choose this entry. */
  pick(name) {
    this.#select.value = this.#chosen = name;
    this.#choose(name);
  }
}

const SIGNS = { pair: "◫ Pair", slider: "◨ Slider", single: "▣ Single" };

/** The layouts of a view, one of them pressed; without a choice nothing is shown. */
export class Layouts {
  #view;
  #choose;

  constructor(view, choose) {
    this.#view = view;
    this.#choose = choose;
    const pressers = view.layouts.map((layout) => button(SIGNS[layout], () => choose(layout)));
    this.element = el(
      "div",
      { className: "layouts", hidden: pressers.length < 2, attrs: { role: "group", "aria-label": "Layout" } },
      ...pressers,
    );
    view.addEventListener("change", () =>
      pressers.forEach((each, at) => each.setAttribute("aria-pressed", String(view.layouts[at] === view.layout))),
    );
  }

  next() {
    const { layouts, layout } = this.#view;
    this.#choose(layouts[(layouts.indexOf(layout) + 1) % layouts.length]);
  }
}

/** The buttons for what one view can do: pause, step, fill the screen, save. */
export function buttons(view) {
  const keys = el("dialog", { attrs: { "aria-label": "Keys" } });
  const list = () => import("./keys.js").then((keysOf) => keysOf.list(keys, view));
  listen(view, keys, list);
  return el(
    "div",
    { className: "actions", attrs: { role: "group", "aria-label": "Controls" } },
    ...(view.pause ? [pauseButton(view)] : []),
    ...(view.step ? [button("Back", () => view.step(-1)), button("Forward", () => view.step(1))] : []),
    ...(view.toggleBoxes ? [boxesButton(view)] : []),
    ...(view.pictures ? [button("Full", () => fillScreen(view.pictures))] : []),
    ...(view.save ? [button(view.saves.name, () => view.save())] : []),
    button("Keys", list, { className: "keys" }),
    keys,
  );
}

function pauseButton(view) {
  const pause = button("Pause", () => toggle(view));
  view.addEventListener("change", () => {
    say(pause, view.paused ? "Continue" : "Pause");
    pause.classList.toggle("on", view.paused);
  });
  return pause;
}

function boxesButton(view) {
  const boxes = button("Boxes", () => view.toggleBoxes());
  view.addEventListener("change", () => boxes.setAttribute("aria-pressed", String(view.boxes)));
  return boxes;
}

function listen(view, keys, list) {
  const does = {
    " ": view.pause && (() => toggle(view)),
    ArrowLeft: view.step && (() => view.step(-1)),
    ArrowRight: view.step && (() => view.step(1)),
    f: view.pictures && (() => fillScreen(view.pictures)),
    s: view.save && (() => view.save()),
    "?": list,
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || keys.open) return;
    const key = event.key.length > 1 ? event.key : event.key.toLowerCase(); // Caps Lock changes nothing
    // A list that is closed keeps the focus until the next frame: keys are not its own any more.
    if (!keys.contains(event.target) && isOwn(event.target, key)) return;
    const act = view.keys?.does[key] ?? does[key] ?? pageOf(key);
    if (!act) return;
    event.preventDefault();
    if (!event.repeat || REPEATS.includes(key)) act();
  });
}

/** Whether what has the focus wants a key for itself: a choice all of them, a slider arrows, a button what presses it. */
const isOwn = (focused, key) =>
  focused.closest("select, input:not([type=range])") ||
  (REPEATS.includes(key) && focused.closest("input")) ||
  (key === " " && focused.closest("button, summary"));

function pageOf(key) {
  /** @type {NodeListOf<HTMLAnchorElement>} */
  const links = document.querySelectorAll("nav a");
  const link = /^[1-9]$/.test(key) ? links[Number(key) - 1] : null;
  return link && (() => link.click());
}

const toggle = (view) => (view.paused ? view.resume() : view.pause());

