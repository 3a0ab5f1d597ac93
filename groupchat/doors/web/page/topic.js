// The topic above the log: a click makes it a field, where one may set it.

import { on, state } from "./app.js";
import { tell } from "./composer.js";
import { byId, el } from "./dom.js";
import { ask } from "./link.js";
import { keepsOrder, opened } from "./store.js";

const line = byId("topic");
const isOpenToAll = new Map(); // room -> whether everybody may set its topic
let close = () => {}; // ends the field, if there is one

/** Make the topic a button where one may set it; the heading's words are painted by signs.js. */
async function offer() {
  const one = opened(state);
  line.removeAttribute("role");
  line.removeAttribute("tabindex");
  if (one?.kind !== "room") return;
  let may = keepsOrder(state, one);
  if (!may && !isOpenToAll.has(one.name)) {
    try {
      const { items } = await ask({ do: "set-room", room: one.name });
      isOpenToAll.set(one.name, items.find(({ name }) => name === "topic")?.value === "anybody");
    } catch {
      // without a connection it is as it was
    }
  }
  may ||= isOpenToAll.get(one.name);
  if (!may || one !== opened(state)) return;
  line.setAttribute("role", "button");
  line.tabIndex = 0;
}

function edit() {
  const one = opened(state);
  if (line.getAttribute("role") !== "button") return;
  const input = el("input", { class: "topic", dir: "auto", "aria-label": `Topic of ${one.name}`, value: one.topic, autocomplete: "off" });
  close = () => {
    close = () => {};
    const hadFocus = input === document.activeElement;
    line.hidden = false;
    input.remove();
    if (hadFocus) line.focus();
  };
  async function save() {
    const text = input.value.trim();
    if (text === one.topic) return close();
    try {
      await ask({ do: "topic", room: one.name, text: text || "-" });
      close();
    } catch (refusal) {
      tell(`Not changed: ${refusal.text}`);
      input.setAttribute("aria-invalid", "true");
    }
  }
  input.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.isComposing || !["Enter", "Escape"].includes(event.key)) return;
    event.preventDefault();
    if (event.key === "Enter") save();
    else close();
  });
  input.addEventListener("blur", () => close());
  line.hidden = true;
  line.after(input);
  input.focus();
  input.select();
}

export function start() {
  line.addEventListener("click", edit);
  line.addEventListener("keydown", (event) => {
    if (!["Enter", " "].includes(event.key)) return;
    event.preventDefault();
    edit();
  });
  on("open", offer);
  on("leave", () => close());
  on("event", ({ event, act, room }) => {
    if (event !== "moderated" || !/^(?:set-room|op|deop|promote|demote)$/u.test(act)) return;
    isOpenToAll.delete(room);
    offer();
  });
  on("link", ({ state: now }) => now === "live" && offer());
  offer();
}
