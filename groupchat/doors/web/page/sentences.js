// The sentences of the page, for codes and counts. Pure.

import { duration } from "./times.js";

export const plural = (count, one, many = `${one}s`) => `${count.toLocaleString("en")} ${count === 1 ? one : many}`;

/** "alice", "alice and khalid", "alice, khalid and 9 others". */
export function nameList(names, most = 2) {
  if (names.length <= 1) return names.join("");
  const shown = names.length > most + 1 ? names.slice(0, most) : names.slice(0, -1);
  const rest = names.length - shown.length;
  return `${shown.join(", ")} and ${rest === 1 ? names[names.length - 1] : `${rest} others`}`;
}

export const typingLine = (names) => (names.length ? `${nameList(names)} ${names.length === 1 ? "is" : "are"} typing` : "");

export const newMessages = (count) => plural(count, "new message");

/** The words of the connection bar: {text, seconds: whether a countdown follows, calm}. */
export function connectionWords({ state, code, text }) {
  if (state === "connecting") return { text: "Connecting…", calm: true };
  switch (code) {
    case "stopping":
      return { text: "The server restarts. Trying again in {s}; what you write is kept." };
    case "too-slow":
      return { text: "You fell behind and were cut off. Coming back." };
    case "server-full":
      return { text: "The server is full. Trying again in {s}; what you write is kept." };
    case "silent":
      return { text: "No answer from the server. What you write is kept." };
    default:
      return { text: `${text ? `${text} ` : "No connection. "}Trying again in {s}; what you write is kept.` };
  }
}

/** A line that was refused. */
export function refusedLine({ code, why, until, name }, now, isElsewhere = false) {
  if (code === "slow-mode" && until) return `Not sent: ${name} is slow for now. Sends itself in ${duration(Math.max((until - now) / 1000, 1))}.`;
  return `Not sent${isElsewhere ? ` in ${name}` : ""}: ${why}`;
}
