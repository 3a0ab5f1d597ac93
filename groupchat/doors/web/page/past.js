// Earlier messages, loaded when they are needed.

import { changed, state } from "./app.js";
import { find } from "./entries.js";
import { ask, isLive } from "./link.js";
import { learnPage } from "./store.js";

export const PAGE = 60;

const loading = new Map(); // key -> promise

/** Return whether a page of this conversation is on its way. */
export const isLoading = (one) => loading.has(one.key);

/** Return whether there is more to load. */
export const hasMore = (one) => !one.start;

/** Load the page before what is known; resolves when it is there, or could not be had. */
export function loadEarlier(one) {
  if (one.start || !isLive()) return Promise.resolve();
  if (!loading.has(one.key)) {
    const { key } = one;
    loading.set(key, load(one).finally(() => {
      loading.delete(key);
      changed("log");
    }));
    changed("log");
  }
  return loading.get(one.key);
}

async function load(one) {
  const before = Number.isFinite(one.from) ? { before: one.from + 1 } : {};
  const place = one.kind === "room" ? { room: one.name } : { nick: one.name };
  let answer;
  try {
    answer = await ask({ do: "history", count: PAGE, ...before, ...place });
  } catch {
    return; // the connection is gone, or the room: it is asked for again when it is needed again
  }
  const items = answer.items;
  const from = items.length ? items[0].id - 1 : Math.min(one.from, before.before || Infinity);
  learnPage(state, one, items, { from: Number.isFinite(from) ? from : 0, start: items.length < PAGE && !answer.more });
}

/** Load until a message is there; return whether it is. Gives up after some pages: it may be years ago. */
export async function loadUntil(one, id, pages = 12) {
  for (let left = pages; left > 0 && one.from >= id && !one.start && isLive(); left -= 1) await loadEarlier(one);
  return find(one, id) !== undefined;
}
