// Notifications of private messages and mentions while the reader looks elsewhere.
// The browser has them only over a safe connection.

import { on, open, state } from "./app.js";
import { look } from "./look.js";
import { fold, shortened } from "./text.js";

export const isPossible = () => isSecureContext && "Notification" in globalThis;

const told = new Map(); // key -> what was meant for the reader when it was painted last

/** Return the newest message that is meant for the reader. */
function newest(one) {
  for (let at = one.entries.length - 1; at >= 0; at -= 1) {
    const entry = one.entries[at];
    if (entry.id && !entry.mine && (one.kind === "private" || entry.mention)) return entry;
  }
  return undefined;
}

function paint() {
  for (const one of state.conversations.values()) {
    const count = one.kind === "private" ? one.unread : one.mentions;
    const before = told.get(one.key) || 0;
    told.set(one.key, count);
    if (count > before && !document.hasFocus()) tell(one);
  }
}

function tell(one) {
  const entry = newest(one);
  if (!look.notify || !isPossible() || Notification.permission !== "granted" || entry === undefined) return;
  const title = one.kind === "private" ? one.name : `${entry.nick} in ${one.name}`;
  const shown = new Notification(title, { body: `${entry.file ? "shared " : ""}${shortened(entry.text)}`, tag: fold(one.key), silent: !look.sound });
  shown.addEventListener("click", () => {
    window.focus();
    open(one.key);
    shown.close();
  });
  if (look.sound) beep();
}

/** Two short notes, made here. */
function beep() {
  const audio = new AudioContext();
  const volume = audio.createGain();
  volume.gain.value = 0.05;
  volume.connect(audio.destination);
  [660, 880].forEach((frequency, at) => {
    const note = audio.createOscillator();
    note.frequency.value = frequency;
    note.connect(volume);
    note.start(audio.currentTime + at * 0.12);
    note.stop(audio.currentTime + at * 0.12 + 0.1);
    note.addEventListener("ended", () => at && audio.close());
  });
}

let isStarted = false;

export function start() {
  if (isStarted) return;
  isStarted = true;
  on("paint", (changes) => {
    if (changes.has("rooms") || changes.has("log")) paint();
  });
}
