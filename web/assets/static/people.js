// The lines of a check: a box around everybody who was found, in another colour who is marked, and who has no box.

/** Draw them; `numbered` are the places of those who have a number. */
export function drawPeople(pen, line, style, { people, marks }, numbered) {
  const { width, height } = pen.canvas;
  const marked = style.getPropertyValue("--marked");
  pen.font = `600 ${8 * line}px ${style.fontFamily}`;
  people.forEach(({ xyxy: [x1, y1, x2, y2] }, at) => {
    const color = marks.exposed.has(at) ? marked : style.color;
    const box = [x1 * width, y1 * height, (x2 - x1) * width, (y2 - y1) * height];
    pen.lineWidth = marks.exposed.has(at) ? 2 * line : line;
    pen.strokeStyle = color;
    pen.strokeRect(...box);
    if (numbered.includes(at)) label(pen, String(numbered.indexOf(at) + 1), [box[0], box[1]], line, color);
  });
  for (const [x, y] of marks.others) spot(pen, [x * width, y * height], line, marked);
}

function label(pen, text, [x, y], line, color) {
  const [wide, high] = [pen.measureText(text).width + 4 * line, 10 * line];
  const top = y >= high ? y - high : y; // within the picture
  pen.fillStyle = color;
  pen.fillRect(x - line / 2, top, wide, high);
  pen.fillStyle = "#000";
  pen.textBaseline = "middle";
  pen.fillText(text, x - line / 2 + 2 * line, top + high / 2);
}

function spot(pen, [x, y], line, color) {
  pen.strokeStyle = color;
  pen.lineWidth = 2 * line;
  pen.beginPath();
  pen.arc(x, y, 10 * line, 0, 2 * Math.PI);
  pen.stroke();
}
