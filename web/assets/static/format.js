// Numbers and times as people read them.

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
const whole = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });
const hour = new Intl.DateTimeFormat(undefined, { weekday: "short", hour: "2-digit", minute: "2-digit", hour12: false });
const day = new Intl.DateTimeFormat(undefined, { weekday: "short", day: "numeric", month: "short" });
const minute = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short", hour12: false });
const LAST_MS = 8.64e15; // beyond it a browser has no time

/** Microseconds since the epoch as a browser takes them: times come from strangers, and may be of no calendar. */
export const dateOf = (us) => new Date(Math.min(us / 1000, LAST_MS));

/** A time of day in the viewer's time zone, to the hundredth of a second. */
export function timeOfDay(us) {
  const date = dateOf(us);
  const hundredths = Math.floor(date.getMilliseconds() / 10);
  return `${clock.format(date)}.${String(hundredths).padStart(2, "0")}`;
}

/** The whole of a time, for a tooltip. */
export function wholeTime(us) {
  return whole.format(dateOf(us));
}

/** Where an hour begins. */
export const hourOf = (us) => hour.format(dateOf(us));

/** A day by its name; with the time where it begins at another than the viewer's midnight. */
export function dayOf(us) {
  const date = dateOf(us);
  return date.getHours() || date.getMinutes() ? `${day.format(date)} ${hourOf(us)}` : day.format(date);
}

/** A date and a time to the minute. */
export const dateAndTime = (us) => minute.format(dateOf(us));

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
