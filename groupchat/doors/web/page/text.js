// What is in the words of a message: links, code, mentions, and the colour of a name. Pure.

const encoder = new TextEncoder();

/** Nicknames that differ only in case or in how a character is composed are the same. */
export const fold = (nick) => nick.normalize("NFKC").toLowerCase();

/** Return the hue of a name: FNV-1a of its folded bytes, in 18 steps. */
export function hue(nick) {
  let hash = 0x811c9dc5;
  for (const byte of encoder.encode(fold(nick))) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return (hash % 18) * 20;
}

/** Return the two letters that stand for a name. */
export function monogram(nick) {
  const [first = "", second = ""] = [...nick];
  return first.toLocaleUpperCase() + second;
}

const WORDS = /`([^`\n]+)`|https?:\/\/[^\s<>"]+/giu;

/** Split the punctuation off a link that belongs to the sentence round it: also a bracket that the link did not open. */
function trimmed(link) {
  const count = (bracket) => link.split(bracket).length - 1;
  const extra = { ")": count(")") - count("("), "]": count("]") - count("[") };
  let end = link.length;
  for (; end > 0; end -= 1) {
    const last = link[end - 1];
    if (last in extra && extra[last] > 0) extra[last] -= 1;
    else if (!".,;:!?'»”’".includes(last)) break;
  }
  return link.slice(0, end);
}

const named = new Map();

// Code and addresses speak to nobody; the rule is in model/message/mentions.py.
const LEFT_OUT = "^[ \\t]*```.*\\n(?:.*\\n)*?[ \\t]*```.*|`[^`\\n]+`|(?<!\\S)\\S*(?:://|[\\p{L}\\p{N}]@[\\p{L}\\p{N}])\\S*";
const LETTER = "(?![\\u0e00-\\u109f\\u1780-\\u17ff\\u3005-\\u9fff\\uac00-\\ud7a3\\uf900-\\ufaff\\u{20000}-\\u{3ffff}])[\\p{L}\\p{N}]|[\\p{M}_-]";

/** Return the expression that finds a nickname where it speaks to somebody, as its first group, and what is left out. */
function expression(nick) {
  let found = named.get(nick);
  if (found === undefined) {
    const forms = [...new Set([nick.normalize("NFC"), nick.normalize("NFD")])];
    const escaped = forms.map((form) => form.replace(/[\\^$.*+?()[\]{}|/]/gu, "\\$&")).join("|");
    const beside = `(?<!${LETTER}|[/\\\\~#@]|(?<!\\.)\\.)(@?(?:${escaped}))(?!${LETTER}|[/\\\\@]|\\.[\\p{L}\\p{N}_])`;
    found = new RegExp(`${LEFT_OUT}|${beside}`, "gimu");
    if (named.size > 50) named.clear();
    named.set(nick, found);
  }
  return found;
}

const places = (nick, text) => (nick ? [...text.matchAll(expression(nick))].filter((match) => match[1]) : []);
const small = (text) => text.normalize("NFC").toLowerCase();

/** Return whether a text speaks to somebody. */
export const mentions = (nick, text) => small(text).includes(small(nick)) && places(nick, text).length > 0;

/**
 * Split a text into pieces `{kind, text}`, of the kinds text, code, link and mention.
 * @param nick the reader's nickname; empty: nobody is marked
 */
export function pieces(text, nick = "") {
  const found = [];
  let done = 0;
  for (const match of text.matchAll(WORDS)) {
    const words = match[1] === undefined ? trimmed(match[0]) : match[1];
    if (match[1] === undefined && words.length <= "https://".length) continue;
    plain(found, text.slice(done, match.index), nick);
    found.push({ kind: match[1] === undefined ? "link" : "code", text: words });
    done = match.index + (match[1] === undefined ? words.length : match[0].length);
  }
  plain(found, text.slice(done), nick);
  return found;
}

function plain(found, text, nick) {
  let done = 0;
  for (const match of places(nick, text)) {
    if (match.index > done) found.push({ kind: "text", text: text.slice(done, match.index) });
    found.push({ kind: "mention", text: match[0] });
    done = match.index + match[0].length;
  }
  if (done < text.length) found.push({ kind: "text", text: text.slice(done) });
}

const EMOJI = /^(?:(?:\p{Extended_Pictographic}|\p{Regional_Indicator}{2}|[#*0-9]\uFE0F?\u20E3)(?:\uFE0F|\u200D\p{Extended_Pictographic}|\p{Emoji_Modifier})*\s*){1,6}$/u;

/** Return whether a text is nothing but one to six emoji. */
export const isEmojiOnly = (text) => text.length <= 80 && EMOJI.test(text) && !/^[#*0-9\s]+$/u.test(text);

/**
 * Return the parts of a message, each `{code, text}`: prose, and what is shown in a box of its own.
 * Code is what stands between two fences; without any, a text of several lines of which one is indented.
 */
export function blocks(text) {
  if (!text.includes("\n")) return [{ code: false, text }];
  const lines = text.split("\n");
  const fences = lines.flatMap((line, at) => (/^\s*```/u.test(line) ? [at] : []));
  if (fences.length < 2) {
    const indented = lines.some((line) => /^(?: {2}|\t)/u.test(line));
    return [{ code: indented && fences.length === 0, text }];
  }
  const parts = [];
  const add = (code, from, to) => {
    const words = lines.slice(from, to).join("\n");
    if (code ? from < to : words.trim()) parts.push({ code, text: code ? words : words.replace(/^\n+|\n+$/gu, "") });
  };
  let after = 0;
  for (let pair = 0; pair + 1 < fences.length; pair += 2) {
    add(false, after, fences[pair]);
    add(true, fences[pair] + 1, fences[pair + 1]);
    after = fences[pair + 1] + 1;
  }
  add(false, after, lines.length);
  return parts;
}

/** Return a text on one line, no longer than this many characters. */
export function shortened(text, most = 140) {
  const line = text.replace(/\s+/gu, " ").trim();
  const characters = [...line.slice(0, most * 2)];
  return characters.length > most || line.length > most * 2 ? `${characters.slice(0, most - 1).join("")}…` : line;
}
