// Hours and days of a time zone that need not be the browser's.

import { dateOf } from "./format.js";

/** Hours, days and minutes as they are written in a time zone: in this browser's for none, and for one that it does not know. */
export function clockIn(asked) {
  const timeZone = isZone(asked) ? asked : Intl.DateTimeFormat().resolvedOptions().timeZone;
  const hour = new Intl.DateTimeFormat(undefined, { weekday: "short", hour: "2-digit", minute: "2-digit", timeZone });
  const day = new Intl.DateTimeFormat(undefined, { weekday: "short", day: "numeric", month: "short", timeZone });
  const minute = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short", timeZone });
  const time = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone });
  const dateAndTime = (us) => minute.format(dateOf(us));
  return {
    timeZone,
    dateAndTime,
    hourOf: (us) => hour.format(dateOf(us)),
    dateOnly: (us) => day.format(dateOf(us)),
    // A day that begins at another time than this zone's midnight was counted in another zone.
    dayOf: (us) => (time.format(dateOf(us)) === "00:00" ? day.format(dateOf(us)) : dateAndTime(us)),
  };
}

function isZone(name) {
  try {
    return Boolean(name && new Intl.DateTimeFormat(undefined, { timeZone: name }));
  } catch {
    return false;
  }
}
