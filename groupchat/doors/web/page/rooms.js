// The dialog in which one joins, makes or leaves a room.

import { changed, on, openRoom, state } from "./app.js";
import { errorLine, openPicker, showError } from "./dialog.js";
import { el, icon } from "./dom.js";
import { ask } from "./link.js";
import { roomKey } from "./store.js";

function openRooms() {
  const error = errorLine();
  const list = el("ul", { "aria-label": "All rooms" });
  const status = el("p", { class: "vh", role: "status" });
  const make = el("button", { class: "hit make", hidden: true, click: () => enter(input.value.trim()) });
  const hits = el("div", { class: "hits", tabindex: "-1" }, error, make, list, status);
  const hint = el("p", { class: "tail" }, "A room is made by the first who goes in.");
  const attributes = { "aria-label": "Name of a room", placeholder: "Find or name a room", maxlength: "32", autocapitalize: "none" };
  const { box, input } = openPicker("Join or make a room", "hash", attributes, enter, hits, hint);
  let rooms = [];

  async function load() {
    let after = "";
    try {
      for (let more = 1; more && rooms.length < 2000; ) {
        const page = await ask({ do: "rooms", ...(after && { after }) });
        rooms = [...rooms, ...page.items];
        more = page.more || 0;
        after = page.items.at(-1)?.room;
        for (const { room, locked } of page.items) {
          const one = state.conversations.get(roomKey(room));
          if (one !== undefined) one.locked = locked;
        }
        show();
      }
    } catch (refusal) {
      showError(error, refusal.text);
    }
    changed("rooms");
  }

  async function enter(name) {
    if (!name) return;
    showError(error, "");
    try {
      const { room } = await ask({ do: "join", room: name });
      box.close();
      openRoom(room || name);
    } catch (refusal) {
      showError(error, refusal.text);
    }
  }

  async function leave(name) {
    try {
      await ask({ do: "leave", room: name });
      rooms.find((one) => one.room === name).joined = false;
      show();
      input.focus();
    } catch (refusal) {
      showError(error, refusal.text);
    }
  }

  function show() {
    const words = input.value.trim().toLowerCase();
    const found = rooms.filter((one) => one.room.includes(words));
    make.hidden = !words || rooms.some((one) => one.room === words);
    make.replaceChildren(icon("plus"), `Make ${words}`);
    list.replaceChildren(...found.slice(0, 200).map(item));
    status.textContent = `${found.length} room${found.length === 1 ? "" : "s"}`;
  }

  function item({ room, people, topic, joined, locked }) {
    const about = [locked && "locked", joined && "you are in it", `${people} ${people === 1 ? "person" : "people"}`].filter(Boolean).join(" · ");
    const by = el("span", { class: "by" }, el("b", { text: room }), el("span", { class: "hint", text: about }));
    const go = el("button", { class: "hit", click: () => (joined ? (box.close(), openRoom(room)) : enter(room)) }, by);
    if (topic) go.append(el("p", { dir: "auto", text: topic }));
    const row = el("li", { class: "choice" }, go);
    if (joined) row.append(el("button", { class: "btn", "aria-label": `Leave ${room}`, text: "Leave", click: () => leave(room) }));
    return row;
  }

  input.addEventListener("input", show);
  load();
}

export function start() {
  on("rooms", openRooms);
}
