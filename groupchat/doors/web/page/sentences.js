// The sentences of the page, for codes and counts. Pure.

import { duration } from "./times.js";

export const plural = (count, one, many = `${one}s`) => `${count.toLocaleString("en")} ${count === 1 ? one : many}`;

/** "alice", "alice and khalid", "alice, khalid and 9 others". */
export function nameList(names, most = 2) {
  if (names.length <= 1) return names.join("");
  const shown = names.length > most + 1 ? names.slice(0, most) : names.slice(0, -1);
  const rest = names.length - shown.length;
  return `${shown.join(", ")} and ${rest === 1 ? names[names.length - 1] : `${rest} others`}`;
}

export const typingLine = (names) => (names.length ? `${nameList(names)} ${names.length === 1 ? "is" : "are"} typing` : "");

export const newMessages = (count) => plural(count, "new message");

/** What is wrong with a claim, said at the gate; `field` is what it is about. */
export function gateError(refusal, nick) {
  const { code, text, wait = 0 } = refusal;
  const password = { field: "password" };
  const name = { field: "nick" };
  switch (code) {
    case "nick-taken":
      return { ...name, asks: true, text: `${nick} is already here. Choose another nickname, or give your password if ${nick} is your account.` };
    case "nick-invalid":
      return { ...name, text: "A nickname has 2 to 24 letters, digits, - or _." };
    case "nick-reserved":
      return { ...name, text: `Nobody may be called ${nick}.` };
    case "password-needed":
    case "token-invalid":
      return { ...password, asks: true, text: `${nick} is registered. Give its password, or choose another nickname.` };
    case "password-wrong":
      return { ...password, asks: true, text: `That is not the password of ${nick}.` };
    case "too-many-failures":
      return { ...password, asks: true, text: `Too many tries. Wait ${duration(wait || 60)}.` };
    case "not-encrypted":
      return { ...password, asks: true, text: "Passwords are taken only over a safe connection.", safe: true };
    case "server-full":
      return { field: "", text: "The server is full. Trying again in 10 s.", again: 10 };
    case "offline":
      return { field: "", text: "No connection to the server. Is it running? Try again." };
    default:
      return { field: "", text };
  }
}

/** The words of the connection bar: {text, seconds: whether a countdown follows, calm}. */
export function connectionWords({ state, code, text }) {
  if (state === "connecting") return { text: "Connecting…", calm: true };
  switch (code) {
    case "stopping":
      return { text: "The server restarts. Trying again in {s}; what you write is kept." };
    case "too-slow":
      return { text: "You fell behind and were cut off. Coming back." };
    case "server-full":
      return { text: "The server is full. Trying again in {s}; what you write is kept." };
    case "silent":
      return { text: "No answer from the server. What you write is kept." };
    default:
      return { text: `${text ? `${text} ` : "No connection. "}Trying again in {s}; what you write is kept.` };
  }
}

/** A line that was refused. */
export function refusedLine({ code, why, until, name }, now, isElsewhere = false) {
  if (code === "slow-mode" && until) return `Not sent: ${name} is slow for now. Sends itself in ${duration(Math.max((until - now) / 1000, 1))}.`;
  return `Not sent${isElsewhere ? ` in ${name}` : ""}: ${why}`;
}

/** What a chat that has stopped says: {title, text, button}. */
export function stoppedWords(code, text, nick) {
  switch (code) {
    case "replaced":
      return {
        title: "This chat goes on in another tab",
        text: `You are ${nick} there as well, and one connection at a time is enough. Nothing is lost; here the messages stand still.`,
        button: "Use it here",
      };
    case "kicked":
      return { title: "You were put out", text, button: "Come in again" };
    case "banned":
      return { title: "You cannot come in", text, button: "" };
    default:
      return { title: "A safe connection is needed", text, button: "" };
  }
}

const VERBS = { came: "came in", left: "left" };

/** "alice, boris and 11 others came in; teo left": as pieces, of which some are names. */
export function movesPieces(moves) {
  const pieces = [];
  const add = (text, isName = false) => pieces.push({ text, isName });
  for (const act of ["came", "left"]) {
    const names = moves.filter((move) => move.act === act).map((move) => move.nick);
    if (!names.length) continue;
    if (pieces.length) add("; ");
    const shown = names.length > 4 ? names.slice(0, 3) : names;
    const rest = names.length - shown.length;
    shown.forEach((name, at) => {
      if (at) add(!rest && at === shown.length - 1 ? " and " : ", ");
      add(name, true);
    });
    add(`${rest ? ` and ${rest} others` : ""} ${VERBS[act]}`);
  }
  for (const { nick, to } of moves.filter((move) => move.act === "renamed")) {
    if (pieces.length) add("; ");
    add(nick, true);
    add(" is now ");
    add(to, true);
  }
  return pieces;
}
