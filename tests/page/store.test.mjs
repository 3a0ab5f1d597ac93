import assert from "node:assert/strict";
import test from "node:test";

import { KEPT, find, indexOf, lastOwn } from "../../groupchat/doors/web/page/entries.js";
import { inOrder, presenceOf } from "../../groupchat/doors/web/page/known.js";
import { countAfter, markRead, newest, setLine } from "../../groupchat/doors/web/page/reading.js";
import { create, forMe, keepsOrder, learn, learnPage, opened } from "../../groupchat/doors/web/page/store.js";

const AT = "2026-11-26T09:00:00.000Z";
const later = (minutes) => new Date(Date.parse(AT) + minutes * 60_000).toISOString();

/** Return a state in which ada is in these rooms with boris and mira, who keeps order. */
function inRooms(...rooms) {
  const state = create();
  tell(state, { event: "welcome", nick: "ada", rooms, room: rooms.at(-1), head: 100, name: "Lab", version: "1", token: "t" });
  state.head = state.fresh = 100;
  const people = [{ nick: "ada" }, { nick: "boris" }, { nick: "mira", account: "mira", operator: true }];
  for (const room of rooms) tell(state, { event: "entered", room, topic: "", people });
  state.open = `#${rooms[0]}`;
  return state;
}

function tell(state, ...events) {
  const changes = new Set();
  for (const event of events) learn(state, { at: AT, ...event }, changes);
  return changes;
}

const said = (id, nick, text, room = "lobby") => ({ event: "said", id, room, nick, text });
const texts = (one) => one.entries.map((entry) => entry.text);
const nicks = (one) => [...one.people.values()].map((person) => person.nick).sort();

test("messages stand in the order of their numbers, and none is there twice", () => {
  const state = inRooms("lobby");
  tell(state, said(101, "boris", "a"), said(103, "boris", "c"), said(103, "boris", "c"), said(102, "mira", "b"));
  assert.deepEqual(texts(opened(state)), ["a", "b", "c"]);
  assert.equal(state.head, 103);
});

test("what comes again after a cut changes nothing", () => {
  const state = inRooms("lobby");
  const events = [said(101, "boris", "a"), { event: "edited", id: 102, target: 101, room: "lobby", nick: "boris", to: "", text: "b" }];
  tell(state, ...events);
  tell(state, ...events);
  assert.deepEqual(texts(opened(state)), ["b"]);
  assert.equal(opened(state).unread, 1);
});

test("news of others count as unread and, with one's name, as a mention; one's own, and history, do not", () => {
  const state = inRooms("lobby", "dev");
  tell(state, said(99, "boris", "ada: old", "dev"), said(101, "boris", "ada: look", "dev"), said(102, "ada", "yes", "dev"), said(103, "boris", "fine", "dev"));
  const dev = state.conversations.get("#dev");
  assert.deepEqual([dev.unread, dev.mentions, forMe(state)], [2, 1, 1]);
  assert.ok(markRead(dev, state.head));
  assert.deepEqual([dev.unread, dev.mentions, dev.read, markRead(dev, state.head)], [0, 0, 103, false]);
});

test("whom an operator calls with everybody is mentioned; an edited act that is replayed is one", () => {
  const state = inRooms("lobby", "dev");
  tell(state, { ...said(101, "mira", "@all tea", "dev"), all: true }, said(102, "boris", "@all me too", "dev"));
  const dev = state.conversations.get("#dev");
  assert.deepEqual([dev.unread, dev.mentions, dev.entries[0].mention, dev.entries[1].mention], [2, 1, true, false]);
  tell(state, { event: "edited", id: 103, target: 101, room: "dev", nick: "mira", to: "", text: "@all coffee", all: true });
  assert.ok(dev.entries[0].mention);
  tell(state, { event: "edited", id: 104, target: 104, room: "", nick: "boris", to: "ada", text: "waves", acted: true });
  assert.equal(state.conversations.get("@boris").entries[0].kind, "acted");
});

test("a private message makes a conversation, of either side", () => {
  const state = inRooms("lobby");
  tell(state, { event: "whispered", id: 101, room: "", nick: "Boris", to: "ada", text: "psst" });
  tell(state, { event: "whispered", id: 102, room: "", nick: "ada", to: "boris", text: "yes?" });
  const one = state.conversations.get("@boris");
  assert.deepEqual([one.kind, texts(one), one.unread, forMe(state)], ["private", ["psst", "yes?"], 1, 1]);
  assert.deepEqual(one.entries.map((entry) => entry.mine), [false, true]);
});

test("a private message that was edited or deleted stays in its conversation", () => {
  const state = inRooms("lobby");
  tell(state, { event: "whispered", id: 101, room: "", nick: "ada", to: "boris", text: "a" });
  tell(state, { event: "edited", id: 102, target: 101, room: "", nick: "ada", to: "boris", text: "b" });
  assert.deepEqual(texts(state.conversations.get("@boris")), ["b"]);
  tell(state, { event: "deleted", id: 103, target: 101, room: "", nick: "ada", to: "boris" });
  assert.deepEqual(find(state.conversations.get("@boris"), 101).deleted, { by: "ada" });
  assert.equal(state.conversations.size, 2);
});

test("an edited message keeps its place, its reply and its author; a deleted one loses its words", () => {
  const state = inRooms("lobby");
  tell(state, said(101, "boris", "one"), { ...said(102, "ada", "two"), reply: 101, reply_nick: "boris" }, said(103, "boris", "three"));
  tell(state, { event: "edited", id: 104, target: 102, room: "lobby", nick: "ada", to: "", text: "zwei", at: later(1) });
  tell(state, { event: "deleted", id: 105, target: 103, room: "lobby", nick: "mira", to: "" });
  const [, two, three] = opened(state).entries;
  assert.deepEqual([two.text, two.reply, two.replyNick, two.edited], ["zwei", 101, "boris", Date.parse(later(1))]);
  assert.deepEqual([three.text, three.deleted.by, three.nick], ["", "mira", "boris"]);
  assert.deepEqual(opened(state).touched, new Set([two, three]));
  assert.equal(lastOwn(opened(state)), two);
});

test("an edit of what is not known is no message; an edited message that is replayed is one", () => {
  const state = inRooms("lobby");
  tell(state, { event: "edited", id: 110, target: 5, room: "lobby", nick: "boris", to: "", text: "old" });
  assert.deepEqual(texts(opened(state)), []);
  tell(state, { event: "edited", id: 111, target: 111, room: "lobby", nick: "boris", to: "", text: "new" });
  assert.deepEqual(texts(opened(state)), ["new"]);
  assert.ok(opened(state).entries[0].edited > 0);
});

test("a page of history is put before, without news, and without what is of other conversations", () => {
  const state = inRooms("lobby");
  tell(state, said(101, "boris", "new"));
  const items = [said(1, "boris", "ada: a"), { event: "whispered", id: 2, room: "", nick: "boris", to: "ada", text: "psst" }, said(3, "mira", "c")];
  learnPage(state, opened(state), items.map((item) => ({ at: AT, ...item })), { from: 0, start: true });
  assert.deepEqual(texts(opened(state)), ["ada: a", "c", "new"]);
  assert.deepEqual([opened(state).from, opened(state).start, opened(state).unread, state.conversations.size], [0, true, 1, 1]);
});

test("people come, go, are renamed, away and promoted", () => {
  const state = inRooms("lobby", "dev");
  tell(state, { event: "joined", room: "lobby", nick: "Zoe" }, { event: "many-joined", room: "lobby", nicks: ["x1", "x2"], accounts: ["x2"] });
  tell(state, { event: "renamed", room: "", nick: "boris", new: "rob" }, { event: "many-left", room: "lobby", nicks: ["x1"] });
  tell(state, { event: "away-changed", room: "", nick: "mira", away: true, text: "tea" });
  assert.deepEqual(nicks(opened(state)), ["Zoe", "ada", "mira", "rob", "x2"]);
  assert.deepEqual(nicks(state.conversations.get("#dev")), ["ada", "mira", "rob"]);
  assert.deepEqual(inOrder(opened(state).people).map((one) => one.nick), ["mira", "ada", "rob", "x2", "Zoe"]);
  assert.deepEqual([presenceOf(state, "MIRA"), presenceOf(state, "rob"), presenceOf(state, "x1")], ["away", "here", ""]);
  tell(state, { event: "moderated", id: 120, room: "lobby", nick: "mira", text: "…", act: "op", target: "ada" });
  assert.deepEqual([keepsOrder(state, opened(state)), keepsOrder(state, state.conversations.get("#dev"))], [true, false]);
});

test("programs come and go without a line, and apart from people", () => {
  const state = inRooms("lobby");
  tell(state, { event: "entered", room: "lobby", topic: "", people: [{ nick: "ada" }], programs: [{ nick: "ci" }] });
  const programs = () => [...opened(state).people.values()].map(({ nick, program }) => `${nick}${program ? " (program)" : ""}`).sort();
  assert.deepEqual(programs(), ["ada", "ci (program)"]);
  tell(state, { event: "many-programs-joined", room: "lobby", nicks: ["x", "y"] }, { event: "program-joined", room: "lobby", nick: "anna" });
  tell(state, { event: "program-left", room: "lobby", nick: "ci" }, { event: "many-programs-left", room: "lobby", nicks: ["x", "ada"] });
  assert.deepEqual(programs(), ["ada", "anna (program)", "y (program)"]);
  tell(state, { event: "joined", room: "lobby", nick: "anna" }, { event: "program-left", room: "lobby", nick: "anna" });
  assert.deepEqual([programs(), opened(state).entries.length], [["ada", "anna", "y (program)"], 1]);
});

test("joins and leaves are one line until somebody says something, and never unread", () => {
  const state = inRooms("lobby");
  tell(state, { event: "joined", room: "lobby", nick: "zoe" }, { event: "joined", room: "lobby", nick: "teo" }, { event: "left", room: "lobby", nick: "zoe" });
  const [line] = opened(state).entries;
  assert.deepEqual(line.moves.map((move) => `${move.nick} ${move.act}`), ["teo came"]);
  tell(state, said(101, "boris", "a"), { event: "left", room: "lobby", nick: "teo" });
  assert.deepEqual(opened(state).entries.map((entry) => entry.kind), ["presence", "said", "presence"]);
  tell(state, { event: "joined", room: "lobby", nick: "late", at: later(11) });
  assert.equal(opened(state).entries.length, 4);
  assert.equal(opened(state).unread, 1);
});

test("whoever comes, is renamed and goes again leaves no trace in the line", () => {
  const state = inRooms("lobby");
  const renamed = { event: "renamed", room: "lobby", nick: "guest", new: "rolf" };
  tell(state, { event: "joined", room: "lobby", nick: "guest" }, renamed);
  const [line] = opened(state).entries;
  assert.deepEqual(line.moves.map((move) => `${move.nick} ${move.act}`), ["rolf came"]);
  tell(state, { event: "left", room: "lobby", nick: "rolf" });
  assert.deepEqual(line.moves, []);
});

test("a private conversation follows a new nickname, also when it is the open one; so does one's own name", () => {
  const state = inRooms("lobby");
  tell(state, { event: "whispered", id: 101, room: "", nick: "boris", to: "ada", text: "psst" });
  state.open = "@boris";
  tell(state, { event: "renamed", room: "lobby", nick: "boris", new: "rob" }, { event: "renamed", room: "lobby", nick: "ada", new: "eda" });
  assert.deepEqual([state.open, opened(state).name, state.me.nick], ["@rob", "rob", "eda"]);
});

test("rooms that one is no longer in go, at once or after coming back; private conversations stay", () => {
  const state = inRooms("lobby", "dev");
  tell(state, { event: "whispered", id: 101, room: "", nick: "boris", to: "ada", text: "psst" });
  tell(state, { event: "departed", room: "dev", reason: "", code: "kicked", current: "lobby" });
  assert.deepEqual([...state.conversations.keys()], ["#lobby", "@boris"]);
  tell(state, { event: "welcome", nick: "ada", rooms: ["ops"], room: "ops", head: 101, name: "Lab", version: "1" });
  assert.deepEqual([...state.conversations.keys()], ["@boris", "#ops"]);
});

test("the rule stands after what was read, and counts what was new", () => {
  const state = inRooms("lobby");
  const one = opened(state);
  tell(state, said(101, "boris", "a"));
  markRead(one, state.head);
  tell(state, said(102, "boris", "b"), said(103, "ada", "c"), said(104, "boris", "d"));
  setLine(one, 0);
  assert.deepEqual(one.line, { after: 101, count: 2, at: Date.parse(AT) });
  assert.deepEqual([countAfter(one, 101), countAfter(one, newest(one))], [2, 0]);
  markRead(one, state.head);
  setLine(one, 0);
  assert.equal(one.line, null);
});

test("what an operator erased is forgotten and can be loaded again", () => {
  const state = inRooms("lobby");
  tell(state, said(101, "boris", "a"), said(102, "boris", "b"), { event: "history-erased", upto: 101 });
  assert.deepEqual([texts(opened(state)), opened(state).from, opened(state).start], [["b"], 101, false]);
});

test("a conversation has an end: the oldest entries are dropped, and can be loaded again", () => {
  const state = inRooms("lobby");
  for (let id = 101; id < 101 + KEPT + 1500; id += 1) tell(state, said(id, "boris", "x"));
  const one = opened(state);
  assert.ok(one.entries.length < KEPT + 1000);
  assert.deepEqual([one.from, one.start], [one.entries[0].id - 1, false]);
  assert.equal(indexOf(one.entries, one.entries[7].order), 7);
});

test("events that nobody knows yet change nothing", () => {
  const state = inRooms("lobby");
  assert.equal(tell(state, { event: "invented", id: 500, room: "lobby", nick: "x", text: "y" }).size, 0);
  assert.equal(state.head, 100);
});
