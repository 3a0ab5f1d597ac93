// What is marked in messages that were found. Pure.

/** Return the words of a search that are marked in what is found: none of its conditions. */
export function wordsOf(text) {
  const terms = text.matchAll(/(-(?=["“„”\p{L}\p{N}]))?(?:(from|in|with|has|before|after|on):)?(?:["“„”]([^"“„”]*)["“„”]|(\S+))/giu);
  return [...terms].flatMap(([, minus, key, phrase, word]) => (minus || key ? [] : [phrase ?? word])).filter(Boolean);
}

/** Split a text at the places where any of these words stands: every second piece is such a word. */
export function marked(text, words) {
  const escaped = words.filter(Boolean).map((word) => word.replace(/[\\^$.*+?()[\]{}|/]/gu, "\\$&"));
  return escaped.length ? text.split(new RegExp(`(${escaped.join("|")})`, "giu")) : [text];
}
