// Shared files in the log: images and recordings in a box, the rest as links.

import { changed, emit, state } from "./app.js";
import { el, icon } from "./dom.js";
import { touch } from "./entries.js";
import { codeBox, setFiles } from "./message.js";
import { fileAddress, form, isOpened, shareLabel, sizeWords } from "./shared.js";

/** Return the link to a file; the keyboard gets to it by the toolbar of the message. */
function link(entry, href, more, ...children) {
  const save = isOpened(entry.file) ? { target: "_blank", rel: "noopener noreferrer" } : { download: entry.text };
  return el("a", { href, tabindex: "-1", "data-file": true, ...save, ...more }, ...children);
}

const caption = ({ text, file }) => `${text} · ${sizeWords(file.size)}`;

/** The box has its size before the first byte: nothing moves when the image comes. */
function image(entry, href, id) {
  const picture = el("img", { src: href, alt: entry.text, loading: "lazy", decoding: "async", draggable: "false" });
  return el("figure", { id }, link(entry, href, {}, picture), el("figcaption", { class: "hint", dir: "auto", text: caption(entry) }));
}

function audio(entry, href, id) {
  const player = el("audio", { src: href, controls: true, preload: "none", "aria-label": entry.text });
  return el("figure", { id }, player, el("figcaption", { class: "hint", dir: "auto" }, link(entry, href, {}, entry.text), ` · ${sizeWords(entry.file.size)}`));
}

function row(entry, href, id) {
  const does = isOpened(entry.file) ? "Open" : "Download";
  const button = href && link(entry, href, { class: "icon", "aria-label": `${does} ${entry.text}`, title: does }, icon("down"));
  const size = el("span", { class: "hint", text: sizeWords(entry.file.size) });
  const box = el("div", { class: "file", id }, icon("file"), el("span", { class: "t" }, el("b", { dir: "auto", title: entry.text, text: entry.text }), size), button);
  if (href && form(entry.file) === "text") size.append(" · ", showButton(entry, href, box));
  return box;
}

/** Return the button that puts the words of a file below it. */
function showButton(entry, href, box) {
  const button = el("button", { class: "link", tabindex: "-1", "aria-label": `Show ${entry.text}`, text: "Show" });
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      const answer = await fetch(href);
      if (!answer.ok) throw new Error(answer.statusText);
      box.after(codeBox(await answer.text(), {}));
      button.parentNode.lastChild.remove();
    } catch {
      button.disabled = false;
      emit("say", "The file cannot be had now.");
    }
  });
  return button;
}

const SHOW = { image, audio };

function show(entry, id) {
  const href = fileAddress(entry.file.link, document.baseURI);
  return (href && SHOW[form(entry.file)] || row)(entry, href, id);
}

export function start() {
  setFiles({ show, label: shareLabel });
  for (const one of state.conversations.values()) for (const entry of one.entries) if (entry.file) touch(one, entry);
  changed("log");
}
