// The log: where the reader stands in it.
//
// At the end (48 px) one stays at the end; a reader who scrolled up is never moved.
// What is read and where the rule "6 new since 09:31" stands is decided here, by reading.js.

import { changed, emit, on, state } from "./app.js";
import { byId } from "./dom.js";
import { paintTop, paintUnsent } from "./edges.js";
import { indexOf, isMessage } from "./entries.js";
import * as past from "./past.js";
import { countAfter, markRead, newest, setLine } from "./reading.js";
import { newMessages } from "./sentences.js";
import { opened } from "./store.js";
import * as view from "./view.js";

const NEAR = 600;
const AT_END = 48;
const AWAY_MS = 30_000;

const log = byId("log");
const pill = byId("pill");

let following = true; // whether the reader is at the end
let filled = false; // whether the log has what was said before
let seen = 0; // up to where the reader was at the end
let hiddenAt = 0;
let height = 0;

export const isFilled = () => filled;

const below = () => log.scrollHeight - log.scrollTop - log.clientHeight;

function paintPill(one) {
  const count = following ? 0 : countAfter(one, seen);
  const isFar = !following && below() > 1.5 * log.clientHeight;
  byId("jump").hidden = !count && !isFar;
  const words = count ? newMessages(count) : "Jump to newest";
  if (pill.lastElementChild.textContent !== words) pill.lastElementChild.textContent = words;
}

/** What is at the end has been read, if somebody looks at it. */
function settle(one) {
  if (following && view.isTailShown(one)) {
    seen = newest(one);
    if (!document.hidden && markRead(one, one.kind === "room" ? state.head : 0)) changed("rooms");
  }
  paintPill(one);
}

export function toEnd() {
  const one = opened(state);
  following = true;
  if (!view.isTailShown(one)) view.rebuild(one);
  log.scrollTop = log.scrollHeight;
  settle(one);
}

/** Let the reader stand at a message, wherever the end is. */
export function standAt(one, id) {
  following = false;
  if (!byId(`m${id}`)) view.rebuild(one, indexOf(one.entries, id));
  const article = byId(`m${id}`);
  article.scrollIntoView({ block: "center" });
  settle(one);
  return article;
}

/** Put the reader at the end, if what is unread fits on the screen; else where they go on reading. */
function place(one) {
  const at = one.line ? indexOf(one.entries, one.line.after + 1) : one.entries.length;
  if (at < one.entries.length && !view.isShown(one.entries[at])) view.rebuild(one, at);
  log.scrollTop = log.scrollHeight;
  following = view.isTailShown(one);
  const rule = log.querySelector(".rule.new");
  const gap = rule ? rule.getBoundingClientRect().top - log.getBoundingClientRect().top : 0;
  if (gap < 0) {
    log.scrollTop += gap - 96;
    following = below() <= AT_END;
    if (!following) seen = one.line.after;
  }
  settle(one);
}

async function open(one) {
  filled = false;
  emit("filling");
  setLine(one, one.leftAt);
  emit("say", one.line ? `${one.name}, ${newMessages(one.line.count)}` : one.name);
  log.setAttribute("aria-label", `Messages in ${one.name}`);
  fill(one);
  if (one.entries.filter(isMessage).length < past.PAGE && past.hasMore(one)) {
    await past.loadEarlier(one);
    if (one !== opened(state)) return;
    if (following) fill(one);
  }
  filled = true;
  emit("filled");
}

function fill(one) {
  paintUnsent(one);
  view.rebuild(one);
  paintTop(one);
  place(one);
}

function paint(changes) {
  const one = opened(state);
  if (one === undefined || !["log", "outbox"].some((name) => changes.has(name))) return;
  const wasFollowing = following;
  const count = view.countNew(one);
  emit("adding", count);
  view.paintTouched(one);
  view.paintNew(one, following);
  if (changes.has("outbox") || count > 0) paintUnsent(one);
  paintTop(one);
  if (wasFollowing) log.scrollTop = log.scrollHeight;
  else extend(one);
  settle(one);
}

/** Show more where the reader is near the end of what is shown. */
function extend(one) {
  if (log.scrollTop < NEAR) {
    if (view.extendUp(one)) changed("log"); // there may be room for more
    else if (past.hasMore(one)) past.loadEarlier(one);
  }
  if (below() < NEAR && !view.isTailShown(one)) view.extendDown(one, false, view.SLICE / 2);
}

function scrolled() {
  const one = opened(state);
  if (one === undefined || (following && height !== log.clientHeight)) return; // resized
  following = below() <= AT_END && (following || view.isTailShown(one)); // what came since is not painted yet
  if (!following) extend(one);
  settle(one);
}

/** After a while in which nobody looked, say what is new. */
function looked() {
  const one = opened(state);
  if (document.hidden) hiddenAt = Date.now();
  if (document.hidden || one === undefined) return;
  if (one.unread && Date.now() - hiddenAt > AWAY_MS) {
    setLine(one, hiddenAt);
    view.rebuild(one);
    place(one);
  }
  changed("log");
}

export function start() {
  on("open", open);
  on("leave", (one) => one && Object.assign(one, { line: null, leftAt: Date.now() }));
  on("paint", paint);
  log.addEventListener("scroll", scrolled, { passive: true });
  pill.addEventListener("click", toEnd);
  new ResizeObserver(() => {
    height = log.clientHeight;
    if (following) log.scrollTop = log.scrollHeight;
  }).observe(log);
  document.addEventListener("visibilitychange", looked);
}
