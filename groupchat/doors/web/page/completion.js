// Completion in the text box: commands and their arguments from the server, nicknames of the room, :emoji:.

import { state } from "./app.js";
import { byId, el } from "./dom.js";
import { ask, isLive } from "./link.js";
import { inOrder } from "./known.js";
import { opened } from "./store.js";

const MOST = 8;
const ASK_MS = 120;
const FULL = 40; // so many shortcodes are listed at most: there may be more

const box = byId("message");
const list = byId("pick");

let found = []; // [{text, name, more, about}]
let chosen = 0;
let from = 0; // where the word begins that is completed
let timer = 0;
let asked = ""; // a late answer to something else is not shown
const isOpen = () => !list.hidden;

export function close() {
  clearTimeout(timer);
  asked = "";
  list.hidden = true;
  for (const name of ["aria-activedescendant", "aria-controls", "aria-expanded"]) box.removeAttribute(name);
}

function paint() {
  if (!found.length) return close();
  list.replaceChildren(
    ...found.map((one, at) => {
      const item = el("li", { role: "option", id: `o${at}`, "aria-selected": String(at === chosen) });
      item.append(el("b", { text: one.name }), one.more ? ` ${one.more}` : "", one.about ? el("span", { class: "hint", text: one.about }) : "");
      item.addEventListener("mousedown", (event) => {
        event.preventDefault(); // the box keeps the focus
        take(at);
      });
      return item;
    }),
  );
  list.hidden = false;
  box.setAttribute("aria-controls", "pick");
  box.setAttribute("aria-activedescendant", `o${chosen}`);
}

function take(at) {
  const { text } = found[at];
  box.setRangeText(`${text} `, from, box.selectionStart, "end");
  close();
  box.dispatchEvent(new Event("input"));
}

function offer(start, items) {
  found = items.slice(0, MOST);
  chosen = 0;
  from = start;
  paint();
}

function people(word) {
  const start = word.replace(/^@/u, "").toLowerCase();
  const names = inOrder(opened(state)?.people || new Map()).map((one) => one.nick);
  const colon = box.selectionStart - word.length === 0 ? ":" : "";
  return names
    .filter((nick) => nick !== state.me.nick && nick.toLowerCase().startsWith(start))
    .map((nick) => ({ text: nick + colon, name: nick }));
}

/** Keep of the open list what the word can still become; return whether that is anything. */
function narrow(word, start) {
  if (start !== from) return false;
  found = found.filter(({ name, more, text }) => [name, more, text].some((one) => one?.toLowerCase().startsWith(word.toLowerCase().replace(/^@/u, ""))));
  chosen = 0;
  paint();
  return found.length > 0;
}

/** Look whether the word before the cursor can be completed; `forced` (Tab): also an ordinary word, by nicknames. */
export function look(forced = false) {
  clearTimeout(timer);
  const text = box.value.slice(0, box.selectionStart);
  const word = /\S*$/u.exec(text)[0];
  const start = text.length - word.length;
  if (box.selectionStart !== box.selectionEnd) return close();
  if (isOpen() && !narrow(word, start)) close();
  const isEmoji = /^:[\p{L}\p{N}_+-]{2,}$/u.test(word);
  if (isEmoji || (text[0] === "/" && text[1] !== "/" && !text.includes("\n"))) {
    asked = text;
    timer = setTimeout(() => server(isEmoji ? word : text, word, start), ASK_MS);
  } else if (/^@./u.test(word) || (forced && word)) offer(start, people(word));
  else close();
}

const known = new Map(); // what was asked -> items, as long as that is all there is

/** Return what a line can go on with: from the answer for a shorter one, if that was whole. */
async function choices(line, word) {
  for (let length = line.length; length > line.length - word.length; length -= 1) {
    const all = known.get(line.slice(0, length));
    if (all) return all.filter(({ text }) => text.toLowerCase().startsWith(word.toLowerCase()));
  }
  const { items, more } = await ask({ do: "complete", text: line });
  if (known.size > 100) known.clear();
  if (!more && (line === word || line[0] === ":") && items.length < FULL) known.set(line, items);
  return items;
}

async function server(line, word, start) {
  const text = asked;
  const items = isLive() ? await choices(line, word).catch(() => []) : [];
  if (asked !== text || document.activeElement !== box) return;
  if (items.length === 1 && items[0].text === word) return close();
  offer(
    start,
    items.map(({ text: name, usage = "", about = "", emoji = "" }) =>
      emoji ? { text: emoji, name: emoji, more: name } : { text: name, name, more: usage.replace(/^\S+ ?/u, ""), about },
    ),
  );
}

/** Take a key while the list is open; return whether it was for it. Tab opens it. */
export function pressed(event) {
  const { key } = event;
  const step = { ArrowDown: 1, ArrowUp: -1 }[key];
  if (!isOpen()) {
    if (key !== "Tab" || event.shiftKey || !/\S$/u.test(box.value.slice(0, box.selectionStart))) return false;
    look(true);
    if (!isOpen() && box.value[0] !== "/") return false; // nothing to complete: Tab goes on
    event.preventDefault();
    return true;
  }
  if (step) chosen = (chosen + step + found.length) % found.length;
  else if (key === "Escape") close();
  else if (key === "Tab" || (key === "Enter" && !event.shiftKey && !isWhole())) take(chosen);
  else return false;
  event.preventDefault();
  if (step) paint();
  return true;
}

/** Whether the word is complete already: then Enter sends. */
const isWhole = () => box.value.slice(from, box.selectionStart) === found[chosen].text.replace(/:$/u, "");

export function start() {
  box.setAttribute("aria-autocomplete", "list");
  box.addEventListener("blur", close);
}
