// Live waveforms: swept across the canvas like a monitor's, painting only what is new.
// A sample is shown a fixed time after it was measured, so that the strip runs evenly.

import { hostNow, rate } from "./clock.js";
import { color, fit } from "./page.js";
import { hms } from "./format.js";

export const PLAY_OUT_MS = 1500; // after it was measured, a sample is on the screen
const FRAME_MS = 100;
const PIXELS_PER_S = 50; // about 25 mm/s on a tablet
const AHEAD_PX = 14; // wiped in front of the pen
const KEEP_S = 40;
const LOST_MS = 5000; // without a measured sample, from which a signal is said to be lost everywhere
const FLAT = 0.5; // of its unit, above and below what does not move at all

/**
 * @typedef {object} Wave
 * @property {string} id
 * @property {string} label
 * @property {string} kind ecg, pleth or resp: its color
 * @property {string} unit
 * @property {number} fs [Hz]
 * @property {number} t0 host time of index 0 [ms]
 * @property {number} scale
 * @property {number} offset
 * @property {Float32Array} ring NaN: not measured
 * @property {number} next index after the last known sample
 * @property {number} painted index after the last painted sample
 * @property {number} low
 * @property {number} high
 * @property {number} lastAt host time of the last sample [ms]
 * @property {number} goodAt host time of the last that was measured [ms]; 0: none
 * @property {boolean} silent whether it is lost
 */

/** The strips of one bed. */
export class Strips {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    /** @type {Map<string, Wave>} */ this.waves = new Map();
    this.frozen = false;
    this.clean = false;
    this.head = 0;
    this.framesPainted = 0;
    let due = false; // a page that is not seen gets no frames: those of a night would wait for one another
    setInterval(() => { if (!due) { due = true; requestAnimationFrame(() => { due = false; this.paint(); }); } }, FRAME_MS);
    const anew = () => { this.clean = false; };
    document.addEventListener("themechange", anew);
    addEventListener("resize", anew);
  }

  /** Take one binary message: a header's length, the header as JSON, the samples. @param {ArrayBuffer} data */
  take(data) {
    const size = new DataView(data).getUint32(0, true);
    const header = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, size)));
    let at = 4 + size + ((4 - ((4 + size) % 4)) % 4);
    for (const piece of header.waves) {
      const values = piece.bytes === 2 ? new Int16Array(data, at, piece.n) : new Int32Array(data, at, piece.n);
      at += Math.ceil((piece.n * piece.bytes) / 4) * 4;
      this.add(piece, values);
    }
    for (const id of this.waves.keys()) if (!header.there.includes(id)) { this.waves.delete(id); this.clean = false; } // its monitor is gone
    return header;
  }

  /** @param {any} piece @param {Int16Array|Int32Array} values */
  add(piece, values) {
    let wave = this.waves.get(piece.id);
    if (wave && Math.abs(wave.t0 - piece.t0) > 200) { // the clock was set
      wave.t0 = piece.t0; wave.goodAt = 0; this.clean = false;
      // Or the pages were started again, and count from another sample: what is here has no place there.
      if (piece.first !== wave.next) { wave.ring.fill(NaN); wave.next = wave.painted = piece.first; }
    }
    // Pages that were started again may have given another wave this name.
    if (!wave || wave.fs !== piece.fs || wave.label !== piece.label) {
      for (const [id, old] of this.waves) if (old.label === piece.label) this.waves.delete(id);
      wave = { id: piece.id, label: piece.label, kind: piece.kind, unit: piece.unit, fs: piece.fs, t0: piece.t0, scale: piece.scale, offset: piece.offset,
        ring: new Float32Array(Math.ceil(piece.fs * KEEP_S)).fill(NaN), next: piece.first, painted: piece.first, low: NaN, high: NaN, lastAt: 0, goodAt: 0, silent: false };
      const fresh = this.waves.get(piece.id)?.label !== piece.label;
      this.waves.set(piece.id, wave);
      if (fresh) { this.waves = new Map([...this.waves].sort(([, a], [, b]) => rank(a) - rank(b) || a.label.localeCompare(b.label))); this.clean = false; }
    }
    const size = wave.ring.length, first = piece.first;
    // What was never sent was never measured, or dropped: either way it is not drawn.
    for (let k = Math.max(wave.next, first - size); k < first; k++) wave.ring[k % size] = NaN;
    for (let k = 0; k < values.length; k++) wave.ring[(first + k) % size] = /** @type {number} */ (values[k]) * piece.scale + piece.offset;
    const known = new Uint8Array(values.length);
    for (const [lo, hi] of piece.runs) known.fill(1, lo, hi);
    for (let k = 0; k < values.length; k++) if (!known[k]) wave.ring[(first + k) % size] = NaN;
    if (first < wave.painted) this.clean = false;
    wave.next = Math.max(wave.next, first + values.length);
    wave.lastAt = wave.t0 + ((wave.next - 1) / wave.fs) * 1000;
    const measured = Math.max(0, ...piece.runs.map((/** @type {[number, number]} */ [, hi]) => hi));
    if (measured) wave.goodAt = Math.max(wave.goodAt, wave.t0 + ((first + measured - 1) / wave.fs) * 1000);
  }

  /** Take away what is drawn, frozen or not: it is another's. */
  forget() {
    this.waves.clear(); this.clean = false;
    const { pen, width, height } = fit(this.canvas);
    pen.clearRect(0, 0, width, height);
  }

  /** @param {boolean} frozen */
  freeze(frozen) { this.frozen = frozen; if (!frozen) this.clean = false; }

  paint() {
    if (this.frozen || document.hidden) return;
    const { pen, width, height, changed } = fit(this.canvas);
    if (!width || !height || !this.waves.size) return;
    const speed = rate(), now = hostNow() - PLAY_OUT_MS * speed;
    // By what was heard, not by the clock: where no link is, nobody knows whether it is measured.
    const heard = Math.max(...[...this.waves.values()].map((wave) => wave.lastAt));
    for (const wave of this.waves.values()) {
      const silent = heard - wave.goodAt > LOST_MS;
      if (silent !== wave.silent) { wave.silent = silent; this.clean = false; }
    }
    const all = changed || !this.clean;
    if (all) { pen.clearRect(0, 0, width, height); this.clean = true; this.ink = { ecg: color("hr"), pleth: color("spo2"), resp: color("rr"), other: color("ink"), quiet: color("quiet"), paper: color("raised"), rule: color("rule") }; }
    const perS = PIXELS_PER_S / speed; // a demo that runs fast keeps its look
    const lane = height / this.waves.size;
    let k = 0;
    for (const wave of this.waves.values()) this.lane(pen, wave, k++ * lane, lane, width, now, perS, all);
    this.framesPainted++;
  }

  /**
   * @param {CanvasRenderingContext2D} pen @param {Wave} wave @param {number} top @param {number} high
   * @param {number} width @param {number} now @param {number} perS @param {boolean} all
   */
  lane(pen, wave, top, high, width, now, perS, all) {
    const ink = /** @type {Record<string, string>} */ (this.ink), label = 20, size = wave.ring.length;
    const upto = Math.min(wave.next, Math.floor(((now - wave.t0) / 1000) * wave.fs) + 1);
    const oldest = Math.max(wave.next - size, Math.ceil(((now - wave.t0) / 1000 - (width - AHEAD_PX) / perS) * wave.fs));
    if (all) {
      this.range(wave, oldest, upto);
      pen.fillStyle = ink.rule ?? ""; pen.fillRect(0, Math.round(top + high) - 1, width, 1);
      pen.fillStyle = ink[wave.kind] ?? ink.other ?? ""; pen.font = "600 14px system-ui, sans-serif"; pen.textBaseline = "top";
      pen.fillText(wave.label, 6, top + 3);
      const named = pen.measureText(wave.label).width;
      pen.fillStyle = ink.quiet ?? ""; pen.font = "12px system-ui, sans-serif";
      if (wave.silent) middle(pen, silence(wave), width / 2, top + label + (high - label) / 2);
      else pen.fillText(scaleWords(wave), named + 16, top + 5);
    }
    if (wave.silent) { wave.painted = Math.max(wave.painted, upto); /** @type {any} */ (wave).wiped = undefined; return; }
    const from = all ? oldest : Math.max(wave.painted, oldest);
    const place = (/** @type {number} */ index) => ((((wave.t0 / 1000 + index / wave.fs) * perS) % width) + width) % width;
    const y0 = top + label, room = high - label - 4;
    // The space in front of the pen is wiped even where no sample comes: old samples never stay.
    const pens = place(((now - wave.t0) / 1000) * wave.fs), wiped = /** @type {any} */ (wave).wiped ?? pens;
    if (!all) wipe(pen, ink.paper ?? "", wiped, pens + AHEAD_PX, y0, room + 3, width);
    /** @type {any} */ (wave).wiped = (pens + AHEAD_PX) % width;
    if (upto > from) {
      this.outgrown(wave, from, upto);
      const { low } = wave, height = wave.high - wave.low || 1;
      pen.strokeStyle = ink[wave.kind] ?? ink.other ?? ""; pen.lineWidth = 1.5; pen.lineJoin = "round"; pen.beginPath();
      let before = NaN, beforeX = 0;
      for (let k = Math.max(from - 1, oldest, wave.next - size); k < upto; k++) {
        const value = /** @type {number} */ (wave.ring[((k % size) + size) % size]), x = place(k);
        const y = y0 + (1 - Math.min(1.04, Math.max(-0.04, (value - low) / height))) * room;
        if (Number.isNaN(value) || Number.isNaN(before) || x < beforeX) pen.moveTo(x, y); else pen.lineTo(x, y);
        before = value; beforeX = x;
      }
      pen.stroke();
      wave.painted = upto;
    }
  }

  /** Lay the scale of a lane by what is there. @param {Wave} wave @param {number} from @param {number} upto */
  range(wave, from, upto) {
    let low = Infinity, high = -Infinity;
    for (let k = Math.max(from, wave.next - wave.ring.length); k < Math.max(upto, wave.next); k++) {
      const value = /** @type {number} */ (wave.ring[((k % wave.ring.length) + wave.ring.length) % wave.ring.length]);
      if (value < low) low = value;
      if (value > high) high = value;
    }
    if (low === Infinity) { wave.low = wave.high = NaN; return; }
    const room = high > low ? (high - low) * 0.08 : FLAT;
    wave.low = low - room; wave.high = high + room;
  }

  /** Lay it anew where new samples leave it, or no longer fill a third of it. @param {Wave} wave @param {number} from @param {number} upto */
  outgrown(wave, from, upto) {
    if (Number.isNaN(wave.low)) { this.range(wave, from, upto); this.clean = Number.isNaN(wave.low); return; }
    let beyond = false;
    for (let k = from; k < upto; k++) {
      const value = /** @type {number} */ (wave.ring[((k % wave.ring.length) + wave.ring.length) % wave.ring.length]);
      if (value < wave.low || value > wave.high) beyond = true;
    }
    if (beyond) this.clean = false;
  }

  /** What a screen reader is told, and what a test looks at. */
  words() {
    return [...this.waves.values()].map((wave) => `${wave.label}: ${wave.silent ? silence(wave) : `last sample ${hms(wave.lastAt)}`}`).join("; ");
  }
}

/** The height of a lane in words; a pleth has no unit, its height means nothing. @param {Wave} wave */
function scaleWords(wave) {
  if (wave.unit === "NU" || !wave.unit || !Number.isFinite(wave.low)) return "";
  const digits = wave.high - wave.low >= 20 ? 0 : wave.high - wave.low >= 2 ? 1 : 2;
  return `${wave.low.toFixed(digits).replace("-", "−")} to ${wave.high.toFixed(digits)} ${wave.unit === "Ohm" ? "Ω" : wave.unit}`;
}
/** That a wave is lost, and since when; why, nobody here knows. @param {Wave} wave */
const silence = (wave) => wave.goodAt ? `not measured since ${hms(wave.goodAt)}` : "not measured";

/** @param {CanvasRenderingContext2D} pen @param {string} words @param {number} x @param {number} y */
function middle(pen, words, x, y) {
  pen.font = "600 15px system-ui, sans-serif"; pen.textAlign = "center"; pen.textBaseline = "middle";
  pen.fillText(words, x, y);
  pen.textAlign = "left";
}

/** @param {Wave} wave */
const rank = (wave) => ["ecg", "pleth", "resp"].indexOf(wave.kind) + 1 || 9;

/** @param {CanvasRenderingContext2D} pen @param {string} paper @param {number} from @param {number} to @param {number} top @param {number} high @param {number} width */
function wipe(pen, paper, from, to, top, high, width) {
  pen.fillStyle = paper;
  let length = (((to - from) % width) + width) % width;
  if (length > width / 2) return; // the pen stood still
  const room = Math.min(length, width - from);
  pen.fillRect(from, top, room + 1, high);
  if (length > room) pen.fillRect(0, top, length - room + 1, high);
}
