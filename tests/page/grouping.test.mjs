import assert from "node:assert/strict";
import test from "node:test";

import { beside, groups, isMany, tally, unmoved } from "../../groupchat/doors/web/page/grouping.js";

const room = (name, unread = 0, mentions = 0) => ({ key: `#${name}`, kind: "room", name, unread, mentions });
const person = (name, unread = 0) => ({ key: `@${name}`, kind: "private", name, unread, mentions: 0 });
const names = (lists) => Object.fromEntries(Object.entries(lists).map(([name, list]) => [name, list.map((one) => one.name)]));
const many = (...more) => [...Array.from({ length: 15 }, (_, at) => room(`room-${at}`)), room("lobby"), ...more];

test("a few conversations stand in two lists, the lobby first, however unread they are", () => {
  const all = [room("ctf", 3, 1), room("lobby"), person("mira", 2), room("aa"), person("ada")];
  assert.deepEqual(names(groups(all, "#lobby")), { unread: [], rooms: ["lobby", "aa", "ctf"], private: ["ada", "mira"] });
});

test("of many, the unread ones come first: private, then mentions, then by name; not the open one", () => {
  const all = many(room("b", 1), room("a", 5), room("z", 2, 1), person("mira", 1), person("ada"));
  const found = names(groups(all, "#a"));
  assert.deepEqual(Object.keys(found), ["unread", "private", "rooms"]);
  assert.deepEqual(found.unread, ["mira", "z", "b"]);
  assert.deepEqual(found.private, ["ada"]);
  assert.deepEqual(found.rooms.slice(0, 4), ["lobby", "a", "room-0", "room-1"]);
  assert.equal(found.rooms.at(-1), "room-14");
});

test("sixteen are many", () => {
  assert.equal(isMany(new Map(many().slice(1).map((one) => [one.key, one]))), false);
  assert.equal(isMany(new Map(many().map((one) => [one.key, one]))), true);
});

test("nothing moves under the pointer: what is there keeps its place, what is new comes last, what is gone goes", () => {
  const before = groups(many(room("b", 1)), "");
  const after = many(room("b"), room("a", 5), person("zoe", 1)).filter((one) => one.name !== "room-3");
  const kept = names(unmoved(before, groups(after, "")));
  assert.deepEqual(kept.unread, ["b", "zoe", "a"]);
  assert.equal(kept.rooms.includes("room-3"), false);
  assert.equal(kept.rooms.length, 15);
});

test("the next room and the next unread room go round, and never to the open one", () => {
  const lists = groups([room("lobby"), room("a"), room("b", 1), person("mira")], "#a");
  assert.equal(beside(lists, "#a", 1).name, "b");
  assert.equal(beside(lists, "#a", -1).name, "lobby");
  assert.equal(beside(lists, "#lobby", -1).name, "mira");
  assert.equal(beside(lists, "@mira", 1, true).name, "b");
  assert.equal(beside(lists, "#b", 1, true), undefined);
  assert.equal(beside(groups([room("lobby")], "#lobby"), "#lobby", 1), undefined);
});

test("a badge has four characters at most", () => {
  assert.deepEqual([1, 999, 1000].map(tally), ["1", "999", "999+"]);
});
