// Sharing the words of a file: text files are put into the box as a message of several lines.
// Other files have to wait until the server takes them, and the page says so instead of doing nothing.

import { emit, on, state } from "./app.js";
import { byId, el, icon, iconButton } from "./dom.js";
import "./dialog.js";
import { opened } from "./store.js";

const BYTES = 4096;
const LINES = 60;

const box = byId("message");
const form = byId("write");

function tell(name, text) {
  const close = iconButton("x", `Remove ${name}`, () => row.remove());
  const row = el("div", { class: "ctx up", role: "alert" }, icon("warn"), el("div", { class: "t" }, el("b", { text: name }), el("span", { class: "err", text })), close);
  form.prepend(row);
}

async function take(files) {
  for (const file of files) {
    let text = null;
    try {
      if (file.size <= BYTES) text = new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer());
    } catch {
      // no text: said below
    }
    const words = text?.replace(/\r\n?/gu, "\n").replace(/\n+$/u, "");
    if (file.size > BYTES || words?.split("\n").length > LINES) tell(file.name, `Too long: the words of a text file can be shared, up to ${LINES} lines and 4 KB.`);
    else if (words === undefined || /[\0-\x08\x0e-\x1f]/u.test(words)) tell(file.name, "Only the words of text files can be shared here, not other files.");
    else insert(words);
  }
}

function insert(words) {
  const gap = box.value && !box.value.endsWith("\n") ? "\n" : "";
  box.setRangeText(`${gap}${words}`, box.value.length, box.value.length, "end");
  box.dispatchEvent(new Event("input"));
  box.focus();
  emit("say", "The words of the file are in the text box.");
}

let drop = null;
const hasFiles = (event) => event.dataTransfer?.types.includes("Files");

function over(event) {
  if (!hasFiles(event) || !opened(state)) return;
  event.preventDefault();
  if (drop) return;
  drop = el("div", { class: "drop", "aria-hidden": "true" }, icon("up"), el("b", { text: `Drop to share in ${opened(state).name}` }), el("span", { text: `Text files of up to ${LINES} lines.` }));
  byId("room").append(drop);
}

function gone(event) {
  if (event.relatedTarget) return;
  drop?.remove();
  drop = null;
}

export function start() {
  const picker = byId("file");
  on("attach", (files) => (files ? take(files) : picker.click()));
  picker.addEventListener("change", () => {
    take([...picker.files]);
    picker.value = "";
  });
  addEventListener("dragover", over);
  addEventListener("dragleave", gone);
  addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    gone({});
    take([...event.dataTransfer.files]);
  });
}
