import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import test from "node:test";

const PAGE = new URL("../../groupchat/doors/web/page/", import.meta.url);
const read = (name) => readFileSync(new URL(name, PAGE), "utf8");
const scripts = readdirSync(PAGE).filter((name) => name.endsWith(".js"));

/** Return the modules that a module needs before it runs, with those that these need. */
function needed(name, found = new Set()) {
  for (const [, one] of read(name).matchAll(/^(?:(?:import|export)[^;"]* from|import) "\.\/([a-z]+\.js)";$/gmu))
    if (!found.has(one)) needed(one, found.add(one));
  return found;
}

test("the page asks for all modules at once, and for none that it does not need to begin", () => {
  const preloaded = /const modules =\s*"([a-z ]+)";/u.exec(read("early.js"))[1].split(" ");
  assert.deepEqual(preloaded.map((name) => `${name}.js`), [...needed("main.js")].sort());
});

test("every part that is loaded later is there", () => {
  const names = ["app.js", "main.js"].flatMap((name) => [...read(name).matchAll(/const (?:LATER|ROOM|SOON) = [^;]*;/gu)].map(([text]) => text));
  const parts = [...names.join().matchAll(/(?<!\[)(?:: |Set\(\[|, |\[)"([a-z]+)"/gu)].map(([, part]) => part);
  assert.ok(parts.length > 15, String(parts));
  for (const part of parts) assert.ok(scripts.includes(`${part}.js`) && !needed("main.js").has(`${part}.js`), part);
  const others = scripts.filter((name) => name !== "main.js" && name !== "early.js" && !needed("main.js").has(name));
  const reached = new Set([...parts, "notify"].flatMap((part) => [`${part}.js`, ...needed(`${part}.js`)]));
  assert.deepEqual(others.filter((name) => !reached.has(name)), []);
});

test("dialogs, menus, commands and completion are not among them", () => {
  for (const name of ["dialog.js", "search.js", "settings.js", "person.js", "completion.js", "commands.js", "walk.js", "attach.js"])
    assert.ok(scripts.includes(name) && !needed("main.js").has(name), name);
});

test("nothing parses markup, and nothing is run that is text", () => {
  const forbidden = /\b(?:innerHTML|outerHTML|insertAdjacentHTML|createContextualFragment|parseFromString|document\.write|eval\(|new Function|srcdoc)\b/u;
  for (const name of scripts) assert.doesNotMatch(read(name), forbidden, name);
});

test("the page has no script or style within, and asks nobody else for anything", () => {
  const html = read("index.html");
  assert.doesNotMatch(html, /\sstyle=|<style|\son[a-z]+=|<script(?![^>]* src="page\/[a-z]+\.js"><\/script>)/u);
  assert.doesNotMatch(html + read("chat.css") + read("more.css"), /(?:src|href)="(?:https?:)?\/\/|url\(|@import/u);
});

test("each part has what is looked up by its id", () => {
  const html = read("index.html");
  for (const name of scripts)
    for (const [, id] of read(name).matchAll(/byId\("([a-z-]+)"\)/gu)) assert.ok(html.includes(`id="${id}"`), `${name}: ${id}`);
});

test("every icon that is shown is in the page", () => {
  const html = read("index.html") + read("icons.svg");
  const names = scripts.flatMap((name) => [...read(name).matchAll(/\bicon(?:Button)?\("([a-z]+)"|icon: "([a-z]+)"/gu)].map((match) => match[1] || match[2]));
  for (const name of names) assert.ok(html.includes(`id="i-${name}"`), name);
});
