import assert from "node:assert/strict";
import test from "node:test";

import { find, lastOwn } from "../../groupchat/doors/web/page/entries.js";
import { label } from "../../groupchat/doors/web/page/message.js";
import { shape } from "../../groupchat/doors/web/page/shape.js";
import { fileAddress, form, isOpened, shareLabel, sizeWords } from "../../groupchat/doors/web/page/shared.js";
import { create, learn, opened } from "../../groupchat/doors/web/page/store.js";

const AT = "2026-11-26T09:00:00.000Z";

function tell(state, ...events) {
  for (const event of events) learn(state, { at: AT, ...event }, new Set());
}

function inLobby() {
  const state = create();
  tell(state, { event: "welcome", nick: "ada", rooms: ["lobby"] }, { event: "entered", room: "lobby", topic: "", people: [{ nick: "ada" }, { nick: "boris" }] });
  state.open = "#lobby";
  return state;
}

const shared = (id, more = {}) => ({ event: "shared", id, room: "lobby", nick: "boris", name: "ada.png", size: 86016, type: "image/png", link: "/f/9kQz/ada.png", ...more });

test("a file is a message: counted as unread, answered, deleted, but neither edited nor a mention by its name", () => {
  const state = inLobby();
  tell(state, { event: "said", id: 1, room: "lobby", nick: "boris", text: "look" }, shared(2), shared(3, { nick: "ada" }));
  const one = opened(state);
  assert.deepEqual(find(one, 2).file, { size: 86016, type: "image/png", link: "/f/9kQz/ada.png" });
  assert.deepEqual([one.unread, one.mentions], [2, 0]);
  assert.equal(shape(find(one, 1), find(one, 2), null).isHead, false);
  assert.equal(lastOwn(one), undefined);
  tell(state, { event: "deleted", id: 4, target: 2, room: "lobby", nick: "mira" });
  assert.equal(label(find(one, 2)), "boris: Deleted by mira");
});

test("a private file belongs to the conversation with the other one, whoever sent it", () => {
  const state = inLobby();
  tell(state, shared(5, { room: "", to: "ada" }), shared(6, { room: "", nick: "ada", to: "boris" }));
  assert.deepEqual(state.conversations.get("@boris").entries.map(({ id }) => id), [5, 6]);
  assert.equal(state.conversations.get("@boris").unread, 1);
});

test("images, recordings and short texts are shown in the log; what is large or unknown is a link", () => {
  const form_ = (type, size = 10) => form({ type, size });
  for (const type of ["jpeg", "png", "gif", "webp", "avif"]) assert.equal(form_(`image/${type}`), "image");
  assert.equal(form_("image/svg+xml"), "file");
  assert.equal(form_("image/png", 9 * 1024 * 1024), "file");
  assert.equal(form_("audio/ogg"), "audio");
  assert.equal(form_("text/plain"), "text");
  assert.equal(form_("text/plain", 65537), "file");
  assert.equal(form_("text/html"), "file");
  assert.equal(form_("application/octet-stream"), "file");
  assert.deepEqual(["video/mp4", "text/plain", "text/html", "application/pdf"].map((type) => isOpened({ type })), [true, true, false, false]);
});

test("the name says who shared what, and how large it is", () => {
  const entry = { nick: "alice", text: "rack.png", file: { size: 84 * 1024, type: "image/png" } };
  assert.equal(shareLabel(entry), "alice shared the image rack.png, 84 KB");
  assert.equal(shareLabel({ ...entry, file: { size: 1, type: "audio/ogg" } }), "alice shared the recording rack.png, 1 byte");
  assert.equal(shareLabel({ ...entry, file: { size: 1.24 * 2 ** 20, type: "application/octet-stream" } }), "alice shared the file rack.png, 1.2 MB");
});

test("sizes are said as the server says them", () => {
  const words = { 0: "0 bytes", 1: "1 byte", 1023: "1023 bytes", 1024: "1 KB", 1536: "1.5 KB", 102400: "100 KB", 1048575: "1 MB", [2 ** 24]: "16 MB", [2 ** 30]: "1 GB", [2 ** 50]: "1024 TB" };
  for (const [size, expected] of Object.entries(words)) assert.equal(sizeWords(Number(size)), expected);
});

test("only a path to a file of this server becomes a link", () => {
  const page = "http://chat.lab:5000/?room=lobby#m3";
  assert.equal(fileAddress("/f/9kQ-z_/cat%20%2F.jpg", page), "http://chat.lab:5000/f/9kQ-z_/cat%20%2F.jpg");
  assert.equal(fileAddress("/f/a/cat.jpg", "https://lab/chat/?room=x"), "https://lab/chat/f/a/cat.jpg");
  const wrong = ["", "javascript:alert(1)", "//evil/f/a", "https://evil/f/a/b", "/rooms/lobby", "/f/a", "/f/a/", "/f/../b", "/f/a/..", "/f/a/%2E%2e", "/f/a/.", "/f/a/b/c"];
  wrong.push("/f/a/b?c", "/f/a/b#c", "/f/a/b\\c", "/f/a/b\n", "/f/a b/c", " /f/a/b", "\t/f/a/b");
  for (const link of wrong) assert.equal(fileAddress(link, page), "", link);
});
