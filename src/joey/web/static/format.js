// Times, durations and small DOM words. Clock times are those of the unit.

import { hostNow } from "./clock.js";

let zone = "UTC";
/** @param {string} name an IANA zone */
export function setZone(name) { zone = name; times.clear(); zones.clear(); }

/** @type {Map<string, Intl.DateTimeFormat>} */
const times = new Map();
/** @param {string} key @param {Intl.DateTimeFormatOptions} options */
function formatter(key, options) {
  let found = times.get(key);
  if (!found) times.set(key, found = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hourCycle: "h23", ...options }));
  return found;
}
const QUARTER_MS = 900_000, MOST = 500; // no clock changes within a quarter of an hour
/** @type {Map<number, string>} */
const zones = new Map();
/** What the unit's zone is called at a time: CET, CEST. @param {number} at */
export function zoneAt(at) {
  const quarter = Math.floor(at / QUARTER_MS);
  let name = zones.get(quarter);
  if (name === undefined) {
    if (zones.size > MOST) zones.clear();
    name = formatter("zone", { timeZoneName: "short" }).formatToParts(at).find((part) => part.type === "timeZoneName")?.value ?? "";
    zones.set(quarter, name);
  }
  return name;
}
/** The zone beside a time of before the clock was changed: without it an hour would seem to be missing, or double. @param {number} at */
const marked = (at) => zoneAt(at) === zoneAt(hostNow()) ? "" : ` ${zoneAt(at)}`;
/** @param {number} at */
export const hm = (at) => formatter("hm", { hour: "2-digit", minute: "2-digit" }).format(at) + marked(at);
/** @param {number} at */
export const hms = (at) => formatter("hms", { hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(at) + marked(at);
/** @param {number} at */
export const day = (at) => formatter("day", { weekday: "short", day: "numeric", month: "short" }).format(at);
/** @param {number} at */
export const hourOf = (at) => Number(formatter("hour", { hour: "2-digit" }).format(at));

const MIN_MS = 60_000, HALF_DAY_MIN = 720;
/**
 * The times from half a day before another one to half a day after it, or to a later one, at which the
 * clock shows hours and minutes, the nearest first: one a day; none in the hour that a change of the
 * clock leaves out; two in that which comes twice.
 * @param {string} clock as 14:07 @param {number} near @param {number} later
 */
export function shownAt(clock, near, later) {
  const first = Math.floor(near / MIN_MS) - HALF_DAY_MIN + 1, last = Math.max(first + 2 * HALF_DAY_MIN - 1, Math.floor(later / MIN_MS));
  const minutes = Array.from({ length: last - first + 1 }, (_, k) => (first + k) * MIN_MS), shows = formatter("hm", { hour: "2-digit", minute: "2-digit" });
  return minutes.filter((at) => shows.format(at) === clock).sort((one, other) => Math.abs(one - near) - Math.abs(other - near));
}

/** A duration in the words of the ward: 42 min, 1 h 05 min. @param {number} seconds */
export function lasting(seconds) {
  const minutes = Math.max(0, Math.floor(seconds / 60));
  const hours = Math.floor(minutes / 60);
  return hours ? `${hours} h ${String(minutes % 60).padStart(2, "0")} min` : `${minutes} min`;
}
/** The same, as short as can be: 42 min, 1 h 05. @param {number} seconds */
export function short(seconds) {
  const minutes = Math.max(0, Math.floor(seconds / 60));
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")}`;
}
/**
 * How long an infant was held today. [s] What runs counts in whole minutes, as its timer; what has
 * ended is rounded to minutes, as in its report and in the line for the chart.
 * @param {{heldS: number, heldFrom: number|null}} tile @param {number} now [ms]
 */
export function heldToday({ heldS, heldFrom }, now) {
  return heldFrom === null ? Math.round(heldS / 60) * 60 : heldS + Math.max(0, now - heldFrom) / 1000;
}
/** A running clock: 0:42, 1:05:09. @param {number} seconds */
export function running(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  return s >= 3600 ? `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}` : `${Math.floor(s / 60)}:${two(s % 60)}`;
}
/** How old something is: 18 s, 4 min. @param {number} ms */
export function age(ms) {
  const s = Math.max(0, Math.round(ms / 1000));
  return s < 100 ? `${s} s` : lasting(s);
}

/**
 * Make an element.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {string} [name] its class
 * @param {...(Node|string)} inside
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, name = "", ...inside) {
  const element = document.createElement(tag);
  if (name) element.className = name;
  element.append(...inside);
  return element;
}
/**
 * The element of an id; a page without it is broken.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function by(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found;
}
/** Change a text only where it differs: no needless layout. @param {Node} node @param {string} text */
export function write(node, text) { if (node.textContent !== text) node.textContent = text; }
/** @param {Element} element @param {string} name */
export function dress(element, name) { if (element.className !== name) element.className = name; }
