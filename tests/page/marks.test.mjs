import assert from "node:assert/strict";
import test from "node:test";

globalThis.document ??= { getElementById: () => ({ addEventListener() {} }), addEventListener() {}, baseURI: "http://localhost/" };
globalThis.addEventListener ??= () => {};
const { learnRead, learnUnread, marks } = await import("../../groupchat/doors/web/page/marks.js");
const { markRead } = await import("../../groupchat/doors/web/page/reading.js");
const { create, learn } = await import("../../groupchat/doors/web/page/store.js");

const AT = "2026-11-26T09:00:00.000Z";

function inRooms(...rooms) {
  const state = create();
  const tell = (...events) => events.forEach((event) => learn(state, { at: AT, ...event }, new Set()));
  tell({ event: "welcome", nick: "ada", rooms });
  for (const room of rooms) tell({ event: "entered", room, topic: "", people: [{ nick: "ada" }, { nick: "boris" }] });
  learnUnread(state, { items: [], upto: 0 });
  return { state, tell, of: (key) => state.conversations.get(key) };
}

const said = (id, room, text = "hi", nick = "boris") => ({ event: "said", id, room, nick, text });
const counts = ({ unread, mentions, read }) => [unread, mentions, read];

test("what was not read on other devices is taken over; what came later is added, and what is not in the list is read", () => {
  const { state, tell, of } = inRooms("lobby", "dev");
  tell(said(90, "lobby"), said(101, "dev", "ada: look"));
  learnUnread(state, { items: [{ room: "dev", new: 37, mentions: 2, after: 60 }, { room: "gone", new: 1, mentions: 0, after: 1 }], upto: 100 });
  assert.deepEqual([counts(of("#dev")), counts(of("#lobby"))], [[38, 3, 60], [0, 0, 100]]);
});

test("private conversations with something new are there", () => {
  const { state, of } = inRooms("lobby");
  learnUnread(state, { items: [{ room: "", nick: "Boris", new: 2, mentions: 2, after: 0 }], upto: 100 });
  assert.deepEqual([of("@boris").name, of("@boris").kind, ...counts(of("@boris"))], ["Boris", "private", 2, 0, 0]);
});

test("what was read here, and the server does not know yet, is not new", () => {
  const { state, tell, of } = inRooms("lobby");
  tell(said(95, "lobby"), said(101, "lobby"));
  markRead(of("#lobby"), 101);
  learnUnread(state, { items: [{ room: "lobby", new: 3, mentions: 0, after: 90 }], upto: 100 });
  assert.deepEqual(counts(of("#lobby")), [0, 0, 101]);
  assert.deepEqual(marks(state), [{ do: "read", room: "lobby", id: 101 }]);
});

test("what is read elsewhere is read here, up to there; the server is asked about what is left", () => {
  const { state, tell, of } = inRooms("lobby", "dev");
  tell(said(101, "lobby"), said(102, "lobby", "ada?"), { event: "whispered", id: 103, room: "", nick: "boris", to: "ada", text: "psst" });
  assert.equal(learnRead(state, { room: "lobby", upto: 101 }), true);
  assert.equal(learnRead(state, { room: "lobby", upto: 50 }), false);
  assert.equal(of("#lobby").read, 101);
  assert.equal(learnRead(state, { room: "lobby", upto: 102 }), false);
  assert.deepEqual(counts(of("#lobby")), [0, 0, 102]);
  learnRead(state, { room: "", nick: "boris", upto: 103 });
  assert.deepEqual(counts(of("@boris")), [0, 0, 103]);
  learnUnread(state, { items: [{ room: "dev", new: 37, mentions: 2, after: 60 }], upto: 103 });
  assert.equal(learnRead(state, { room: "dev", upto: 80 }), true);
  tell({ event: "whispered", id: 104, room: "", nick: "boris", to: "ada", text: "psst" });
  learnRead(state, { room: "", upto: 104 });
  assert.deepEqual([counts(of("@boris")), of("#dev").read], [[0, 0, 104], 80]);
});

test("the server is told once of each message that was read, and of nothing that was not", () => {
  const { state, tell, of } = inRooms("lobby", "dev");
  tell(said(101, "lobby"), said(102, "dev"));
  markRead(of("#lobby"), 102);
  assert.deepEqual(marks(state), [{ do: "read", room: "lobby", id: 101 }]);
  assert.deepEqual(marks(state), []);
  markRead(of("#lobby"), 105); // others have said something elsewhere
  assert.deepEqual(marks(state), []);
  tell({ event: "whispered", id: 106, room: "", nick: "Boris", to: "ada", text: "psst" });
  markRead(of("@boris"), 0);
  assert.deepEqual(marks(state), [{ do: "read", nick: "Boris", id: 106 }]);
});
