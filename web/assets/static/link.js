// The one websocket of a page: views that are watched, pictures that come, and what is known of the bus.

import { readPicture } from "./picture.js";

const RETRY_MS = [250, 500, 1000, 2000];
const SILENT_MS = 4000;

export class Link extends EventTarget {
  #socket = null;
  #views = new Map();
  #generation = 0;
  #tries = 0;
  #clock = [];
  #takeCounts = null;
  #heard = 0;
  #sources = new Map();

  state = null;
  connected = false;
  expired = false;

  constructor() {
    super();
    this.#connect();
    document.addEventListener("visibilitychange", () => this.#showOrHide());
    setInterval(() => this.#check(), 1000);
  }

  /** Have `draw(picture)` called with every new picture; it resolves when the picture is drawn. */
  watch(wanted, draw) {
    const name = `v${++this.#generation}`;
    this.#views.set(name, { wanted, draw });
    this.#ask(name);
    return () => {
      this.#views.delete(name);
      this.#send({ do: "drop", view: name });
    };
  }

  /** Have `take(records)` called with all counts, then with those that change. */
  subscribe(take) {
    this.#takeCounts = take;
    this.#send({ do: "counts" });
  }

  /** Microseconds since the epoch by the viewer's clock, which may differ from this browser's. */
  now() {
    return (Date.now() + (this.#clock.length ? Math.max(...this.#clock) : 0)) * 1000;
  }

  /** Seconds since the last frame of a source on a topic, null where none came. */
  age(topic, source) {
    const age = this.#sources.get(source)?.[this.state.topics[topic]?.at] ?? null;
    return age === null ? null : age + (performance.now() - this.state.at) / 1000;
  }

  /** The sources of a topic that the viewer names, those that matter first. */
  sources(topic) {
    return [...this.#sources.keys()].filter((source) => this.age(topic, source) !== null);
  }

  /** Whether this source is known, of any topic; for none, whether any is. */
  knows(source) {
    return source ? this.#sources.has(source) : this.#sources.size > 0;
  }

  #connect() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = (this.#socket = new WebSocket(`${scheme}://${location.host}/ws`));
    socket.binaryType = "arraybuffer";
    this.#heard = performance.now();
    socket.onopen = () => {
      this.#tries = 0;
      this.connected = true;
      this.expired = false;
      if (!document.hidden) for (const name of this.#views.keys()) this.#ask(name);
      if (this.#takeCounts) this.#send({ do: "counts" });
      this.#tell("change");
    };
    socket.onmessage = (event) => this.#take(event.data);
    socket.onclose = () => this.#closed(socket);
  }

  #closed(socket) {
    if (socket !== this.#socket) return;
    this.connected = false;
    this.#socket = null;
    setTimeout(() => this.#connect(), RETRY_MS[Math.min(this.#tries++, RETRY_MS.length - 1)]);
    this.#tell("change");
    this.#askWhy();
  }

  /** A websocket does not say why it was refused. */
  async #askWhy() {
    try {
      this.expired = (await (await fetch("/session")).json()).role === null;
      this.#tell("change");
    } catch {
      // the viewer is away: there is nobody to ask
    }
  }

  #check() {
    if (this.#socket && performance.now() - this.#heard > SILENT_MS) {
      const socket = this.#socket;
      socket.close(); // may take long where the other end is gone
      this.#closed(socket);
    }
  }

  #take(data) {
    this.#heard = performance.now();
    if (typeof data === "string") this.#takeText(JSON.parse(data));
    else this.#takePicture(data);
  }

  #takeText(message) {
    if (message.say === "state") {
      this.state = { ...message, at: performance.now() };
      this.#sources = new Map(Object.entries(message.sources));
      this.#clock = [...this.#clock.slice(-9), message.now / 1000 - Date.now()];
      this.#tell("change");
    } else if (message.say === "counts") this.#takeCounts(message.records);
    else console.warn(message.reason);
  }

  async #takePicture(buffer) {
    const { view: name, n, ...picture } = readPicture(buffer, this.now());
    const view = this.#views.get(name);
    if (!view) return;
    try {
      await view.draw(picture);
    } finally {
      this.#send({ do: "ack", view: name, n });
    }
  }

  #ask(name) {
    this.#send({ do: "watch", view: name, ...this.#views.get(name).wanted });
  }

  #send(command) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(command));
  }

  #showOrHide() {
    for (const name of this.#views.keys()) {
      if (document.hidden) this.#send({ do: "drop", view: name });
      else this.#ask(name);
    }
  }

  #tell(name) {
    this.dispatchEvent(new Event(name));
  }
}
