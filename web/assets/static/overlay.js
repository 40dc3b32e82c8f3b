// What a record says of a frame, drawn over its picture: boxes, labels, and where those that are tracked came from.

const TRAIL = 40; // points of a track
const SOON_US = 5e6; // a track that was not seen for so long has ended

/** Where tracked things were of late, in shares of the picture. */
export class Trails {
  #tracks = new Map();
  #source = null;
  #at = 0;

  add({ source, captured_at, size_wh: [width, height], detections }) {
    if (source !== this.#source || captured_at < this.#at) this.#tracks.clear();
    [this.#source, this.#at] = [source, captured_at];
    for (const { track, label, xyxy: [x1, , x2, y2] } of detections) {
      if (track === null) continue;
      const key = `${label} ${track}`;
      const points = this.#tracks.get(key)?.points ?? [];
      const last = points.at(-1);
      const point = [(x1 + x2) / 2 / width, y2 / height];
      if (last?.[0] === point[0] && last[1] === point[1]) continue;
      this.#tracks.set(key, { points: [...points.slice(1 - TRAIL), point], at: captured_at });
    }
    for (const [key, { at }] of this.#tracks) if (captured_at - at > SOON_US) this.#tracks.delete(key);
  }

  of({ label, track }) {
    return this.#tracks.get(`${label} ${track}`)?.points ?? [];
  }
}

/** Draw these detections of a frame on a canvas of any size, and where nobody looked; only outlines where `trails` is null. */
export function drawOver(canvas, { size_wh: [width, height], unseen = [] }, detections, trails) {
  const pen = canvas.getContext("2d");
  const style = getComputedStyle(canvas);
  const line = Math.max(2, canvas.width / 320);
  pen.clearRect(0, 0, canvas.width, canvas.height);
  pen.lineWidth = line;
  pen.font = `600 ${7 * line}px ${style.fontFamily}`;
  pen.textBaseline = "middle";
  const scaled = (xyxy) => xyxy.map((value, at) => (value / (at % 2 ? height : width)) * (at % 2 ? canvas.height : canvas.width));
  for (const box of trails ? unseen : []) {
    const [x1, y1, x2, y2] = scaled(box);
    pen.strokeStyle = style.getPropertyValue("--over-hidden"); // what no detector looked at is hidden like what it found
    pen.setLineDash([3 * line, 2 * line]);
    pen.strokeRect(x1, y1, x2 - x1, y2 - y1);
    pen.setLineDash([]);
    name(pen, "not looked at", [x1, y1], line);
  }
  for (const found of detections) {
    const [x1, y1, x2, y2] = scaled(found.xyxy);
    pen.strokeStyle = trails ? style.getPropertyValue(found.hidden ? "--over-hidden" : "--over-found") : style.color;
    pen.strokeRect(x1, y1, x2 - x1, y2 - y1);
    if (!trails) continue;
    trail(pen, trails.of(found), canvas);
    name(pen, textOf(found), [x1, y1], line);
  }
}

const textOf = ({ label, track, confidence }) => `${label}${track === null ? "" : ` ${track}`} ${Math.round(confidence * 100)}`;

function trail(pen, points, { width, height }) {
  pen.beginPath();
  for (const [x, y] of points) pen.lineTo(x * width, y * height);
  pen.stroke();
}

function name(pen, text, [x, y], line) {
  const [wide, high] = [pen.measureText(text).width + 4 * line, 9 * line];
  const top = y >= high ? y - high : y; // within the picture
  pen.fillStyle = pen.strokeStyle;
  pen.fillRect(x - line / 2, top, wide, high);
  pen.fillStyle = "#000";
  pen.fillText(text, x - line / 2 + 2 * line, top + high / 2);
}
