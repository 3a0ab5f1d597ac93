// What the reader has read, and where the rule "6 new since 09:31" stands. Pure, but for the clock handed in.

import { indexOf, isMessage } from "./entries.js";

/** Count the messages of others after an order. */
export function countAfter(one, order) {
  let count = 0;
  for (let at = indexOf(one.entries, order + 2 ** -21); at < one.entries.length; at += 1)
    if (isMessage(one.entries[at]) && !one.entries[at].mine) count += 1;
  return count;
}

export const newest = (one) => (one.entries.length ? one.entries[one.entries.length - 1].order : 0);

/** Set the rule where one goes on reading: when a room is opened, or the tab is looked at again. */
export function setLine(one, at) {
  const entries = one.entries;
  const last = entries[indexOf(entries, one.read + 1) - 1];
  one.line = one.unread ? { after: Math.floor(one.read), count: one.unread, at: at || last?.at || 0 } : null;
}

/** Everything in a conversation has been seen; return whether that is news. */
export function markRead(one, head) {
  one.read = Math.max(one.read, head, Math.floor(newest(one)));
  if (!one.unread && !one.mentions) return false;
  one.unread = one.mentions = 0;
  return true;
}
