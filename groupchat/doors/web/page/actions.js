// What can be done with a message: one toolbar, moved to the message under the pointer or the focus; on narrow screens a
// sheet; and the question before something is deleted.

import { emit, on, state } from "./app.js";
import { openMenu, question } from "./dialog.js";
import { coloured, el, iconButton, isNarrow } from "./dom.js";
import { isMessage } from "./entries.js";
import { ask } from "./link.js";
import { keepsOrder, opened } from "./store.js";
import { hue, shortened } from "./text.js";

let over = null; // {entry, article} that the toolbar is at

const bar = el("div", { class: "acts", role: "toolbar", "aria-label": "This message" });
const later = { tabindex: "-1" };
const reply = iconButton("reply", "Reply", () => emit("reply", over.entry), later);
const edit = iconButton("edit", "Edit", () => emit("edit", over.entry), later);
const link = iconButton("copylink", "Copy link", () => copyLink(over.entry), later);
const remove = iconButton("trash", "Delete", () => emit("delete", over.entry), { ...later, class: "bad" });
bar.append(reply, edit, link, remove);

/** Say what the reader may do with a message. */
function rights(entry) {
  const isThere = isMessage(entry) && entry.id > 0 && entry.deleted === undefined;
  return { reply: isThere, edit: isThere && entry.mine, link: entry.id > 0, remove: isThere && (entry.mine || keepsOrder(state, opened(state))) };
}

function move(target) {
  if (target === null || isNarrow()) {
    if (!bar.contains(document.activeElement)) bar.remove();
    over = target;
    return;
  }
  const may = rights(target.entry);
  over = target;
  reply.hidden = !may.reply;
  edit.hidden = !may.edit;
  link.hidden = !may.link;
  remove.hidden = !may.remove;
  if (Object.values(may).some(Boolean)) target.article.append(bar);
  else bar.remove();
}

const address = (entry) => `${location.origin}${location.pathname}${location.search}#m${entry.id}`;

/** Copy text; without a safe connection the browser has no clipboard, but still the old way. */
export async function copy(text, told) {
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

const copyLink = (entry) => copy(address(entry), "The link to this message was copied.");

function sheet({ entry, article }) {
  const may = rights(entry);
  const items = [];
  if (may.reply) items.push({ icon: "reply", text: "Reply", act: () => emit("reply", entry) });
  if (may.edit) items.push({ icon: "edit", text: "Edit", act: () => emit("edit", entry) });
  if (may.reply) items.push({ icon: "copy", text: "Copy words", act: () => copy(entry.text, "The words were copied.") });
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
  on("over", move);
  on("sheet", sheet);
  on("delete", erase);
  on("open", () => bar.remove());
  bar.addEventListener("keydown", (event) => {
    const buttons = [...bar.children].filter((one) => !one.hidden);
    const at = buttons.indexOf(document.activeElement);
    if (event.key === "ArrowRight") buttons[Math.min(at + 1, buttons.length - 1)].focus();
    else if (event.key === "ArrowLeft" && at > 0) buttons[at - 1].focus();
    else if (event.key === "ArrowLeft" || event.key === "Escape") bar.closest("article").focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
}
