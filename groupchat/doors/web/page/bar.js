// The bar that says how the connection is; a status for screen readers, hidden as long as all is well.

import { on } from "./app.js";
import { byId, el, icon } from "./dom.js";
import { tryNow } from "./link.js";
import { connectionWords } from "./sentences.js";
import { duration } from "./times.js";

const CALM_MS = 300;
const AGAIN_MS = 3000;

const bar = byId("connection");
let timer = 0;
let counting = 0;
let wasLost = false;

/** Say that all is well: heard, not seen. */
function quiet(text) {
  bar.className = "vh";
  bar.replaceChildren(text);
}

function show(status) {
  const { text, calm = false } = connectionWords(status);
  const [before, after] = text.split("{s}");
  const seconds = el("span", { "aria-hidden": "true" }); // read out each second it would be all one hears
  const words = el("span", {}, before, ...(after === undefined ? [] : [seconds, after]));
  bar.className = calm ? "conn calm" : "conn";
  bar.replaceChildren(icon(calm ? "clock" : "warn"), words);
  if (status.state === "waiting") bar.append(el("button", { class: "btn", text: "Try now", click: tryNow }));
  const count = () => (seconds.textContent = duration(Math.max(1, (status.until - Date.now()) / 1000)).replace(" ", "\u00a0"));
  count();
  counting = setInterval(count, 1000);
}

export function start() {
  on("link", (status) => {
    clearTimeout(timer);
    clearInterval(counting);
    if (status.state === "waiting") {
      wasLost = true;
      show(status);
    } else if (status.state === "connecting") {
      if (!wasLost) timer = setTimeout(show, CALM_MS, status);
    } else if (status.state === "live" && wasLost) {
      wasLost = false;
      quiet("Connected again");
      timer = setTimeout(quiet, AGAIN_MS, "Connected");
    } else quiet(status.state === "live" ? "Connected" : "Not connected");
  });
}
