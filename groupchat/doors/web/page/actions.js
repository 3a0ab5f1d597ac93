// The toolbar of the message under the pointer or the focus.

import { emit, on, state } from "./app.js";
import { el, iconButton, isNarrow } from "./dom.js";
import { isEditable, isMessage } from "./entries.js";
import { keepsOrder, opened } from "./store.js";

let over = null; // {entry, article} that the toolbar is at

const bar = el("div", { class: "acts", role: "toolbar", "aria-label": "This message" });
const later = { tabindex: "-1" };
const reply = iconButton("reply", "Reply", () => emit("reply", over.entry), later);
const edit = iconButton("edit", "Edit", () => emit("edit", over.entry), later);
const link = iconButton("copylink", "Copy link", () => emit("copylink", over.entry), later);
const open = iconButton("down", "Open the file", () => openFile(over), later);
const remove = iconButton("trash", "Delete", () => emit("delete", over.entry), { ...later, class: "bad" });
bar.append(reply, edit, open, link, remove);

/** Open or save what a message shares. */
export const openFile = ({ article }) => article.querySelector("a[data-file]")?.click();

/** Say what the reader may do with a message. */
export function rights(entry) {
  const isThere = isMessage(entry) && entry.id > 0 && entry.deleted === undefined;
  return { reply: isThere, edit: isThere && entry.mine && isEditable(entry), open: isThere && Boolean(entry.file), link: entry.id > 0, remove: isThere && (entry.mine || keepsOrder(state, opened(state))) };
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
  open.hidden = !may.open;
  link.hidden = !may.link;
  remove.hidden = !may.remove;
  // Moved only to another message: a button that is moved while it is pressed is not clicked.
  if (!Object.values(may).some(Boolean)) bar.remove();
  else if (bar.parentNode !== target.article) target.article.append(bar);
}

export function start() {
  on("over", move);
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
