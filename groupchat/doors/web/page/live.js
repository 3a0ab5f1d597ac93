// What a screen reader hears of the log: new messages, but neither history nor a flood.

import { on } from "./app.js";
import { byId } from "./dom.js";
import { isFilled } from "./log.js";
import { newMessages } from "./sentences.js";

const FLOOD = 5; // messages within a second

const log = byId("log");
const announcer = byId("announcer");

let isOn = false;
let recent = []; // [{at, count}] of the last second
let untold = 0;
let timer = 0;

/** Say nothing while history is filled in. */
function silence() {
  isOn = false;
  log.setAttribute("aria-live", "off");
}

/** Speak from now on: in a moment, when what was filled in is no news any more. */
function resume() {
  isOn = true;
  setTimeout(() => isOn && !untold && log.setAttribute("aria-live", "polite"), 100);
}

/** Messages are about to be added: speak each, or, of many, only how many there were. */
function adding(count) {
  if (!isOn || count <= 0) return;
  const now = performance.now();
  recent = [...recent.filter(({ at }) => now - at < 1000), { at: now, count }];
  const sum = recent.reduce((total, one) => total + one.count, 0);
  if (sum <= FLOOD && !untold) return;
  log.setAttribute("aria-live", "off");
  untold += count;
  clearTimeout(timer);
  timer = setTimeout(() => {
    say(newMessages(untold));
    untold = 0;
    log.setAttribute("aria-live", "polite");
  }, 1000);
}

/** Tell something once. */
function say(text) {
  announcer.textContent = "";
  setTimeout(() => (announcer.textContent = text), 50);
}

export function start() {
  on("say", say);
  on("filling", silence);
  on("filled", resume);
  on("adding", adding);
  if (isFilled()) resume();
}
