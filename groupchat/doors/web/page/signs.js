// The title and icon of the tab, and the heading of the room.

import { emit, on, state } from "./app.js";
import { byId, el } from "./dom.js";
import { personOf } from "./known.js";
import { typingLine } from "./sentences.js";
import { forMe, isMe, opened, privateKey, roomKey } from "./store.js";
import { mentions } from "./text.js";

const TYPING_MS = 6000;

let timer = 0;
const dots = el("span", { class: "dots", "aria-hidden": "true" }, el("i"), el("i"), el("i"));

function title() {
  const one = opened(state);
  if (one === undefined) return;
  const count = forMe(state);
  document.title = `${count ? `(${count}) ` : ""}${one.name}${state.server.name ? ` · ${state.server.name}` : ""}`;
  const hasNews = count > 0 || [...state.conversations.values()].some((other) => other.unread > 0);
  const wanted = byId("favicon").href.replace(/icon(-news)?\.svg$/u, hasNews ? "icon-news.svg" : "icon.svg");
  if (byId("favicon").href !== wanted) byId("favicon").href = wanted;
}

function heading() {
  const one = opened(state);
  if (one === undefined) return;
  byId("room-name").textContent = one.name;
  const topic = { room: one.topic || "No topic yet", private: `Only you and ${one.name} can read this` }[one.kind] || "";
  byId("topic").textContent = byId("topic").title = topic;
}

/** The line above the text box: who is typing, or that the other one is away. */
function under() {
  clearTimeout(timer);
  const one = opened(state);
  const now = Date.now();
  const told = state.typing.get(one?.key);
  for (const [nick, at] of told || []) if (now - at > TYPING_MS) told.delete(nick);
  const names = [...(told?.keys() || [])];
  const line = byId("typing");
  if (names.length) {
    line.replaceChildren(dots, ` ${typingLine(names)}`);
    timer = setTimeout(under, 1000);
  } else line.textContent = one?.kind === "private" ? awayLine(one) : "";
}

function awayLine(one) {
  const found = personOf(state, one.name);
  return found?.away ? `${found.nick} is away${found.words ? `: ${found.words}` : ""}` : "";
}

/** Tell who cannot see the lists of what is meant for them elsewhere. */
function heard({ event, id, nick, room, text, all }) {
  if (!["whispered", "said", "acted"].includes(event) || id <= state.fresh || isMe(state, nick)) return;
  if (!room && state.open !== privateKey(nick)) emit("say", `${nick} wrote to you privately`);
  else if (room && state.open !== roomKey(room) && (all || mentions(state.me.nick, text))) emit("say", `${nick} means you in ${room}`);
}

export function start() {
  on("event", heard);
  on("paint", (changes) => {
    if (["rooms", "me", "topic"].some((name) => changes.has(name))) title();
    if (changes.has("topic") || changes.has("me") || changes.has("rooms")) heading();
    if (changes.has("typing") || changes.has("people")) under();
  });
  for (const paint of [title, heading, under]) paint();
}
