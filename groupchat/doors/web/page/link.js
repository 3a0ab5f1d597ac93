// The connection: joining, answers, coming back.
//
// Emits "link" with {state, code, text, until}: "idle" (no nickname), "connecting", "live", "waiting" (until: when it is
// tried again), "stopped" (only the person can go on). "welcome" comes after each joining, "event" with each event that
// is no answer, "told" with what the server says of itself (done, refused), "cut" when a connection is gone.

import { changed, collected, emit, state } from "./app.js";
import { dial } from "./greeting.js";
import * as keep from "./keep.js";
import { PASSING, verdict } from "./retry.js";
import { learn } from "./store.js";

const ANSWERS = new Set(["welcome", "done", "refused", "listed"]);
const PING_S = 10; // of silence: the server is asked
const SILENT_S = 5; // more: people are told
const DEAD_S = 15; // more: another connection is made

let socket = null;
let live = false;
let ended = null; // what "closing" told
let lastHeard = 0;
let asked = 0;
let attempt = 0;
let timer = 0;
let claim = null; // how to come in: {nick, token, password}
let nextRef = 1;
let status = { state: "idle" };
const pending = new Map(); // ref -> {resolve, reject}
export const isLive = () => live;
export const linkStatus = () => status;

function tell(next) {
  status = next;
  emit("link", next);
}

/** Send a request; the answer comes as a promise, which is rejected with {code, text} when it is refused. */
export function ask(request) {
  if (!live) return Promise.reject({ code: "offline", text: "There is no connection to the server just now." });
  return put(request);
}

function put(request) {
  const ref = nextRef++;
  return new Promise((resolve, reject) => {
    pending.set(ref, { resolve, reject });
    socket.send(JSON.stringify({ ...request, ref }));
  });
}

/** Join with a nickname; resolves when one is in, rejects with {code, text, wait}. */
export function join(nick, password = "") {
  claim = { nick, ...(password ? { password } : {}) };
  state.head = 0;
  attempt = 0;
  return new Promise((resolve, reject) => {
    claim.settle = { resolve, reject };
    connect();
  });
}

/** Go on with the session of before a reload, of a cut, or of this browser's account. */
export function resume() {
  const { nick, token } = keep.session.get().token ? keep.session.get() : keep.account.get();
  if (!token) return false;
  claim = { nick, token };
  connect();
  return true;
}

/** Try again now, and not only when the time has come. */
export function tryNow() {
  attempt = 0;
  if (!socket || socket.readyState > WebSocket.OPEN || status.state === "waiting") connect();
  else probe();
}

/** Leave the chat, or log out: nothing of it is kept here. */
export async function leave(verb = "exit") {
  claim = null;
  if (live) await Promise.race([put({ do: verb }), new Promise((done) => setTimeout(done, 1000))]).catch(() => {});
  forget();
  socket?.close();
  location.replace(location.pathname);
}

function forget() {
  for (const one of [keep.session, keep.account, keep.outboxRecord, keep.drafts]) one.forget();
}

export const crowded = () => import("./crowded.js");
const whyNot = () => crowded().then((part) => part.whyNot(), () => ({ code: "offline", text: "" }));

function connect() {
  clearTimeout(timer);
  if (socket) {
    socket.onclose = socket.onmessage = null;
    socket.close();
    cut();
  }
  ended = null;
  tell({ state: "connecting", isFirst: !state.head });
  const mine = (socket = dial());
  lastHeard = performance.now();
  timer = setTimeout(() => mine === socket && !live && dropped({ code: 0 }), 15_000);
  socket.onopen = claimed;
  socket.onmessage = ({ data }) => heard(JSON.parse(data));
  socket.onclose = (close) => mine === socket && dropped(close);
}

async function claimed() {
  const since = state.head || undefined;
  const { settle, ...fields } = claim;
  try {
    await put({ do: "nick", ...fields, attended: true, marks: true, ...(since === undefined ? {} : { since, ...rooms() }) });
  } catch (refusal) {
    if (refusal.code !== "offline") refused(refusal);
  }
}

/** Without a token the server does not know which rooms one was in. */
function rooms() {
  if (claim.token) return {};
  const names = [...state.conversations.values()].filter((one) => one.kind === "room").map((one) => one.name);
  const open = state.conversations.get(state.open);
  return names.length ? { rooms: [...names.filter((name) => name !== open?.name), ...(open?.kind === "room" ? [open.name] : [])] } : {};
}

function refused(refusal) {
  const settle = claim?.settle;
  if (refusal.code === "token-invalid" && claim.token) {
    keep.account.forget();
    claim = { nick: claim.nick };
    claimed(); // a guest comes in again with the same name and rooms; an account is asked for its password
    return;
  }
  if (!settle && PASSING.has(refusal.code)) return; // the server closes, or the next attempt will tell
  const nick = claim?.nick || "";
  claim = null;
  socket.onclose = null;
  socket.close();
  socket = null;
  clearTimeout(timer);
  tell({ state: "idle" });
  if (settle) settle.reject(refusal);
  else emit("gate", { nick, refusal });
}

/** Take one event of the server. */
function heard(event) {
  lastHeard = performance.now();
  if (status.code === "silent") tell({ state: "live" });
  const waits = event.ref !== undefined && ANSWERS.has(event.event) ? pending.get(event.ref) : undefined;
  if (event.event === "welcome") welcomed(event);
  else learn(state, event, collected);
  if (event.event === "closing") ended = event;
  if (waits !== undefined) {
    pending.delete(event.ref);
    if (event.event === "refused") waits.reject(event);
    else waits.resolve(event);
  } else if (event.event === "done" || event.event === "refused") emit("told", event);
  emit("event", event);
  changed();
}

function welcomed(event) {
  clearTimeout(timer);
  const isFresh = !state.head;
  const isOther = state.head > event.head;
  if (isOther) for (const one of state.conversations.values()) Object.assign(one, { entries: [], from: Infinity, start: false, reset: true });
  if (isFresh || isOther) state.fresh = state.head = event.head;
  else state.fresh = state.head;
  learn(state, event, collected);
  live = true;
  attempt = 0;
  const settle = claim.settle;
  claim = { nick: event.nick, token: event.token };
  put({ do: "set", name: "echo", value: "on" }).catch(() => {});
  tell({ state: "live" });
  emit("welcome", { isFresh, event });
  settle?.resolve(event);
}

/** Forget what cannot be answered any more. */
function cut() {
  live = false;
  for (const { reject } of pending.values()) reject({ code: "offline", text: "The connection was lost before the answer came." });
  pending.clear();
  emit("cut");
}

function dropped({ code }) {
  clearTimeout(timer);
  const settle = claim?.settle;
  const wasLive = live;
  socket.onclose = socket.onmessage = null;
  socket.close();
  socket = null;
  cut();
  if (!claim) return tell({ state: "idle" });
  if (settle) {
    claim = null;
    tell({ state: "idle" });
    if (ended) settle.reject({ code: ended.code, text: ended.text });
    else whyNot().then(settle.reject);
    return;
  }
  attempt++;
  goOn(ended || { code: "", text: "" }, code);
  const mine = status;
  if (!ended && !wasLive) whyNot().then((why) => mine === status && why.code !== "offline" && goOn(why, code));
}

/** Do what follows when a connection ended for this reason. */
function goOn({ code, text }, closed) {
  clearTimeout(timer);
  const next = verdict(code, closed, attempt - 1, Math.random());
  if (next.then === "stopped") return tell({ state: "stopped", code: next.code, text });
  if (next.then === "gate") {
    const { nick } = claim;
    claim = null;
    forget();
    tell({ state: "idle" });
    return emit("gate", { nick, refusal: { code: next.code, text } });
  }
  const until = Date.now() + next.seconds * 1000;
  tell({ state: "waiting", code: next.code, text: next.code === "stopping" ? "" : text, until });
  timer = setTimeout(connect, next.seconds * 1000);
}

/** See whether anybody answers; if not, the connection is dead, whatever the browser believes. */
function probe() {
  if (!live) return;
  const [now, mine] = [(asked = performance.now()), socket];
  put({ do: "ping" }).catch(() => {});
  const unheard = (seconds, then) => setTimeout(() => mine === socket && live && lastHeard < now && then(), seconds * 1000);
  unheard(SILENT_S, () => tell({ state: "waiting", code: "silent" }));
  unheard(DEAD_S, () => dropped({ code: 0 }));
}

export function start() {
  setInterval(() => asked <= lastHeard && performance.now() - lastHeard > PING_S * 1000 && probe(), 1000);
  addEventListener("online", tryNow);
  addEventListener("offline", probe);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    if (status.state === "waiting") tryNow();
    else probe();
  });
}
