// Times as the reader's zone and language show them. Pure, but for the zone of the browser.

let clockFormat = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const wholeFormat = new Intl.DateTimeFormat("en-GB", { dateStyle: "full", timeStyle: "short" });
const dayFormat = new Intl.DateTimeFormat("en-GB", { weekday: "long", day: "numeric", month: "long" });
const yearFormat = new Intl.DateTimeFormat("en-GB", { weekday: "long", day: "numeric", month: "long", year: "numeric" });

const MINUTE = 60_000;
let lastMinute = NaN;
let lastUnit = MINUTE;
let lastClock = "";

/** Show times as the reader likes them: "12" hours, with "seconds", or neither. */
export function chooseClock(kind) {
  const options = { hour: "2-digit", minute: "2-digit", ...(kind === "seconds" && { second: "2-digit" }), ...(kind === "12" && { hour: "numeric", hour12: true }) };
  clockFormat = new Intl.DateTimeFormat("en-GB", options);
  lastUnit = kind === "seconds" ? 1000 : MINUTE;
  lastMinute = NaN;
}

/** Return "09:41". Consecutive messages are mostly of one minute, and formatting is slow. */
export function clock(at) {
  const minute = Math.floor(at / lastUnit);
  if (minute !== lastMinute) {
    lastMinute = minute;
    lastClock = clockFormat.format(at);
  }
  return lastClock;
}

/** Return a number that is the same for all moments of one local day. */
export function dayOf(at) {
  const date = new Date(at);
  return date.getFullYear() * 10_000 + date.getMonth() * 100 + date.getDate();
}

/** Return "Today", "Yesterday", "Tuesday, 24 November", with the year if it is another one. */
export function dayName(at, now) {
  if (dayOf(at) === dayOf(now)) return "Today";
  const date = new Date(now);
  if (dayOf(at) === dayOf(new Date(date.getFullYear(), date.getMonth(), date.getDate() - 1))) return "Yesterday";
  const format = new Date(at).getFullYear() === date.getFullYear() ? dayFormat : yearFormat;
  return commaAfterWeekday(format, at);
}

function commaAfterWeekday(format, at) {
  const words = format.format(at);
  return words.includes(",") ? words : words.replace(" ", ", ");
}

/** Return day and time in full, for titles. */
export const whole = (at) => wholeFormat.format(at);

/** Return "Today 09:41", for lists that mix days. */
export const dayAndClock = (at, now) => `${dayName(at, now)} ${clock(at)}`;

/** Return a duration as "10 s" or "3 min". */
export const duration = (seconds) => (seconds < 100 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`);
