// What is said when one cannot come in, or not come back. Pure.

import { duration } from "./times.js";

/** What is wrong with a claim, said at the gate; `field` is what it is about. */
export function gateError(refusal, nick) {
  const { code, text, wait = 0 } = refusal;
  const password = { field: "password" };
  const name = { field: "nick" };
  switch (code) {
    case "nick-taken":
      return { ...name, asks: true, text: `${nick} is already here. Choose another nickname, or give your password if ${nick} is your account.` };
    case "nick-invalid":
      return { ...name, text: "A nickname has 2 to 24 letters, digits, . - or _." };
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
    default:
      return { field: "", text };
  }
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
