// Numbers and times as people read them.

// In the browser's language; `undefined` is Intl's word for it.
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 2 });
const whole = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });
const hour = new Intl.DateTimeFormat(undefined, { weekday: "short", hour: "2-digit", minute: "2-digit" });
const minute = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const DIGITS = [0, 1, 2].map((digits) => new Intl.NumberFormat(undefined, { useGrouping: false, minimumFractionDigits: digits, maximumFractionDigits: digits }));
const LAST_MS = 8.64e15; // beyond it a browser has no time

/** Microseconds since the epoch as a browser takes them: times come from strangers, and may be of no calendar. */
export const dateOf = (us) => new Date(Math.min(us / 1000, LAST_MS));

/** A number with so many digits behind the point. */
export const number = (value, digits = 0) => DIGITS[digits].format(value);

/** How many of something: “1 frame”, “2 frames”. */
export const many = (count, one, more = `${one}s`) => `${count} ${count === 1 ? one : more}`;

/** A time of day in this browser's time zone, to the hundredth of a second. */
export const timeOfDay = (us) => clock.format(dateOf(us));

/** The whole of a time, for a tooltip. */
export function wholeTime(us) {
  return whole.format(dateOf(us));
}

/** Where an hour begins. */
export const hourOf = (us) => hour.format(dateOf(us));

/** A date and a time to the minute. */
export const dateAndTime = (us) => minute.format(dateOf(us));

/** Milliseconds with as many digits as matter. */
export function millis(us) {
  const ms = Math.max(0, us) / 1000;
  return number(ms, ms < 9.95 ? 1 : 0);
}

/** Seconds, minutes or hours. */
export function duration(seconds) {
  if (seconds < 10) return `${number(seconds, 1)} s`;
  if (seconds < 120) return `${Math.floor(seconds)} s`;
  return seconds < 7200 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 3600)} h`;
}

export const percent = (share) => `${number(share * 100, 1)} %`;

/** From here on all of a picture is hidden: shares are sums over pixels, and rounded. */
export const WHOLLY = 0.9995;

/** A share of the picture; what is little is not nothing, and nearly all is not all. */
export function share(covered) {
  if (covered > 0 && covered < 0.01) return "under 1 %";
  return `${number(covered < WHOLLY ? Math.min(99, covered * 100) : 100)} %`;
}

/** A stranger's name as one line: what cannot be seen, or turns the line's direction, is shown as a sign. */
export const nameOf = (text) => text.replace(/[\p{Cc}\p{Zl}\p{Zp}\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu, "␣");

/** The same where no element can isolate it, as in a choice: what is written from the right gets marks around it. */
export const isolated = (text) => (/[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/.test(text) ? `\u2068${nameOf(text)}\u2069` : nameOf(text));

export const box = ([x1, y1, x2, y2]) => `${Math.round(x1)},${Math.round(y1)} to ${Math.round(x2)},${Math.round(y2)}`;
