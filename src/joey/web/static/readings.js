// The four numbers, in their four states. A number that is old is never shown as if it were not.

import { age, dress, hm, make, write } from "./format.js";

/** @type {{key: import("./types.js").Quantity, label: string, unit: string, decimals: number, small: boolean}[]} */
export const QUANTITIES = [
  { key: "hr", label: "HR", unit: "/min", decimals: 0, small: false },
  { key: "spo2", label: "SpO₂", unit: "%", decimals: 0, small: false },
  { key: "rr", label: "RR", unit: "/min", decimals: 0, small: true },
  { key: "temp", label: "Temp", unit: "°C", decimals: 1, small: true },
];
const DASH = "–?–";
const GONE_MS = 30_000; // what was shown before the link was lost is gone after this long

/**
 * The words and the look of a reading.
 * @param {import("./types.js").Reading} reading
 * @param {number} decimals
 * @param {number} now
 * @param {number} [lostFor] how long the link is lost [ms]
 * @param {boolean} [narrow] whether there is room for a clock time only
 * @returns {{text: string, state: import("./types.js").State, age: string}}
 */
export function shown(reading, decimals, now, lostFor = 0, narrow = false) {
  let state = reading.state;
  if (lostFor > 0 && state === "live") state = "late";
  if (lostFor > GONE_MS && state === "late") state = "none";
  if ((state === "live" || state === "late") && reading.value !== null) {
    const old = state === "late" && reading.at !== null ? `${age(now - reading.at)}${narrow ? "" : " old"}` : "";
    return { text: reading.value.toFixed(decimals), state, age: old };
  }
  if (state === "invalid") return { text: DASH, state, age: "invalid" };
  return { text: DASH, state: "none", age: reading.at !== null ? `${narrow ? "" : "last "}${hm(reading.at)}` : "" };
}

/** The elements of the four numbers, made once and written to every second. */
export class Readings {
  /** @param {boolean} [narrow] whether there is room for short words only */
  constructor(narrow = false) {
    this.narrow = narrow;
    this.root = make("div", "readings");
    /** @type {Map<string, {root: HTMLElement, label: Text, value: HTMLElement, age: HTMLElement}>} */
    this.parts = new Map();
    for (const each of QUANTITIES) {
      const value = make("span", "value"), old = make("span", "age"), label = document.createTextNode(each.label);
      const root = make("span", `reading ${each.key}`, make("span", "label", label, make("span", "unseen", ` in ${each.unit}`)), value, old);
      this.root.append(root);
      this.parts.set(each.key, { root, label, value, age: old });
    }
  }
  /**
   * @param {Record<import("./types.js").Quantity, import("./types.js").Reading>} readings
   * @param {number} now
   * @param {number} [lostFor]
   * @param {boolean} [apart] whether another rate of the heart disagrees with the one shown
   */
  show(readings, now, lostFor = 0, apart = false) {
    for (const each of QUANTITIES) {
      const part = this.parts.get(each.key);
      if (!part) continue;
      const seen = shown(readings[each.key], each.decimals, now, lostFor, this.narrow || each.small);
      write(part.label, `${readings[each.key].label ?? each.label}${apart && each.key === "hr" ? " ≠" : ""}`);
      write(part.value, seen.text);
      write(part.age, seen.age);
      dress(part.root, `reading ${each.key} ${seen.state}${each.small ? " small" : ""}`);
    }
  }
}
