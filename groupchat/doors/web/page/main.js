// Starts the parts of the page, and decides which conversation is shown.

import { emit, laterParts, load, NOT_LOADED, on, open, openFirst, openPrivately, state } from "./app.js";
import * as answer from "./answer.js";
import * as bar from "./bar.js";
import * as composer from "./composer.js";
import { byId } from "./dom.js";
import * as gate from "./gate.js";
import * as keep from "./keep.js";
import * as link from "./link.js";
import * as log from "./log.js";
import { look } from "./look.js";
import * as sending from "./sending.js";
import { conversation, NOWHERE, opened, roomKey } from "./store.js";
import { chooseClock } from "./times.js";

/** Take over what a page left in this tab. */
function restore() {
  const { head = 0, nick = "", account = "", marks = {} } = keep.session.get();
  state.head = head;
  state.me = { nick, account };
  for (const [key, { name, ...mark }] of Object.entries(marks)) Object.assign(conversation(state, key, name), mark);
}

/** Keep what the next page needs; before a conversation is open, the one of before. */
function save() {
  if (!link.isLive() && !keep.session.get().token) return;
  const marks = {};
  for (const { key, name, read, unread, mentions } of state.conversations.values()) if (key !== NOWHERE) marks[key] = { name, read, unread, mentions };
  keep.session.set({ ...keep.session.get(), nick: state.me.nick, account: state.me.account, head: state.head, open: state.open || keep.session.get().open, marks });
}

let timer = 0;

function saveSoon() {
  timer ||= setTimeout(() => {
    timer = 0;
    save();
  }, 300);
}

/** Show what the address names, what was shown before, or the current room. */
function choose(room) {
  const address = new URLSearchParams(location.search);
  const [named, other] = [address.get("room"), address.get("with")];
  if (named && state.conversations.has(roomKey(named))) open(roomKey(named), "replace");
  else if (other) openPrivately(other);
  else if (!opened(state)) openFirst(keep.session.get().open, roomKey(room));
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

/** What shows the room is loaded when one is in it; the rest, soon after that. */
const ROOM = ["places", "lists", "files", "invitations", "people", "signs", "notes", "beginning", "topic", "keys", "marks"];
const SOON = new Set(["crowded", "stopped", "refusals", "completion", ...laterParts]);
const SOON_MS = 1000;
const AGAIN_MS = 3000;
const OPENERS = { attach: "attach", "join-room": "rooms", "search-button": "search", "search-button-phone": "search", "settings-button": "settings" };

for (const [id, name] of Object.entries(OPENERS)) byId(id).addEventListener("click", () => emit(name));

/** Load parts; those that cannot be had are tried again, as the server may be away. */
async function loadAll(parts) {
  const done = await Promise.allSettled([...parts].map(load));
  if (done.some(({ status }) => status === "rejected")) setTimeout(loadAll, AGAIN_MS, parts);
}

let isJoined = false;

function loadLater() {
  if (isJoined) return;
  isJoined = true;
  loadAll(ROOM);
  setTimeout(() => loadAll(look.notify ? [...SOON, "notify"] : SOON), SOON_MS);
}

chooseClock(look.times);
on("open", ({ name }) => (byId("room-name").textContent = name));
on("welcome", welcome);
on("welcome", loadLater);
on("link", ({ state, text }) => state === "stopped" && load("stopped").catch(() => emit("tell", `${text} ${NOT_LOADED}`)));
on("exit", link.leave);
on("paint", saveSoon);
addEventListener("pagehide", save);

restore();
for (const part of [link, sending, log, composer, answer, bar]) part.start();
gate.start();
