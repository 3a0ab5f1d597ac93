// Answering a message, editing one, mentioning somebody: the strip above the text box, and the box.

import { on } from "./app.js";
import { clear, fill, tell, turn } from "./composer.js";
import { byId, coloured, el, icon, iconButton } from "./dom.js";
import { ask } from "./link.js";
import { hue, shortened } from "./text.js";

const form = byId("write");
const box = byId("message");
const send = byId("send");

function stripOf(kind, entry) {
  const name = coloured(el("b", { class: "nick", text: entry.nick }), hue(entry.nick));
  const words = kind === "reply" ? ["Replying to ", name, ` · ${shortened(entry.text)}`] : ["Editing · Enter saves, Esc leaves it as it was"];
  const close = iconButton("x", kind === "reply" ? "Do not reply" : "Do not edit", clear);
  return el("div", { class: "ctx" }, icon(kind), el("span", {}, ...words), close);
}

/** Put a strip above the box; what is returned takes it away. */
function open(kind, entry) {
  const strip = stripOf(kind, entry);
  form.prepend(strip);
  box.focus();
  box.setSelectionRange(box.value.length, box.value.length);
  return () => {
    strip.remove();
    box.focus();
  };
}

function reply(entry) {
  turn(null);
  turn({ reply: entry.id, end: open("reply", entry) });
}

function edit(entry) {
  turn(null);
  const draft = box.value; // it comes back afterwards
  fill(entry.text);
  send.setAttribute("aria-label", "Save");
  const close = open("edit", entry);
  let isOpen = true;
  turn({
    draft,
    end() {
      isOpen = false;
      fill(draft);
      send.setAttribute("aria-label", "Send");
      close();
    },
    async save(text) {
      if (text === entry.text) return clear();
      send.disabled = true;
      try {
        await ask({ do: "edit", id: entry.id, text });
        if (isOpen) clear();
      } catch (refusal) {
        tell(`Not changed: ${refusal.text}`);
        send.disabled = false;
      }
    },
  });
}

/** Put a nickname where the cursor is. */
function mention(nick) {
  const start = box.selectionStart;
  const gap = start && !/\s$/u.test(box.value.slice(0, start)) ? " " : "";
  box.setRangeText(`${gap}${nick}${start ? "" : ":"} `, start, box.selectionEnd, "end");
  box.focus();
  box.dispatchEvent(new Event("input"));
}

export function start() {
  on("mention", mention);
  on("reply", reply);
  on("edit", edit);
}
