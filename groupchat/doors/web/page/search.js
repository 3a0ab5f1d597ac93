// The dialog that finds messages by their words.

import { emit, on, openRoom, state } from "./app.js";
import { openPicker } from "./dialog.js";
import { coloured, el } from "./dom.js";
import { marked, wordsOf } from "./found.js";
import { ask } from "./link.js";
import { isMe, privateKey, roomKey } from "./store.js";
import { hue } from "./text.js";
import { clock, dayOf } from "./times.js";

const DAY = 86_400_000;
const weekday = new Intl.DateTimeFormat("en-GB", { weekday: "short" });
const date = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const dateOfYear = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });

let lastWords = "";

/** Return "Today 09:41", "Mon 16:20", "12 Nov 11:02" or "12 Nov 2025". */
function when(at) {
  const now = Date.now();
  if (dayOf(at) === dayOf(now)) return `Today ${clock(at)}`;
  if (now - at < 6 * DAY) return `${weekday.format(at)} ${clock(at)}`;
  const isThisYear = new Date(at).getFullYear() === new Date(now).getFullYear();
  return isThisYear ? `${date.format(at)} ${clock(at)}` : dateOfYear.format(at);
}

function openSearch(words = lastWords) {
  const status = el("p", { class: "vh", role: "status" });
  const hits = el("ol");
  const keys = (name, does) => el("span", { class: "keys" }, el("kbd", { text: name }), ` ${does}`);
  const count = el("span", { text: "All your rooms and private messages" });
  const list = el("div", { class: "hits", tabindex: "-1" }, status, hits);
  const tail = el("p", { class: "tail" }, keys("Enter", "search"), keys("↑ ↓", "choose"), count);
  const hint = el("p", { class: "tail", text: 'Also: from:nick in:room with:nick "a phrase" -word before:2026-11-21 after: on: has:file has:link' });
  const attributes = { "aria-label": "Search words", maxlength: "256", value: words };
  const { box, input } = openPicker("Search", "search", attributes, find, list, hint, tail);
  input.select();
  let asked = "";
  let isBusy = false;

  /** Search, one at a time: of the words that wait, only the last are searched for. */
  async function find(words) {
    if (!words || words === asked) return void hits.querySelector("a")?.focus();
    asked = lastWords = words;
    tell("Searching…");
    if (isBusy) return;
    isBusy = true;
    for (let text = ""; box.open && text !== asked; ) {
      text = asked;
      const answer = await ask({ do: "search", text }).catch((refusal) => refusal);
      if (answer.wait) {
        tell(`${answer.text} It is searched for again then.`);
        await new Promise((done) => setTimeout(done, answer.wait * 1000));
        text = "";
      } else if (text !== asked) continue;
      else if (answer.items && text === input.value.trim()) show(answer, text);
      else {
        tell(answer.code ? answer.text : "");
        asked = text = "";
      }
    }
    isBusy = false;
  }

  function tell(text) {
    status.className = "hit hint";
    status.textContent = text;
    hits.replaceChildren();
    count.textContent = "";
  }

  function show({ items, next }, text) {
    if (!items.length) return tell(`Nothing fits all of this: ${text}. Try fewer or shorter words.`);
    const words = wordsOf(text);
    const number = items.length === 1 ? "1 message" : `${items.length} messages`;
    status.className = "vh";
    status.textContent = `${number} found`;
    count.textContent = `${number}, newest first`;
    hits.replaceChildren(...items.map((item) => el("li", {}, hit(item, words))));
    if (next) more(text, words, next);
  }

  /** Offer what was found before these. */
  function more(text, words, before) {
    const button = el("button", { class: "hit link", text: "Show earlier ones" });
    const last = el("li", {}, button);
    button.addEventListener("click", async () => {
      button.disabled = true;
      try {
        const { items, next } = await ask({ do: "search", text, before });
        if (asked !== text) return;
        const found = items.map((item) => el("li", {}, hit(item, words)));
        last.replaceWith(...found);
        count.textContent = `${hits.children.length} messages, newest first`;
        found[0]?.querySelector("a").focus();
        if (next) more(text, words, next);
      } catch (refusal) {
        button.disabled = false;
        count.textContent = refusal.text;
      }
    });
    hits.append(last);
  }

  function hit(item, words) {
    const other = item.room ? "" : isMe(state, item.nick) ? item.to : item.nick;
    const key = item.room ? roomKey(item.room) : privateKey(other);
    const id = item.target || item.id;
    const name = coloured(el("b", { class: "nick", text: item.nick }), hue(item.nick));
    const where = el("span", { class: "hint", text: item.room ? `in ${item.room}` : `privately, with ${other}` });
    const at = Date.parse(item.at);
    const by = el("span", { class: "by" }, name, where, el("time", { class: "at", datetime: item.at, text: when(at) }));
    const pieces = marked(item.text ?? item.name, words).map((piece, index) => (index % 2 ? el("mark", { text: piece }) : piece));
    const click = async (event) => {
      event.preventDefault();
      box.close();
      if (item.room && !state.conversations.has(key)) await ask({ do: "join", room: item.room }).then(() => openRoom(item.room));
      emit("goto", { id, key });
    };
    const query = item.room ? `?room=${encodeURIComponent(item.room)}` : `?with=${encodeURIComponent(other)}`;
    return el("a", { class: "hit", href: `${query}#m${id}`, click }, by, el("p", { dir: "auto" }, ...pieces));
  }
}

export function start() {
  on("search", openSearch);
}
