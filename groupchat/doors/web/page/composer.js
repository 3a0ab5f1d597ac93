// The text box: writing, answering, editing, commands; a draft for each conversation.

import { changed, emit, load, on, state } from "./app.js";
import { byId, coloured, el, icon, iconButton, isTouch } from "./dom.js";
import { append, lastOwn } from "./entries.js";
import { drafts } from "./keep.js";
import { ask, isLive } from "./link.js";
import { toEnd } from "./log.js";
import { write } from "./sending.js";
import { opened } from "./store.js";
import { hue, shortened } from "./text.js";

const TYPING_MS = 4000;
const COMMAND = /^\s*(?:\/|[sS][^\p{L}\p{N}\s])/u; // typed.js looks closer

const form = byId("write");
const box = byId("message");
const send = byId("send");

let about = null; // {kind: "reply" | "edit", entry}: what the strip above the box says
let strip = null;
let before = ""; // what stood in the box before an edit
let typedAt = 0;
let completion = null; // loaded when there is something to complete

/** Grow with the words where the browser does not do it by itself. */
function fit() {
  if (CSS.supports("field-sizing", "content")) return;
  box.style.height = "auto";
  box.style.height = `${box.scrollHeight}px`;
}

function fill(text) {
  box.value = text;
  fit();
  send.disabled = !text.trim();
}

function keepDraft() {
  const [key, text] = [state.open, about?.kind === "edit" ? before : box.value];
  const { [key]: _, ...others } = drafts.get();
  if (key && (text || _)) drafts.set(text ? { ...others, [key]: text } : others);
}

function stripOf(kind, entry) {
  const name = coloured(el("b", { class: "nick", text: entry.nick }), hue(entry.nick));
  const words = kind === "reply" ? ["Replying to ", name, ` · ${shortened(entry.text)}`] : ["Editing · Enter saves, Esc leaves it as it was"];
  const close = iconButton("x", kind === "reply" ? "Do not reply" : "Do not edit", clear);
  return el("div", { class: "ctx" }, icon(kind), el("span", {}, ...words), close);
}

/** Begin to answer or to edit a message. */
function begin(kind, entry) {
  if (about) clear();
  about = { kind, entry };
  strip = stripOf(kind, entry);
  form.prepend(strip);
  if (kind === "edit") {
    before = box.value;
    fill(entry.text);
    send.setAttribute("aria-label", "Save");
  }
  box.focus();
  box.setSelectionRange(box.value.length, box.value.length);
}

/** Drop the answer or the edit; what stood in the box before comes back. */
function clear() {
  if (about?.kind === "edit") fill(before);
  about = null;
  strip?.remove();
  send.setAttribute("aria-label", "Send");
  box.focus();
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
  if (about?.kind === "edit") return save(text);
  const reply = about?.entry.id || 0;
  const isCommand = COMMAND.test(text);
  if (isCommand && !isLive()) return tell("That needs a connection; it stays in the box until then.");
  if (about) clear();
  fill("");
  keepDraft();
  typedAt = 0;
  if (isCommand) load("commands").then((part) => part.carryOut(text, one, reply));
  else write(one, text.replace(/^(?:[ \t]*\n)+|\s+$/gu, ""), { reply });
  toEnd();
}

async function save(text) {
  const { entry } = about;
  if (text === entry.text) return clear();
  send.disabled = true;
  try {
    await ask({ do: "edit", id: entry.id, text });
    if (about?.entry === entry) clear();
  } catch (refusal) {
    tell(`Not changed: ${refusal.text}`);
    send.disabled = false;
  }
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
    begin("edit", entry);
  }
}

/** Offer what the word could become; the part that does so is loaded with the first word of that kind. */
async function complete(forced = false) {
  if (completion === null && !forced && !/^\/|(?:^|\s)[:@]\S/u.test(box.value)) return;
  completion ??= await load("completion");
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
  if (about) clear();
  completion?.close();
  fill(drafts.get()[one.key] || "");
  form.setAttribute("aria-label", `Write to ${one.name}`);
  box.placeholder = `Message ${one.name}`;
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
  on("reply", (entry) => begin("reply", entry));
  on("edit", (entry) => begin("edit", entry));
  on("mention", (nick) => {
    const start = box.selectionStart;
    const gap = start && !/\s$/u.test(box.value.slice(0, start)) ? " " : "";
    box.setRangeText(`${gap}${nick}${start ? "" : ":"} `, start, box.selectionEnd, "end");
    box.focus();
    typed();
  });
  on("told", ({ event, text }) => event === "done" && tell(text));
}

