// Going to a message, wherever it is: from a quote, a search, or an address.

import { emit, on, open, openPrivately, state } from "./app.js";
import { find } from "./entries.js";
import { isLive } from "./link.js";
import { standAt } from "./log.js";
import { hasMore, loadEarlier } from "./past.js";
import { opened } from "./store.js";

/** Load until a message is there; return whether it is. Gives up after some pages. */
async function loadUntil(one, id, pages = 12) {
  for (let left = pages; left > 0 && one.from >= id && hasMore(one) && isLive(); left -= 1) await loadEarlier(one);
  return find(one, id) !== undefined;
}

/** Show a message, and mark it for two seconds. */
async function show({ id, key = state.open }) {
  if (key[0] === "#" || state.conversations.has(key)) open(key);
  else openPrivately(key.slice(1));
  const one = state.conversations.get(key);
  if (one === undefined) return;
  const isThere = await loadUntil(one, id);
  if (one !== opened(state)) return;
  if (!isThere) return void emit("say", "That message is not here any more.");
  const article = standAt(one, id);
  article.focus({ preventScroll: true });
  article.classList.add("on");
  setTimeout(() => article.classList.remove("on"), 2000);
}

export function start() {
  on("goto", show);
}
