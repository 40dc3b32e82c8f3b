// Numbers and times as people read them.

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });

/** A time of day in the viewer's time zone, to the hundredth of a second. */
export function timeOfDay(us) {
  const ms = us / 1000;
  const hundredths = Math.floor((ms % 1000) / 10);
  return `${clock.format(ms)}.${String(hundredths).padStart(2, "0")}`;
}

/** The whole of a time, for a tooltip. */
export function wholeTime(us) {
  return day.format(us / 1000);
}

/** Milliseconds with as many digits as matter. */
export function millis(us) {
  const ms = Math.max(0, us) / 1000;
  return ms < 9.95 ? ms.toFixed(1) : String(Math.round(ms));
}

/** Seconds, minutes or hours. */
export function duration(seconds) {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.floor(seconds)} s`;
  return seconds < 7200 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 3600)} h`;
}

export const percent = (share) => `${(share * 100).toFixed(1)} %`;

export const box = ([x1, y1, x2, y2]) => `${Math.round(x1)},${Math.round(y1)} to ${Math.round(x2)},${Math.round(y2)}`;
