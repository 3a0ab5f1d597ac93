// What moves one to another conversation, and what else happens to the room as a whole: other looks, files that are
// brought into it, and the first thing that is done in its log.

import { changed, emit, load, on, open, openFirst, state } from "./app.js";
import { byId } from "./dom.js";
import { NOWHERE, opened, roomKey } from "./store.js";
import { chooseClock } from "./times.js";

let why = ""; // the sentence with which somebody was put out of a room; it comes just before

/** Whoever left a room, or was put out, goes on in another one. */
function departed({ room, reason, code, current }) {
  if (state.open !== roomKey(room)) return;
  state.open = "";
  openFirst(roomKey(current), roomKey("lobby"));
  if (code !== "left") emit("tell", why || `You are no longer in ${room}${reason ? `: ${reason}` : "."}`);
  why = "";
}

const USES = ["pointermove", "focusin", "click"];

let walking = null;
let used = null; // the last thing that was done in the log before the part for it was there

/** The keyboard and the pointer of the log are loaded when it is first used. */
function use(event) {
  if (event) used = event;
  walking ??= load("walk").then(
    (walk) => {
      for (const type of USES) byId("log").removeEventListener(type, use);
      if (used) walk.begin(used);
    },
    () => (walking = null),
  );
}

export function start() {
  if (state.open && !opened(state)) openFirst(); // the room was left before
  for (const type of USES) byId("log").addEventListener(type, use);
  on("told", ({ event, text }) => event === "refused" && (why = text));
  on("event", (event) => {
    if (event.event === "departed") departed(event);
    else if (event.event === "entered" && state.open === NOWHERE) open(roomKey(event.room), "replace");
  });
  on("leave", (one) => one?.key === NOWHERE && state.conversations.delete(NOWHERE));
  on("look", ({ times }) => {
    chooseClock(times);
    if (opened(state)) opened(state).reset = true;
    changed("log");
  });
  addEventListener("popstate", ({ state: past }) => past?.key && open(past.key, "none"));
  addEventListener("dragover", () => load("attach").catch(() => {}), { once: true });
  byId("message").addEventListener("paste", (event) => {
    const files = [...event.clipboardData.files]; // they are there only now
    if (files.length) emit("attach", files);
  });
}
