// How an entry is set, given the one before it: rules, groups, times. Pure.

import { clock, dayOf } from "./times.js";

const TOGETHER = 5 * 60_000;

/**
 * Return {day, isNew, isHead, time}.
 * day: a rule with the day comes before; isNew: the rule "6 new since …" comes before;
 * isHead: with name and monogram; time: "by" the name, "shown" in the gutter, or "same" as above: only on hover.
 * @param line the {after} of the conversation, or null
 */
export function shape(before, entry, line) {
  const day = before === undefined || dayOf(before.at) !== dayOf(entry.at);
  const isNew = line !== null && entry.order > line.after && (before === undefined || before.order <= line.after);
  const isWords = ({ kind }) => kind === "said" || kind === "shared";
  const isSpoken = isWords(entry) && before !== undefined && isWords(before) && before.nick === entry.nick;
  const isHead = day || isNew || !isSpoken || entry.reply > 0 || entry.at - before.at > TOGETHER;
  if (isWords(entry) && isHead) return { day, isNew, isHead, time: "by" };
  return { day, isNew, isHead, time: !isHead && clock(entry.at) === clock(before.at) ? "same" : "shown" };
}
