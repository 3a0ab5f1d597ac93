import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { blocks, hue, isEmojiOnly, mentions, monogram, pieces, shortened } from "../../groupchat/doors/web/page/text.js";

const kinds = (text, nick) => pieces(text, nick).map((piece) => `${piece.kind}:${piece.text}`);

test("a text is split into links, code and mentions, and nothing of it is lost", () => {
  const text = "ada, see `ada x` at (http://a.b/c_(d)), or http://x.y/ada. ADA";
  assert.deepEqual(kinds(text, "ada"), [
    "mention:ada",
    "text:, see ",
    "code:ada x",
    "text: at (",
    "link:http://a.b/c_(d)",
    "text:), or ",
    "link:http://x.y/ada",
    "text:. ",
    "mention:ADA",
  ]);
});

test("only http and https are links", () => {
  for (const text of ["javascript:alert(1)", "data:text/html,x", "https://", "ftp://a.b"])
    assert.deepEqual(kinds(text), [`text:${text}`]);
});

test("markup is text", () => {
  const text = "<img src=x onerror=alert(1)>";
  assert.deepEqual(kinds(text), [`text:${text}`]);
});

test("a mention is a word of its own, outside of links", () => {
  assert.ok(mentions("ada", "Ada: look"));
  assert.ok(mentions("a-b", "hello a-b!"));
  for (const text of ["adamant", "x.ada", "ada-2", "http://x.y/ada", "Nevada"]) assert.ok(!mentions("ada", text), text);
  assert.ok(!mentions("", "anything"));
});

test("what mentions somebody is the same as for the server", () => {
  const cases = JSON.parse(readFileSync(new URL("../model/message/mentions.json", import.meta.url), "utf8"));
  assert.ok(cases.length > 90);
  for (const [nick, text, expected] of cases) assert.equal(mentions(nick, text), expected, `${nick} in ${text}`);
});

test("hostile nicknames are no expressions", () => {
  assert.ok(!mentions("a.c", "abc"));
  assert.ok(mentions("a.c", "a.c"));
});

test("the hue is the same for every spelling, and one of 18", () => {
  assert.equal(hue("Alice"), hue("alice"));
  assert.equal(hue("alice"), 100);
  for (const nick of ["x", "日本", "bartholomew"]) assert.equal(hue(nick) % 20, 0);
});

test("a monogram has whole characters", () => {
  assert.equal(monogram("mira"), "Mi");
  assert.equal(monogram("𝒳y"), "𝒳y");
});

test("one to six emoji alone are large", () => {
  for (const text of ["🎉🐢", "👍🏽", "👨‍👩‍👧 🇩🇪", "❤️"]) assert.ok(isEmojiOnly(text), text);
  for (const text of ["", "1", "12", "a🎉", "🎉🎉🎉🎉🎉🎉🎉"]) assert.ok(!isEmojiOnly(text), text);
});

test("code is what stands between fences, or a text with indented lines", () => {
  assert.deepEqual(blocks("hi\n```py\na\n\n b\n```\nyo"), [
    { code: false, text: "hi" },
    { code: true, text: "a\n\n b" },
    { code: false, text: "yo" },
  ]);
  assert.deepEqual(blocks("if x:\n  y"), [{ code: true, text: "if x:\n  y" }]);
  assert.deepEqual(blocks("1. one\n2. two"), [{ code: false, text: "1. one\n2. two" }]);
});

test("a shortened text is one line of whole characters", () => {
  assert.equal(shortened("a\n b"), "a b");
  assert.equal([...shortened("🐢".repeat(500), 10)].length, 10);
});

test("a long text of one kind takes no time that grows with its square", () => {
  for (const text of ["(".repeat(4000), "http://".repeat(600), "`".repeat(4000), "🎉 ".repeat(2000)]) {
    pieces(text, "ada");
    isEmojiOnly(text);
  }
});
