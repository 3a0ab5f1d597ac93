import assert from "node:assert/strict";
import test from "node:test";

import { tellsMore } from "../../groupchat/doors/web/page/photos.js";
import { failure, isBusy, next, progressWords, request, ticketAddress, tooBig, upload } from "../../groupchat/doors/web/page/uploads.js";

const MB = 2 ** 20;
const lobby = { key: "#lobby", kind: "room", name: "lobby" };
const file = { name: "cat.jpg", size: 12.4 * MB };

test("a file is asked for with its name, size, place and key", () => {
  const asked = { do: "send", name: "cat.jpg", size: file.size, key: "k" };
  assert.deepEqual(request(upload(file, lobby, "k")), { ...asked, room: "lobby" });
  assert.deepEqual(request(upload(file, lobby, "k", 41)), { ...asked, room: "lobby", reply: 41 });
  assert.deepEqual(request(upload(file, { key: "@bob", kind: "private", name: "bob" }, "k")), { ...asked, nick: "bob" });
});

test("one is sent after the other; what failed waits for the reader, and holds up none", () => {
  const [one, two] = [upload(file, lobby, "1"), upload(file, lobby, "2")];
  assert.equal(next([one, two]), one);
  one.state = "sending";
  assert.equal(next([one, two]), undefined);
  one.state = "failed";
  assert.equal(next([one, two]), two);
  two.state = "failed";
  assert.equal(next([one, two]), undefined);
  assert.equal(isBusy([one, two]), false);
  assert.equal(isBusy([one, upload(file, lobby, "3")]), true);
});

test("a row says how much is there, and where it goes if that is elsewhere", () => {
  const one = { ...upload(file, lobby, "k"), state: "sending", sent: 5.2 * MB };
  assert.equal(progressWords(one, "#lobby"), "5.2 of 12.4 MB");
  assert.equal(progressWords({ ...one, sent: 84 * 1024 }, "#lobby"), "84 KB of 12.4 MB");
  assert.equal(progressWords(one, "#dev"), "5.2 of 12.4 MB · for lobby");
  assert.equal(progressWords(upload(file, lobby, "k"), "#lobby"), "Waiting");
  assert.equal(tooBig(64 * MB, 16 * MB), "Too big: 64 MB. A file can have 16 MB.");
});

test("a refusal is said in whole sentences, and tried again only if that can help", () => {
  assert.deepEqual(failure({ code: "offline" }, "ada"), { why: "Stopped: no connection.", again: "Send again" });
  assert.deepEqual(failure({ code: "not-allowed", text: "x" }, ""), { why: "Only registered people can share files here.", again: "" });
  assert.deepEqual(failure({ code: "not-allowed", text: "No." }, "ada"), { why: "No.", again: "" });
  assert.deepEqual(failure({ code: "busy", text: "Wait." }, "ada"), { why: "Wait.", again: "Send again" });
  assert.deepEqual(failure({ code: "quota-exceeded", text: "Full." }, "ada"), { why: "Full.", again: "" });
});

test("a file is sent to a ticket of this server, and nowhere else", () => {
  const page = "http://lab/chat/?room=lobby";
  assert.equal(ticketAddress("/f/3x-Y_q", page), "http://lab/chat/f/3x-Y_q");
  for (const link of ["http://evil/f/a", "//evil/f", "/f/", "/f/a/b", "/f/..", "/rooms/lobby", "/f/a?b"]) assert.equal(ticketAddress(link, page), "", link);
});

test("a photo that tells where it was taken is found out; other files are not read as photos", () => {
  const bytes = (...parts) => Uint8Array.from(parts.flatMap((part) => (typeof part === "string" ? [...part].map((one) => one.charCodeAt(0)) : part)));
  assert.equal(tellsMore(bytes([0xff, 0xd8, 0xff, 0xe1, 0, 9], "Exif\0\0", [0xff, 0xd9])), true);
  assert.equal(tellsMore(bytes([0xff, 0xd8, 0xff, 0xe1, 0, 9], "http://ns.adobe.com/xap/1.0/")), true);
  assert.equal(tellsMore(bytes([0xff, 0xd8, 0xff, 0xe0, 0, 9], "JFIF\0", [0xff, 0xd9])), false);
  assert.equal(tellsMore(bytes("Exif\0\0")), false);
});
