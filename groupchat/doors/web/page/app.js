// What the parts of the page share: the state, events, painting once a frame, and parts that are loaded later.
// docs/ARCHITECTURE.md, "The page", says which part owns what, and which events there are.

import { conversation, create, opened, privateKey, roomKey } from "./store.js";

const listeners = new Map();
const changes = new Set();
let waiting = false;

export const state = create();

export function on(name, listener) {
  if (!listeners.has(name)) listeners.set(name, []);
  listeners.get(name).push(listener);
}

/** Parts that are loaded and started by the first event that they listen for; main.js has those that only act. */
const LATER = { attach: "attach", join: "commands", over: "actions", walk: "walk" };
const loaded = new Map();

/** Load a part and start it, once. */
export function load(part) {
  if (!loaded.has(part)) {
    const loading = import(`./${part}.js`).then((module) => {
      module.start?.();
      return module;
    });
    loading.catch(() => loaded.delete(part)); // without a connection it cannot be had; it is tried again
    loaded.set(part, loading);
  }
  return loaded.get(part);
}

export function emit(name, detail) {
  const told = listeners.get(name);
  if (told !== undefined) for (const listener of told) listener(detail);
  else if (name in LATER) load(LATER[name]).then(() => listeners.has(name) && emit(name, detail), () => {});
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
