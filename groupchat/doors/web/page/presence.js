// Who is in which room: the part of the state that joins, leaves, renames and away marks change. Pure.

import { fold } from "./text.js";

/** Return a person as the lists keep them. */
const person = ({ nick, account = "", operator = false, away = false, words = "" }, program = false) => ({
  nick,
  account,
  program,
  operator: Boolean(operator),
  away: Boolean(away),
  words,
});

/** Take the people of a room from `entered`; left out when this connection is not told of joins. */
export function fill(conversation, people = [], programs = []) {
  conversation.people = new Map([...programs, ...people].map((one) => [fold(one.nick), person(one, programs.includes(one))]));
}

/** Carry out a notice in one room; return whether anything changed. */
export function moved(conversation, event) {
  const people = conversation.people;
  const nicks = event.nicks || [event.nick];
  const isProgram = event.event.includes("program");
  let isMoved = false;
  switch (event.event.replace(/many-|programs?-/gu, "")) {
    case "joined":
      for (const nick of nicks) {
        people.set(fold(nick), person({ nick, account: event.accounts?.includes(nick) ? nick : event.account }, isProgram));
      }
      return true;
    case "left":
      for (const nick of nicks) if (!isProgram || people.get(fold(nick))?.program) isMoved = people.delete(fold(nick)) || isMoved;
      return isMoved;
    case "renamed": {
      const one = people.get(fold(event.nick));
      if (one === undefined) return false;
      people.delete(fold(event.nick));
      people.set(fold(event.new), { ...one, nick: event.new });
      return true;
    }
    case "away-changed": {
      const one = people.get(fold(event.nick));
      if (one === undefined) return false;
      people.set(fold(event.nick), { ...one, away: event.away, words: event.away ? event.text : "" });
      return true;
    }
    default:
      return false;
  }
}

const RANKS = { op: true, deop: false, promote: true, demote: false };

/** Carry out an operator's act that gives or takes a rank, or a lock; return whether anything changed. */
export function ranked(conversations, event) {
  if (/^(?:un)?lock$/u.test(event.act)) {
    for (const one of conversations) if (one.kind === "room" && one.name === event.room) one.locked = event.act === "lock";
    return true;
  }
  if (!(event.act in RANKS)) return false;
  let changed = false;
  for (const one of conversations) {
    if (one.name !== event.room && (event.act === "op" || event.act === "deop")) continue;
    const found = one.people.get(fold(event.target));
    if (found === undefined) continue;
    one.people.set(fold(event.target), { ...found, operator: RANKS[event.act] });
    changed = true;
  }
  return changed;
}
