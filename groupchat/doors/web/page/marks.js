// Tells the server what was read here and which room is open; learns what was read elsewhere.

import { changed, on, state } from "./app.js";
import { ask } from "./link.js";
import { countAfter, newest } from "./reading.js";
import { conversation, opened, privateKey, roomKey } from "./store.js";

const told = new Map();
let timer = 0;

const keyOf = ({ room, nick }) => (room ? roomKey(room) : privateKey(nick));

/** Take over what is new. */
export function learnUnread(chat, { items, upto }) {
  const found = new Map(items.map((item) => [keyOf(item), item]));
  for (const item of items) if (!item.room) conversation(chat, keyOf(item), item.nick);
  for (const [key, one] of chat.conversations) {
    let item = found.get(key) || { new: 0, after: upto };
    told.set(key, item.after);
    if (one.read > item.after) item = { new: 0, after: one.read };
    one.read = item.after;
    const later = Math.max(upto, one.read);
    one.unread = item.new + countAfter(one, later);
    one.mentions = (item.room ? item.mentions : 0) + one.entries.filter((entry) => entry.mention && entry.order > later).length;
  }
}

/** Learn what was read elsewhere; return whether that is not all. */
export function learnRead(chat, { room, nick, upto }) {
  let isLeft = false;
  for (const [key, one] of chat.conversations) {
    if (room || nick ? key !== keyOf({ room, nick }) : one.kind !== "private") continue;
    told.set(key, upto);
    if (upto <= one.read) continue;
    one.read = upto;
    if (one.unread && (!one.entries.length || newest(one) > upto)) isLeft = true;
    else one.unread = one.mentions = 0;
  }
  return isLeft;
}

/** Return what to tell the server, each once. */
export function marks(chat) {
  const requests = [];
  for (const [key, one] of chat.conversations) {
    const id = Math.floor(newest(one));
    if (one.kind === "none" || one.unread || one.read < id || (told.get(key) || 0) >= id) continue;
    told.set(key, id);
    requests.push({ do: "read", [one.kind === "room" ? "room" : "nick"]: one.name, id });
  }
  return requests;
}

const send = (request) => ask(request).catch(() => {});

function tell() {
  timer = 0;
  marks(state).forEach(send);
}

/** One comes back into the room that is open. */
const enter = (one) => one?.kind === "room" && send({ do: "switch", room: one.name });

export function start() {
  on("event", (event) => {
    if (event.event === "listed" && event.what === "unread") learnUnread(state, event);
    else if (event.event !== "read") return;
    else if (learnRead(state, event)) send({ do: "unread" });
    changed("rooms");
  });
  on("paint", () => (timer ||= setTimeout(tell, 5000)));
  on("open", enter);
  on("welcome", () => enter(opened(state)));
  enter(opened(state));
  send({ do: "unread" });
}
