import assert from "node:assert/strict";
import test from "node:test";

import { marked, wordsOf } from "../../groupchat/doors/web/page/found.js";

test("the words of a search are marked, and not its conditions or what it leaves out", () => {
  for (const [text, words] of [
    ["red fox", ["red", "fox"]],
    ['From:bob "red fox" -hen before:2026-11-01 x', ["red fox", "x"]],
    ['-"a b" c has:file -from:x', ["c"]],
    ["http://x.y/z 12:30 a-b --help", ["http://x.y/z", "12:30", "a-b", "--help"]],
    ["“a b” in:dev", ["a b"]],
    ['""', []],
    ["", []],
  ])
    assert.deepEqual(wordsOf(text), words, text);
});

test("every second piece is a word that was looked for", () => {
  assert.deepEqual(marked("A red (fox)", ["red", "(fox)"]), ["A ", "red", " ", "(fox)", ""]);
  assert.deepEqual(marked("a", []), ["a"]);
});
