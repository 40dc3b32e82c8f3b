// The page that makes this browser's camera a source.

import { el, say } from "./dom.js";
import { Session } from "./whip.js";

const STATS_MS = 1000;
const RETRY_MS = 2000;

const config = JSON.parse(document.getElementById("config").textContent);
/** @type {(id: string) => any} an input, a button or a video: the id says which */
const part = (id) => document.getElementById(id);
let stream = null;
let session = null;
let wanted = null; // what is to be sent, null while stopped or paused

prepare();

function prepare() {
  part("name").value = config.source;
  const [min, max] = config.limits_ms;
  Object.assign(part("interval"), { value: config.interval_ms, min, max });
  part("topic").append(...config.topics.map((topic) => el("option", { textContent: topic })));
  part("key").hidden = part("key-label").hidden = !config.key;
  part("form").addEventListener("submit", (event) => {
    event.preventDefault();
    start();
  });
  part("pause").addEventListener("click", () => (wanted ? pause() : resume()));
  part("stop").addEventListener("click", stop);
  part("device").addEventListener("change", changeDevice);
  addEventListener("pagehide", () => session?.end());
  setInterval(showStats, STATS_MS);
  if (!navigator.mediaDevices) notice("This page must come by https (or from this very host) for a camera to be given to it");
  else offerDevices().then(() => new URLSearchParams(location.search).has("start") && !config.key && start());
}

async function start() {
  try {
    await openCamera();
  } catch (error) {
    return notice(`The camera cannot be opened: ${error.message}`);
  }
  await resume();
}

async function openCamera() {
  const device = part("device").value;
  stream ??= await navigator.mediaDevices.getUserMedia({ video: device ? { deviceId: { exact: device } } : true });
  part("preview").srcObject = stream;
  await offerDevices();
}

async function offerDevices() {
  const devices = (await navigator.mediaDevices.enumerateDevices()).filter(({ kind }) => kind === "videoinput");
  const chosen = stream?.getVideoTracks()[0].getSettings().deviceId ?? "";
  part("device").replaceChildren(
    ...devices.map(({ deviceId, label }, at) =>
      el("option", { value: deviceId, textContent: label || `Camera ${at + 1}`, selected: deviceId === chosen }),
    ),
  );
}

async function changeDevice() {
  if (!stream) return;
  const sending = Boolean(wanted);
  stop();
  if (sending) await start();
}

async function resume() {
  wanted = {
    name: part("name").value,
    interval_ms: part("interval").value,
    topic: part("topic").value,
    key: part("key").value,
    ice: config.ice,
  };
  await connect();
}

async function connect() {
  const asked = wanted;
  status("late", "connecting");
  try {
    const begun = await Session.begin(stream.getVideoTracks()[0], asked);
    if (wanted !== asked) return begun.end();
    session = begun;
    session.onstate = (state) => session === begun && onState(state);
    notice("");
  } catch (error) {
    if (wanted !== asked) return undefined;
    wanted = null;
    notice(error.message);
    status("", "stopped");
  }
  return buttons();
}

function onState(state) {
  if (state === "connected") status("live", "sending");
  else if (["failed", "disconnected"].includes(state)) again();
}

/** The session is gone, but not by this page's wish. */
function again() {
  session?.end();
  session = null;
  if (!wanted) return;
  status("late", "reconnecting");
  setTimeout(() => wanted && !session && connect(), RETRY_MS);
}

function pause() {
  leave();
  status("late", "paused");
  buttons();
}

function stop() {
  leave();
  for (const track of stream?.getTracks() ?? []) track.stop();
  stream = null;
  part("preview").srcObject = null;
  status("", "stopped");
  buttons();
}

function leave() {
  wanted = null;
  session?.end();
  session = null;
}

async function showStats() {
  const asked = session;
  if (!asked) return;
  const stats = await asked.stats().catch(() => undefined);
  if (session !== asked || stats === undefined) return;
  if (!stats) return again();
  for (const name of ["received", "sent", "lost"]) say(part(name), String(stats[name]));
}

function buttons() {
  part("start").disabled = Boolean(stream && wanted);
  part("stop").disabled = !stream;
  part("pause").disabled = !stream;
  say(part("pause"), stream && !wanted ? "Continue" : "Pause");
  for (const id of ["name", "interval", "topic", "key"]) part(id).disabled = Boolean(wanted);
}

function status(level, text) {
  part("status").className = `status ${level}`;
  say(part("status-text"), text);
}

function notice(text) {
  say(part("notice"), text);
  part("notice").hidden = !text;
}
