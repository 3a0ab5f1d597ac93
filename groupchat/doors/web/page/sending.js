// What was written: it is sent when there is a connection, and kept until it is shown.

import { changed, emit, on, state } from "./app.js";
import { find } from "./entries.js";
import * as keep from "./keep.js";
import { ask, isLive } from "./link.js";
import * as outbox from "./outbox.js";
import { isMe, privateKey, roomKey } from "./store.js";

export const lines = outbox.create(keep.outboxRecord.get().lines);
let timer = 0;

/** Write a line into a conversation; it is sent now, or when there is a connection. */
export function write(conversation, text, { reply = 0, act = false } = {}) {
  const key = outbox.newKey((bytes) => crypto.getRandomValues(bytes));
  lines.push({ key, to: conversation.key, name: conversation.name, text, reply, act, at: Date.now(), state: "waiting" });
  flush();
}

export function again(is) {
  outbox.again(lines, is);
  flush();
}

export function remove(key) {
  outbox.remove(lines, key);
  kept();
}

/** Send what waits, in order. */
function flush() {
  if (isLive())
    for (const line of outbox.due(lines, Date.now()))
      ask(outbox.request(line)).then(
        (done) => {
          const one = state.conversations.get(line.to);
          outbox.posted(lines, line.key, done.id, one ? find(one, done.id) : line.to[0] === "#");
          if (done.text) emit("told", done);
          kept();
        },
        (refusal) => {
          if (refusal.code !== "offline") outbox.refused(lines, line.key, refusal, Date.now());
          kept();
        },
      );
  kept();
}

function kept() {
  keep.outboxRecord.set({ lines });
  clearTimeout(timer);
  const next = outbox.nextDue(lines);
  if (next && isLive()) timer = setTimeout(flush, Math.max(next - Date.now(), 100));
  changed("outbox");
}

export function start() {
  on("welcome", flush);
  on("cut", () => {
    outbox.cut(lines);
    kept();
  });
  on("event", (event) => {
    if (!lines.length) return;
    const before = lines.length;
    if (event.act === "slow") again((line) => line.code === "slow-mode" && line.name === event.room);
    if (event.id) {
      const isOwn = /^(?:said|acted|whispered)$/u.test(event.event) && isMe(state, event.nick);
      outbox.shown(lines, event.id, isOwn && { to: event.room ? roomKey(event.room) : privateKey(event.to || ""), text: event.text });
      if (isOwn) changed("outbox");
    }
    else if (event.event === "renamed") outbox.renamed(lines, privateKey(event.nick), privateKey(event.new), event.new);
    if (lines.length !== before) kept();
  });
}
