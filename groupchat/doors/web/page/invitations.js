// Invitations into rooms: a line in the log with a button, and a list above the rooms.

import { changed, emit, on, state } from "./app.js";
import { byId, el, icon } from "./dom.js";
import { append } from "./entries.js";
import { closeDrawers } from "./lists.js";
import { opened, roomKey } from "./store.js";

const invitations = new Map(); // room -> who invites
const list = el("ul", { "aria-labelledby": "h-invited" });
const section = el("div", { hidden: true }, el("div", { class: "cap" }, el("h3", { id: "h-invited", text: "Invitations" })), list);

function row([room, by]) {
  const click = () => {
    closeDrawers(false);
    emit("join", room);
  };
  const name = el("span", { class: "t", text: room });
  return el("li", {}, el("button", { class: "row", title: `${by} invites you`, tabindex: "-1", click }, icon("lock", "lead"), name, el("span", { class: "hint", text: "Join" })));
}

function paint() {
  for (const room of invitations.keys()) if (state.conversations.has(roomKey(room))) invitations.delete(room);
  if (list.children.length !== invitations.size) list.replaceChildren(...[...invitations].map(row));
  section.hidden = invitations.size === 0;
}

function invited({ event, text, invited: room, by }) {
  if (event !== "done" || !room) return;
  invitations.set(room, by);
  const one = opened(state);
  if (one) append(one, { kind: "answer", at: Date.now(), nick: by, text, invited: room }, state.head);
  changed("log", "rooms");
}

export function start() {
  byId("room-lists").prepend(section);
  on("event", invited);
  on("paint", (changes) => changes.has("rooms") && paint());
}
