// The bans and mutes that hold in a room, for those who keep order: each can be ended.

import { errorLine, openDialog, showError } from "./dialog.js";
import { el } from "./dom.js";
import { ask } from "./link.js";
import { dayAndClock } from "./times.js";

const KINDS = [
  { what: "bans", name: "Banned", undo: (item) => ({ do: "unban", whom: item.whom }) },
  { what: "mutes", name: "Muted", undo: (item) => ({ do: "unmute", nick: item.whom }) },
];

/** Return all of one kind in a room or, if the reader may end those, everywhere. */
async function all(what, room) {
  const found = new Map();
  for (const where of [{ room }, {}]) {
    let page;
    do {
      page = await ask({ do: what, ...where, ...(page && { after: page.items.at(-1).whom }) });
      for (const item of page.items) if (item.room === room || !item.room) found.set(`${item.room} ${item.whom}`, item);
    } while (page.more && page.items.length && found.size < 1000);
  }
  return [...found.values()];
}

function words({ by, why, until, room }) {
  const end = until ? `until ${dayAndClock(Date.parse(until), Date.now())}` : "until it is ended";
  return [`${room ? "" : "everywhere, "}${end}`, `by ${by}`, why].filter(Boolean).join(" · ");
}

export async function openSanctions(room) {
  const error = errorLine();
  const list = el("ul", { "aria-label": "Bans and mutes" });
  const none = el("p", { class: "hint", role: "status", text: "Loading…" });
  const close = el("button", { class: "btn", text: "Close", autofocus: true });
  const attributes = { class: "small", "aria-labelledby": "dialog-title" };
  const title = el("h2", { id: "dialog-title", text: `Bans and mutes in ${room}` });
  const box = openDialog(attributes, title, none, list, error, el("div", { class: "ends" }, close));
  close.addEventListener("click", () => box.close());

  function row(kind, item) {
    const click = async () => {
      showError(error, "");
      try {
        await ask({ ...kind.undo(item), ...(item.room && { room: item.room }) });
        entry.remove();
        close.focus();
        tell();
      } catch (refusal) {
        showError(error, refusal.text);
      }
    };
    const about = el("span", { class: "by" }, el("b", { text: `${item.whom} ` }), el("span", { class: "hint", text: `${kind.name} ${words(item)}` }));
    const end = el("button", { class: "btn", "aria-label": `End: ${kind.name} ${item.whom}`, text: "End", click });
    const entry = el("li", { class: "choice" }, about, end);
    return entry;
  }

  const tell = () => (none.textContent = list.children.length ? "" : `Nobody is banned or muted in ${room}.`);
  try {
    for (const kind of KINDS) list.append(...(await all(kind.what, room)).map((item) => row(kind, item)));
    tell();
  } catch (refusal) {
    none.textContent = "";
    showError(error, refusal.text);
  }
}
