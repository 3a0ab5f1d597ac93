// Making elements. Text goes in as text only: nothing here, or anywhere in the page, parses markup.

export const byId = (id) => document.getElementById(id);

const SVG = "http://www.w3.org/2000/svg";

/**
 * Make an element. Attributes of false, null or undefined are left out; true gives an empty one.
 * `class`, `text` and functions (event listeners, by the event's name) are special.
 */
export function el(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  if (name === "button") node.type = name; // one that sends its form says so
  for (const [key, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (typeof value === "function") node.addEventListener(key, value);
    else if (key === "class") node.className = value;
    else if (key === "text") node.textContent = value;
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** Icons that are not seen at first have a file of their own. */
const MORE_ICONS = new URL("icons.svg", import.meta.url);

/** Make an icon; with a label it is an image, otherwise decoration. */
export function icon(name, more = "", label = "") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", more ? `i ${more}` : "i");
  if (label) {
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", label);
  } else svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${byId(`i-${name}`) ? "" : MORE_ICONS}#i-${name}`);
  svg.append(use);
  return svg;
}

/** Make a button that is only an icon. */
export function iconButton(name, label, click, more = {}) {
  const { class: extra = "", ...rest } = more;
  const classes = extra ? `icon ${extra}` : "icon";
  return el("button", { class: classes, "aria-label": label, title: label, click, ...rest }, icon(name));
}

/** Show a nickname in its person's colour (`--h`, set through CSSOM). */
export function coloured(node, hue) {
  node.style.setProperty("--h", String(hue));
  return node;
}

/** Return whether the layout is the narrow one, with drawers and sheets. */
export const isNarrow = () => matchMedia("(max-width: 43.99rem)").matches;

/** Return whether fingers are used: then no keyboard pops up by itself. */
export const isTouch = () => matchMedia("(pointer: coarse)").matches;
