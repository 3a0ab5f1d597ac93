// The lists of rooms and private conversations, and the drawers of narrow screens.

import { address, on, open, state } from "./app.js";
import { byId, el, icon, isNarrow } from "./dom.js";
import { groups, isMany, tally, unmoved } from "./grouping.js";
import { fold } from "./text.js";
import { presenceOf } from "./known.js";
import { roving, settle } from "./roving.js";
import { forMe } from "./store.js";

const box = byId("room-lists");
const app = byId("app");
const finder = byId("find-room");
const rows = new Map(); // key -> {item, link, shown}
export let shown = { unread: [], rooms: [], private: [] };

const isInUse = () => box.contains(document.activeElement) || (matchMedia("(hover: hover)").matches && box.matches(":hover"));

function paint(regroup) {
  const wanted = groups(state.conversations.values(), state.open);
  shown = regroup || !isInUse() ? wanted : unmoved(shown, wanted);
  const focused = box.contains(document.activeElement) ? document.activeElement : null;
  const words = fold(finder.value.trim());
  byId("find-room-field").hidden = !isMany(state.conversations);
  for (const [name, list] of Object.entries(shown)) {
    const items = list.filter((one) => fold(one.name).includes(words)).map((one) => row(one).item);
    arrange(byId(`list-${name}`), items);
    if (name !== "rooms") byId(`cap-${name}`).hidden = byId(`list-${name}`).hidden = items.length === 0;
  }
  order(Object.keys(shown).map((name) => byId(`list-${name}`)));
  for (const key of rows.keys()) if (!state.conversations.has(key)) rows.delete(key);
  if (focused?.isConnected && focused !== document.activeElement) focused.focus();
  settle(box, ".row");
  paintMe();
}

/** Put the lists, each with its heading, into this order, if they are not. */
function order(lists) {
  if (box.lastElementChild !== lists.at(-1)) for (const list of lists) box.append(list.previousElementSibling, list);
}

/** Put these children first in a list, moving none that is in its place; the rest goes, if these are all. */
export function arrange(list, items, areAll = true) {
  items.forEach((item, at) => {
    if (list.children[at] !== item) list.insertBefore(item, list.children[at] || null);
  });
  while (areAll && list.children.length > items.length) list.lastChild.remove();
}

function row(one) {
  let found = rows.get(one.key);
  if (found === undefined) {
    const link = el("a", { class: "row", tabindex: "-1", click: (event) => choose(event, link) });
    found = { item: el("li", {}, link), link, shown: "" };
    rows.set(one.key, found);
  }
  const presence = one.kind === "private" ? presenceOf(state, one.name) : "";
  const isOpen = one.key === state.open;
  const unread = isOpen ? 0 : one.unread;
  const looks = [one.name, unread, one.mentions, isOpen, presence, one.locked].join("|");
  if (found.shown === looks) return found;
  found.shown = looks;
  found.link.dataset.key = one.key;
  found.link.title = one.name;
  found.link.href = address(one);
  found.link.className = unread ? "row unread" : "row";
  if (isOpen) found.link.setAttribute("aria-current", "page");
  else found.link.removeAttribute("aria-current");
  found.link.replaceChildren(...content(one, unread, presence));
  return found;
}

const hidden = (text) => el("span", { class: "vh", text });

function content(one, unread, presence) {
  const name = el("span", { class: "t", text: one.name });
  if (one.kind === "private") {
    const dot = el("span", { class: presence === "here" ? "dot" : presence === "away" ? "dot away" : "dot off" });
    const parts = [dot, name];
    if (presence !== "here") parts.push(hidden(presence ? " away" : " not here"));
    if (unread) parts.push(el("span", { class: "badge" }, tally(unread), hidden(" unread")));
    return parts;
  }
  const parts = [icon(one.locked ? "lock" : "hash", "lead"), name];
  if (one.locked) parts.push(hidden(" locked"));
  if (unread && one.mentions) parts.push(el("span", { class: "badge" }, `@${tally(one.mentions)}`, hidden(" to you")));
  if (unread) parts.push(el("span", { class: "tally n" }, tally(unread), hidden(" unread")));
  return parts;
}

function choose(event, link) {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return; // another tab, as with any link
  event.preventDefault();
  closeDrawers(false);
  open(link.dataset.key);
}

function paintMe() {
  const mine = presenceOf(state, state.me.nick);
  byId("my-nick").textContent = state.me.nick;
  byId("my-nick").title = state.me.nick;
  byId("my-dot").className = mine === "away" ? "dot away" : "dot";
  byId("server-name").textContent = state.server.name || "Chat";
  const count = forMe(state);
  byId("rooms-badge").hidden = count === 0;
  byId("rooms-badge").textContent = tally(count);
  byId("rooms-button").setAttribute("aria-label", `Rooms and conversations${count ? `, ${tally(count)} for you` : ""}`);
}

const DRAWERS = { rooms: byId("rooms-button"), people: byId("people-button") };
const isOpen = (name) => app.classList.contains(`show-${name}`);

/** Open a side that a narrow screen hides: the focus goes into it. */
export function openDrawer(name) {
  closeDrawers(false);
  app.classList.add(`show-${name}`);
  DRAWERS[name].setAttribute("aria-expanded", "true");
  veil.hidden = false;
  byId("room").inert = true;
  (byId(name).querySelector('.row[tabindex="0"]') || byId(`${name}-close`)).focus();
}

export function closeDrawers(isFocused = true) {
  for (const [name, button] of Object.entries(DRAWERS)) {
    if (!isOpen(name)) continue;
    app.classList.remove(`show-${name}`);
    button.setAttribute("aria-expanded", "false");
    byId("room").inert = false;
    if (isFocused) button.focus();
  }
  veil.hidden = true;
}

const veil = el("div", { class: "veil narrow", hidden: true, click: () => closeDrawers() });

export function start() {
  app.append(veil);
  roving(box, ".row");
  on("paint", (changes) => {
    if (changes.has("rooms") || changes.has("people") || changes.has("me")) paint(false);
  });
  on("open", () => {
    finder.value = "";
    paint(true);
    box.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
  });
  box.addEventListener("pointerleave", () => paint(false));
  box.addEventListener("focusout", () => setTimeout(() => paint(false)));
  finder.addEventListener("input", () => paint(true));
  finder.addEventListener("keydown", (event) => {
    const first = box.querySelector(".row");
    if (first === null || !["ArrowDown", "Enter"].includes(event.key)) return;
    event.preventDefault();
    if (event.key === "Enter") first.click();
    else first.focus();
  });
  for (const [name, button] of Object.entries(DRAWERS)) {
    button.addEventListener("click", () => openDrawer(name));
    byId(`${name}-close`).addEventListener("click", () => closeDrawers());
  }
  app.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !veil.hidden) closeDrawers();
  });
  addEventListener("resize", () => {
    if (!isNarrow() && isOpen("rooms")) closeDrawers(false);
  });
  paint(true);
}
