// What rules told, by rule and camera, the newest first: alerts, and what was held back and summed up.

import { Choice, buttons } from "./controls.js";
import { el, fill, headOf, say } from "./dom.js";
import { dateAndTime, dateOf, duration, nameOf, wholeTime } from "./format.js";
import { load } from "./load.js";
import { Missing } from "./missing.js";
import { addressOf, asked, tell } from "./state.js";

const LOOK_MS = 2000;
const HEADS = ["when", "rule", "camera", "what", "for", "look"];
const EXAMPLE = '[alerts.night]\nwhen = { label = "person", between = "22:00-06:00" }';
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

export function show(shell) {
  const view = new AlertsView(shell);
  const rules = choice(view, "Rule", "all rules", "rule", () => view.listed.rules);
  const cameras = choice(view, "Camera", "all cameras", "source", () => view.listed.sources);
  shell.content.append(shell.toolbar(rules, cameras, buttons(view)), view.element);
  return () => {};
}

/** A choice that stands in the address by `name`. */
function choice(view, label, all, name, names) {
  const made = new Choice(label, all, asked(name) ?? "", (chosen) => {
    tell({ [name]: chosen });
    view.look();
  });
  view.addEventListener("change", () => made.offer(names()));
  return made.element;
}

class AlertsView extends EventTarget {
  #link;
  #broker;
  #places;
  #asked = "";
  #missing = new Missing();
  #rows = el("tbody");
  #note = el("p", { className: "none" });
  #told = el(
    "section",
    { hidden: true, attrs: { "aria-label": "Alerts" } },
    el("table", {}, el("thead", {}, headOf(HEADS)), this.#rows),
    this.#note,
  );

  listed = { alerts: [], total: 0, rules: [], sources: [], has_rules: true, has_topic: null };
  element = el("div", { className: "camera-list alerts" }, this.#missing.element, this.#told);

  constructor({ link, broker, pages, topics }) {
    super();
    this.#link = link;
    this.#broker = broker;
    this.#places = placesOf(pages, topics);
    setInterval(() => this.look(), LOOK_MS);
    this.look();
  }

  /** Ask what there is now of the rule and the camera in the address. */
  async look() {
    if (document.hidden) return;
    const wanted = new URLSearchParams(["rule", "source"].flatMap((name) => (asked(name) ? [[name, asked(name)]] : [])));
    const query = (this.#asked = wanted.toString());
    const listed = await load(`/alerts/list?${query}`);
    if (!listed || query !== this.#asked) return;
    this.listed = listed;
    this.#show(listed);
    this.dispatchEvent(new Event("change"));
  }

  #show({ alerts, total }) {
    this.#told.hidden = !alerts.length;
    this.#missing.show(alerts.length ? null : this.#lacking());
    fill(this.#rows, alerts, makeRow, (row, alert) => showRow(row, alert, this.#link.now(), this.#places));
    const all = total > alerts.length ? `The newest ${alerts.length} of ${total}. ` : "";
    say(this.#note, `${all}Times are those of this browser's zone, ${zone}`);
  }

  #lacking() {
    const { rules, sources, has_rules, has_topic } = this.listed;
    const { bus } = this.#link.state ?? {};
    if (bus === "waiting" || bus === "lost") return { what: `No broker answers at ${this.#broker}`, command: "" };
    if (has_topic === null) return { what: "Looking at the bus…", command: "" };
    if (this.#asked && sources.length) return { what: "No alert of this rule and this camera", command: "" };
    if (!has_rules && !rules.length) {
      return { what: "No rule says what is an alert: the chain file has no [alerts.NAME]. As an example:", command: EXAMPLE };
    }
    const what = has_topic ? "No alert yet: what rules see is told while this runs" : "Nothing judges the rules yet: this does";
    return { what, command: "imagebus notify" };
  }
}

/** Where this role sees a camera live, and what was recorded of it; null where it does not. */
function placesOf(pages, topics) {
  const live = pages.filter(({ kind }) => kind === "live");
  return {
    live: (live.find(({ right }) => topics[right]?.kind === "redacted") ?? live[0])?.path ?? null,
    playback: pages.find(({ kind }) => kind === "playback")?.path ?? null,
  };
}

function makeRow() {
  const cell = (name, ...children) => el("td", { attrs: { "data-head": name } }, ...children);
  return el(
    "tr",
    {},
    el("th", { scope: "row" }, el("time"), el("span", { className: "none" })),
    cell("rule", el("bdi")),
    cell("camera", el("bdi")),
    cell("what", el("span"), el("bdi", { className: "none" }), el("ul", { className: "held" })),
    cell("for"),
    cell("look", el("a", { textContent: "Live" }), el("a", { textContent: "Playback" })),
  );
}

function showRow(row, alert, now, places) {
  const [when, rule, camera, what, lasted, look] = row.children;
  const [time, ago] = when.children;
  time.dateTime = dateOf(alert.at).toISOString();
  say(time, dateAndTime(alert.at));
  if (time.title !== wholeTime(alert.at)) time.title = wholeTime(alert.at);
  say(ago, `${duration(Math.max(0, now - alert.at) / 1e6)} ago`);
  say(rule.firstElementChild, nameOf(alert.rule), true);
  say(lasted, alert.at > alert.since ? duration((alert.at - alert.since) / 1e6) : "at once");
  const isSummary = alert.kind === "summary";
  const source = isSummary ? onlyOf(alert) : alert.source;
  say(camera.firstElementChild, source ? nameOf(source) : camerasOf(alert), true);
  say(what.children[0], isSummary ? `${alert.alerts} more alerts, held back` : `${alert.count} × ${nameOf(alert.label)}`);
  say(what.children[1], alert.zone ? `in ${nameOf(alert.zone)}` : "");
  const held = isSummary && !source ? Object.entries(alert.sources) : [];
  fill(what.children[2], held, () => el("li", {}, el("bdi"), el("span")), showHeld);
  showLinks(look, source, alert.since, places);
}

/** The one camera of a summary, null where there are several. */
const onlyOf = ({ sources, others }) => (Object.keys(sources).length === 1 && !others ? Object.keys(sources)[0] : null);

const camerasOf = ({ sources, others }) => `${others ? "over " : ""}${Object.keys(sources).length} cameras`;

function showHeld(item, [source, count]) {
  say(item.children[0], nameOf(source), true);
  say(item.children[1], String(count));
}

function showLinks(cell, source, since, { live, playback }) {
  const [now, then] = cell.children;
  now.hidden = !source || !live;
  then.hidden = !source || !playback;
  if (!now.hidden) now.href = addressOf(live, source);
  if (!then.hidden) then.href = `${playback}?${new URLSearchParams({ source, at: dateOf(since).toISOString() })}`;
}
