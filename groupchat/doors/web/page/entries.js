// The entries of a conversation: messages and the lines between them, in the order of their numbers. Pure.
//
// An entry is a plain object:
//   order    where it stands: the number of a post; what has no number stands a little after the newest post
//   id       the number of the post, 0 when it has none
//   kind     "said", "acted", "shared" | "topic", "moderated", "announced", "presence", "answer", "erased"
//   at       milliseconds since 1970
//   nick, text, mine, to; of "shared": file {size, type, link}
//   reply    the number of the message it answers, 0: none
//   edited   when it was edited (0: never); deleted: undefined, or {by}
//   mention  whether it speaks to the reader
//   moves    of "presence": [{nick, act: "came" | "left" | "renamed", to}]

/** Smaller than any distance of two numbers, so that thousands of unnumbered entries fit between two posts. */
const STEP = 2 ** -20;

/** The entries kept of a conversation, beyond which the oldest are dropped; they are loaded again when needed. */
export const KEPT = 10_000;
const DROPPED_AT_ONCE = 1_000;

/** Return the index of the first entry at or after an order. */
export function indexOf(entries, order) {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (entries[middle].order < order) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Return the entry of a post, or undefined. */
export function find(conversation, id) {
  const found = conversation.entries[indexOf(conversation.entries, id)];
  return found !== undefined && found.order === id ? found : undefined;
}

/** Put in a post where its number belongs; return whether it was new. */
export function insert(conversation, entry) {
  const entries = conversation.entries;
  const last = entries.length ? entries[entries.length - 1] : undefined;
  if (last === undefined || last.order < entry.order) {
    entries.push(entry);
    return true;
  }
  const at = indexOf(entries, entry.order);
  if (entries[at].order === entry.order) return false;
  entries.splice(at, 0, entry);
  return true;
}

/** Put in what has no number after all that is there; `head` is the chat's newest number. */
export function append(conversation, entry, head) {
  const entries = conversation.entries;
  const last = entries.length ? entries[entries.length - 1].order : 0;
  entries.push({ ...entry, id: 0, order: Math.max(last, head) + STEP });
}

/** Mark an entry as one that has to be shown anew. */
export const touch = (conversation, entry) => conversation.touched.add(entry);

const TOGETHER = 10 * 60_000;

/** Note that people came, left or changed their names; what follows soon is the same line, rewritten. */
export function noteMoves(conversation, moves, at, head) {
  const last = conversation.entries[conversation.entries.length - 1];
  if (last !== undefined && last.kind === "presence" && at - last.at < TOGETHER) {
    for (const move of moves) merge(last.moves, move);
    touch(conversation, last);
    return;
  }
  append(conversation, { kind: "presence", at, moves: [...moves], nick: "", text: "" }, head);
}

function merge(moves, move) {
  const came = moves.find((one) => one.act === "came" && one.nick === move.nick);
  if (came && move.act === "renamed") return void (came.nick = move.to);
  const opposite = move.act === "came" ? "left" : move.act === "left" ? "came" : "";
  const before = moves.findIndex((one) => one.nick === move.nick && one.act === opposite);
  if (before >= 0) moves.splice(before, 1);
  else if (!moves.some((one) => one.nick === move.nick && one.act === move.act)) moves.push(move);
}

/** Drop the oldest entries when there are too many; return whether any were dropped. */
export function bound(conversation) {
  if (conversation.entries.length < KEPT + DROPPED_AT_ONCE) return false;
  conversation.entries.splice(0, DROPPED_AT_ONCE);
  conversation.from = Math.ceil(conversation.entries[0].order) - 1;
  conversation.start = false;
  return true;
}

/** Return the newest message of the reader that can still be changed. */
export function lastOwn(conversation) {
  for (let at = conversation.entries.length - 1; at >= 0; at -= 1) {
    const entry = conversation.entries[at];
    if (entry.mine && entry.id && entry.deleted === undefined && isEditable(entry)) return entry;
  }
  return undefined;
}

export const isEditable = ({ kind }) => kind === "said" || kind === "acted";
export const isMessage = (entry) => isEditable(entry) || entry.kind === "shared";
