// The elements of the log: a window on the entries of the open conversation.
//
// At most 500 entries are elements; they leave at the far end, and come back when one scrolls there.
// One paint makes at most SLICE of them, so that no frame is long, however much comes in.

import { changed, state } from "./app.js";
import { byId } from "./dom.js";
import { find, indexOf } from "./entries.js";
import { items } from "./message.js";
import { shape } from "./shape.js";
import { fold } from "./text.js";

const MOST = 500;
export const SLICE = 60;

const log = byId("log");
const list = byId("lines");

let rendered = []; // [{entry, nodes}], in order
const end = () => list.querySelector(":scope > .unsent");

/** What a message needs to know of the conversation it is in. */
export function context(one) {
  return {
    me: state.me.nick,
    line: one.line,
    isOperator: (nick) => Boolean(one.people.get(fold(nick))?.operator),
    find: (id) => find(one, id),
  };
}

export const isTailShown = (one) => !one.entries.length || rendered.at(-1)?.entry === one.entries.at(-1);
export const isStartShown = (one) => !one.entries.length || rendered[0]?.entry === one.entries[0];
export const isShown = (entry) => rendered.some((one) => one.entry === entry);

/** Make the elements of entries[from..to) and put them before a node. */
function make(one, from, to, before) {
  const [made, fragment, about] = [[], document.createDocumentFragment(), context(one)];
  for (let at = from; at < to; at += 1) {
    const entry = one.entries[at];
    const nodes = items(entry, shape(one.entries[at - 1], entry, one.line), about);
    fragment.append(...nodes);
    made.push({ entry, nodes });
  }
  list.insertBefore(fragment, before);
  return made;
}

function drop(found) {
  for (const { nodes } of found) for (const node of nodes) node.remove();
}

/** Make an entry's elements anew, where they are. */
function remake(one, at) {
  const index = indexOf(one.entries, rendered[at].entry.order);
  const old = rendered[at];
  const hadFocus = old.nodes.at(-1).contains(document.activeElement);
  [rendered[at]] = make(one, index, index + 1, old.nodes[0]);
  drop([old]);
  if (hadFocus) rendered[at].nodes.at(-1).querySelector("article")?.focus({ preventScroll: true });
}

/** Show the last entries, or those round an index. */
export function rebuild(one, index = one.entries.length) {
  drop(rendered);
  const from = Math.max(0, Math.min(index - SLICE / 2, one.entries.length - SLICE));
  rendered = make(one, from, Math.min(from + SLICE, one.entries.length), end());
  one.touched.clear();
  one.reset = false;
}

/** Keep what the reader sees where it is while `change` changes what is above it. */
function anchored(change) {
  const edge = log.getBoundingClientRect().top;
  const bottom = ({ nodes }) => nodes.at(-1).getBoundingClientRect().bottom;
  const seen = rendered.find((one) => bottom(one) > edge);
  const before = seen && bottom(seen);
  log.style.overflowAnchor = "none";
  change();
  const after = seen && rendered.find((one) => one.entry === seen.entry); // its elements may be new ones
  if (after) log.scrollTop += bottom(after) - before;
  requestAnimationFrame(() => (log.style.overflowAnchor = ""));
}

/** Put more elements above, of entries that are known; return whether there were any. */
export function extendUp(one) {
  const first = rendered.length ? indexOf(one.entries, rendered[0].entry.order) : 0;
  if (first === 0) return false;
  anchored(() => {
    const from = Math.max(0, first - SLICE / 2);
    rendered.unshift(...make(one, from, first, rendered[0].nodes[0]));
    remake(one, first - from);
    drop(rendered.splice(MOST));
  });
  return true;
}

/** Put more elements below; those at the top leave when there are too many. */
export function extendDown(one, following, most = SLICE) {
  const from = rendered.length ? indexOf(one.entries, rendered.at(-1).entry.order) + 1 : 0;
  rendered.push(...make(one, from, Math.min(from + most, one.entries.length), end()));
  const extra = rendered.length - MOST;
  if (extra <= 0) return;
  if (following) drop(rendered.splice(0, extra));
  else anchored(() => drop(rendered.splice(0, extra)));
}

/** Show anew what was changed. */
export function paintTouched(one) {
  if (!one.touched.size) return;
  rendered.forEach(({ entry }, at) => one.touched.has(entry) && remake(one, at));
  one.touched.clear();
}

/** Return how many entries follow the last element; -1 when the elements are no window on them any more. */
export function countNew(one) {
  if (!rendered.length) return one.entries.length;
  const first = indexOf(one.entries, rendered[0].entry.order);
  const last = indexOf(one.entries, rendered.at(-1).entry.order);
  if (one.reset || one.entries[first] !== rendered[0].entry || last - first + 1 !== rendered.length) return -1;
  return one.entries.length - 1 - last;
}

/** Show what has come since; a reader who is at the end has it at once, for others it waits below. */
export function paintNew(one, following) {
  const count = countNew(one);
  if (count < 0 || (following && count > SLICE)) rebuild(one);
  else if (count > 0 && (following || rendered.length < MOST)) extendDown(one, following);
  if (!isTailShown(one) && rendered.length < MOST) changed("log");
  return count;
}
