// What can be done with a person: the menu at their name, and the dialogs of operators.

import { emit, on, openPrivately, state } from "./app.js";
import { choices, field, openDialog, openMenu, question } from "./dialog.js";
import { coloured, el } from "./dom.js";
import { ask } from "./link.js";
import { presenceOf } from "./known.js";
import { openSanctions } from "./sanctions.js";
import { isMe, keepsOrder, opened } from "./store.js";
import { fold, hue, monogram } from "./text.js";
import { clock, dayAndClock, dayOf } from "./times.js";

const DURATIONS = [["10m", "10 min"], ["1h", "1 hour"], ["1d", "1 day"], ["", "Until I end it"]];
const SECONDS = { "10m": 600, "1h": 3600, "1d": 86_400 };
const ignored = new Set();

function head(nick) {
  const about = el("span", { class: "hint", text: presenceOf(state, nick) ? "" : "Not here" });
  const letters = coloured(el("span", { class: "mono", "aria-hidden": "true", text: monogram(nick) }), hue(nick));
  const name = coloured(el("b", { class: "nick", text: nick }), hue(nick));
  whois(nick).then((item) => (about.textContent = summary(item)), () => {});
  return el("div", { class: "who", role: "presentation" }, letters, name, about);
}

const whois = async (nick) => (await ask({ do: "whois", nick })).items[0];

function summary(item) {
  const rank = item.operator ? "Operator" : item.account ? "Registered" : "Guest";
  if (!item.since) return rank;
  const at = Date.parse(item.since);
  return `${rank} · here since ${dayOf(at) === dayOf(Date.now()) ? clock(at) : dayAndClock(at, Date.now())}`;
}

function openPerson({ nick, anchor }) {
  const room = opened(state);
  const isOther = !isMe(state, nick);
  const items = [];
  if (isOther) {
    items.push({ icon: "talk", text: "Write privately", act: () => openPrivately(nick) });
    items.push({ icon: "at", text: "Mention", act: () => emit("mention", nick) });
  }
  items.push({ icon: "info", text: "Who is this", act: () => tell(nick) });
  if (isOther) {
    const isIgnored = ignored.has(fold(nick));
    items.push({ icon: "eye", text: isIgnored ? "Do not ignore" : "Ignore", act: () => ignore(nick, isIgnored) });
  }
  if (isOther && room?.kind === "room" && keepsOrder(state, room)) items.push(null, ...orders(nick, room.name));
  openMenu(anchor, nick, head(nick), items);
}

async function ignore(nick, isIgnored) {
  try {
    const done = await ask({ do: isIgnored ? "unignore" : "ignore", nick });
    ignored[isIgnored ? "delete" : "add"](fold(nick));
    emit("say", done.text);
  } catch (refusal) {
    question({ title: `Ignore ${nick}`, hint: refusal.text, yes: "Try again", act: () => ask({ do: "ignore", nick }) });
  }
}

function tell(nick) {
  const facts = el("dl", { class: "facts" });
  const add = (name, text) => text && facts.append(el("dt", { text: name }), el("dd", { text }));
  const close = el("button", { class: "btn", text: "Close", autofocus: true });
  const attributes = { class: "small", "aria-labelledby": "dialog-title" };
  const box = openDialog(attributes, el("h2", { id: "dialog-title", text: nick }), facts, el("div", { class: "ends" }, close));
  close.addEventListener("click", () => box.close());
  const show = (item) => {
    add("Is", item.operator ? "an operator" : item.account ? `registered as ${item.account}` : "a guest");
    add("Away", item.away ? item.words || "yes" : "");
    add("Here since", item.since && dayAndClock(Date.parse(item.since), Date.now()));
    add("In", (item.rooms || []).join(", "));
    add("Connection", item.secure ? "encrypted" : "not encrypted");
    add("From", (item.addresses || []).map((one) => one || "this machine").join(", "));
  };
  whois(nick).then(show, (refusal) => add("Now", refusal.text));
}

/** The items of those who keep order in a room. */
function orders(nick, room) {
  const reason = () => field("Reason", { name: "reason", maxlength: "200" }, `(${nick} reads it)`);
  const value = (box, name) => box.querySelector(`[name="${name}"]:checked, input[name="${name}"]:not([type=radio])`).value;

  function timed(verb, whom, title, hint, yes) {
    const fields = [choices("For how long", "duration", DURATIONS, "10m"), reason()];
    const act = () => {
      const seconds = SECONDS[value(box, "duration")];
      const words = value(box, "reason");
      return ask({ do: verb, [whom]: nick, room, ...(seconds && { duration: seconds }), ...(words && { reason: words }) });
    };
    const box = question({ title, hint, fields, yes, bad: true, act });
  }

  function mute() {
    timed("mute", "nick", `Mute ${nick} in ${room}`, `${nick} goes on reading, but cannot write here. Everybody in ${room} is told.`, "Mute");
  }

  function kick() {
    const act = () => {
      const words = value(box, "reason");
      return ask({ do: "kick", nick, room, ...(words && { reason: words }) });
    };
    const hint = `${nick} leaves ${room} now, and may come back. Everybody in ${room} is told.`;
    const box = question({ title: `Put ${nick} out of ${room}`, hint, fields: [reason()], yes: "Put out", bad: true, act });
    box.querySelector("input").focus();
  }

  function purge() {
    const spans = [["600", "10 min"], ["3600", "1 hour"], ["86400", "1 day"]];
    const fields = [choices("Said in the last", "span", spans, "3600")];
    const act = () => ask({ do: "purge", nick, room, duration: Number(value(box, "span")) });
    const hint = `What ${nick} wrote in ${room} is deleted for everybody, and cannot be brought back.`;
    const box = question({ title: `Delete messages of ${nick}`, hint, fields, yes: "Delete", bad: true, act });
  }

  function ban() {
    timed("ban", "whom", `Ban ${nick} from ${room}`, `${nick} leaves ${room} now, and cannot come back in that time. Everybody in ${room} is told.`, "Ban");
  }

  return [
    { icon: "mute", text: `Mute in ${room}…`, act: mute },
    { icon: "kick", text: `Put out of ${room}…`, act: kick },
    { icon: "trash", text: "Delete their messages…", bad: true, act: purge },
    { icon: "ban", text: `Ban from ${room}…`, bad: true, act: ban },
    { icon: "clock", text: "Bans and mutes…", act: () => openSanctions(room) },
  ];
}

export function start() {
  on("person", openPerson);
}
