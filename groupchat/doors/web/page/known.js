// What the rooms know of people: in which order they stand, and who is here. Pure.

import { fold } from "./text.js";

/** Operators, then who is here, then who is away; by name within each. */
export function inOrder(people) {
  const group = (one) => (one.operator ? 0 : one.away ? 2 : 1);
  return [...people.values()].sort((a, b) => group(a) - group(b) || compare(a.nick, b.nick));
}

const collator = new Intl.Collator(undefined, { sensitivity: "base", numeric: true });
export const compare = collator.compare;

/** Return somebody as one of the rooms knows them, or undefined. */
export function personOf(state, nick) {
  const key = fold(nick);
  for (const one of state.conversations.values()) if (one.people.has(key)) return one.people.get(key);
  return undefined;
}

/** Return "here", "away", or "" for who is in none of the rooms. */
export function presenceOf(state, nick) {
  const found = personOf(state, nick);
  return found === undefined ? "" : found.away ? "away" : "here";
}
