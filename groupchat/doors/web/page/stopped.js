// Only the person can go on: replaced by another tab, put out, banned.

import { on, state } from "./app.js";
import { byId, el } from "./dom.js";
import { linkStatus, tryNow } from "./link.js";
import { stoppedWords } from "./refusals.js";

let box = null;

function show({ code, text }) {
  const words = stoppedWords(code, text, state.me.nick);
  const go = words.button ? el("button", { class: "btn go", autofocus: true, text: words.button, click: again }) : null;
  box = el(
    "dialog",
    { class: "small", role: "alertdialog", "aria-labelledby": "stopped-title", "aria-describedby": "stopped-text" },
    el("div", {}, el("h2", { id: "stopped-title", text: words.title }), el("p", { class: "hint", id: "stopped-text", text: words.text })),
    el("div", { class: "ends" }, go),
  );
  box.addEventListener("cancel", (event) => event.preventDefault());
  byId("app").append(box);
  box.showModal();
}

function again() {
  close();
  tryNow();
}

function close() {
  box?.close();
  box?.remove();
  box = null;
}

function follow(status) {
  if (status.state === "stopped" && box === null) show(status);
  else if (status.state === "live") close();
}

export function start() {
  on("link", follow);
  follow(linkStatus());
}
