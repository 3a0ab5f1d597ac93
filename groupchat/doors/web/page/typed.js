// What a typed line means: words to say, or a command, of the page or of the server. Pure.

/** Commands about the room one looks at: in a private conversation there is none. */
const OF_ROOMS = new Set("say topic leave part lock unlock slow purge catchup list who names kick mute unmute last set-room".split(" "));

const CHOOSE = "Here, ↑ in the empty box changes your last message, and the menu of a message changes or deletes it.";

/** Corrections, and what looks so to the server: never said by mistake. */
const PART = String.raw`(?:(?!\1)[^\\]|\\.)`;
const CORRECTIONS = [
  /^s\//u,
  /^S(\/)(?:[^/\\]|\\.)+\/(?:[^/\\]|\\.)*\/g?$/su,
  new RegExp(String.raw`^[sS]([|,#!:;@~%+=^&*])(?!\s)${PART}+\1${PART}*\1[a-z]{0,2}$`, "su"),
  new RegExp(String.raw`^s([|#])(?!\s)${PART}+\1${PART}*$`, "su"),
];

/**
 * Return {kind, …}: "say" or "act" (text, reply), "tell" (nick, text), "join" or "switch" (room), "search" (text),
 * "exit" (verb), "settings" (what), "wrong" (text: why), or "command" (line, for the server).
 */
export function read(text, place) {
  if (place === "none") {
    const typed = read(text, "room");
    return ["say", "act"].includes(typed.kind) ? { kind: "wrong", text: "You are in no room: go into one first." } : typed;
  }
  const line = text.trim();
  if (!line.includes("\n") && CORRECTIONS.some((one) => one.test(text.trimEnd()))) {
    if (place !== "private") return { kind: "command", line };
    return { kind: "wrong", text: "Corrections are for rooms; here, ↑ in the empty box changes your last message. To say that as it is: /say …" };
  }
  if (line.startsWith("//")) return { kind: "say", text: text.replace("/", "") };
  if (!/^\/[A-Za-z]/u.test(line)) return { kind: "say", text: text.replace(/^(?:[ \t]*\n)+|\s+$/gu, "") };
  const [, name, rest] = /^\/(\S+)\s*([^]*)$/u.exec(line);
  const [first = "", others = ""] = [/^\S+/u.exec(rest)?.[0], rest.replace(/^\S+\s*/u, "")];
  const command = name.toLowerCase();
  const hasLines = line.includes("\n");
  switch (command) {
    case "me":
      if (hasLines) return { kind: "wrong", text: "/me takes one line. To say several, leave out /me." };
      return rest ? { kind: "act", text: rest } : { kind: "command", line };
    case "say":
      return { kind: "say", text: rest };
    case "msg":
    case "tell":
    case "w":
    case "query":
      return first ? { kind: "tell", nick: first, text: others } : { kind: "command", line };
    case "join":
    case "j":
      return first ? { kind: "join", room: rest } : { kind: "command", line };
    case "switch":
    case "s":
      return first ? { kind: "switch", room: first.replace(/^#/u, "") } : { kind: "command", line };
    case "search":
    case "find":
      return { kind: "search", text: rest };
    case "exit":
    case "quit":
      return { kind: "exit", verb: "exit" };
    case "logout":
      return rest ? { kind: "command", line } : { kind: "exit", verb: "logout" };
    case "register":
    case "password":
      return rest ? { kind: "command", line } : { kind: "settings", what: command };
    case "paste":
      if (rest) return { kind: "say", text: rest };
      return { kind: "wrong", text: "Here, Shift+Enter begins a new line, and whatever you paste keeps its lines: no command is needed." };
    case "edit":
    case "delete":
    case "del":
      if (hasLines || (place === "private" && !/^#?\d/u.test(rest))) return { kind: "wrong", text: CHOOSE };
      return { kind: "command", line };
    case "re": {
      const [, reply, words] = (hasLines && /^#?(\d+)\s+([^]+)$/u.exec(rest)) || [];
      if (reply) return { kind: "say", text: words, reply: Number(reply) };
    }
    // falls through: the server reads one line
    default:
      if (hasLines) return { kind: "wrong", text: `/${command} takes one line. To say all of this as it is, begin with //.` };
      if (place === "private" && OF_ROOMS.has(command)) return { kind: "wrong", text: `/${command} is about a room: open one first.` };
      return { kind: "command", line };
  }
}
