// How this browser shows the chat. Stored here, not at the server: another screen may want it otherwise.

import { emit } from "./app.js";

const NAME = "groupchat.look";

/** theme "light", "dark" or "" · density "compact" or "" · times "12", "seconds" or "" · joins "each", "hidden" or "" · notify, sound, original (photos). */
export const look = read();

function read() {
  try {
    return JSON.parse(localStorage.getItem(NAME)) || {};
  } catch {
    return {};
  }
}

/** Change one thing; early.js does the same for theme and density before the first paint. */
export function changeLook(name, value) {
  look[name] = value;
  try {
    localStorage.setItem(NAME, JSON.stringify(look));
  } catch {
    // Storage is switched off: it holds until the page is closed.
  }
  apply();
  emit("look", look);
}

function apply() {
  const root = document.documentElement;
  for (const name of ["theme", "density", "joins"]) {
    if (look[name]) root.dataset[name] = look[name];
    else delete root.dataset[name];
  }
}

apply();
