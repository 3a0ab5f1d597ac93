// Why no connection can be had; loaded early, as a server that is full does not send it.

/** Codes of a server that may have room in a while. */
const PASSING = new Set(["server-full", "too-many-connections"]);

/** Return why, as {code, text}: "offline" if nobody answers. Browsers do not say why a WebSocket was refused. */
export async function whyNot() {
  try {
    const answer = await fetch(new URL("ws", document.baseURI), { cache: "no-store" });
    const [, code, text] = /^([a-z-]+): (.+)/u.exec(await answer.text()) || [];
    if (!answer.ok && code) return { code, text };
  } catch {
    // nobody answers
  }
  return { code: "offline", text: "" };
}

/** Return what the gate says of such a refusal, as refusals.js does of others; undefined: it is none. */
export const crowdedError = ({ code, text }) =>
  PASSING.has(code) ? { field: "", text: `${text.replace(/ Try again.*/u, "")} Trying again in 10 s.`, again: 10 } : undefined;
