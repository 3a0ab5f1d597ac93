// Lines that were written and are not known to be posted. Pure.
//
// A line is bound to the conversation it was written in, and has a key: sent again, it is posted once.
//   key, to (key of the conversation), name, text, reply, at; act: what one does, as after /me
//   state   "waiting" (to be sent), "sent" (no answer yet), "posted" (its number is known, it was not shown yet), "refused"
//   tried   it was sent, and may be posted
//   id      of "posted"; why, code, until   of "refused"; until: when it sends itself again (0: not by itself)

/** Take over the lines that a page left behind; what was posted is a message by now. */
export function create(lines) {
  const left = (Array.isArray(lines) ? lines : []).filter(({ state }) => state !== "posted").map((line) => ({ ...line }));
  cut(left);
  return left;
}

/** Return a new key; randomUUID is there in secure contexts only. */
export function newKey(random) {
  return [...random(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Return the request that posts a line. */
export function request({ act, key, name, reply, text, to }) {
  const where = to[0] === "@" ? { nick: name } : { room: name };
  return { do: act ? "me" : where.nick ? "msg" : "say", text, ...where, key, ...(reply && { reply }) };
}

/** Return the lines to send now, in order; they count as sent. */
export function due(lines, now) {
  const found = lines.filter((line) => line.state === "waiting" || (line.state === "refused" && line.until && line.until <= now));
  for (const line of found) Object.assign(line, { state: "sent", tried: true });
  return found;
}

/** Return when the next line sends itself again, or 0. */
export const nextDue = (lines) =>
  lines.reduce((next, { state, until }) => (state === "refused" && until && (!next || until < next) ? until : next), 0);

/** Nobody knows what became of the lines that were sent: send them again. */
export function cut(lines) {
  for (const line of lines) if (line.state === "sent") Object.assign(line, { state: "waiting", seen: 0 });
}

/** Take a line out whose post is shown already, or keep it until it is. */
export function posted(lines, key, id, isShown) {
  const line = lines.find((one) => one.key === key);
  if (!line) return;
  if (!id || isShown) lines.splice(lines.indexOf(line), 1);
  else Object.assign(line, { state: "posted", id, seen: 0 });
}

/** Take a line out when its post is shown; `own`: {to, text} of the reader's, whose number may be known only later. */
export function shown(lines, id, own) {
  const at = lines.findIndex((line) => line.id === id);
  if (at >= 0) lines.splice(at, 1);
  else if (own) {
    const line = lines.find((one) => one.state === "sent" && !one.seen && one.to === own.to && one.text === own.text);
    if (line) line.seen = id; // it is not shown twice until the answer comes
  }
}

/** Refusals that end by themselves, when the server says when. */
const PASSING = new Set(["slow-mode", "busy", "journal-unavailable"]);

export function refused(lines, key, { code, text, wait = 0 }, now) {
  const line = lines.find((one) => one.key === key);
  if (line)
    Object.assign(line, { state: "refused", seen: 0, code, why: text, until: PASSING.has(code) && wait ? now + wait * 1000 : 0 });
}

export function again(lines, is) {
  for (const line of lines) if (line.state === "refused" && is(line)) Object.assign(line, { state: "waiting", until: 0 });
}

export const remove = (lines, key) => lines.splice(0, lines.length, ...lines.filter((line) => line.key !== key));

/** Follow a new nickname, and a conversation's new key. */
export function renamed(lines, before, after, name) {
  for (const line of lines) if (line.to === before) Object.assign(line, { to: after, name });
}
