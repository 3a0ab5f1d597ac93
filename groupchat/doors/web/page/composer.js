// The text box: writing, answering, editing, commands; a draft for each conversation.

import { changed, emit, load, NOT_LOADED, on, state } from "./app.js";
import { byId, isTouch } from "./dom.js";
import { append, lastOwn } from "./entries.js";
import { drafts } from "./keep.js";
import { ask, isLive } from "./link.js";
import { toEnd } from "./log.js";
import { write } from "./sending.js";
import { opened } from "./store.js";

const TYPING_MS = 4000;
const COMMAND = /^\s*(?:\/|[sS][^\p{L}\p{N}\s])/u; // typed.js looks closer

const form = byId("write");
const box = byId("message");
const send = byId("send");

let about = null; // an answer or an edit, by answer.js: {reply: number, draft: what stood in the box before, end(), save}
let typedAt = 0;
let completion = null; // loaded when there is something to complete

/** Grow with the words where the browser does not do it by itself. */
function fit() {
  if (CSS.supports("field-sizing", "content")) return;
  box.style.height = "auto";
  box.style.height = `${box.scrollHeight}px`;
}

export function fill(text) {
  box.value = text;
  fit();
  send.disabled = !text.trim();
}

function keepDraft() {
  const [key, text] = [state.open, about?.save ? about.draft : box.value];
  const { [key]: _, ...others } = drafts.get();
  if (key && (text || _)) drafts.set(text ? { ...others, [key]: text } : others);
}

/** Take the box for an answer or an edit. */
export function turn(next) {
  clear();
  about = next;
}

/** What a shared file answers. */
export function replying() {
  const reply = about?.reply || 0;
  if (reply) clear();
  return reply;
}

/** Drop the answer or the edit. */
export function clear() {
  const last = about;
  about = null;
  last?.end();
}

/** Show something in the log that only the reader sees. */
export function tell(text) {
  const one = opened(state);
  if (!one || !text) return;
  append(one, { kind: "answer", at: Date.now(), nick: "", text }, state.head);
  changed("log");
}

function submit() {
  const text = box.value;
  const one = opened(state);
  if (!text.trim() || one === undefined) return;
  completion?.close();
  if (about?.save) return about.save(text);
  const reply = about?.reply || 0;
  if (one.kind === "none" || COMMAND.test(text)) return command(text, one, reply);
  take();
  write(one, text.replace(/^(?:[ \t]*\n)+|\s+$/gu, ""), { reply });
  toEnd();
}

/** Take what was written out of the box. */
function take() {
  clear();
  fill("");
  keepDraft();
  typedAt = 0;
}

/** Carry out a command; it stays in the box as long as that is not possible. */
async function command(text, one, reply) {
  if (!isLive()) return tell("That needs a connection; it stays in the box until then.");
  let commands;
  try {
    commands = await load("commands");
  } catch {
    return tell(NOT_LOADED);
  }
  if (one !== opened(state) || box.value !== text) return; // something else was written, or it was pressed twice
  take();
  commands.carryOut(text, one, reply);
  toEnd();
}

function pressed(event) {
  if (event.isComposing || completion?.pressed(event)) return;
  const { key } = event;
  if (key === "Tab" && !event.shiftKey && completion === null && /\S$/u.test(box.value.slice(0, box.selectionStart))) {
    event.preventDefault();
    return void complete(true);
  }
  if (key === "Enter" && !event.shiftKey && !event.altKey && !event.ctrlKey) {
    event.preventDefault();
    submit();
  } else if (key === "Escape") {
    event.preventDefault();
    if (about) clear();
    else emit("walk");
  } else if (key === "ArrowUp" && !box.value && !about) {
    const entry = lastOwn(opened(state));
    if (entry === undefined) return;
    event.preventDefault();
    emit("edit", entry);
  }
}

/** Offer what the word could become; the part that does so is loaded with the first word of that kind. */
async function complete(forced = false) {
  if (completion === null && !forced && !/^\/|(?:^|\s)[:@]\S/u.test(box.value)) return;
  try {
    completion ??= await load("completion");
  } catch {
    return; // it is tried again with the next letter
  }
  completion.look(forced);
}

function typed() {
  fit();
  send.disabled = !box.value.trim();
  keepDraft();
  complete();
  const one = opened(state);
  const now = Date.now();
  if (!isLive() || one?.kind !== "room" || !box.value || box.value[0] === "/" || now - typedAt < TYPING_MS) return;
  typedAt = now;
  ask({ do: "typing", room: one.name }).catch(() => {});
}

function opening(one) {
  clear();
  completion?.close();
  fill(drafts.get()[one.key] || "");
  form.setAttribute("aria-label", `Write to ${one.name}`);
  box.placeholder = one.kind === "none" ? "" : `Message ${one.name}`;
  if (isTouch()) byId("room-name").focus();
  else box.focus();
}

export function start() {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
    if (isTouch()) box.focus();
  });
  box.addEventListener("keydown", pressed);
  box.addEventListener("input", typed);
  on("open", opening);
  on("leave", keepDraft);
  on("fill", fill);
  on("told", ({ event, text, invited }) => event === "done" && !invited && tell(text)); // invitations.js shows those
  on("tell", tell);
}

