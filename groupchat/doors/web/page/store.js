// What is known of the chat. Pure: events of the server go in, the state changes, and what has changed comes back.
// Nothing else writes to it, except what was read: `reading.js` and `marks.js`.
//
// A conversation is a room ("#lobby") or a private one ("@mira"), or NOWHERE, where one is who is in no room:
//   key, kind ("room" | "private" | "none"), name, topic
//   people    folded nickname -> {nick, account, operator, away, words}
//   entries   see entries.js; contiguous from `from` (exclusive) to the newest
//   from      every post after this number is among the entries (Infinity: nothing was loaded yet)
//   start     the first post of the conversation is among the entries
//   touched   entries that were changed since they were shown
//   unread, mentions   messages of others after `read`
//   read      the number up to which the reader has read
//   line      {after, count, at} of the rule "6 new since 09:31", or null

import { append, bound, find, insert, noteMoves, touch } from "./entries.js";
import { fill, moved, ranked } from "./presence.js";
import { fold, mentions } from "./text.js";

export const NOWHERE = "-";
export const roomKey = (name) => `#${name}`;
export const privateKey = (nick) => `@${fold(nick)}`;

/** Make the state before anything is known. */
export function create() {
  return {
    me: { nick: "", account: "" },
    server: { name: "", version: "", features: [], motd: "" },
    head: 0, // the highest number that was told in order: where to go on after a cut
    fresh: 0, // posts after this number are news
    open: "", // the key of the conversation that is shown
    conversations: new Map(),
    typing: new Map(), // key -> Map(nick -> when it was told)
  };
}

/** Return a conversation, which is made if it is new. */
export function conversation(state, key, name) {
  let found = state.conversations.get(key);
  if (found === undefined) {
    const kind = { "@": "private", "#": "room" }[key[0]] || "none";
    found = {
      ...{ key, kind, name, topic: "", people: new Map(), entries: [], from: Infinity, start: kind === "none" },
      ...{ touched: new Set(), unread: 0, mentions: 0, read: 0, line: null },
    };
    state.conversations.set(key, found);
  }
  return found;
}

export const opened = (state) => state.conversations.get(state.open);
export const isMe = (state, nick) => fold(nick) === fold(state.me.nick);

/** Return whether the reader keeps order in a room. */
export const keepsOrder = (state, one) => Boolean(one?.people.get(fold(state.me.nick))?.operator);

/** Return how many things there are for the reader: mentions, and unread private messages. */
export function forMe(state) {
  let count = 0;
  for (const one of state.conversations.values()) count += one.kind === "private" ? one.unread : one.mentions;
  return count;
}

const POSTS = new Set(["said", "acted", "whispered", "shared", "edited", "deleted", "topic-changed", "moderated"]);
const NOTICE = /joined$|left$|^renamed|^away-/u;

/**
 * Learn an event. Add what has changed to `changes`: "rooms" (the lists of conversations), "people", "log", "topic",
 * "typing", "me".
 */
export function learn(state, event, changes) {
  const kind = event.event;
  if (POSTS.has(kind)) {
    post(state, event, changes, true);
    if (event.id > state.head) state.head = event.id;
  } else if (NOTICE.test(kind)) notice(state, event, changes);
  else if (kind === "welcome") welcome(state, event, changes);
  else if (kind === "entered") entered(state, event, changes);
  else if (kind === "departed") departed(state, event, changes);
  else if (kind === "typing") typing(state, event, changes);
  else if (kind === "announced") {
    const one = opened(state);
    if (one) append(one, { kind: "announced", at: Date.parse(event.at), nick: "", text: event.text }, state.head);
    changes.add("log");
  } else if (kind === "history-erased") erased(state, event, changes);
}

/** Put a page of history into a conversation; what belongs to another one is left out. */
export function learnPage(state, one, items, { from, start }) {
  const changes = new Set();
  for (const event of items) if (POSTS.has(event.event) && home(state, event) === one.key) post(state, event, changes, false);
  one.from = Math.min(one.from, from);
  one.start = one.start || start;
}

function welcome(state, event, changes) {
  state.me = { nick: event.nick, account: event.account || "" };
  state.server = { name: event.name, version: event.version, features: event.features || [], motd: event.motd || "", fileLimit: event.file_limit || 0 };
  const rooms = new Set(event.rooms.map(roomKey));
  for (const one of [...state.conversations.values()])
    if (one.kind === "room" && !rooms.has(one.key)) state.conversations.delete(one.key);
  for (const name of event.rooms) conversation(state, roomKey(name), name);
  changes.add("me").add("rooms").add("people").add("topic");
}

function entered(state, event, changes) {
  const one = conversation(state, roomKey(event.room), event.room);
  one.topic = event.topic;
  one.locked = event.locked;
  fill(one, event.people, event.programs);
  changes.add("rooms").add("people").add("topic");
}

function departed(state, event, changes) {
  state.conversations.delete(roomKey(event.room));
  state.typing.delete(roomKey(event.room));
  changes.add("rooms").add("people");
}

/** Return the key of the conversation that a post belongs to. */
function home(state, event) {
  if (event.room) return roomKey(event.room);
  const other = isMe(state, event.nick) && event.to ? event.to : event.nick;
  return event.to === undefined && event.event !== "whispered" ? "" : privateKey(other);
}

function post(state, event, changes, live) {
  const key = home(state, event);
  const name = event.room || (isMe(state, event.nick) && event.to ? event.to : event.nick);
  if (!key || (key[0] === "#" && !state.conversations.has(key))) return;
  const one = conversation(state, key, name);
  if (!live || one.from === Infinity) one.from = Math.min(one.from, event.id - 1);
  const at = Date.parse(event.at);
  changes.add("log");
  if (event.event === "edited") edited(state, one, event, at);
  else if (event.event === "deleted") deleted(one, event, at);
  else if (event.event === "topic-changed") {
    if (live) one.topic = event.text;
    insert(one, { ...line(event, at), kind: "topic" });
    changes.add("topic");
  } else if (event.event === "moderated") {
    insert(one, { ...line(event, at), kind: "moderated" });
    if (live && ranked(state.conversations.values(), event)) changes.add("people");
  } else said(state, one, event, at, changes, live);
  if (live) bound(one);
}

const line = (event, at) => ({ order: event.id, id: event.id, at, nick: event.nick, text: event.text });
const forYou = (state, { all, text }) => all || mentions(state.me.nick, text || "");
function said(state, one, event, at, changes, live) {
  const mine = isMe(state, event.nick);
  const entry = {
    ...line(event, at),
    ...(event.event === "shared" && { text: event.name, file: { size: event.size, type: event.type, link: event.link } }),
    ...{ kind: event.event === "whispered" ? "said" : event.event, mine, reply: event.reply || 0, replyNick: event.reply_nick || "" },
    ...{ edited: 0, deleted: undefined },
    mention: !mine && one.kind === "room" && forYou(state, event),
  };
  if (!insert(one, entry) || !live) return;
  if (mine || event.id <= state.fresh || event.id <= one.read) return;
  one.unread += 1;
  if (entry.mention) one.mentions += 1;
  state.typing.get(one.key)?.delete(event.nick);
  changes.add("rooms");
}

function edited(state, one, event, at) {
  const found = find(one, event.target);
  if (found !== undefined) {
    if (found.deleted !== undefined) return;
    found.text = event.text;
    found.edited = at;
    found.mention = !found.mine && one.kind === "room" && forYou(state, event);
    touch(one, found);
  } else if (event.target === event.id) {
    said(state, one, { ...event, event: event.acted ? "acted" : "said" }, at, new Set(), false);
    const entry = find(one, event.id);
    if (entry) entry.edited = at;
  }
}

function deleted(one, event, at) {
  const found = find(one, event.target);
  if (found === undefined) {
    if (event.target === event.id) insert(one, { ...line(event, at), kind: "erased", text: "" }); // nobody says whose it was
    return;
  }
  found.deleted = { by: event.nick };
  found.text = "";
  found.mention = false;
  touch(one, found);
}

const ACTS = { joined: "came", left: "left", "many-joined": "came", "many-left": "left", renamed: "renamed" };

function notice(state, event, changes) {
  const kind = event.event;
  const names = event.nicks || [event.nick];
  const at = Date.parse(event.at);
  const everywhere = !event.room;
  for (const one of state.conversations.values()) {
    if (one.kind !== "room" || !(everywhere || one.name === event.room) || !moved(one, event)) continue;
    if (kind in ACTS) noteMoves(one, names.map((nick) => ({ nick, act: ACTS[kind], to: event.new || "" })), at, state.head);
  }
  if (kind === "renamed") renamed(state, event);
  for (const names of state.typing.values()) if (kind === "left") names.delete(event.nick);
  changes.add("people").add("log").add("rooms");
}

/** Let a private conversation follow the person it is with, and the reader their own new name. */
function renamed(state, event) {
  if (isMe(state, event.nick)) state.me.nick = event.new;
  const [before, after] = [privateKey(event.nick), privateKey(event.new)];
  const one = state.conversations.get(before);
  if (one === undefined || (before !== after && state.conversations.has(after))) return;
  state.conversations.delete(before);
  Object.assign(one, { key: after, name: event.new });
  state.conversations.set(after, one);
  if (state.open === before) state.open = after;
}

function typing(state, event, changes) {
  const key = roomKey(event.room);
  if (!state.typing.has(key)) state.typing.set(key, new Map());
  if (event.active) state.typing.get(key).set(event.nick, Date.parse(event.at));
  else state.typing.get(key).delete(event.nick);
  changes.add("typing");
}

/** Forget what may read otherwise now; it is loaded again. */
function erased(state, event, changes) {
  for (const one of state.conversations.values()) {
    one.entries = one.entries.filter((entry) => entry.order > event.upto);
    one.from = Math.max(one.from, event.upto);
    one.start = false;
    one.reset = true;
  }
  changes.add("log");
}
