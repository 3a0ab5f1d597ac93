// What a shared file is: how it is shown, what it is called, where it is. Pure.

const MB = 1024 * 1024;

const IMAGES = new Set(["image/jpeg", "image/png", "image/gif", "image/webp", "image/avif"]);
const SHOWN = /^(?:image|audio|video)\/|^text\/plain$/u;

/** Larger ones are only shown to who opens them. */
const LARGEST_IMAGE = 8 * MB;
const LARGEST_TEXT = MB / 16;

/** Return how a file is shown: "image", "audio", "text" (on request) or "file". */
export function form({ type, size }) {
  if (IMAGES.has(type) && size <= LARGEST_IMAGE) return "image";
  if (type.startsWith("audio/")) return "audio";
  return type === "text/plain" && size <= LARGEST_TEXT ? "text" : "file";
}

/** Return whether browsers show it; everything else they save. */
export const isOpened = ({ type }) => SHOWN.test(type);

/** Return a number of bytes in the server's words: "512 bytes", "84.2 KB", "16 MB". */
export function sizeWords(size) {
  if (size < 1024) return `${size} byte${size === 1 ? "" : "s"}`;
  const units = ["KB", "MB", "GB", "TB"];
  let value = size / 1024;
  while (value >= 1023.5 && units.length > 1) {
    value /= 1024;
    units.shift();
  }
  return `${value.toFixed(value < 99.95 ? 1 : 0).replace(/\.0$/u, "")} ${units[0]}`;
}

const KINDS = { image: "image", audio: "recording" };

/** Return what a screen reader says of it. */
export const shareLabel = ({ nick, text, file }) => `${nick} shared the ${KINDS[form(file)] || "file"} ${text}, ${sizeWords(file.size)}`;

/**
 * Return the address of a link, seen from the page; "" if it is no link to a file of this server.
 * What decides is a path of exactly three parts, so that nothing in it can lead elsewhere.
 */
export function fileAddress(link, page) {
  const [, name = ""] = /^\/f\/[\w-]+\/([^/\\?#\s]+)$/u.exec(link) || [];
  return !name || /^(?:\.|%2e){1,2}$/iu.test(name) ? "" : new URL(link.slice(1), page).href;
}
