import assert from "node:assert/strict";
import test from "node:test";

import * as outbox from "../../groupchat/doors/web/page/outbox.js";
import { verdict } from "../../groupchat/doors/web/page/retry.js";

const line = (key, more = {}) => ({ key, to: "#dev", name: "dev", text: key, reply: 0, at: 1, state: "waiting", ...more });

test("a line is bound to where it was written, and carries its key", () => {
  assert.deepEqual(outbox.request(line("k")), { do: "say", text: "k", room: "dev", key: "k" });
  const whispered = line("k", { to: "@mira", name: "mira", reply: 7 });
  assert.deepEqual(outbox.request({ ...whispered, act: true }), { do: "me", nick: "mira", text: "k", key: "k", reply: 7 });
  assert.deepEqual(outbox.request({ ...line("k"), act: true }), { do: "me", room: "dev", text: "k", key: "k" });
  assert.deepEqual(outbox.request(whispered), { do: "msg", nick: "mira", text: "k", key: "k", reply: 7 });
});

test("lines are sent once, in order, and again only after a cut", () => {
  const lines = [line("a"), line("b")];
  assert.deepEqual(outbox.due(lines, 0).map((one) => one.key), ["a", "b"]);
  assert.deepEqual(outbox.due(lines, 0), []);
  outbox.cut(lines);
  assert.deepEqual(outbox.due(lines, 0).map((one) => one.key), ["a", "b"]);
});

test("a line that was sent may be posted", () => {
  const lines = [line("a"), line("b")];
  outbox.due([lines[0]], 0);
  outbox.cut(lines);
  assert.deepEqual(lines.map(({ state, tried }) => [state, Boolean(tried)]), [["waiting", true], ["waiting", false]]);
});

test("a line goes when its post is shown, in whichever order that and the answer come", () => {
  const lines = [line("a"), line("b")];
  outbox.due(lines, 0);
  outbox.posted(lines, "a", 5, false);
  assert.equal(lines[0].state, "posted");
  outbox.shown(lines, 5);
  outbox.posted(lines, "b", 6, true);
  assert.deepEqual(lines, []);
});

test("a posted line is not sent again, also after a reload", () => {
  const lines = [line("a")];
  outbox.due(lines, 0);
  outbox.posted(lines, "a", 5, false);
  outbox.cut(lines);
  assert.deepEqual(outbox.due(lines, 0), []);
  assert.deepEqual(outbox.create(lines), []);
});

test("lines that were on their way at a reload are sent again", () => {
  const left = outbox.create(JSON.parse(JSON.stringify([line("a", { state: "sent" })])));
  assert.deepEqual(outbox.due(left, 0).map((one) => one.key), ["a"]);
  assert.deepEqual(outbox.create("something else"), []);
});

test("a refused line waits for the person; in slow mode it sends itself when the time has come", () => {
  const lines = [line("a"), line("b")];
  outbox.due(lines, 0);
  outbox.refused(lines, "a", { code: "muted", text: "Muted.", wait: 60 }, 1000);
  outbox.refused(lines, "b", { code: "slow-mode", text: "Slow.", wait: 6 }, 1000);
  assert.equal(outbox.nextDue(lines), 7000);
  assert.deepEqual(outbox.due(lines, 6999), []);
  assert.deepEqual(outbox.due(lines, 7000).map((one) => one.key), ["b"]);
  outbox.again(lines, (one) => one.key === "a");
  assert.deepEqual(outbox.due(lines, 7000).map((one) => one.key), ["a"]);
  outbox.remove(lines, "a");
  assert.deepEqual(lines.map((one) => one.key), ["b"]);
});

test("a private conversation is followed to a new nickname", () => {
  const lines = [line("a", { to: "@bob", name: "bob" }), line("b")];
  outbox.renamed(lines, "@bob", "@rob", "rob");
  assert.deepEqual(lines.map((one) => [one.to, one.name]), [["@rob", "rob"], ["#dev", "dev"]]);
});

test("keys are 32 hexadecimal digits", () => {
  assert.match(outbox.newKey((bytes) => bytes.fill(7)), /^(07){16}$/u);
});

test("who was replaced, kicked or banned does not come back by itself", () => {
  for (const code of ["replaced", "kicked", "banned"]) assert.equal(verdict(code, 0, 0, 0.5).then, "stopped", code);
  for (const closed of [4001, 4002, 4003]) assert.equal(verdict("", closed, 0, 0.5).then, "stopped", closed);
  for (const code of ["exit", "logged-out"]) assert.equal(verdict(code, 0, 0, 0.5).then, "gate", code);
});

test("what passes is tried again, later each time, and not by all at once", () => {
  assert.equal(verdict("", 1001, 0, 0.5).seconds, 2);
  const waits = [0, 1, 2, 3, 4, 5, 20].map((attempt) => verdict("", 1006, attempt, 0.5).seconds);
  assert.deepEqual(waits, [0.5, 1, 2, 4, 8, 15, 15]);
  assert.notEqual(verdict("", 1006, 3, 0).seconds, verdict("", 1006, 3, 1).seconds);
  assert.equal(verdict("server-full", 1008, 0, 0.5).seconds, 10);
});

test("what is tried again is sent at once, and nothing else", () => {
  const lines = [line("a"), line("b"), line("c", { to: "#ops", name: "ops" }), line("d")];
  outbox.due(lines, 0);
  outbox.refused(lines, "a", { code: "slow-mode", text: "Slow.", wait: 60 }, 1000);
  outbox.refused(lines, "b", { code: "muted", text: "Muted." }, 1000);
  outbox.refused(lines, "c", { code: "slow-mode", text: "Slow.", wait: 60 }, 1000);
  outbox.refused(lines, "d", { code: "busy", text: "Busy.", wait: 60 }, 1000);
  outbox.again(lines, (one) => one.code === "slow-mode" && one.name === "dev");
  assert.deepEqual(outbox.due(lines, 2000).map((one) => one.key), ["a"]);
});

test("a line whose post is shown before the answer comes does not stand there twice", () => {
  const lines = outbox.create([]);
  for (const key of ["a", "b"]) lines.push({ key, to: "#lobby", name: "lobby", text: "hello", state: "waiting" });
  outbox.due(lines, 0);
  outbox.shown(lines, 7, { to: "#dev", text: "hello" });
  assert.deepEqual(lines.map((line) => line.seen), [undefined, undefined]);
  outbox.shown(lines, 8, { to: "#lobby", text: "hello" });
  assert.deepEqual(lines.map((line) => line.seen), [8, undefined]);
  outbox.posted(lines, "a", 9, false); // that was said on another device
  assert.deepEqual(lines.map((line) => [line.key, line.seen]), [["a", 0], ["b", undefined]]);
  outbox.shown(lines, 9, { to: "#lobby", text: "hello" });
  outbox.shown(lines, 10, { to: "#lobby", text: "hello" });
  outbox.posted(lines, "b", 10, true);
  assert.deepEqual(lines, []);
  lines.push({ key: "c", to: "#lobby", name: "lobby", text: "again", state: "sent" });
  outbox.shown(lines, 11, { to: "#lobby", text: "again" });
  outbox.cut(lines);
  assert.equal(lines[0].seen, 0);
});
