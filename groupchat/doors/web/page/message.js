// One entry of the log as elements. Words go in as text only.

import { coloured, el, icon, iconButton } from "./dom.js";
import { isMessage } from "./entries.js";
import { plural } from "./sentences.js";
import { blocks, hue, isEmojiOnly, monogram, pieces, shortened } from "./text.js";
import { clock, dayName, whole } from "./times.js";

/**
 * Return the list items of an entry: rules before it, and itself.
 * @param around {me, line, isOperator(nick), find(id)}
 */
export function items(entry, shape, around) {
  const found = [];
  if (shape.day) found.push(rule(dayName(entry.at, Date.now())));
  if (shape.isNew) found.push(rule(newSince(around.line), "rule new"));
  if (!isMessage(entry)) found.push(note(entry));
  else found.push(el("li", {}, article(entry, shape, around)));
  return found;
}

/** Until notes.js is there, lines that are no messages are plain. */
export const setNotes = (make) => (note = make);
let note = ({ text }) => el("li", { class: "note m head" }, el("p", { class: "w", text }));

export const setFiles = (make) => (files = make);
let files = {
  show: ({ text }, id) => el("div", { class: "w", id, text }),
  label: ({ nick, text }) => `${nick} shared ${text}`,
};

const rule = (text, name = "rule") => el("li", { class: name }, el("span", { text }));

const newSince = ({ count, at }) => `${count ? `${count} new` : "New"}${at ? ` since ${clock(at)}` : ""}`;

export const timeOf = ({ at }, more) =>
  el("time", { class: "at", datetime: new Date(at).toISOString(), title: whole(at), text: clock(at), ...more });

function article(entry, shape, around) {
  const isActed = entry.kind === "acted";
  const [time, name] = [`t${entry.id}`, [entry.mention ? "me" : "", entry.state ? "wait" : ""]];
  const node = el("article", {
    class: ["m", shape.isHead ? "head" : "", ...name].filter(Boolean).join(" "),
    id: `m${entry.id}`,
    tabindex: "-1",
    "aria-label": label(entry),
    "aria-describedby": time,
  });
  const at = timeOf(entry, { class: shape.time === "same" ? "at same" : "at", id: time });
  if (shape.isHead && !isActed) {
    const colour = hue(entry.nick);
    const shield = around.isOperator(entry.nick) ? icon("op", "op", "operator") : null;
    node.append(
      coloured(el("span", { class: "mono", "aria-hidden": "true", text: monogram(entry.nick) }), colour),
      el("p", { class: "by" }, nameButton(entry.nick, colour), shield, at),
    );
  } else node.append(at);
  if (entry.reply) node.append(quote(entry, around));
  node.append(...words(entry, around.me));
  return node;
}

const nameButton = (nick, colour) =>
  coloured(el("button", { class: "nick", tabindex: "-1", "aria-haspopup": "menu", text: nick }), colour);

/** What a screen reader says of a message: name and words first, as one string. */
export function label(entry) {
  if (entry.deleted !== undefined) return `${entry.nick}: ${deletedWords(entry)}`;
  const reply = entry.reply ? `replying to ${entry.replyNick || "a message"}, ` : "";
  if (entry.file) return reply + files.label(entry);
  const parts = blocks(entry.text);
  const code = parts.filter((part) => part.code);
  const text = code.length ? code.map((part) => `code, ${plural(part.text.split("\n").length, "line")}`).join(", ") : entry.text;
  const prose = parts.filter((part) => !part.code).map((part) => part.text);
  const said = code.length && prose.length ? `${prose.join(" ")}; ${text}` : text;
  return `${reply}${entry.nick}${entry.kind === "acted" ? "" : ":"} ${said}${entry.edited ? " (edited)" : ""}`;
}

const deletedWords = ({ deleted, nick }) => (deleted.by && deleted.by !== nick ? `Deleted by ${deleted.by}` : "Deleted");

function words(entry, me) {
  const id = `w${entry.id}`;
  if (entry.deleted !== undefined)
    return [el("div", { class: "w", id, dir: "auto" }, el("span", { class: "gone", text: deletedWords(entry) }))];
  if (entry.file) return [files.show(entry, id)];
  const mark = entry.edited ? el("small", { class: "ed", title: whole(entry.edited), text: "(edited)" }) : null;
  if (entry.kind === "acted")
    return [el("div", { class: "w", id, dir: "auto" }, coloured(el("b", { class: "nick", text: entry.nick }), hue(entry.nick)), " ", ...inline(entry.text, entry.mine ? "" : me), mark)];
  const parts = blocks(entry.text);
  const found = parts.map((part, at) => {
    const own = at ? { id: `${id}-${at}` } : { id };
    if (part.code) return codeBox(part.text, own);
    const big = parts.length === 1 && isEmojiOnly(part.text);
    return el("div", { class: big ? "w big" : "w", dir: "auto", ...own }, ...inline(part.text, entry.mine ? "" : me));
  });
  if (mark) (parts.at(-1).code ? found[found.push(el("div", { class: "w" })) - 1] : found.at(-1)).append(mark);
  return found;
}

export function codeBox(text, own) {
  const box = el("pre", { role: "group", "aria-label": "Code", ...own, text });
  return el("div", { class: "code" }, box, iconButton("copy", "Copy code", undefined, { class: "copy", tabindex: "-1" }));
}

/** Return the words of a text as nodes. */
export function inline(text, me) {
  return pieces(text, me).map((piece) => {
    if (piece.kind === "code") return el("code", { text: piece.text });
    if (piece.kind === "mention") return el("mark", { text: piece.text });
    if (piece.kind === "link")
      return el("a", { href: piece.text, target: "_blank", rel: "noopener noreferrer nofollow", tabindex: "-1", text: piece.text });
    return piece.text;
  });
}

function quote(entry, around) {
  const found = around.find(entry.reply);
  const nick = found?.nick || entry.replyNick || "";
  const text = found === undefined ? "an earlier message" : found.deleted ? "Deleted" : shortened(found.text);
  return el(
    "a",
    { class: "quote", href: `#m${entry.reply}`, tabindex: "-1", "data-goto": entry.reply },
    icon("reply"),
    nick ? coloured(el("b", { class: "nick", text: nick }), hue(nick)) : null,
    el("span", { text }),
  );
}

/** Return the item of a line that is not posted yet; `again` and `remove` are what its buttons do. */
export function unsent(line, shape, around, state, { again, remove }) {
  const isHeld = line.code === "held-line";
  const entry = { ...line, ...(isHeld && { text: "••••••" }), id: line.key, kind: line.act ? "acted" : "said", nick: around.me, mine: true, edited: 0, deleted: undefined };
  const node = article({ ...entry, state: line.state !== "refused" }, shape, around);
  if (!state) return el("li", {}, node);
  const button = (text, click) => el("button", { class: "link", text, click });
  const buttons = line.state === "refused" ? [button(isHeld ? "Say it" : "Try again", again), " ", button("Remove", remove)] : [];
  const name = line.state === "refused" ? "state bad" : "state";
  node.append(el("p", { class: name }, icon(line.state === "refused" ? "warn" : "clock"), `${state} `, ...buttons));
  return el("li", {}, node);
}
