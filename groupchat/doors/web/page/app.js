// The parts of the page, and how they speak to each other.
//
//   pure, tried by node       text, times, presence, entries, store, shape, outbox, retry, sentences, words
//   the connection            link (WebSocket, answers, coming back), keep (what outlives a reload), reading (what was read)
//   the room                  log, message, past (earlier messages), composer, completion, attach
//   round it                  gate, bar (connection bar), stopped (replaced, kicked, banned), signs (title, favicon)
//   lists and dialogs         lists (Rooms, Private, Unread), people, person, actions, search, settings, rooms, notify, keys
//
// Who owns what:
//   state    store.js makes it and learns events; others read it. `reading.js` alone sets read, unread, mentions, line.
//   outbox   unsent lines, with their keys and conversations: outbox.js, kept by keep.js; link sends them, log shows them.
//   the DOM  each part writes only into the elements of index.html that it looks up at its top.
//
// What flows: link.js hands each event to store.learn() and collects what changed; once a frame "paint" goes out with
// the set of it: "rooms", "people", "log", "topic", "typing", "me", "outbox". Nobody paints outside of "paint" and "open".
//
//   "open"    {conversation}     another conversation is shown
//   "paint"   changes            see above; a Set
//   "link"    {state, …}         the connection: see link.js
//   "over"    {entry, article}   the pointer or the focus is on a message (null: on none): actions.js puts its toolbar there
//   "sheet"   {entry, article}   a message was tapped on a narrow screen
//   "person"  {nick, anchor}     somebody's name was pressed: person.js opens the menu
//   "reply", "edit"   entry      the composer answers or edits a message
//   "delete"  entry              actions.js asks, and deletes
//   "mention" nick               the composer writes a name
//   "goto"    {id, key}          the log shows a message, wherever it is
//   "say"     text               a screen reader is told something

import { conversation, create, opened, privateKey, roomKey } from "./store.js";

const listeners = new Map();
const changes = new Set();
let waiting = false;

export const state = create();

export function on(name, listener) {
  if (!listeners.has(name)) listeners.set(name, []);
  listeners.get(name).push(listener);
}

export function emit(name, detail) {
  for (const listener of listeners.get(name) || []) listener(detail);
}

/** Note that something changed, to be painted with the next frame (hidden tabs have no frames, but a timer). */
export function changed(...names) {
  for (const name of names) changes.add(name);
  if (waiting || changes.size === 0) return;
  waiting = true;
  if (document.hidden) setTimeout(paint, 200);
  else requestAnimationFrame(paint);
}

/** The set that store.learn() writes into; call changed() afterwards. */
export const collected = changes;

function paint() {
  waiting = false;
  const now = new Set(changes);
  changes.clear();
  emit("paint", now);
}

/** Show a conversation that is there; `history` says what becomes of the address. */
export function open(key, history = "push") {
  const one = state.conversations.get(key);
  if (one === undefined || one === opened(state)) return;
  emit("leave", opened(state));
  state.open = key;
  const query = one.kind === "room" ? `?room=${encodeURIComponent(one.name)}` : `?with=${encodeURIComponent(one.name)}`;
  if (history === "push") window.history.pushState({ key }, "", query);
  else if (history === "replace") window.history.replaceState({ key }, "", query + location.hash);
  emit("open", one);
  changed("rooms", "people", "topic", "typing");
}

/** Show the private conversation with somebody, begun or not. */
export function openPrivately(nick) {
  open(conversation(state, privateKey(nick), nick).key);
}

export const openRoom = (name) => open(roomKey(name));
