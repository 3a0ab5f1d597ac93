// What to do when a connection has ended, or could not be made. Pure.

/** Codes that stand for close codes of WebSocket, when nothing told the reason. */
const CLOSE_CODES = {
  1001: "stopping",
  4000: "exit",
  4001: "replaced",
  4002: "kicked",
  4003: "banned",
  4004: "too-slow",
  4005: "handshake-timeout",
};

/** "stopped": only the person can go on; "gate": back to the beginning. */
const ENDS = {
  ...{ replaced: "stopped", kicked: "stopped", banned: "stopped", "tls-required": "stopped" },
  ...{ exit: "gate", "logged-out": "gate", "login-needed": "gate" },
};

/** Seconds to wait, where it is not the back-off. */
const WAITS = {
  ...{ stopping: 2, "too-slow": 1, "timed-out": 0.5, "server-full": 10, "too-many-connections": 10 },
  ...{ flooding: 10, "too-many-attempts": 10 },
};

/** Refusals of a claim after which it can be made again by itself. */
export const PASSING = new Set(["busy", "server-full", "too-many-connections", "journal-unavailable", "server-error"]);

const LONGEST = 15;

/**
 * Return what follows: {then: "wait" | "stopped" | "gate", code, seconds}.
 * @param code the code the server told, or ""
 * @param closed the close code of the socket
 * @param attempt how many attempts in a row have failed
 * @param random a number from 0 to 1, so that a thousand pages do not come back at once
 */
export function verdict(code, closed, attempt, random) {
  const known = code || CLOSE_CODES[closed] || "";
  if (known in ENDS) return { then: ENDS[known], code: known, seconds: 0 };
  const backOff = Math.min(0.5 * 2 ** attempt, LONGEST);
  const seconds = Math.max(WAITS[known] || 0, attempt || !(known in WAITS) ? backOff : 0);
  return { then: "wait", code: known, seconds: seconds * (0.75 + random / 2) };
}
