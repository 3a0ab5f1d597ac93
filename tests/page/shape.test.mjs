import assert from "node:assert/strict";
import test from "node:test";

import { label } from "../../groupchat/doors/web/page/message.js";
import { movesPieces, speakers } from "../../groupchat/doors/web/page/moves.js";
import { gateError } from "../../groupchat/doors/web/page/refusals.js";
import { nameList, refusedLine, typingLine } from "../../groupchat/doors/web/page/sentences.js";
import { shape } from "../../groupchat/doors/web/page/shape.js";
import { clock, dayName, duration } from "../../groupchat/doors/web/page/times.js";
import { read } from "../../groupchat/doors/web/page/typed.js";

const AT = new Date(2026, 10, 26, 9, 30, 5).getTime();
const said = (order, seconds = 0, more = {}) => ({ order, id: order, kind: "said", nick: "ada", reply: 0, at: AT + seconds * 1000, ...more });

test("the first message has the day, a name and a time", () => {
  assert.deepEqual(shape(undefined, said(1), null), { day: true, isNew: false, isHead: true, time: "by" });
});

test("who goes on within five minutes is not named again; each new minute has its time", () => {
  const before = said(1);
  assert.deepEqual(shape(before, said(2, 10), null), { day: false, isNew: false, isHead: false, time: "same" });
  assert.equal(shape(before, said(2, 70), null).time, "shown");
  assert.equal(shape(before, said(2, 301), null).isHead, true);
});

test("somebody else, a reply, a deed and a line of another kind begin anew", () => {
  const before = said(1);
  for (const more of [{ nick: "boris" }, { reply: 1 }, { kind: "acted" }]) assert.equal(shape(before, said(2, 1, more), null).isHead, true);
  for (const kind of ["acted", "presence", "topic"]) assert.equal(shape(said(1, 0, { kind }), said(2, 1), null).isHead, true);
  assert.equal(shape(before, said(2, 1, { kind: "acted" }), null).time, "shown");
});

test("the rule of what is new stands before the first new entry only", () => {
  const line = { after: 1, count: 2, at: AT };
  assert.deepEqual([shape(undefined, said(1), line), shape(said(1), said(2), line), shape(said(2), said(3), line)].map((one) => one.isNew), [false, true, false]);
  assert.equal(shape(said(1), said(2, 1), line).isHead, true);
});

test("another day has a rule", () => {
  assert.equal(shape(said(1), said(2, 86_400), null).day, true);
  assert.deepEqual([dayName(AT, AT), dayName(AT - 86_400_000, AT)], ["Today", "Yesterday"]);
  assert.equal(dayName(AT - 2 * 86_400_000, AT), "Tuesday, 24 November");
  assert.match(dayName(AT - 400 * 86_400_000, AT), /2025$/u);
  assert.equal(clock(AT), "09:30");
  assert.deepEqual([duration(0.2), duration(99), duration(600)], ["1 s", "99 s", "10 min"]);
});

test("a typed line is words, or a command that is never said", () => {
  assert.deepEqual(read("hello /me", "room"), { kind: "say", text: "hello /me" });
  assert.deepEqual(read("//etc/passwd", "room"), { kind: "say", text: "/etc/passwd" });
  assert.deepEqual(read("/me waves at you", "room"), { kind: "act", text: "waves at you" });
  assert.deepEqual(read("/msg bob a  b", "room"), { kind: "tell", nick: "bob", text: "a  b" });
  assert.deepEqual(read("/join dev", "room"), { kind: "join", room: "dev" });
  assert.deepEqual(read("/kick bob loud", "room"), { kind: "command", line: "/kick bob loud" });
  assert.deepEqual(read("s/a/b/", "room"), { kind: "command", line: "s/a/b/" });
  for (const line of ["s/a", "s/a/b", "s//x/", "s/a/b/g", "S/a/b/", "s|a|b|", "s,a,b,", "s#a#b"]) assert.equal(read(line, "room").kind, "command", line);
  for (const line of ["s, I think so", "so", "s...", " s/a/b/", "S/MIME", "s,a,b", "s;)", "s | a | b |"]) assert.equal(read(line, "room").kind, "say", line);
  for (const path of ["/", "/ etc", "/1"]) assert.equal(read(path, "room").kind, "say", path);
});

test("several lines keep their blanks inside, also those at the beginning of the first", () => {
  assert.deepEqual(read("\n  if x:\n\n    y\n", "room"), { kind: "say", text: "  if x:\n\n    y" });
});

test("in a private conversation nothing is done to a room by mistake", () => {
  assert.deepEqual(read("/me waves", "private"), { kind: "act", text: "waves" });
  for (const line of ["/topic x", "/leave", "/kick bob", "/edit x", "/delete", "/last", "s/a/b/", "s|a|b|"]) assert.equal(read(line, "private").kind, "wrong", line);
  for (const line of ["/edit #5 x", "/delete 5"]) assert.equal(read(line, "private").kind, "command", line);
  assert.deepEqual(read("/say hi", "private"), { kind: "say", text: "hi" });
  assert.equal(read("/whois bob", "private").kind, "command");
});

test("names are listed, and many are counted", () => {
  assert.deepEqual([nameList(["a"]), nameList(["a", "b"]), nameList(["a", "b", "c"])], ["a", "a and b", "a, b and c"]);
  assert.equal(typingLine(["a", "b", ..."cdefghijk"]), "a, b and 9 others are typing");
  assert.equal(typingLine([]), "");
});

test("comings and goings are one sentence", () => {
  const moves = [..."abcde"].map((nick) => ({ nick, act: "came" })).concat({ nick: "x", act: "left" }, { nick: "y", act: "renamed", to: "z" });
  assert.equal(movesPieces(moves).map((piece) => piece.text).join(""), "a, b, c and 2 others came in; x left; y is now z");
});

test("of those who come and go only who spoke lately is named, if one wants it so", () => {
  const words = (moves, spoke) => movesPieces(moves, new Set(spoke)).map((piece) => piece.text).join("");
  const left = (...nicks) => nicks.map((nick) => ({ nick, act: "left" }));
  assert.equal(words(left("a", "B", "c"), ["b"]), "B and 2 others left");
  assert.equal(words(left("a", "b"), ["a"]), "a and 1 other left");
  assert.equal(words(left("a", "b"), ["a", "b"]), "a and b left");
  assert.equal(words(left("a", "b", "c"), []), "3 people left");
  assert.equal(words([...left("a"), { nick: "b", act: "renamed", to: "c" }], []), "1 person left; b is now c");
});

test("who spoke lately is seen in the log", () => {
  const entries = [said(1), said(2, 60, { nick: "Boris" }), { kind: "topic", nick: "eve", at: AT + 61_000 }, said(3, 62, { nick: "ada" })];
  assert.deepEqual([...speakers(entries, AT + 70_000)].sort(), ["ada", "boris"]);
  assert.deepEqual([...speakers(entries, AT + 15 * 60_000 + 61_000)], ["ada"]);
  assert.deepEqual([...speakers([], AT)], []);
});

test("what is wrong at the gate is said at the field it is about", () => {
  assert.equal(gateError({ code: "nick-taken", text: "" }, "ada").text, "ada is already here. Choose another nickname, or give your password if ada is your account.");
  assert.deepEqual([gateError({ code: "password-needed" }, "a").field, gateError({ code: "nick-invalid" }, "a").field, gateError({ code: "banned", text: "No." }, "a").text], ["password", "nick", "No."]);
  assert.equal(gateError({ code: "too-many-failures", wait: 45 }, "a").text, "Too many tries. Wait 45 s.");
});

test("a line that was refused says why, and when it goes by itself", () => {
  assert.equal(refusedLine({ code: "muted", why: "Muted.", until: 0, name: "dev" }, 0), "Not sent: Muted.");
  assert.equal(refusedLine({ code: "not-in-room", why: "You are not in dev.", until: 0, name: "dev" }, 0, true), "Not sent in dev: You are not in dev.");
  assert.match(refusedLine({ code: "slow-mode", why: "", until: 6000, name: "dev" }, 0), /Sends itself in 6 s\.$/u);
});

test("a message is heard as one string: name and words first", () => {
  const message = (more) => label({ nick: "ada", kind: "said", text: "hi", reply: 0, edited: 0, ...more });
  assert.equal(message({}), "ada: hi");
  assert.equal(message({ kind: "acted", text: "waves" }), "ada waves");
  assert.equal(message({ edited: 1 }), "ada: hi (edited)");
  assert.equal(message({ reply: 7, replyNick: "boris" }), "replying to boris, ada: hi");
  assert.equal(message({ text: "if x:\n  y\nz" }), "ada: code, 3 lines");
  assert.equal(message({ text: "look\n```\nx\n```" }), "ada: look; code, 1 line");
  assert.equal(message({ deleted: { by: "mira" } }), "ada: Deleted by mira");
  assert.equal(message({ deleted: { by: "ada" } }), "ada: Deleted");
});

test("a command of several lines says them, or says that it takes one", () => {
  assert.deepEqual(read("/re #41 first\n  second", "room"), { kind: "say", text: "first\n  second", reply: 41 });
  assert.deepEqual(read("/re #41 first", "room"), { kind: "command", line: "/re #41 first" });
  assert.deepEqual(read("/paste\nfirst\nsecond", "room"), { kind: "say", text: "first\nsecond" });
  assert.deepEqual(read("/msg bob first\nsecond", "room"), { kind: "tell", nick: "bob", text: "first\nsecond" });
  for (const line of ["/paste", "/me waves\nand more", "/topic a\nb", "/edit a\nb", "/help\njoin", "/re\nb"])
    assert.equal(read(line, "room").kind, "wrong", line);
});

test("whoever is in no room says nothing, but has all commands", () => {
  for (const line of ["hello", "//hello", "/me waves", "/say hello"]) assert.equal(read(line, "none").kind, "wrong", line);
  assert.deepEqual(read("/list", "none"), { kind: "command", line: "/list" });
});

test("a room is named by all that stands after /join, so that a wrong name is refused", () => {
  assert.deepEqual(read("/join two words", "room"), { kind: "join", room: "two words" });
});

test("logging out leaves the page; another connection is ended by the server", () => {
  assert.deepEqual(read("/logout", "private"), { kind: "exit", verb: "logout" });
  assert.deepEqual(read("/logout others", "room"), { kind: "command", line: "/logout others" });
});
