// What is typed after a slash: carried out here, or by the server.

import { emit, on, open, openPrivately, openRoom, state } from "./app.js";
import { tell } from "./composer.js";
import { byId } from "./dom.js";
import { ask } from "./link.js";
import { write } from "./sending.js";
import { conversation, opened, privateKey, roomKey } from "./store.js";
import { read } from "./typed.js";

/** Do what was typed in a conversation. */
export function carryOut(line, one, reply) {
  const typed = read(line, one.kind);
  const refused = ({ text }) => {
    tell(text);
    const box = byId("message");
    if (one !== opened(state) || box.value || box.form.querySelector(".ctx")) tell(`Not done: ${line}`);
    else emit("fill", line);
  };
  switch (typed.kind) {
    case "say":
    case "act":
      return write(one, typed.text, { reply: typed.reply || reply, act: typed.kind === "act" });
    case "tell":
      openPrivately(typed.nick);
      if (typed.text) write(conversation(state, privateKey(typed.nick), typed.nick), typed.text);
      return undefined;
    case "join":
      return join(typed.room).catch(refused);
    case "switch":
      return state.conversations.has(roomKey(typed.room)) ? openRoom(typed.room) : join(typed.room).catch(refused);
    case "search":
      return emit("search", typed.text);
    case "settings":
      return emit("settings", typed.what);
    case "wrong":
      return refused(typed);
    case "exit":
      if (typed.verb === "exit" || state.me.account) return emit("exit", typed.verb);
    // falls through: the server refuses that to guests
    default: {
      const room = one.kind === "room" ? { room: one.name } : {};
      return ask({ do: "type", line: typed.line || line.trim(), ...room }).then((answer) => tell(words(answer)), refused);
    }
  }
}

/** The words of an answer; posts that were found are shown as the lines they are. */
function words(answer) {
  if (answer.heading === undefined) return answer.text || "";
  const line = ({ id, room, nick, event, acted, text = "(deleted)", name }) => `#${id} ${room ? "" : "(private) "}${acted || event === "acted" ? `* ${nick}` : `${nick}:`} ${name ? `shared ${name}` : text}`;
  return [answer.heading, ...answer.items.map(line)].join("\n");
}

/** Go into a room and show it. */
async function join(room) {
  await ask({ do: "join", room });
  const key = [roomKey(room), roomKey(room.replace(/^#/u, "").toLowerCase())].find((one) => state.conversations.has(one));
  if (key) open(key);
}

export function start() {
  on("join", (room) => join(room).catch(({ text }) => tell(text)));
}
