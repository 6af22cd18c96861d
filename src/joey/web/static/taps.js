// Taps to the server: each with an id of its own, so that sending twice does nothing twice;
// kept on this device until the server has stored them.

import { hostNow } from "./clock.js";

const KEY = "joey-taps", REFUSED = "joey-taps-refused";
const ANSWER_MS = 1000; // so soon a tap is answered where there is a link
/** @typedef {{id: string, type: string, bed: string, at: number, [more: string]: unknown}} Tap */

/** @returns {Tap[]} */
function waiting() {
  try { return JSON.parse(localStorage.getItem(KEY) ?? "[]"); } catch { return []; }
}
/** @param {Tap[]} taps */
function keep(taps) { localStorage.setItem(KEY, JSON.stringify(taps)); changed(); }
const changed = () => document.dispatchEvent(new Event("keptchange"));

/**
 * Send a tap; without a link it waits on this device and goes when the link is back.
 * @param {string} type @param {string} bed @param {Record<string, unknown>} [more]
 * @param {number} [at] what it says happened then, else now [ms]
 * @returns {Promise<{stored: boolean, refused: string, tap: Tap}>}
 */
export async function tap(type, bed, more = {}, at = hostNow()) {
  /** @type {Tap} */
  const made = { id: crypto.randomUUID(), type, bed, at: Math.round(at), ...more };
  awaited.add(made.id); fresh.set(made.id, performance.now());
  keep([...waiting(), made]);
  await sendWaiting();
  if (fresh.delete(made.id)) changed(); // it waits behind another, or a second page has sent it
  const done = answers.get(made.id) ?? { stored: false, refused: "" };
  awaited.delete(made.id); answers.delete(made.id);
  return { ...done, tap: made };
}

/** @typedef {{stored: boolean, refused: string}} Sent */
/** When taps were made of which it is not known yet whether there is a link. @type {Map<string, number>} */
const fresh = new Map();
/** Taps whose answer somebody waits for, and the answers. */
const awaited = /** @type {Set<string>} */ (new Set()), answers = /** @type {Map<string, Sent>} */ (new Map());

/** @param {Tap} made @returns {Promise<Sent>} */
async function send(made) {
  /** @type {Response} */
  let answer;
  try {
    answer = await fetch("/api/taps", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(made), signal: AbortSignal.timeout(8000) });
  } catch { return { stored: false, refused: "" }; }
  const said = await answer.json().catch(() => null);
  // Not this browser's sign-in, nor an answer that broke off, takes a tap away.
  if (answer.status >= 500 || answer.status === 401 || answer.status === 403 || !said) return { stored: false, refused: "" };
  // First what the server makes of it, then it is kept no longer: the hold is shown throughout.
  if (said.bed) document.dispatchEvent(new CustomEvent("bedtold", { detail: said.bed }));
  keep(waiting().filter((each) => each.id !== made.id));
  if (!answer.ok) return { stored: false, refused: said.detail ?? "refused" };
  return { stored: true, refused: said.refused ?? "" };
}

/** The taps that wait on this device, in their order. */
export const waitingTaps = waiting;
let cut = false;
/** Take whether the link is known to be lost: then a tap is shown at once, and waits for no answer. @param {boolean} lost */
export function linkIs(lost) { cut = lost; }
/** Those of them that were tried in vain, or are without an answer for a while: what is said to be unsent. */
export const unsentTaps = () => waiting().filter((each) => cut || performance.now() - (fresh.get(each.id) ?? -Infinity) > ANSWER_MS);

/** What is sent now. @type {Promise<void>|null} */
let sending = null;
/** What is sent after it. @type {Promise<void>|null} */
let next = null;
/** Send what waits, one after the other in the order of the taps; while no answer comes one more round is enough. @returns {Promise<void>} */
export function sendWaiting() {
  const again = () => { next = null; return sendWaiting(); };
  if (sending) return next ??= sending.then(again, again);
  return sending = sendAll().finally(() => { sending = null; });
}

async function sendAll() {
  for (const each of waiting()) {
    const done = await send(each);
    if (fresh.delete(each.id) && !done.stored) changed();
    if (awaited.has(each.id)) answers.set(each.id, done);
    else if (done.refused) refuse({ at: each.at, type: each.type, bed: each.bed, why: done.refused });
    if (!done.stored && !done.refused) break;
  }
}

/** @typedef {{at: number, type: string, bed: string, why: string}} Refused */
/** Kept taps that were not taken, until somebody has read it. @returns {Refused[]} */
export function refusedTaps() {
  try { return JSON.parse(localStorage.getItem(REFUSED) ?? "[]"); } catch { return []; }
}
/** @param {Refused} tap */
function refuse(tap) { localStorage.setItem(REFUSED, JSON.stringify([...refusedTaps(), tap])); changed(); }
/** Somebody has read these; what came since, on another page of this tablet, stays. @param {Refused[]} read */
export function forgetRefused(read) {
  const known = new Set(read.map((each) => JSON.stringify(each)));
  localStorage.setItem(REFUSED, JSON.stringify(refusedTaps().filter((each) => !known.has(JSON.stringify(each)))));
  changed();
}
