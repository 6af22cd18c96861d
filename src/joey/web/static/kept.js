// What a tablet shows of taps that it keeps: the bed as it will be once they are sent.
// A start's tap is its hold's name, so that what is tapped after it, without a link, is of it too.

import { TAPS } from "./words.js";

/** @typedef {import("./taps.js").Tap} Tap */
/** @typedef {import("./types.js").Bed} Bed */
/** @typedef {import("./types.js").Tile} Tile */
/** @typedef {import("./types.js").Holder} Holder */

const UNDOABLE = new Set(["start_hold", "nudge", "change_holder", "stop_hold", "describe"]);

/** The taps that stand, the last first: an undo may itself be taken back. @param {Tap[]} taps */
function standing(taps) {
  const undone = new Set();
  return [...taps].reverse().filter((each) => {
    if (undone.has(each.id)) return false;
    if (each.type === "undo") undone.add(each.of);
    return each.type !== "undo";
  });
}

/** Who a tap says holds. @param {Tap} tap @returns {Holder|null} */
function holderOf(tap) {
  const said = /** @type {{role: string, label: string}|undefined} */ (tap.holder);
  return said ? { role: said.role, name: said.label } : null;
}

/**
 * A tile with the taps that wait for its bed.
 * @param {Tile} tile as the server told it
 * @param {Tap[]} taps that wait on this device, of all beds
 * @returns {Tile}
 */
export function tileWith(tile, taps) {
  const mine = taps.filter((each) => each.bed === tile.key);
  if (!mine.length) return tile;
  const taken = mine.some((each) => each.type === "undo" && each.of === tile.hold?.id);
  let next = taken ? { ...tile, hold: null, heldFrom: null, held: tile.held.filter(([, to]) => to !== null) } : tile;
  for (const each of standing(mine).reverse()) next = after(next, each);
  return next;
}

/** @param {Tile} tile @param {Tap} tap @returns {Tile} */
function after(tile, tap) {
  const { hold } = tile;
  if (tap.type === "start_hold") {
    if (hold) return tile; // the answer got lost, or it will be refused
    const contact = String(tap.contact ?? "unknown");
    return counted({ ...tile, held: [...tile.held, [tap.at, null]], hold: { id: tap.id, since: tap.at, holder: holderOf(tap) ?? { role: "unknown", name: "" }, holderSince: tap.at, contact, unsent: true } });
  }
  if (!hold || tap.hold !== hold.id) return tile;
  if (tap.type === "stop_hold") return ended(tile, tap.at);
  const next = { ...hold, unsent: true };
  if (tap.type === "nudge") {
    const held = /** @type {[number, number|null][]} */ (tile.held.map(([from, to]) => to === null ? [tap.at, to] : [from, to]));
    next.since = tap.at;
    if (hold.holderSince !== hold.since) return { ...tile, held, hold: next };
    return counted({ ...tile, held, hold: { ...next, holderSince: tap.at } });
  }
  next.holder = holderOf(tap) ?? hold.holder;
  if (tap.type === "change_holder") return { ...ended(tile, tap.at), held: tile.held, heldFrom: tile.heldFrom === null ? null : tap.at, hold: { ...next, holderSince: tap.at } };
  return counted({ ...tile, hold: { ...next, contact: String(tap.contact ?? hold.contact) } });
}

/** A tile whose holder's part counts today if it is skin to skin. @param {Tile} tile @returns {Tile} */
function counted(tile) { return { ...tile, heldFrom: tile.hold?.contact === "skin_to_skin" ? Math.max(tile.hold.holderSince, tile.midnight) : null }; }

/** A tile whose hold has ended. @param {Tile} tile @param {number} at when [ms] @returns {Tile} */
function ended(tile, at) {
  const more = tile.heldFrom === null ? 0 : Math.max(0, at - tile.heldFrom) / 1000;
  const held = /** @type {[number, number|null][]} */ (tile.held.map(([from, to]) => [from, to ?? at]));
  return { ...tile, hold: null, heldS: tile.heldS + more, heldFrom: null, held };
}

/** A bed whose hold runs again, where its stop is taken back. @param {Bed} bed @param {Tap[]} mine @returns {Bed} */
function resumed(bed, mine) {
  const { tile, undo } = bed, was = bed.holds.find((each) => each.id === undo?.hold);
  if (tile.hold || undo?.words !== TAPS.stop_hold || !was || !mine.some((each) => each.type === "undo" && each.of === undo?.tap)) return bed;
  const hold = { id: was.id, since: was.start, holder: was.holders.at(-1) ?? { role: "unknown", name: "" }, holderSince: was.start, contact: "unknown", unsent: true };
  return { ...bed, tile: { ...tile, hold }, holds: bed.holds.map((each) => each === was ? { ...each, end: null } : each) };
}

/**
 * A bed with the taps that wait for it.
 * @param {Bed} bed as the server told it
 * @param {Tap[]} taps that wait on this device, of all beds
 * @returns {Bed}
 */
export function bedWith(bed, taps) {
  const mine = taps.filter((each) => each.bed === bed.tile.key);
  if (!mine.length) return bed;
  const again = resumed(bed, mine), tile = tileWith(again.tile, mine), { hold } = tile;
  const last = standing(mine).find((each) => UNDOABLE.has(each.type));
  const undone = mine.some((each) => each.type === "undo" && each.of === bed.undo?.tap);
  const undo = last ? { hold: last.type === "start_hold" ? last.id : String(last.hold), tap: last.id, words: TAPS[last.type] ?? "" } : undone ? null : bed.undo;
  const stop = standing(mine).find((each) => each.type === "stop_hold");
  const holds = again.holds.map((each) => each.end === null && stop?.hold === each.id ? { ...each, end: stop.at } : each);
  if (hold?.unsent && !holds.some((each) => each.id === hold.id)) holds.push({ id: hold.id, start: hold.since, end: null, holders: [hold.holder] });
  return { ...bed, tile, undo, holds, spells: bed.spells.map((each) => tagged(each, mine)), stopped: stopped(bed, mine) };
}

/** A spell with the tags that wait: on, or off again. @param {import("./types.js").Spell} spell @param {Tap[]} mine */
function tagged(spell, mine) {
  let { tags } = spell;
  for (const { type, stream, start_ns, tag, on } of mine) {
    if (type !== "tag" || stream !== spell.stream || start_ns !== spell.startNs) continue;
    const others = tags.filter((each) => each !== tag);
    tags = on ? tags.includes(String(tag)) ? tags : [...others, String(tag)] : others;
  }
  return { ...spell, tags };
}

/** From when to when the hold was that was stopped without a link. @param {Bed} bed @param {Tap[]} mine */
function stopped(bed, mine) {
  const stop = standing(mine).find((each) => each.type === "stop_hold");
  if (!stop) return null;
  const before = tileWith(resumed(bed, mine).tile, mine.filter((each) => each !== stop)).hold;
  return before && before.id === stop.hold ? { start: before.since, end: stop.at } : null;
}
