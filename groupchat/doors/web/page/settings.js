// Settings, one's account, being away, and leaving.

import { changed, on, state } from "./app.js";
import { choices, field, openPop, question } from "./dialog.js";
import { byId, el, icon, iconButton } from "./dom.js";
import * as keep from "./keep.js";
import { ask, leave } from "./link.js";
import { changeLook, look } from "./look.js";
import * as notify from "./notify.js";
import { presenceOf } from "./known.js";

const LOOKS = [
  ["Theme", "theme", [["", "System"], ["light", "Light"], ["dark", "Dark"]]],
  ["Density", "density", [["", "Comfortable"], ["compact", "Compact"]]],
  ["Times", "times", [["", "09:41"], ["12", "9:41 am"], ["seconds", "With seconds"]]],
  ["People coming and going", "joins", [["each", "Each"], ["", "Summed up"], ["hidden", "Hidden"]]],
];

function tick(name, text, disabled) {
  const change = async ({ target }) => {
    if (name === "notify" && target.checked) target.checked = (await Notification.requestPermission()) === "granted";
    changeLook(name, target.checked);
    notify.start();
  };
  const box = el("input", { type: "checkbox", checked: Boolean(look[name]) && !disabled, disabled, change });
  return el("label", { class: "tick" }, box, el("span", { text }));
}

/** An account can stay logged in: this browser keeps its token, not only this tab. */
function staying() {
  const change = ({ target }) => {
    const { nick, token } = keep.session.get();
    if (target.checked) keep.account.set({ nick, token });
    else keep.account.forget();
  };
  const box = el("input", { type: "checkbox", checked: Boolean(keep.account.get().token), change });
  return el("label", { class: "tick" }, box, el("span", { text: "Stay logged in on this computer" }));
}

function notifications() {
  const isOff = !notify.isPossible();
  const box = el("fieldset", {}, el("legend", { text: "Notifications" }));
  box.append(tick("notify", "For private messages and my nickname", isOff), tick("sound", "With a sound", isOff));
  const safe = `https://${location.host}`;
  if (isOff && !isSecureContext) {
    const words = "Your browser allows them only over a safe connection: open ";
    box.append(el("p", { class: "hint" }, words, el("a", { href: `${safe}/`, text: safe })));
  }
  return box;
}

function openSettings() {
  const close = iconButton("x", "Close", () => box.hidePopover());
  const box = el("div", { class: "pop at-foot", role: "dialog", "aria-label": "Settings" }, el("h2", {}, "Settings", close));
  for (const [legend, name, options] of LOOKS)
    box.append(choices(legend, name, options, look[name] || "", (value) => changeLook(name, value)));
  const photos = el("fieldset", {}, el("legend", { text: "Photos" }), tick("original", "Send originals, with their location", false));
  box.append(notifications(), photos, el("div", { class: "sep" }));
  const item = (sign, text, act, bad = false) => {
    const click = () => {
      box.hidePopover();
      act();
    };
    box.append(el("button", { class: bad ? "item bad" : "item", click }, icon(sign), text));
  };
  if (presenceOf(state, state.me.nick) === "away") item("clock", "I am back", () => ask({ do: "back" }));
  else item("clock", "Say that I am away", away);
  if (state.me.account) {
    box.querySelector(".sep").before(staying());
    item("lock", "Change my password", password);
    item("kick", "Log out everywhere else", elsewhere);
  } else item("lock", "Keep this nickname", register);
  item("kick", "Leave the chat", leave, true);
  openPop(byId("settings-button"), box);
  box.querySelector("input:checked").focus();
}

const value = (box, name) => box.querySelector(`[name="${name}"]`).value;

function away() {
  const box = question({
    title: "Say that I am away",
    hint: "Who writes to you privately is told so.",
    fields: [field("Until when, or why", { name: "words", maxlength: "100", autofocus: true })],
    yes: "I am away",
    act: () => ask({ do: "away", ...(value(box, "words") && { text: value(box, "words") }) }),
  });
}

const secret = (label, name, kind, autofocus) => field(label, { name, type: "password", autocomplete: `${kind}-password`, autofocus, required: true });
const twice = (autofocus) => [secret("New password", "new", "new", autofocus), secret("Once more", "again", "new")];

function chosen(box) {
  if (value(box, "new") !== value(box, "again")) throw { text: "The new passwords are not the same." };
  return value(box, "new");
}

function password() {
  const box = question({
    title: "Change my password",
    hint: "Your other connections are logged out.",
    fields: [secret("Old password", "old", "current", true), ...twice()],
    yes: "Change",
    act: async () => ask({ do: "password", old: value(box, "old"), new: chosen(box) }),
  });
}

function elsewhere() {
  question({
    title: "Log out everywhere else",
    hint: "All other connections of your account end. Here you stay.",
    yes: "Log out",
    act: () => ask({ do: "logout", connection: "others" }),
  });
}

function register() {
  const box = question({
    title: `Keep the nickname ${state.me.nick}`,
    hint: "From then on it asks for this password. What you said stays yours.",
    fields: twice(true),
    yes: "Register",
    act: async () => {
      await ask({ do: "register", password: chosen(box) });
      state.me.account = state.me.nick;
      changed("me");
    },
  });
}

export function start() {
  on("settings", (what) => (what ? { register, password }[what]() : openSettings()));
}
