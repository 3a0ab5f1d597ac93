// The keyboard and the pointer in the log: walking from message to message.

import { emit, on, state } from "./app.js";
import { byId, isNarrow } from "./dom.js";
import { indexOf, isEditable } from "./entries.js";
import { toEnd } from "./log.js";
import { opened } from "./store.js";

const log = byId("log");
const list = byId("lines");

/** Return {entry, article} of an element in the log. */
function target(node) {
  const article = node.closest?.("article");
  const one = opened(state);
  if (!article || one === undefined) return null;
  const entry = one.entries[indexOf(one.entries, Number(article.id.slice(1)))];
  return entry?.id && article.id === `m${entry.id}` ? { entry, article } : null;
}

function step(from, by) {
  const all = [...list.querySelectorAll("article")];
  const at = all.indexOf(from);
  const to = all[at < 0 ? all.length - 1 : Math.max(0, Math.min(at + by, all.length - 1))];
  to?.focus();
  to?.scrollIntoView({ block: "nearest" });
}

const DEEDS = { Enter: "reply", r: "reply", e: "edit", Delete: "delete" };

function pressed(event) {
  const { key } = event;
  if (event.ctrlKey || event.altKey || event.metaKey || event.target.closest(".acts, pre")) return;
  const here = event.target.closest("article");
  const found = here && target(here);
  const may = (what) => what !== "edit" || (found.entry.mine && isEditable(found.entry));
  if (key === "ArrowUp" || key === "ArrowDown") step(here, key === "ArrowUp" ? -1 : 1);
  else if (key === "Home" && here) step(list.querySelector("article"), 0);
  else if (key === "End") {
    toEnd();
    if (here) step(null, 0);
  } else if (key === "Escape") byId("message").focus();
  else if (event.target.closest("button, a")) return;
  else if (key === "ArrowRight" && here) here.querySelector(".acts button:not([hidden])")?.focus();
  else if (found && key in DEEDS && !found.entry.deleted && may(DEEDS[key])) emit(DEEDS[key], found.entry);
  else if (found && key === "c") emit("copylink", found.entry);
  else if ([...key].length === 1 && key !== " ") return byId("message").focus(); // the letter goes there
  else return;
  event.preventDefault();
}

function clicked(event) {
  const name = event.target.closest("button.nick");
  const quote = event.target.closest("a.quote");
  const copy = event.target.closest(".copy");
  if (name) emit("person", { nick: name.textContent, anchor: name });
  else if (quote) {
    event.preventDefault();
    emit("goto", { id: Number(quote.dataset.goto) });
  } else if (copy) emit("copy", copy.previousElementSibling.textContent);
  else if (isNarrow() && !event.target.closest("a, button") && getSelection().isCollapsed) {
    const found = target(event.target);
    if (found) emit("sheet", found);
  }
}

let pointed = null;

/** Tell when another message is meant; a toolbar that is pressed must not move. */
function point(node) {
  const found = target(node);
  if (found?.article === pointed && pointed?.isConnected !== false) return;
  pointed = found?.article || null;
  emit("over", found);
}

/** Take what happened in the log before this was loaded. */
export function begin({ type, target }) {
  if (type === "click") clicked({ target, preventDefault() {} });
  else point(target);
}

export function start() {
  log.addEventListener("keydown", pressed);
  log.addEventListener("click", clicked);
  log.addEventListener("pointerover", (event) => event.pointerType !== "touch" && point(event.target));
  log.addEventListener("pointerleave", () => point(document.activeElement));
  log.addEventListener("focusin", (event) => point(event.target));
  on("walk", () => step(null, 0));
}
