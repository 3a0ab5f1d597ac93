// The keys that work everywhere in the page.

import { emit, open, state } from "./app.js";
import { byId, isNarrow } from "./dom.js";
import { beside } from "./grouping.js";
import { closeDrawers, openDrawer, shown } from "./lists.js";

const isBusy = () => document.querySelector("dialog[open], .pop") !== null;

/** The parts that F6 goes through: rooms, log, Message, people. */
function parts() {
  const row = (id) => byId(id).querySelector('.row[tabindex="0"]') || byId(id);
  return [
    { box: byId("rooms"), go: () => (isNarrow() ? openDrawer("rooms") : row("rooms").focus()) },
    { box: byId("log"), go: () => byId("log").focus() },
    { box: byId("write"), go: () => byId("message").focus() },
    { box: byId("people"), go: () => (getComputedStyle(byId("people")).display === "none" ? openDrawer("people") : row("people").focus()) },
  ];
}

function nextPart(step) {
  const all = parts();
  const at = all.findIndex(({ box }) => box.contains(document.activeElement));
  closeDrawers(false);
  all[at < 0 ? 2 : (at + step + all.length) % all.length].go();
}

export function start() {
  document.addEventListener("keydown", (event) => {
    if (document.documentElement.dataset.stage !== "room" || isBusy()) return;
    const isControl = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
    if (isControl && event.key.toLowerCase() === "k") emit("search");
    else if (event.key === "F6") nextPart(event.shiftKey ? -1 : 1);
    else if (event.altKey && !event.ctrlKey && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      const one = beside(shown, state.open, event.key === "ArrowDown" ? 1 : -1, event.shiftKey);
      if (one !== undefined) open(one.key);
    } else return;
    event.preventDefault();
  });
}
