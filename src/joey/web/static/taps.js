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
  return { ...(await send(made)), tap: made };
}

/** @param {Tap} made */
async function send(made) {
  /** @type {Response} */
  let answer;
  try {
    answer = await fetch("/api/taps", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(made), signal: AbortSignal.timeout(8000) });
  } catch { return { stored: false, refused: "", bed: null }; }
  if (answer.status >= 500) return { stored: false, refused: "", bed: null };
  keep(waiting().filter((each) => each.id !== made.id));
  const said = await answer.json();
  if (!answer.ok) return { stored: false, refused: said.detail ?? "refused", bed: null };
  return { stored: true, refused: said.refused ?? "", bed: said.bed ?? null };
}

/** How many taps wait on this device. */
export const waitingTaps = () => waiting().length;

/** Send what waits, in order. @returns {Promise<number>} how many still wait */
export async function sendWaiting() {
  for (const each of waiting()) {
    const done = await send(each);
    if (!done.stored && !done.refused) break;
  }
  return waiting().length;
}
