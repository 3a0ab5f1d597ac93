// What stands at the beginning of a conversation.

import { emit } from "./app.js";
import { el } from "./dom.js";

const paragraph = (...children) => el("p", {}, ...children);

/** Return what stands above the first message; `isBegun`: there is one. */
export function beginning({ kind, name, people }, isBegun) {
  const isRoom = kind === "room";
  if (kind === "none")
    return [
      el("h2", { text: "You are in no room" }),
      paragraph("Go into one, or make a new one, to read and to write."),
      el("button", { class: "btn", text: "Join or make a room", click: () => emit("rooms") }),
    ];
  if (isBegun) return [el("p", { class: "w", text: `This is where ${isRoom ? name : `your conversation with ${name}`} begins.` })];
  if (!isRoom) return [el("h2", { text: `Nothing said yet with ${name}` }), paragraph(`Only you and ${name} can read what you write here.`)];
  return [
    el("h2", { text: `Nothing said yet in ${name}` }),
    paragraph(`${people.size <= 1 ? "You are the first here. " : ""}What you write stays for whoever comes later.`),
    paragraph("To say what the room is about, type ", el("code", { text: "/topic" }), " and some words. To bring a file, use the paper clip or drop it here."),
  ];
}
