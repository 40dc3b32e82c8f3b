// What is missing where no picture comes, found by looking at the bus, with a command to copy for each part.

import { copy } from "./clipboard.js";
import { button, el, say } from "./dom.js";
import { nameOf } from "./format.js";

/** What to say of a topic on which nothing comes: `{ what, command, tries }`, null where it is to be waited for. */
export function missingOn(topic, { stage }, source, { state, broker, hasCameras, isKnown }) {
  if (!state || state.bus === "joining") return { what: "Looking at the bus…", command: "" };
  if (state.bus !== "ready") {
    return { what: `No broker answers at ${broker}`, command: "imagebus broker -- honcho start" };
  }
  if (isKnown) return null;
  if (source && !hasCameras) return { what: `No frame of ${nameOf(source)} has come for minutes`, command: "imagebus cameras --list" };
  const whose = source ? `${nameOf(source)} on ${topic}` : topic;
  if (!stage) return { what: `No camera sends ${whose}`, command: `imagebus produce VIDEO -t ${topic}`, tries: true };
  const worker = { what: `No worker writes ${whose}`, command: `IMAGEBUS_STAGES=${stage} faust -A streams worker` };
  return hasCameras ? worker : { ...worker, what: `Nothing on ${topic} yet: it needs a camera, and a worker` };
}

/** A place for such words; what it said already is left as it is, so that a selection of its text stays. */
export class Missing {
  #what = el("p");
  #command = el("code");
  #copy = button("Copy", () => copy(this.#command, this.#copy));
  #line = el("p", { className: "command" }, this.#command, this.#copy);
  #try = el(
    "p",
    {},
    "or ",
    el("a", { href: "/try", className: "try", textContent: "try it with this browser's camera" }),
  );
  element = el("div", { className: "lacking", hidden: true }, this.#what, this.#line, this.#try);

  /** Say what is missing; nothing for null. */
  show(missing) {
    this.element.hidden = !missing;
    if (!missing) return;
    say(this.#what, missing.what);
    if (this.#command.textContent !== missing.command) say(this.#copy, "Copy");
    say(this.#command, missing.command);
    this.#line.hidden = !missing.command;
    this.#try.hidden = !missing.tries;
  }
}
