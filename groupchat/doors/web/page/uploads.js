// Files that are to be shared: which is sent now, and what is said of each. Pure.
//
// An upload is a plain object:
//   key       with which it is posted once, however often it is sent
//   to        the key of the conversation it goes to; place: that in a request; where: its name; reply: what it answers
//   file      what was chosen; name, size (known when it was prepared), sent (bytes)
//   state     "waiting", "sending" or "failed"; why: of "failed"; again: what a button offers then, "" for nothing
//   original  a photo is sent as it is

import { sizeWords } from "./shared.js";

export function upload(file, one, key, reply = 0) {
  const place = one.kind === "private" ? { nick: one.name } : { room: one.name };
  const answers = reply ? { reply } : {};
  const { name, size } = file;
  return { key, to: one.key, where: one.name, place: { ...place, ...answers }, file, name, size, sent: 0, state: "waiting" };
}

export const request = ({ key, name, size, place }) => ({ do: "send", name, size, key, ...place });

/** Return what is to be sent now. */
export const next = (uploads) => (uploads.some(({ state }) => state === "sending") ? undefined : uploads.find(({ state }) => state === "waiting"));

export const isBusy = (uploads) => uploads.some(({ state }) => state !== "failed");

/** Return "5.2 of 12.4 MB" and the like; and where it goes, if that is elsewhere. */
export function progressWords({ state, sent, size, to, where }, open) {
  const whole = sizeWords(size);
  const unit = whole.split(" ")[1];
  const done = sizeWords(sent);
  const words = done.endsWith(` ${unit}`) ? `${done.split(" ")[0]} of ${whole}` : `${done} of ${whole}`;
  return `${state === "waiting" ? "Waiting" : words}${to === open ? "" : ` · for ${where}`}`;
}

export const tooBig = (size, most) => `Too big: ${sizeWords(size)}. A file can have ${sizeWords(most)}.`;

/** Refusals after which the same may be taken later. */
const PASSING = new Set(["busy", "files-unavailable", "too-slow", "slow-mode", "stopping", "no-such-ticket", "server-error", "journal-unavailable", "flooding"]);

/** Return what a refusal means for an upload: {why, again}. */
export function failure({ code, text }, account) {
  if (code === "offline") return { why: "Stopped: no connection.", again: "Send again" };
  if (code === "not-allowed" && !account) return { why: "Only registered people can share files here.", again: "" };
  return { why: text, again: PASSING.has(code) ? "Send again" : "" };
}

/** Return where a ticket's file is sent to; "" if that is no such address. */
export const ticketAddress = (link, page) => (/^\/f\/[\w-]+$/u.test(link) ? new URL(link.slice(1), page).href : "");
