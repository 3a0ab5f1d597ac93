// Dialogs, questions and menus; when they close, the focus goes back to where it came from.

import { byId, el, icon, iconButton, isNarrow } from "./dom.js";
import { roving } from "./roving.js";

/** Open a dialog with this content; Esc and a click beside it close it. */
export function openDialog(attributes, ...content) {
  const box = el("dialog", attributes, ...content);
  const before = document.activeElement;
  box.addEventListener("close", () => {
    box.remove();
    if (document.activeElement === document.body && before?.isConnected) before.focus();
  });
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault(); // a search field would only be emptied
    event.stopPropagation();
    box.close();
  });
  box.addEventListener("pointerdown", (event) => {
    const { left, right, top, bottom } = box.getBoundingClientRect();
    const isIn = event.clientX >= left && event.clientX <= right && event.clientY >= top && event.clientY <= bottom;
    if (event.target === box && !isIn) box.close();
  });
  document.body.append(box);
  box.showModal();
  return box;
}

/** Make a line that is read out when it is filled. */
export const errorLine = () => el("p", { class: "err", role: "alert", hidden: true });

export function showError(line, text) {
  line.hidden = !text;
  line.replaceChildren(...(text ? [icon("warn"), el("span", { text })] : []));
}

/**
 * Ask something, and do it. The dialog stays, with the server's sentence, while what is asked for is refused.
 * @param act returns a promise
 */
export function question({ title, hint, fields = [], cancel = "Cancel", yes, bad = false, act }) {
  const error = errorLine();
  const go = el("button", { type: "submit", class: bad ? "btn bad" : "btn go", text: yes });
  const submit = async (event) => {
    event.preventDefault();
    go.disabled = true;
    showError(error, "");
    try {
      await act();
      box.close();
    } catch (refusal) {
      showError(error, refusal.text);
      if (refusal.code === "confirmation-needed") go.textContent = `${yes}, I am sure`; // asked again, it is done
    }
    go.disabled = false;
  };
  const back = el("button", { class: "btn", text: cancel, autofocus: bad && !fields.length });
  const form = el("form", { submit }, ...fields, error, el("div", { class: "ends" }, back, go));
  const head = el("div", {}, el("h2", { id: "dialog-title", text: title }), el("p", { class: "hint", id: "dialog-hint", text: hint }));
  const box = openDialog({ class: "small", "aria-labelledby": "dialog-title", "aria-describedby": "dialog-hint" }, head, form);
  back.addEventListener("click", () => box.close());
  return box;
}

/** Open a dialog with a field above what is found; the arrow keys go from one to the other. */
export function openPicker(label, sign, attributes, submit, ...content) {
  const input = el("input", { type: "search", autofocus: true, ...attributes });
  const send = (event) => {
    event.preventDefault();
    submit(input.value.trim());
  };
  const form = el("form", { class: "ask", submit: send }, icon(sign), input, iconButton("x", "Close", () => box.close()));
  const box = openDialog({ class: "top", "aria-label": label }, form, ...content);
  box.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const all = [input, ...box.querySelectorAll(".hit:is(a, button):not([hidden])")];
    const to = all.indexOf(document.activeElement) + step;
    all[Math.max(0, Math.min(to, all.length - 1))].focus();
  });
  return { box, input };
}

/** Make a field with its label. */
export function field(label, attributes = {}, hint = "") {
  const id = `field-${attributes.name}`;
  const name = el("label", { for: id, text: label });
  if (hint) name.append(" ", el("span", { class: "hint", text: hint }));
  return el("div", { class: "field" }, name, el("input", { id, autocomplete: "off", ...attributes }));
}

/** Make a row of choices, of which one holds; `change` is told its value. */
export function choices(legend, name, options, chosen, change = () => {}) {
  const one = ([value, text], at) =>
    el("label", {}, el("input", { type: "radio", name, value, checked: value === chosen, autofocus: at === 0 }), text);
  const row = el("div", { class: "seg", change: ({ target }) => change(target.value) }, ...options.map(one));
  return el("fieldset", {}, el("legend", { text: legend }), row);
}

/** Show something beside what was pressed, or as a sheet; Esc and a press elsewhere close it. */
export function openPop(anchor, box) {
  const before = document.activeElement;
  box.popover = "auto";
  box.addEventListener("toggle", ({ newState }) => {
    if (newState !== "closed") return;
    if (box.contains(document.activeElement) || document.activeElement === document.body) before?.focus();
    box.remove();
    if (anchor.hasAttribute("aria-expanded")) anchor.setAttribute("aria-expanded", "false");
  });
  // Inside a landmark; and not inside the room while a drawer is open, where nothing can be reached.
  (anchor.closest("nav, aside") || byId("room")).append(box);
  box.showPopover();
  if (anchor.hasAttribute("aria-expanded")) anchor.setAttribute("aria-expanded", "true");
  if (!isNarrow()) place(box, anchor.getBoundingClientRect());
  return box;
}

function place(box, at) {
  const { offsetWidth: width, offsetHeight: height } = box;
  const isRight = at.left > innerWidth / 2;
  const left = isRight && at.width > 60 ? at.left - width : at.left;
  const top = isRight && at.width > 60 ? at.top - 8 : at.bottom + 4;
  box.style.left = `${Math.max(8, Math.min(left, innerWidth - width - 8))}px`;
  box.style.top = `${Math.max(8, Math.min(top, innerHeight - height - 8))}px`;
}

/** Open a menu of `{icon, text, bad, act}`; `null` is a line between groups. */
export function openMenu(anchor, label, head, items) {
  const box = el("div", { class: "pop", role: "menu", "aria-label": label }, head);
  for (const item of items) {
    if (item === null) box.append(el("div", { class: "sep", role: "separator" }));
    else {
      const click = () => {
        box.hidePopover();
        item.act();
      };
      const attributes = { class: item.bad ? "item bad" : "item", role: "menuitem", tabindex: "-1", click };
      box.append(el("button", attributes, icon(item.icon), item.text));
    }
  }
  roving(box, ".item");
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Tab") return;
    event.preventDefault();
    box.hidePopover();
  });
  openPop(anchor, box);
  box.querySelector(".item").focus();
  return box;
}
