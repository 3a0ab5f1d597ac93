// In which lists conversations stand, and in which order. Pure.

import { compare } from "./known.js";

/** Up to so many conversations unread ones are in sight anyway. */
const MANY = 15;

const byName = (a, b) => compare(a.name, b.name);
const lobbyFirst = (a, b) => (b.name === "lobby") - (a.name === "lobby") || byName(a, b);
const urgency = (one) => (one.kind === "private" ? 0 : one.mentions ? 1 : 2);

/**
 * Return the conversations of each list, in the order of the lists: private ones stand above many rooms, but below a few.
 * `unread` is empty unless there are many. The open one is never unread.
 */
export function groups(conversations, open) {
  const all = [...conversations];
  const isUnread = (one) => all.length > MANY && one.unread > 0 && one.key !== open;
  const rest = all.filter((one) => !isUnread(one));
  const unread = all.filter(isUnread).sort((a, b) => urgency(a) - urgency(b) || byName(a, b));
  const rooms = rest.filter((one) => one.kind === "room").sort(lobbyFirst);
  const people = rest.filter((one) => one.kind === "private").sort(byName);
  return all.length > MANY ? { unread, private: people, rooms } : { unread, rooms, private: people };
}

export const isMany = (conversations) => conversations.size > MANY;

/** Keep everything where it is; what is new is added at the end of its list. */
export function unmoved(before, wanted) {
  const where = new Map(Object.values(wanted).flatMap((list) => list.map((one) => [one.key, one])));
  const kept = {};
  for (const [name, list] of Object.entries(before)) {
    kept[name] = list.filter((one) => where.has(one.key)).map((one) => where.get(one.key));
    for (const one of kept[name]) where.delete(one.key);
  }
  for (const [name, list] of Object.entries(wanted)) kept[name].push(...list.filter((one) => where.has(one.key)));
  return kept;
}

/** Return the conversation so many steps below the open one; only unread ones if asked. */
export function beside(lists, open, step, onlyUnread = false) {
  const all = Object.values(lists).flat();
  const at = all.findIndex((one) => one.key === open);
  for (let count = 1; count <= all.length; count += 1) {
    const one = all[(((at + step * count) % all.length) + all.length) % all.length];
    if (one.key !== open && (!onlyUnread || one.unread > 0)) return one;
  }
  return undefined;
}

/** Return a number for a badge. */
export const tally = (count) => (count > 999 ? "999+" : String(count));
