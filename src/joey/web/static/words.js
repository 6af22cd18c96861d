// Words that more than one page says, word for word the same.

import { hm } from "./format.js";

/** The signals that are lost: what, and since when; never why. @param {import("./types.js").Lost[]} lost */
export const lostWords = (lost) => lost.map(({ what, since }) => since === null ? `No ${what} yet` : `No ${what} since ${hm(since)}`).join(" · ");
/** That a hold runs where signals are lost, once for all of them; beside it, as no cause. @param {import("./types.js").Lost[]} lost */
export function markWords(lost) {
  const marked = lost.find((each) => each.marked !== null)?.marked ?? null;
  return marked === null ? "" : `(Hold marked ${hm(marked)})`;
}

/** What stands where no name is. @param {string} note */
export const nobody = (note) => note === "empty" ? "nobody is admitted here" : note;

/** What a tap does, by its type. */
export const TAPS = /** @type {Record<string, string>} */ ({ start_hold: "start", nudge: "new start", change_holder: "change of holder", stop_hold: "stop", describe: "what was said", undo: "undo", tag: "tag of a spell", associate: "confirmation" });

export const ROLES = /** @type {const} */ ([["mother", "Mother"], ["father", "Father"], ["other_parent", "Other parent"], ["sibling", "Sibling"], ["grandparent", "Grandparent"], ["surrogate", "Surrogate"], ["staff", "Staff"], ["volunteer", "Volunteer"], ["other", "Other"], ["unknown", "Not known"]]);
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;
/** A name within a sentence: one that runs from right to left turns nothing beside it. @param {string} name */
const isolated = (name) => RIGHT_TO_LEFT.test(name) ? `\u2068${name}\u2069` : name;

/** A holder in words: Mother · Sara. @param {import("./types.js").Holder} holder */
export function named(holder) {
  const role = holder.role === "unknown" && !holder.name ? "Someone" : ROLES.find(([key]) => key === holder.role)?.[1] ?? "Someone";
  return holder.name && holder.name.toLowerCase() !== role.toLowerCase() ? `${role} · ${isolated(holder.name)}` : role;
}
