// The lines of the log that are no messages: who came and left, topics, answers and so on.

import { changed, emit, state } from "./app.js";
import { el } from "./dom.js";
import { isMessage, touch } from "./entries.js";
import { look } from "./look.js";
import { codeBox, inline, setNotes, timeOf } from "./message.js";
import { movesPieces, speakers } from "./moves.js";

/** Return the item of a line that is no message. */
function note(entry) {
  const at = timeOf(entry);
  const bold = (text) => el("b", { text });
  let body = [];
  const spoke = look.joins ? undefined : speakers(state.conversations.get(state.open)?.entries || [], entry.at);
  const moves = (some) => movesPieces(some, spoke).map((piece) => (piece.isName ? bold(piece.text) : piece.text));
  if (entry.kind === "presence" && look.joins === "each") body = entry.moves.flatMap((move, nth) => [...(nth ? [el("br")] : []), ...moves([move])]);
  else if (entry.kind === "presence") body = moves(entry.moves);
  else if (entry.kind === "topic") {
    body = [bold(entry.nick), entry.text ? " changed the topic: " : " cleared the topic", ...inline(entry.text, "")];
  } else if (entry.kind === "moderated") body = [bold(entry.nick), ` ${entry.text}`];
  else if (entry.invited) {
    const click = () => emit("join", entry.invited);
    body = [bold(entry.nick), ` invites you to ${entry.invited}. `, el("button", { class: "link", text: `Join ${entry.invited}`, click })];
  } else if (entry.kind === "erased") body = ["A message was deleted by ", bold(entry.nick)];
  else if (entry.kind === "announced") body = [bold("The server says: "), ...inline(entry.text, "")];
  else if (/ {2}/u.test(entry.text)) return el("li", { class: "note m head answer" }, at, codeBox(entry.text, {}));
  else body = inline(entry.text, "");
  return el("li", { class: entry.kind === "presence" ? "note m head presence" : "note m head", hidden: !body.length }, at, el("p", { class: "w", dir: "auto" }, ...body));
}

export function start() {
  setNotes(note);
  for (const one of state.conversations.values()) for (const entry of one.entries) if (!isMessage(entry)) touch(one, entry);
  changed("log");
}
