// The gate: a nickname, and a password where one is asked for.

import { load, on } from "./app.js";
import { byId, el, icon } from "./dom.js";
import { hello } from "./greeting.js";
import * as keep from "./keep.js";
import { crowded, join, resume } from "./link.js";
import { plural } from "./sentences.js";
import { pieces } from "./text.js";

const nick = byId("nick");
const password = byId("password");
const error = byId("gate-error");
const button = byId("join-button");
const have = byId("have-password");
const fields = { nick, password };

let timer = 0;
let isFull = false; // whether the gate says so by itself

/** Show the gate, or the room: what is not shown cannot be focused, so this comes first. */
export function stage(name) {
  document.documentElement.dataset.stage = name;
  if (name === "gate") document.title = `Join · ${byId("gate-name").textContent}`;
}

function askPassword() {
  for (const id of ["password-field", "stay-field"]) byId(id).hidden = false;
  have.hidden = true;
}

/** Show what is wrong, at the field it is about; it is read out, and the focus goes there. */
function complain(wrong) {
  if (wrong.asks) askPassword();
  const field = fields[wrong.field] || null;
  for (const one of [nick, password]) one.removeAttribute("aria-invalid");
  nick.setAttribute("aria-describedby", field === nick ? "gate-error" : "nick-hint");
  password.setAttribute("aria-describedby", field === password ? "gate-error" : "password-hint");
  byId("nick-hint").hidden = field === nick;
  byId("password-hint").hidden = field === password;
  const safe = wrong.safe && location.href.replace(/^http:/u, "https:");
  const link = safe ? [" Open ", el("a", { href: safe, text: safe })] : [];
  error.replaceChildren(icon("warn"), el("span", {}, wrong.text, ...link));
  error.hidden = false;
  if (field === null) have.after(error);
  else field.after(error);
  field?.setAttribute("aria-invalid", "true");
  (field || nick).focus();
  if (field === nick && !isFinite(wrong.again)) nick.select();
}

/** Show why one cannot come in; without a connection, or without the part that knows, it is said in general. */
async function refuse(refusal, name, again = submit) {
  let wrong = { field: "", text: refusal.code === "offline" ? "No connection to the server. Is it running? Try again." : refusal.text };
  if (refusal.code !== "offline")
    try {
      wrong = (await crowded()).crowdedError(refusal) || (await load("refusals")).gateError(refusal, name);
    } catch {
      // the server's own sentence is shown
    }
  complain(wrong);
  if (wrong.again) timer = setTimeout(again, wrong.again * 1000);
}

async function submit(event) {
  event?.preventDefault();
  clearTimeout(timer);
  error.hidden = true;
  const name = nick.value.trim();
  const isStaying = !byId("stay-field").hidden && byId("stay").checked;
  button.disabled = true;
  try {
    const welcome = await join(name, password.value);
    password.value = "";
    if (welcome.account && isStaying) keep.account.set({ nick: welcome.nick, token: welcome.token });
  } catch (refusal) {
    await refuse(refusal, name);
  } finally {
    button.disabled = false;
  }
}

/** Say who is here, before anybody has to choose a name. */
async function greet() {
  byId("gate-netcat").textContent = `nc ${location.hostname} ${location.port || (location.protocol === "https:" ? 443 : 80)}`;
  try {
    const { name, people, rooms, motd } = await hello();
    byId("gate-name").textContent = name;
    byId("gate-people").textContent = people ? `${plural(people, "person", "people")} here, in ${plural(rooms, "room")}` : "Nobody is here yet";
    byId("motd").hidden = !motd;
    byId("motd").replaceChildren(...pieces(motd).map(({ kind, text }) => (kind === "link" ? el("a", { href: text, rel: "noreferrer", text }) : text)));
    if (document.documentElement.dataset.stage === "gate") document.title = `Join · ${name}`;
    if (isFull) error.hidden = true;
    isFull = false;
  } catch {
    const why = await (await crowded()).whyNot();
    isFull = why.code !== "offline";
    if (isFull) refuse(why, "", greet);
  }
}

export function start() {
  byId("join").addEventListener("submit", submit);
  button.textContent = "Join";
  button.disabled = have.firstElementChild.disabled = false;
  have.firstElementChild.addEventListener("click", () => {
    askPassword();
    (nick.value ? password : nick).focus();
  });
  on("gate", (why) => {
    stage("gate");
    nick.value = why.nick || "";
    refuse(why.refusal, why.nick);
    greet();
  });
  crowded().catch(() => {}); // now, as a server that is full does not send it
  if (!resume()) {
    stage("gate");
    greet();
    nick.focus();
  }
}
