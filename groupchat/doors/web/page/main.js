// Starts the parts of the page, and decides which conversation is shown.

import { emit, laterParts, load, NOT_LOADED, on, open, openPrivately, state } from "./app.js";
import * as bar from "./bar.js";
import * as composer from "./composer.js";
import { byId } from "./dom.js";
import * as gate from "./gate.js";
import * as keep from "./keep.js";
import * as link from "./link.js";
import * as live from "./live.js";
import * as log from "./log.js";
import { look } from "./look.js";
import * as sending from "./sending.js";
import { conversation, opened, roomKey } from "./store.js";
import { chooseClock } from "./times.js";

/** Take over what a page left behind in this tab. */
function restore() {
  const { head = 0, nick = "", account = "", marks = {} } = keep.session.get();
  state.head = head;
  state.me = { nick, account };
  for (const [key, { name, ...mark }] of Object.entries(marks)) Object.assign(conversation(state, key, name), mark);
}

/** Keep what the next page needs to go on from here. */
function save() {
  if (!link.isLive() && !keep.session.get().token) return;
  const marks = {};
  for (const { key, name, read, unread, mentions } of state.conversations.values()) marks[key] = { name, read, unread, mentions };
  keep.session.set({ ...keep.session.get(), nick: state.me.nick, account: state.me.account, head: state.head, open: state.open, marks });
}

let timer = 0;

function saveSoon() {
  timer ||= setTimeout(() => {
    timer = 0;
    save();
  }, 300);
}

/** Show what the address names, or what was shown before, or the current room. */
function choose(room) {
  const address = new URLSearchParams(location.search);
  const [named, other] = [address.get("room"), address.get("with")];
  if (named && state.conversations.has(roomKey(named))) open(roomKey(named), "replace");
  else if (other) openPrivately(other);
  else if (!opened(state)) open([keep.session.get().open, roomKey(room)].find((key) => state.conversations.has(key)) || state.conversations.keys().next().value, "replace");
  if (named && !state.conversations.has(roomKey(named))) emit("join", named);
  const message = /^#m(\d+)$/u.exec(location.hash);
  if (message) emit("goto", { id: Number(message[1]) });
}

function welcome({ event }) {
  gate.stage("room");
  keep.session.set({ ...keep.session.get(), token: event.token });
  if (keep.account.get().token && event.account) keep.account.set({ nick: event.nick, token: event.token });
  save();
  if (!opened(state)) choose(event.room);
}

let why = ""; // the sentence with which somebody was put out of a room; it comes just before

/** Whoever left a room, or was put out, goes on in another one. */
function departed({ room, reason, code, current }) {
  if (state.open !== roomKey(room)) return;
  state.open = "";
  const next = [roomKey(current), roomKey("lobby"), state.conversations.keys().next().value].find((key) => state.conversations.has(key));
  if (next) open(next, "replace");
  if (code !== "left") composer.tell(why || `You are no longer in ${room}${reason ? `: ${reason}` : "."}`);
  why = "";
}

/** What shows the room itself is loaded when one is in it; what is needed later, soon after that. */
const ROOM = ["lists", "invitations", "people", "signs", "notes", "beginning", "topic", "keys"];
const SOON = new Set(["crowded", "stopped", "refusals", "completion", ...laterParts]);
const SOON_MS = 1000;
const AGAIN_MS = 3000;
const OPENERS = { attach: "attach", "join-room": "rooms", "search-button": "search", "search-button-phone": "search", "settings-button": "settings" };

for (const [id, name] of Object.entries(OPENERS)) byId(id).addEventListener("click", () => emit(name));

/** Load parts, and try again with those that cannot be had: the server may be away, but not for ever. */
async function loadAll(parts) {
  const done = await Promise.allSettled([...parts].map(load));
  if (done.some(({ status }) => status === "rejected")) setTimeout(loadAll, AGAIN_MS, parts);
}

let isJoined = false;

function loadLater() {
  if (isJoined) return;
  isJoined = true;
  loadAll(ROOM);
  setTimeout(() => {
    loadAll(look.notify ? [...SOON, "notify"] : SOON);
    use();
  }, SOON_MS);
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

for (const type of USES) byId("log").addEventListener(type, use);
addEventListener("dragover", () => load("attach").catch(() => {}), { once: true });
byId("message").addEventListener("paste", (event) => {
  const files = [...event.clipboardData.files]; // they are there only now
  if (files.length) emit("attach", files);
});

chooseClock(look.times);
on("look", ({ times }) => chooseClock(times));
on("welcome", welcome);
on("welcome", loadLater);
on("link", ({ state, text }) => state === "stopped" && load("stopped").catch(() => emit("tell", `${text} ${NOT_LOADED}`)));
on("told", ({ event, text }) => event === "refused" && (why = text));
on("event", (event) => event.event === "departed" && departed(event));
on("exit", link.leave);
on("paint", saveSoon);
addEventListener("pagehide", save);
addEventListener("popstate", ({ state: past }) => past?.key && open(past.key, "none"));

restore();
for (const part of [link, sending, live, log, composer, bar]) part.start();
gate.start();
