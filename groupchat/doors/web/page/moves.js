// Who came, left and changed their name, in words. Pure.

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
