// What is done with a message: the sheet of narrow screens, copying, deleting.

import { openFile, rights } from "./actions.js";
import { emit, on, state } from "./app.js";
import { openMenu, question } from "./dialog.js";
import { coloured, el } from "./dom.js";
import { ask } from "./link.js";
import { opened } from "./store.js";
import { hue, shortened } from "./text.js";

const address = (entry) => `${location.origin}${location.pathname}${location.search}#m${entry.id}`;

/** Copy text; without a safe connection there is no clipboard, but the old way. */
async function copy(text, told) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const before = document.activeElement;
    const area = el("textarea", { class: "vh", "aria-hidden": "true" });
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
    before?.focus({ preventScroll: true });
  }
  emit("say", told);
}

const copyCode = (text) => copy(text, "The code was copied.");
const copyLink = (entry) => copy(address(entry), "The link to this message was copied.");

function openSheet({ entry, article }) {
  const may = rights(entry);
  const items = [];
  if (may.reply) items.push({ icon: "reply", text: "Reply", act: () => emit("reply", entry) });
  if (may.edit) items.push({ icon: "edit", text: "Edit", act: () => emit("edit", entry) });
  if (may.open) items.push({ icon: "down", text: "Open the file", act: () => openFile({ article }) });
  else if (may.reply) items.push({ icon: "copy", text: "Copy words", act: () => copy(entry.text, "The words were copied.") });
  if (may.link) items.push({ icon: "copylink", text: "Copy link", act: () => copyLink(entry) });
  if (may.reply && !entry.mine) items.push({ icon: "at", text: `About ${entry.nick}…`, act: () => emit("person", { nick: entry.nick, anchor: article }) });
  if (may.remove) items.push({ icon: "trash", text: "Delete", bad: true, act: () => emit("delete", entry) });
  if (!items.length) return;
  const name = coloured(el("b", { class: "nick", text: entry.nick }), hue(entry.nick));
  const head = el("p", { class: "ctx", role: "presentation" }, el("span", {}, name, ` ${shortened(entry.text)}`));
  openMenu(article, `Message from ${entry.nick}`, head, items);
}

function erase(entry) {
  const one = opened(state);
  const next = after(entry);
  const whose = entry.mine ? "your message" : `this message of ${entry.nick}`;
  const box = question({
    title: `Delete ${whose}?`,
    hint: shortened(entry.text, 100),
    yes: "Delete",
    bad: true,
    act: async () => {
      await ask({ do: "delete", id: entry.id });
      box.addEventListener("close", () => one === opened(state) && next?.focus());
    },
  });
}

/** Return the message on the screen that the focus goes to when this one is gone. */
function after(entry) {
  const all = [...document.querySelectorAll("#lines article")];
  const at = all.findIndex((article) => article.id === `m${entry.id}`);
  return all[at + 1] || all[at];
}

export function start() {
  on("copy", copyCode);
  on("copylink", copyLink);
  on("delete", erase);
  on("sheet", openSheet);
}
