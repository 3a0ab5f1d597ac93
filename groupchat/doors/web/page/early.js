// Runs before the first paint, so that no wrong theme or half of the page flashes up.
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

  // Without one of its modules the page would be dead: it is loaded again, once.
  const lost = ({ target }) => {
    if (target.type === "module" && performance.getEntriesByType("navigation")[0].type !== "reload") location.reload();
  };
  addEventListener("error", lost, true);

  // All modules are asked for at once: the last of them would be known late by the others.
  const modules =
    "answer app bar composer dom edges entries gate greeting keep link log look message outbox past presence reading retry sending sentences shape store text times view";
  for (const name of modules.split(" ")) {
    const link = document.createElement("link");
    Object.assign(link, { rel: "modulepreload", href: new URL(`${name}.js`, document.currentScript.src) });
    document.head.append(link);
  }
}
