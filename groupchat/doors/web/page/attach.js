// Sharing files, one after the other; rows above the text box say how far they are.

import { on, state } from "./app.js";
import { replying } from "./composer.js";
import { byId, el, icon, iconButton } from "./dom.js";
import { ask } from "./link.js";
import { look } from "./look.js";
import { newKey } from "./outbox.js";
import { bare } from "./photos.js";
import { sizeWords } from "./shared.js";
import { opened } from "./store.js";
import * as uploads from "./uploads.js";

const all = [];
const rows = new Map(); // upload -> what is shown of it
const list = el("div", { class: "ups" });
let stop = null; // ends what is being sent

function take(files) {
  const one = opened(state);
  if (one === undefined || one.kind === "none" || !files.length) return;
  const reply = replying();
  for (const file of files) {
    const upload = uploads.upload(file, one, newKey((bytes) => crypto.getRandomValues(bytes)), reply);
    all.push(upload);
    rows.set(upload, el("div", { class: "ctx up" }));
    list.append(rows.get(upload));
    show(upload);
  }
  go();
}

function remove(upload) {
  if (upload.state === "sending") stop?.();
  const row = rows.get(upload);
  if (row.contains(document.activeElement)) byId("message").focus();
  row.remove();
  rows.delete(upload);
  all.splice(all.indexOf(upload), 1);
  go();
}

/** Send the next one, if none is being sent. */
async function go() {
  removeEventListener("beforeunload", question);
  if (uploads.isBusy(all)) addEventListener("beforeunload", question);
  const upload = uploads.next(all);
  if (upload === undefined) return;
  upload.state = "sending";
  show(upload);
  const isHere = () => all.includes(upload);
  try {
    const content = await prepared(upload);
    if (!isHere()) return;
    const { link, id } = await ask(uploads.request(upload)); // id: it is posted already
    if (isHere() && !id) await put(upload, content, uploads.ticketAddress(link, document.baseURI));
  } catch (refusal) {
    if (!isHere()) return;
    fail(upload, refusal.why ? refusal : uploads.failure(refusal, state.me.account));
    return void go();
  }
  if (isHere()) remove(upload);
}

/** Return the bytes that are sent. */
async function prepared(upload) {
  let content = upload.file;
  if (!upload.original && !look.original) {
    content = await bare(upload.file).catch(() => {
      throw { why: "What this photo tells of its place could not be taken out.", again: "Send it as it is" };
    });
  }
  upload.size = content.size;
  const most = state.server.fileLimit;
  if (most && content.size > most) throw { why: uploads.tooBig(content.size, most), again: "" };
  return content;
}

function put(upload, content, address) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    stop = () => request.abort();
    const ended = () => {
      if (request.status === 201) resolve();
      else reject(request.response?.code ? request.response : { code: "offline" }); // without an answer the connection ended
    };
    request.upload.addEventListener("progress", ({ loaded }) => {
      upload.sent = loaded;
      show(upload);
    });
    request.addEventListener("loadend", ended);
    request.open("PUT", address);
    request.responseType = "json";
    request.send(content);
  });
}

function fail(upload, { why, again }) {
  Object.assign(upload, { state: "failed", why, again, sent: 0 });
  show(upload);
}

function again(upload) {
  upload.original ||= upload.again !== "Send again";
  upload.state = "waiting";
  show(upload);
  go();
}

/** Show how far an upload is; what is there already is only changed. */
function show(upload) {
  const { name, state: now, sent, size } = upload;
  const node = rows.get(upload);
  const isFailed = now === "failed";
  const words = uploads.progressWords(upload, state.open);
  if (node.dataset.state === now && !isFailed) {
    node.querySelector(".hint").textContent = words;
    Object.assign(node.querySelector("progress"), { max: size || 1, value: sent });
    return;
  }
  node.dataset.state = now;
  const close = iconButton("x", isFailed ? `Remove ${name}` : `Cancel sending ${name}`, () => remove(upload));
  const title = el("b", { dir: "auto", text: name });
  const button = upload.again && isFailed && el("button", { class: "link", text: upload.again, click: () => again(upload) });
  const body = isFailed
    ? [el("span", {}, title), el("span", { class: "err", role: "alert" }, el("span", { text: upload.why }), button || null)]
    : [el("span", {}, title, el("span", { class: "hint n", text: words })), el("progress", { max: size || 1, value: sent, "aria-label": `Sending ${name}` })];
  node.replaceChildren(icon(isFailed ? "warn" : "file"), el("div", { class: "t" }, ...body), close);
}

/** Let the browser ask before what is being sent is lost. */
const question = (event) => event.preventDefault();

let drop = null;
const hasFiles = (event) => event.dataTransfer?.types.includes("Files");

function over(event) {
  if (!hasFiles(event)) return;
  event.preventDefault();
  const one = opened(state);
  const canTake = one && one.kind !== "none" && !document.querySelector("dialog[open]");
  event.dataTransfer.dropEffect = canTake ? "copy" : "none";
  if (!canTake || drop) return;
  const most = state.server.fileLimit;
  const words = `${most ? `Up to ${sizeWords(most)} a file. ` : ""}${look.original ? "" : "Photos lose their location."}`;
  drop = el("div", { class: "drop" }, icon("up"), el("b", { text: `Drop to share in ${one.name}` }), el("span", { class: "hint", text: words }));
  byId("room").append(drop);
}

function gone(event) {
  if (event.relatedTarget) return;
  drop?.remove();
  drop = null;
}

function dropped(event) {
  if (!hasFiles(event)) return;
  event.preventDefault();
  const isShown = drop !== null;
  gone({});
  if (isShown) take([...event.dataTransfer.files]);
}

/** Words copied from a document come with an image of them: the words are meant. */
function pasted(event) {
  const { files, types } = event.clipboardData;
  if (!files.length || types.includes("text/plain")) return;
  event.preventDefault();
  take([...files]);
}

export function start() {
  const picker = byId("file");
  byId("write").querySelector(".line").before(list);
  on("attach", () => picker.click());
  on("open", () => all.forEach((upload) => upload.state !== "failed" && show(upload)));
  picker.addEventListener("change", () => {
    take([...picker.files]);
    picker.value = "";
  });
  byId("message").addEventListener("paste", pasted);
  addEventListener("dragover", over);
  addEventListener("dragleave", gone);
  addEventListener("drop", dropped);
}
