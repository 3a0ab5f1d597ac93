// What stands above and below the entries of the log: where it begins, and what is not posted yet.

import { changed, load, state } from "./app.js";
import { byId, el } from "./dom.js";
import { unsent } from "./message.js";
import { isLive } from "./link.js";
import { isLoading } from "./past.js";
import { again, lines, remove } from "./sending.js";
import { refusedLine } from "./sentences.js";
import { shape } from "./shape.js";
import { context, isStartShown } from "./view.js";

const LATE_MS = 1500;

const list = byId("lines");
const top = el("li", { class: "note m head" });
list.prepend(top);

let waiting = [];
let timer = 0;
let beginnings = null; // beginning.js

/** Show the lines of this conversation that are not known to be posted, and those of rooms that one is not in any more. */
export function paintUnsent(one) {
  for (const node of waiting) node.remove();
  clearTimeout(timer);
  const about = context(one);
  const now = Date.now();
  const isLost = (line) => line.state === "refused" && !state.conversations.has(line.to);
  const mine = lines.filter((line) => !line.seen && (line.to === one.key || isLost(line)));
  let before = one.entries.at(-1);
  waiting = mine.map((line) => {
    const entry = { ...line, kind: line.act ? "acted" : "said", nick: state.me.nick, order: Infinity };
    const how = { ...shape(before, entry, null), day: false };
    before = entry;
    const isLate = now - line.at > LATE_MS || !isLive();
    const words = line.state === "refused" ? refusedLine(line, now, line.to !== one.key) : !isLate ? "" : line.tried ? "Not confirmed yet" : "Not sent yet";
    const node = unsent(line, how, about, words, { again: () => again((one) => one === line), remove: () => remove(line.key) });
    node.classList.add("unsent");
    return node;
  });
  list.append(...waiting);
  const isChanging = mine.some((line) => now - line.at <= LATE_MS || line.until > now);
  if (isChanging) timer = setTimeout(() => changed("outbox"), 1000);
}

/** Show whether more is loading, where the conversation begins, or that nothing was said. */
export function paintTop(one) {
  const isEmpty = one.kind === "none" || (!one.entries.length && !waiting.length);
  const isStart = one.start && isStartShown(one);
  top.hidden = !isLoading(one) && !isStart;
  if (top.hidden) return;
  const what = isLoading(one) ? "loading" : isEmpty ? `empty ${one.people.size <= 1}` : "start";
  if (top.dataset.what === `${what} ${one.key}`) return;
  top.dataset.what = `${what} ${one.key}`;
  top.className = what.startsWith("empty") ? "empty" : "note m head";
  if (what === "loading") top.replaceChildren(el("p", { class: "w", text: "Loading earlier messages…" }));
  else top.replaceChildren(...(beginnings ? beginnings.beginning(one, what === "start") : []));
  if (beginnings) return;
  load("beginning").then(
    (part) => {
      beginnings = part;
      top.dataset.what = ""; // it is painted anew
      changed("log");
    },
    () => (top.dataset.what = ""), // it is tried again with the next painting
  );
}
