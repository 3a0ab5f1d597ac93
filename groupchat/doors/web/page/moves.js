// Who came, left and changed their name, in words. Pure.

import { isMessage } from "./entries.js";
import { fold } from "./text.js";

const VERBS = { came: "came in", left: "left" };
const LATELY = 15 * 60_000;

/** Return who said something in the quarter of an hour before a moment. */
export function speakers(entries, at) {
  const names = new Set();
  for (let nth = entries.length - 1; nth >= 0 && entries[nth].at > at - LATELY; nth -= 1)
    if (isMessage(entries[nth])) names.add(fold(entries[nth].nick));
  return names;
}

/**
 * "alice, boris and 11 others came in; teo left": as pieces, of which some are names.
 * @param spoke who is named, as `speakers` gives them; others are counted. Without it everybody is named
 */
export function movesPieces(moves, spoke) {
  const pieces = [];
  const add = (text, isName = false) => pieces.push({ text, isName });
  for (const act of ["came", "left"]) {
    const names = moves.filter((move) => move.act === act).map((move) => move.nick);
    if (!names.length) continue;
    if (pieces.length) add("; ");
    const known = spoke ? names.filter((name) => spoke.has(fold(name))) : names;
    const shown = known.length > 4 ? known.slice(0, 3) : known;
    const rest = names.length - shown.length;
    shown.forEach((name, at) => {
      if (at) add(!rest && at === shown.length - 1 ? " and " : ", ");
      add(name, true);
    });
    const [one, many] = shown.length ? [" and 1 other", ` and ${rest} others`] : ["1 person", `${rest} people`];
    add(`${rest ? (rest === 1 ? one : many) : ""} ${VERBS[act]}`);
  }
  for (const { nick, to } of moves.filter((move) => move.act === "renamed")) {
    if (pieces.length) add("; ");
    add(nick, true);
    add(" is now ");
    add(to, true);
  }
  return pieces;
}
