// Taps to the server: each with an id of its own, so that sending twice does nothing twice;
// kept on this device until the server has stored them.

import { hostNow } from "./clock.js";

const KEY = "joey-taps";
/** @typedef {{id: string, type: string, bed: string, at: number, [more: string]: unknown}} Tap */

/** @returns {Tap[]} */
function waiting() {
  try { return JSON.parse(localStorage.getItem(KEY) ?? "[]"); } catch { return []; }
}
/** @param {Tap[]} taps */
function keep(taps) { localStorage.setItem(KEY, JSON.stringify(taps)); }

/**
 * Send a tap; without a link it waits on this device and goes when the link is back.
 * @param {string} type @param {string} bed @param {Record<string, unknown>} [more]
 * @param {number} [at] what it says happened then, else now [ms]
 * @returns {Promise<{stored: boolean, refused: string, bed: import("./types.js").Bed|null, tap: Tap}>}
 */
export async function tap(type, bed, more = {}, at = hostNow()) {
  /** @type {Tap} */
  const made = { id: crypto.randomUUID(), type, bed, at: Math.round(at), ...more };
  keep([...waiting(), made]);
  awaited.add(made.id);
  await sendWaiting();
  const done = answers.get(made.id) ?? { stored: false, refused: "", bed: null };
  awaited.delete(made.id); answers.delete(made.id);
  return { ...done, tap: made };
}

/** @typedef {{stored: boolean, refused: string, bed: import("./types.js").Bed|null}} Sent */
/** Taps whose answer somebody waits for, and the answers. */
const awaited = /** @type {Set<string>} */ (new Set()), answers = /** @type {Map<string, Sent>} */ (new Map());

/** @param {Tap} made @returns {Promise<Sent>} */
async function send(made) {
  /** @type {Response} */
  let answer;
  try {
    answer = await fetch("/api/taps", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(made), signal: AbortSignal.timeout(8000) });
  } catch { return { stored: false, refused: "", bed: null }; }
  const said = await answer.json().catch(() => null);
  // Not this browser's sign-in, nor an answer that broke off, takes a tap away.
  if (answer.status >= 500 || answer.status === 401 || answer.status === 403 || !said) return { stored: false, refused: "", bed: null };
  keep(waiting().filter((each) => each.id !== made.id));
  if (!answer.ok) return { stored: false, refused: said.detail ?? "refused", bed: null };
  return { stored: true, refused: said.refused ?? "", bed: said.bed ?? null };
}

/** How many taps wait on this device. */
export const waitingTaps = () => waiting().length;

/** @type {Promise<void>} */
let sending = Promise.resolve();
/** Send what waits, one after the other in the order of the taps. @returns {Promise<void>} */
export function sendWaiting() { return sending = sending.then(sendAll, sendAll); }

async function sendAll() {
  for (const each of waiting()) {
    const done = await send(each);
    if (awaited.has(each.id)) answers.set(each.id, done);
    else if (done.refused) document.dispatchEvent(new CustomEvent("keptrefused", { detail: { at: each.at, why: done.refused } }));
    if (!done.stored && !done.refused) break;
  }
}
