// The list of people in a room: operators, then who is here, then who is away.

import { emit, on, state } from "./app.js";
import { byId, el, icon } from "./dom.js";
import { arrange } from "./lists.js";
import { inOrder, personOf } from "./known.js";
import { roving, settle } from "./roving.js";
import { isMe, opened } from "./store.js";
import { fold } from "./text.js";

const MANY = 30;
const SLICE = 100; // rows that are made in one frame
const PAUSE_MS = 250; // between two paintings of a large room, however many come and go

const list = byId("list-people");
const finder = byId("find-person");
const rows = new Map(); // folded nickname -> {item, shown}
const caps = {};
let round = 0;
let painted = 0;
let waiting = 0;

function paint() {
  waiting = 0;
  painted = performance.now();
  round += 1;
  const one = opened(state);
  const people = one === undefined ? [] : inOrder(one.kind === "room" ? one.people : pair(one));
  const isLarge = people.length > MANY;
  byId("people-count").textContent = people.length.toLocaleString("en");
  byId("people-button").setAttribute("aria-label", `People, ${people.length}`);
  byId("find-person-field").hidden = !isLarge;
  if (!isLarge) finder.value = "";
  const words = fold(finder.value.trim());
  const found = words ? people.filter((person) => fold(person.nick).includes(words)) : people;
  const still = new Set(people.map((person) => fold(person.nick)));
  for (const key of rows.keys()) if (!still.has(key)) rows.delete(key);
  fill(isLarge ? withCaps(found) : found, [], round);
}

/** Return the two people of a private conversation, as far as any room knows them. */
function pair(one) {
  const people = new Map();
  for (const nick of [state.me.nick, one.name]) {
    const person = personOf(state, nick);
    if (person !== undefined) people.set(fold(nick), { ...person, operator: false });
  }
  return people;
}

function withCaps(people) {
  const group = (person) => (person.operator ? "Operators" : person.away ? "Away" : "Here");
  const counts = {};
  for (const person of people) counts[group(person)] = (counts[group(person)] || 0) + 1;
  let last = "";
  return people.flatMap((person) => {
    const name = group(person);
    if (name === last) return [person];
    last = name;
    return [{ cap: name, count: counts[name] }, person];
  });
}

/** Make the rows, a slice a frame, so that a thousand people delay nothing. */
function fill(entries, items, current) {
  if (current !== round) return;
  for (const entry of entries.slice(items.length, items.length + SLICE)) items.push(entry.cap ? cap(entry) : row(entry));
  const isDone = items.length === entries.length;
  arrange(list, items, isDone);
  settle(list, ".row");
  if (!isDone) requestAnimationFrame(() => fill(entries, items, current));
}

function cap({ cap: name, count }) {
  caps[name] ||= el("li", { class: "cap" });
  caps[name].textContent = `${name} ${count.toLocaleString("en")}`;
  return caps[name];
}

function row(person) {
  const key = fold(person.nick);
  const looks = JSON.stringify([person, isMe(state, person.nick)]);
  const before = rows.get(key);
  if (before?.shown === looks) return before.item;
  const item = before?.item || el("li", {}, el("button", { class: "row person", tabindex: "-1", "aria-haspopup": "menu" }));
  const button = item.firstChild;
  button.title = person.words ? `${person.nick}: ${person.words}` : person.nick;
  button.dataset.nick = person.nick;
  button.classList.toggle("is-away", person.away);
  const parts = [el("span", { class: person.away ? "dot away" : "dot" }), el("span", { class: "t", text: person.nick })];
  if (person.operator) parts.push(icon("op", "op", "operator"));
  if (person.away) parts.push(el("span", { class: "vh", text: "away" }));
  if (person.words) parts.push(el("span", { class: "hint", dir: "auto", text: person.words }));
  if (person.program) parts.push(el("span", { class: "hint", text: "program" }));
  if (isMe(state, person.nick)) parts.push(el("span", { class: "hint", text: "you" }));
  button.replaceChildren(...parts);
  rows.set(key, { item, shown: looks });
  return item;
}

function soon() {
  const wait = list.children.length > SLICE ? painted + PAUSE_MS - performance.now() : 0;
  if (wait <= 0) paint();
  else waiting ||= setTimeout(paint, wait);
}

export function start() {
  roving(list, ".row");
  list.addEventListener("click", ({ target }) => {
    const button = target.closest(".row");
    if (button !== null) emit("person", { nick: button.dataset.nick, anchor: button });
  });
  finder.addEventListener("input", paint);
  finder.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown") return;
    event.preventDefault();
    list.querySelector(".row")?.focus();
  });
  on("open", () => {
    finder.value = "";
    rows.clear();
    paint();
  });
  on("paint", (changes) => {
    if (changes.has("people") || changes.has("me")) soon();
  });
  paint();
}
