// All cameras: how each is, what it sends, what the redaction makes of it, and what to do. Those first that want somebody.

import { buttons } from "./controls.js";
import { el, fill, headOf, say } from "./dom.js";
import { dateAndTime, duration, percent } from "./format.js";
import { hiddenSaid } from "./hour.js";
import { load } from "./load.js";
import { addressOf } from "./state.js";

const LOOK_MS = 2000;
const HEADS = ["camera", "state", "sends", "newest frame", "hidden now", "last hour", "last check", "zones", "what to do"];
const UNKNOWN = "–";

export function show({ pages, content, toolbar }) {
  const view = new CamerasView(pages);
  content.append(toolbar(buttons(view)), view.element);
  return () => {};
}

class CamerasView extends EventTarget {
  #operator;
  #rows = el("tbody");
  #none = el("p", { className: "none", textContent: "Looking for cameras…" });

  constructor(pages) {
    super();
    this.#operator = pages.some(({ kind }) => kind === "zones");
    const heads = HEADS.filter((head) => this.#operator || head !== "zones");
    this.element = el(
      "div",
      { className: "camera-list" },
      this.#none,
      el("table", {}, el("thead", {}, headOf(heads)), this.#rows),
      el("p", {}, el("a", { href: "/hour", textContent: "The last hour of all cameras" }), ", to read, to print, and as CSV"),
    );
    setInterval(() => this.#look(), LOOK_MS);
    this.#look();
  }

  async #look() {
    if (document.hidden) return;
    const cameras = await load("/cameras/list");
    if (cameras) this.#show(cameras);
  }

  #show(cameras) {
    this.#none.hidden = cameras.length > 0;
    say(this.#none, "No camera has sent anything yet: “imagebus produce VIDEO”, or [cameras.NAME] in the chain file and “imagebus cameras”");
    fill(this.#rows, cameras, () => this.#row(), showRow);
  }

  #row() {
    const cell = (name) => el("td", { attrs: { "data-head": name } });
    return el(
      "tr",
      {},
      el("th", { scope: "row" }, el("bdi")),
      el("td", { attrs: { "data-head": "state" } }, el("span", { className: "word" })),
      ...HEADS.slice(2, 7).map(cell),
      ...(this.#operator ? [el("td", { attrs: { "data-head": "zones" } }, el("a"))] : []),
      el("td", { attrs: { "data-head": "what to do" } }, el("span"), el("code"), el("bdi", { className: "none" })),
    );
  }
}

function showRow(row, camera) {
  const [name, state, sends, age, hidden, hour, check] = row.children;
  say(name.firstElementChild, camera.name, true);
  say(state.firstElementChild, camera.word);
  state.firstElementChild.className = `word ${levelOf(camera.word)}`;
  say(sends, sendsSaid(camera), true);
  say(age, camera.age_s === null ? UNKNOWN : duration(camera.age_s));
  say(hidden, camera.covered === null ? UNKNOWN : hiddenSaid(camera.covered).replace(" hidden", ""));
  say(hour, hourSaid(camera.hour));
  say(check, checkSaid(camera.check));
  const what = row.lastElementChild;
  say(what.children[0], camera.what);
  say(what.children[1], camera.command);
  what.children[1].hidden = !camera.command;
  say(what.children[2], camera.error ?? "");
  if (row.children.length === HEADS.length) showZones(row.children[7].firstElementChild, camera);
}

function showZones(link, { name, zones }) {
  link.href = addressOf("/zones", name);
  say(link, zones === null ? "not known" : zones ? String(zones) : "draw");
  link.setAttribute("aria-label", `Zones of ${name}: ${link.textContent}`);
}

const levelOf = (word) => (word === "live" ? "live" : word === "gone" ? "gone" : "late");

function sendsSaid({ size_wh, codec, asked_fps, comes_fps, sent_fps }) {
  const rate = sent_fps === null ? "" : `${sent_fps.toFixed(1)} ${asked_fps === null ? "" : `of ${asked_fps.toFixed(1)} `}frames/s`;
  const comes = comes_fps ? `of ${comes_fps.toFixed(1)} that come` : "";
  return [size_wh?.join("x"), codec, asked_fps === null ? [rate, comes].filter(Boolean).join(" ") : rate].filter(Boolean).join(" · ") || UNKNOWN;
}

function hourSaid({ frames, covered, most, doubts, missing }) {
  if (!frames) return UNKNOWN;
  return [
    most > covered + 0.001 ? `${percent(covered)} hidden, at most ${percent(most)}` : hiddenSaid(covered),
    `${doubts} of ${frames} in doubt`,
    ...(missing ? [`${missing} never came out`] : []),
  ].join(" · ");
}

function checkSaid(check) {
  if (!check) return "never";
  const { exposed, people, fewer_than, at } = check;
  return `${exposed} of ${people} exposed, fewer than ${fewer_than}, ${dateAndTime(at * 1e6)}`;
}
