// What is recorded, as the viewer tells it: cameras, the files of a day, the numbers of a file.

import { load } from "./load.js";

const DAY_MS = 86_400_000;

/** The cameras, each with a `name` that no other has. */
export async function loadCameras() {
  const cameras = (await load("/playback/cameras")) ?? [];
  const count = (source) => cameras.filter((each) => each.source === source).length;
  return cameras.map((each) => ({ ...each, name: count(each.source) > 1 ? `${each.source} (${each.recording})` : each.source }));
}

/** The files of a camera's day, in order of time. */
export async function loadDay({ recording, folder }, day) {
  const asked = new URLSearchParams({ recording, folder, since: String(day.from), until: String(day.until) });
  return (await load(`/playback/day?${asked}`)) ?? [];
}

/** Where a file is. */
export const videoOf = ({ recording, folder }, segment) => `/playback/video/${path(recording, folder, segment.file)}`;

/** The frames of a file with their numbers, each with the `chain` that it went through. */
export async function loadNumbers({ recording, folder }, segment) {
  const answer = await fetch(`/playback/numbers/${path(recording, folder, segment.file)}`);
  if (!answer.ok) return [];
  const frames = [];
  let chain = { steps: [], labels: [], style: "" };
  for (const line of (await answer.text()).split("\n")) {
    const said = parsed(line);
    if (said?.is === "chain") chain = said;
    if (said?.is === "frame") frames.push({ ...said, chain });
  }
  return frames;
}

/** The day, by the viewer's midnights, in which a moment (µs) is. */
export function dayAround(us) {
  const from = new Date(us / 1000).setHours(0, 0, 0, 0);
  // A day may have 23 or 25 hours.
  return { from: from * 1000, until: new Date(from + 1.5 * DAY_MS).setHours(0, 0, 0, 0) * 1000 };
}

/** The file of a moment, else the first one after it; undefined where there is none. */
export function segmentAt(segments, us) {
  return segments.find(({ ends_at }) => ends_at >= us);
}

/** The last frame at or before a moment, by its index; -1 where there is none. */
export function frameAt(frames, us) {
  let low = 0;
  let high = frames.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (frames[middle].at <= us) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

const path = (recording, folder, file) => [recording, folder, ...file.split("/")].map(encodeURIComponent).join("/");

function parsed(line) {
  try {
    return JSON.parse(line);
  } catch {
    return null; // a file that is being written may end in half a line
  }
}
