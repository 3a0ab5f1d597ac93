// Runs before the first paint, so that neither a wrong theme nor the wrong half of the page flashes up.
// The only script that is no module: it must not wait for anything.
"use strict";
{
  const root = document.documentElement;
  const stored = (area, name) => {
    try {
      return JSON.parse(window[area].getItem(name) || "null") || {};
    } catch {
      return {}; // storage is switched off, or holds something else
    }
  };
  const look = stored("localStorage", "groupchat.look");
  for (const name of ["theme", "density", "joins", "times"]) if (look[name]) root.dataset[name] = look[name];
  const known = stored("sessionStorage", "groupchat.session").token || stored("localStorage", "groupchat.account").token;
  root.dataset.stage = known ? "room" : "gate";
}
