// Earlier messages, loaded when they are needed.

import { changed, state } from "./app.js";
import { ask, isLive } from "./link.js";
import { learnPage } from "./store.js";

export const PAGE = 60;
const PAUSE_MS = 30_000;

const loading = new Map(); // key -> promise

/** Return whether a page of this conversation is on its way. */
export const isLoading = (one) => loading.has(one.key);

/** Return whether there is more to load. */
export const hasMore = (one) => !one.start && !(one.pause > Date.now());

/** Load the page before what is known; resolves when it is there, or could not be had. */
export function loadEarlier(one) {
  if (!hasMore(one) || !isLive()) return Promise.resolve();
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
  } catch (refusal) {
    // The connection is gone: it is asked for again when it is needed again. Or it cannot be had, as with a guest who left.
    if (refusal.code !== "offline") one.pause = Date.now() + PAUSE_MS;
    return;
  }
  const { items, next = 0 } = answer; // next: what the page begins with, also when that is nothing the reader is shown
  learnPage(state, one, items, { from: Math.max(next - 1, 0), start: next === 0 });
}
