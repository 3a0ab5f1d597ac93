// What the parts of the page share: the state, events, painting once a frame, and parts that are loaded later.
// docs/ARCHITECTURE.md, "The page", says which part owns what, and which events there are.

import { conversation, create, NOWHERE, opened, privateKey, roomKey } from "./store.js";

const listeners = new Map();
const changes = new Set();
let waiting = false;

export const state = create();

export function on(name, listener) {
  if (!listeners.has(name)) listeners.set(name, []);
  listeners.get(name).push(listener);
}

/** Events, and the parts that listen for them: a part is loaded by the first of its events, or soon after joining. */
const LATER = {
  ...{ attach: "attach", join: "commands", over: "actions", walk: "walk", say: "live" },
  ...{ copy: "deeds", copylink: "deeds", delete: "deeds", sheet: "deeds" },
  ...{ person: "person", rooms: "rooms", search: "search", settings: "settings" },
  goto: "goto",
};
const SILENT = new Set(["over", "say"]); // nobody waits for these
export const laterParts = new Set(Object.values(LATER));

export const NOT_LOADED = "A part of the page could not be loaded. Try again; if that does not help, reload the page. What you wrote is kept.";

const loaded = new Map();

/** Do something once; when it fails, it is tried again the next time. */
function once(name, act) {
  if (!loaded.has(name)) {
    const doing = act();
    doing.catch(() => loaded.delete(name));
    loaded.set(name, doing);
  }
  return loaded.get(name);
}

/** Load how everything looks that is not seen at first. */
const style = () =>
  new Promise((resolve, reject) => {
    const link = document.createElement("link");
    Object.assign(link, { rel: "stylesheet", href: new URL("more.css", import.meta.url), onload: resolve });
    link.onerror = () => {
      link.remove();
      reject(new Error("more.css"));
    };
    document.head.append(link);
  });

/** Load a part and start it, once; rejects if it cannot be had now. */
export const load = (part) =>
  once(part, async () => {
    const [module] = await Promise.all([import(`./${part}.js`), once("style", style)]);
    module.start?.();
    return module;
  });

export function emit(name, detail) {
  const told = listeners.get(name);
  if (told !== undefined) for (const listener of told) listener(detail);
  else if (name in LATER)
    load(LATER[name]).then(
      () => listeners.has(name) && emit(name, detail),
      () => !SILENT.has(name) && emit("tell", NOT_LOADED),
    );
}

/** Note what changed, to be painted with the next frame (hidden tabs have no frames). */
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

/** Return the address of a conversation. */
export const address = ({ kind, name }) => (kind === "none" ? location.pathname : `?${kind === "room" ? "room" : "with"}=${encodeURIComponent(name)}`);

/** Show a conversation that is there; `history` says what becomes of the address. */
export function open(key, history = "push") {
  const one = state.conversations.get(key);
  if (one === undefined || one === opened(state)) return;
  emit("leave", opened(state));
  state.open = key;
  const query = address(one);
  if (history === "push") window.history.pushState({ key }, "", query);
  else if (history === "replace") window.history.replaceState({ key }, "", query + location.hash);
  emit("open", one);
  changed("rooms", "people", "topic", "typing");
}

/** Show the private conversation with somebody, begun or not. */
export function openPrivately(nick) {
  open(conversation(state, privateKey(nick), nick).key);
}

/** Show the first of these conversations that there is, or any, or that one is in no room. */
export function openFirst(...keys) {
  const key = [...keys, ...state.conversations.keys()].find((one) => state.conversations.has(one));
  open(key || conversation(state, NOWHERE, "No room").key, "replace");
}

export const openRoom = (name) => open(roomKey(name));
