// The OxyCRG: beat-to-beat heart rate, SpO2 and compressed respiration on one time axis, newest at
// right, with the holds drawn in and the letters of the spells. Where nothing was measured it is
// hatched, never joined by a line.

import { hostNow } from "./clock.js";
import { hm, hms, zoneAt } from "./format.js";
import { color, fit } from "./page.js";
import { DOUBTFUL } from "./trend.js";
import { named } from "./words.js";

const LEFT = 46, RIGHT = 8, BAND = 24, AXIS = 20, GAP = 8;
const NAMES = 130; // px, of a strip's name: other words begin behind it
const MIN_MS = 60_000;
// Ranges that all beds share, so that a picture can be compared; a strip that leaves them is cut at the edge.
const PANELS = /** @type {const} */ ([
  { key: "hr", label: "HR", unit: "/min", low: 60, deep: 20, high: 220, lines: [50, 100, 150, 200], share: 0.36 },
  { key: "spo2", label: "SpO₂", unit: "%", low: 70, deep: 30, high: 100, lines: [50, 70, 80, 90], share: 0.34 },
  { key: "resp", label: "Resp", unit: "", low: NaN, deep: NaN, high: NaN, lines: [], share: 0.3 },
]);
const STEPS_MIN = [1, 2, 5, 10, 15, 30, 60, 120, 180, 240];
const LONGEST_MS = 8000; // that an answer is waited for: one that was cut off never comes
const READS_MS = 5000; // between two answers while earlier data are read: all may change
const SETTLE_MS = 90_000; // facts younger than this may still change: asked for again

const DOTTED = [1.5, 3]; // px, of a pulse rate beside a heart rate

/** @typedef {{low: Float32Array, high: Float32Array}} Band */

/** @type {Band} */
const NOTHING = { low: new Float32Array(0), high: new Float32Array(0) };

/** The OxyCRG of one bed. */
export class OxyCrg {
  /** @param {HTMLCanvasElement} canvas @param {string} bed */
  constructor(canvas, bed) {
    this.canvas = canvas; this.bed = bed; this.minutes = 6; this.frozen = false;
    this.width = 0; // of a column [ms]
    this.first = 0; // absolute number of the leftmost column
    /** @type {Map<string, Band>} */ this.bands = new Map();
    this.count = 0; this.end = 0; this.asking = false; this.beats = 0; this.reads = 0;
    this.whole = true; // whether all columns are to be asked for, and not only the new ones
    /** @type {import("./types.js").Bed|null} */ this.state = null;
    /** @type {CanvasPattern|null} */ this.hatch = null;
    this.lastAsked = 0; this.again = false; // whether another picture is wanted by now than that which is asked for
    setInterval(() => this.step(), 500);
    const anew = () => { this.hatch = null; this.paint(); };
    document.addEventListener("themechange", anew);
    addEventListener("resize", () => { this.whole = true; this.step(true); });
  }

  /** @param {number} minutes */
  choose(minutes) {
    if (minutes !== this.minutes) this.empty(); // the columns of one length are not the picture of another
    this.minutes = minutes; this.whole = true; this.paint(); void this.step(true);
  }
  /** @param {import("./types.js").Bed} state */
  show(state) { this.state = state; }
  /** Take away what is drawn: it is another's. */
  forget() { this.empty(); this.whole = true; this.paint(); void this.step(true); }
  empty() { this.bands = new Map(); this.count = this.beats = this.reads = 0; }
  /** @param {boolean} frozen */
  freeze(frozen) { this.frozen = frozen; }

  /** Ask for what is new, as often as the picture can show it. @param {boolean} [now] */
  async step(now = false) {
    const period = Math.min(15_000, Math.max(this.reads ? READS_MS : 1000, this.width / 2));
    this.again ||= now && this.asking;
    if (document.hidden || this.asking || (!now && (this.frozen || performance.now() - this.lastAsked < period))) return;
    this.asking = true; this.again = false; this.lastAsked = performance.now();
    try { await this.ask(); } catch { /* the bar says that the link is lost */ } finally { this.asking = false; }
    this.paint();
    if (this.again) void this.step(true);
  }

  async ask() {
    const wide = Math.max(200, Math.min(1600, Math.floor(this.canvas.clientWidth - LEFT - RIGHT)));
    const whole = this.minutes * MIN_MS, columns = Math.min(wide, whole / 250);
    const width = whole / columns, end = this.frozen && this.end ? this.end : hostNow();
    const anew = this.whole || this.reads > 0 || this.width !== width, shows = this.state?.tile.shows;
    const last = Math.floor(end / width), first = last - columns + 1;
    const from = anew ? first : Math.max(first, Math.min(last, Math.floor((this.end - SETTLE_MS) / width)));
    const path = `/api/oxycrg/${this.bed.split("/").map(encodeURIComponent).join("/")}`;
    const answer = await fetch(`${path}?start=${(from * width).toFixed(3)}&width=${width}&columns=${last - from + 1}`, { signal: AbortSignal.timeout(LONGEST_MS) });
    if (!answer.ok || this.minutes * MIN_MS !== whole) return;
    const data = await answer.arrayBuffer();
    if (this.state?.tile.shows !== shows) { this.whole = true; return; } // asked for before, it is another's
    const size = new DataView(data).getUint32(0, true);
    const header = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, size)));
    let at = 4 + size + ((4 - ((4 + size) % 4)) % 4);
    /** @type {Map<string, Band>} */
    const fresh = new Map();
    for (const key of ["pulse", "hr", "spo2", "resp", "good"]) { // pulse: 1 where the rate is a pulse rate, 0 where a heart rate; good: the heart rate of good quality, of what is final, and the pulse rate
      const band = { low: new Float32Array(columns).fill(NaN), high: new Float32Array(columns).fill(NaN) };
      const old = anew ? undefined : this.bands.get(key);
      if (old) for (let k = Math.max(first, this.first); k < Math.min(from, this.first + this.count); k++) {
        band.low[k - first] = old.low[k - this.first] ?? NaN; band.high[k - first] = old.high[k - this.first] ?? NaN;
      }
      for (const edge of /** @type {const} */ (["low", "high"])) {
        band[edge].set(new Float32Array(data, at, last - from + 1), from - first);
        at += (last - from + 1) * 4;
      }
      fresh.set(key, band);
    }
    this.whole = false; this.bands = fresh; this.width = width; this.first = first; this.count = columns; this.end = end;
    this.beats = Math.max(header.beats ?? 0, anew ? 0 : this.beats); this.reads = header.reads ?? 0;
  }

  paint() {
    const { pen, width, height } = fit(this.canvas);
    if (width < 80 || height < 80) return;
    const ink = { hr: color("hr"), spo2: color("spo2"), resp: color("rr"), quiet: color("quiet"), ink: color("ink"), grid: color("grid"), fine: color("fine"), hold: color("hold"), soft: color("hold-soft"), holdInk: color("hold-ink"), spell: color("spell"), paper: color("raised") };
    pen.clearRect(0, 0, width, height);
    const right = width - RIGHT, end = this.end || hostNow(), start = end - this.minutes * MIN_MS;
    const x = (/** @type {number} */ at) => LEFT + ((at - start) / (end - start)) * (right - LEFT);
    const top = BAND + 22, room = height - top - AXIS - 2 * GAP;
    this.holds(pen, x, end, right, top, height - AXIS, ink);
    this.axis(pen, x, start, end, top, height, ink);
    let y = top;
    for (const panel of PANELS) {
      const high = room * panel.share;
      this.panel(pen, panel, x, y, high, right, ink, ink[panel.key]);
      y += high + GAP;
    }
    this.before(pen, x, start, top, height - AXIS, ink);
    this.unread(pen, x, start, end, top + room / 2, ink);
    this.letters(pen, x, start, end, top, height - AXIS, ink);
  }

  /** @param {CanvasRenderingContext2D} pen @param {(at: number) => number} x @param {number} end @param {number} right @param {number} top @param {number} bottom @param {Record<string, string>} ink */
  holds(pen, x, end, right, top, bottom, ink) {
    pen.textBaseline = "middle"; pen.font = "600 13px system-ui, sans-serif";
    for (const hold of this.state?.holds ?? []) {
      const left = Math.max(LEFT, x(hold.start)), to = Math.min(right, x(hold.end ?? end));
      if (to <= LEFT || left >= right) continue;
      pen.fillStyle = ink.soft ?? ""; pen.fillRect(left, top, to - left, bottom - top);
      pen.fillStyle = ink.hold ?? ""; pen.fillRect(left, 1, Math.max(2, to - left), BAND - 5);
      if (x(hold.start) >= LEFT) pen.fillRect(left, 1, 2, bottom - 1);
      if (hold.end !== null && to < right) pen.fillRect(to - 1, 1, 1, bottom - 1);
      pen.save(); pen.beginPath(); pen.rect(left + 6, 0, to - left - 12, BAND); pen.clip();
      pen.fillStyle = ink.holdInk ?? "";
      const who = hold.holders.map(named).filter((each, k, all) => each !== all[k - 1]);
      // All who held, or, where there is no room, the last one.
      const words = [who.join(", then "), `… ${who.at(-1) ?? ""}`].find((each) => pen.measureText(each).width <= to - left - 12);
      if (words) pen.fillText(words, left + 7, BAND / 2 - 1);
      pen.restore();
    }
  }

  /** @param {CanvasRenderingContext2D} pen @param {(at: number) => number} x @param {number} start @param {number} end @param {number} top @param {number} height @param {Record<string, string>} ink */
  axis(pen, x, start, end, top, height, ink) {
    const most = Math.max(3, Math.floor((x(end) - x(start)) / 90));
    const step = (STEPS_MIN.find((each) => this.minutes / each <= most) ?? 240) * MIN_MS;
    pen.font = "12.5px system-ui, sans-serif"; pen.textBaseline = "bottom"; pen.textAlign = "center";
    for (let at = Math.ceil(start / step) * step; at <= end; at += step) {
      const px = Math.round(x(at));
      pen.fillStyle = ink.grid ?? ""; pen.fillRect(px, top, 1, height - AXIS - top);
      pen.fillStyle = ink.quiet ?? "";
      if (px > LEFT + 16 && px < x(end) - 16) pen.fillText(hm(at), px, height - 2);
    }
    pen.textAlign = "left";
    if (zoneAt(start) !== zoneAt(end)) this.change(pen, x, start, end, top, height, ink);
  }

  /** Say where the unit's clock was changed. @param {CanvasRenderingContext2D} pen @param {(at: number) => number} x @param {number} start @param {number} end @param {number} top @param {number} height @param {Record<string, string>} ink */
  change(pen, x, start, end, top, height, ink) {
    let before = start, after = end;
    while (after - before > 1000) {
      const middle = (before + after) / 2;
      if (zoneAt(middle) === zoneAt(start)) before = middle; else after = middle;
    }
    const px = Math.round(x(after));
    pen.fillStyle = ink.ink ?? ""; pen.fillRect(px, top, 1, height - AXIS - top);
    pen.fillText(`${zoneAt(start)} → ${zoneAt(end)}`, px + 4, height - AXIS - 3);
  }

  /** @param {CanvasRenderingContext2D} pen @param {typeof PANELS[number]} panel @param {(at: number) => number} x @param {number} y @param {number} high @param {number} right @param {Record<string, string>} ink @param {string} stroke */
  panel(pen, panel, x, y, high, right, ink, stroke) {
    const band = this.bands.get(panel.key);
    let { low, high: up } = /** @type {{low: number, high: number}} */ (panel);
    if (Number.isNaN(low)) {
      // A wire that is touched must not flatten the breathing of hours: the outermost hundredths are cut.
      const lows = finite(band?.low).sort((a, b) => a - b), highs = finite(band?.high).sort((a, b) => a - b);
      low = lows[Math.floor(lows.length * 0.01)] ?? -1; up = highs[Math.ceil(highs.length * 0.99) - 1] ?? 1;
    } else if (finite(band?.low).some((each) => each < low)) low = panel.deep;
    const at = (/** @type {number} */ value) => y + (1 - Math.min(1, Math.max(0, (value - low) / (up - low || 1)))) * high;
    pen.font = "12.5px system-ui, sans-serif"; pen.textBaseline = "middle"; pen.textAlign = "right";
    let above = -Infinity;
    for (const line of [...panel.lines].reverse()) {
      if (line < low || at(line) - above < 16) continue;
      above = at(line);
      pen.fillStyle = ink.grid ?? ""; pen.fillRect(LEFT, Math.round(at(line)), right - LEFT, 1);
      pen.fillStyle = ink.quiet ?? ""; pen.fillText(String(line), LEFT - 6, at(line));
    }
    pen.fillStyle = ink.grid ?? ""; pen.fillRect(LEFT, Math.round(y + high), right - LEFT, 1);
    pen.textAlign = "left";
    if (!band) { this.label(pen, panel.label, y, ink, stroke); return; }
    this.missing(pen, band, x, y, high, ink);
    pen.fillStyle = stroke; pen.strokeStyle = stroke; pen.lineWidth = 1.4; pen.lineJoin = "round";
    if (panel.key !== "hr") {
      this.curve(pen, band, x, at, panel.key === "resp");
      this.label(pen, panel.label, y, ink, stroke);
      return;
    }
    const heart = this.part(band, 0), pulse = this.part(band, 1), sure = this.part(this.sure(heart), 0), mixed = heart.low.some(Number.isFinite);
    const doubtful = heart.low.some((low, k) => Number.isFinite(low) && !((sure.low[k] ?? NaN) <= low && (sure.high[k] ?? NaN) >= (heart.high[k] ?? NaN)));
    if (doubtful) { pen.globalAlpha = DOUBTFUL; this.curve(pen, heart, x, at, false); pen.globalAlpha = 1; }
    this.curve(pen, sure, x, at, false);
    const pulses = pulse.low.some(Number.isFinite), hr = doubtful ? "HR (pale: in doubt)" : "HR";
    if (pulses) {
      if (mixed) pen.setLineDash(DOTTED);
      this.curve(pen, pulse, x, at, false);
      pen.setLineDash([]);
    }
    this.label(pen, !pulses ? hr : mixed ? `${hr}, PR (dotted)` : "PR", y, ink, stroke);
  }

  /** What of a band is heart rate (0) or nothing but pulse rate (1): neither passes for the other. @param {Band} band @param {0|1} which @returns {Band} */
  part(band, which) {
    const pulse = this.bands.get("pulse")?.low;
    const of = (/** @type {"low"|"high"} */ edge) => band[edge].map((each, k) => (pulse?.[k] === 1) === (which === 1) ? each : NaN);
    return { low: of("low"), high: of("high") };
  }

  /** Whether the quality of a column is known. @param {number} k */
  judged(k) { return (this.first + k + 1) * this.width <= this.beats; }

  /** What of the heart rate is of good quality, or too new to be judged. @param {Band} band @returns {Band} */
  sure(band) {
    const good = this.bands.get("good");
    const of = (/** @type {"low"|"high"} */ edge) => band[edge].map((each, k) => this.judged(k) ? good?.[edge][k] ?? NaN : each);
    return { low: of("low"), high: of("high") };
  }

  /** @param {CanvasRenderingContext2D} pen @param {Band} band @param {(at: number) => number} x @param {(value: number) => number} at @param {boolean} filled */
  curve(pen, band, x, at, filled) {
    pen.beginPath();
    let joined = false;
    for (let k = 0; k < this.count; k++) {
      const lo = band.low[k] ?? NaN, hi = band.high[k] ?? NaN;
      if (Number.isNaN(lo)) { joined = false; continue; }
      const left = x((this.first + k) * this.width), w = Math.max(1, x((this.first + k + 1) * this.width) - left);
      if (filled) { const a = at(hi), b = at(lo); pen.rect(left, a, w + 0.4, Math.max(1, b - a)); continue; }
      const px = left + w / 2, a = at(hi), b = at(lo);
      if (joined) pen.lineTo(px, a); else { pen.moveTo(px - w / 2, a); pen.lineTo(px, a); }
      if (b - a > 0.7) pen.lineTo(px, b);
      joined = true;
    }
    if (filled) pen.fill(); else pen.stroke();
  }

  /** Where what is still to be read would stand; empty where all is. @param {number} start @param {number} end @returns {[number, number]} */
  gap(start, end) {
    const from = Math.max(start, this.reads), bands = [...this.bands.values()];
    if (!this.reads) return [end, end];
    let k = Math.max(0, Math.ceil(from / this.width) - this.first);
    while (k < this.count && bands.every((band) => Number.isNaN(band.low[k] ?? NaN))) k++;
    return [from, Math.max(from, Math.min(end, (this.first + k) * this.width))];
  }

  /** @param {CanvasRenderingContext2D} pen @param {(at: number) => number} x @param {number} start @param {number} end @param {number} y @param {Record<string, string>} ink */
  unread(pen, x, start, end, y, ink) {
    const [from, to] = this.count ? this.gap(start, end) : [start, end], words = this.count ? "still to be read" : "not read yet";
    pen.font = "600 14px system-ui, sans-serif"; pen.textBaseline = "middle";
    if (x(to) - x(from) < pen.measureText(words).width + 12) return;
    pen.textAlign = "center"; pen.lineWidth = 5; pen.lineJoin = "round"; pen.strokeStyle = ink.paper ?? ""; pen.fillStyle = ink.ink ?? "";
    pen.strokeText(words, (x(from) + x(to)) / 2, y); pen.fillText(words, (x(from) + x(to)) / 2, y);
    pen.textAlign = "left";
  }

  /** Where the infant lay before it came here, and until when. @param {CanvasRenderingContext2D} pen @param {(at: number) => number} x @param {number} start @param {number} top @param {number} bottom @param {Record<string, string>} ink */
  before(pen, x, start, top, bottom, ink) {
    pen.font = "600 13px system-ui, sans-serif"; pen.textBaseline = "top"; pen.textAlign = "right";
    pen.lineWidth = 4; pen.lineJoin = "round"; pen.strokeStyle = ink.paper ?? ""; pen.fillStyle = ink.ink ?? "";
    for (const place of this.lain(start)) {
      const right = x(place.until), left = Math.max(LEFT + NAMES, x(place.since)), words = lay(place);
      pen.fillRect(Math.round(right) - 1, top, 2, bottom - top);
      if (right - left < pen.measureText(words).width + 12) continue;
      pen.strokeText(words, right - 7, top + 2); pen.fillText(words, right - 7, top + 2);
    }
    pen.textAlign = "left";
  }

  /** The beds in which the infant lay after a time. @param {number} start */
  lain(start) { return (this.state?.before ?? []).filter((each) => each.until > start); }

  /** What spells there are, here and where it lay before. */
  spells() { return [...(this.state?.spells ?? []), ...this.lain(0).flatMap((each) => each.spells)]; }

  /** @param {CanvasRenderingContext2D} pen @param {string} words @param {number} y @param {Record<string, string>} ink @param {string} stroke */
  label(pen, words, y, ink, stroke) {
    pen.font = "650 13.5px system-ui, sans-serif"; pen.textBaseline = "top"; pen.textAlign = "left";
    pen.lineWidth = 3; pen.strokeStyle = ink.paper ?? ""; pen.strokeText(words, LEFT + 4, y + 1);
    pen.fillStyle = stroke; pen.fillText(words, LEFT + 4, y + 1);
  }

  /** Hatch what was not measured. @param {CanvasRenderingContext2D} pen @param {Band} band @param {(at: number) => number} x @param {number} y @param {number} high @param {Record<string, string>} ink */
  missing(pen, band, x, y, high, ink) {
    this.hatch ??= hatching(pen, ink.grid ?? "");
    pen.fillStyle = this.hatch ?? ink.fine ?? "";
    // Columns narrower than the values' spacing are empty by nature: only 3 s without one is a gap.
    const least = Math.max(1, Math.ceil(3000 / this.width));
    for (let k = 0; k < this.count; ) {
      let to = k;
      while (to < this.count && Number.isNaN(band.low[to] ?? NaN)) to++;
      const left = Math.max(LEFT, x((this.first + k) * this.width));
      if (to - k >= least) pen.fillRect(left, y, x((this.first + to) * this.width) - left, high);
      k = to + 1;
    }
  }

  /** @param {CanvasRenderingContext2D} pen @param {(at: number) => number} x @param {number} start @param {number} end @param {number} top @param {number} bottom @param {Record<string, string>} ink */
  letters(pen, x, start, end, top, bottom, ink) {
    pen.font = "700 13px system-ui, sans-serif"; pen.textBaseline = "middle"; pen.textAlign = "center";
    /** @type {{left: number, to: number, letters: string, more: number}[]} */
    const placed = [];
    // Where letters would lie on each other, those of the graver spell are written, and how many more there are.
    const seen = this.spells().filter((each) => each.at >= start && each.at <= end).sort((one, other) => rank(one.letters) - rank(other.letters));
    for (const { at, letters } of seen) {
      pen.fillStyle = ink.spell ?? ""; pen.globalAlpha = 0.55; pen.fillRect(Math.round(x(at)), top - 4, 1, bottom - top + 4); pen.globalAlpha = 1;
      const wide = pen.measureText(letters).width + 8, left = Math.max(LEFT, Math.min(x(at) - wide / 2, x(end) - wide)), to = left + wide;
      const over = placed.find((each) => left < each.to + 2 && to > each.left - 2);
      if (over) over.more++; else placed.push({ left, to, letters, more: 0 });
    }
    for (const { left, to, letters } of placed) {
      pen.fillStyle = ink.paper ?? ""; pen.fillRect(left, BAND, to - left, 18);
      pen.strokeStyle = ink.spell ?? ""; pen.lineWidth = 1.2; pen.strokeRect(left + 0.5, BAND + 0.5, to - left - 1, 17);
      pen.fillStyle = ink.ink ?? ""; pen.fillText(letters, (left + to) / 2, BAND + 9.5);
    }
    pen.font = "600 12px system-ui, sans-serif"; pen.textAlign = "left";
    const taken = placed.map(({ left, to }) => ({ left, to }));
    for (const { left, to, more } of placed.filter((each) => each.more)) {
      const words = `+${more}`, wide = pen.measureText(words).width;
      const px = [to + 3, left - 3 - wide].find((px) => px >= LEFT && px + wide <= x(end) && !taken.some((each) => px < each.to && px + wide > each.left));
      if (px === undefined) { pen.fillRect((left + to) / 2 - 1, BAND - 5, 3, 5); continue; }
      pen.fillText(words, px, BAND + 9.5); taken.push({ left: px, to: px + wide });
    }
    pen.textAlign = "left";
  }

  /** The picture as a sentence. */
  words() {
    const length = this.minutes < 60 ? `${this.minutes} min` : `${this.minutes / 60} h`;
    if (!this.count) return `${length}: not read yet`;
    const rate = this.bands.get("hr") ?? NOTHING, hr = this.part(rate, 0), spo2 = this.bands.get("spo2");
    // The least and the most of beats in a motion artifact would be nobody's: of the heart rate they are those of good quality.
    const good = rangeOf(this.part(this.bands.get("good") ?? NOTHING, 0), "/min"), judged = hr.low.some((each, k) => Number.isFinite(each) && this.judged(k));
    const until = this.beats < this.end ? ` until ${hms(this.beats)}` : "";
    const pulse = rangeOf(this.part(rate, 1), "/min"), beaten = rangeOf(hr, "") !== "";
    const said = !pulse ? [] : [beaten ? "PR where there is no HR" : `PR ${pulse} (not judged)`];
    if (beaten || !pulse) said.unshift(`HR ${!beaten ? "not measured" : judged ? `${good ? `${good} in` : "in no"} good quality${until}` : "not judged yet"}`);
    said.push(`SpO₂ ${rangeOf(spo2, "%") || "not measured"}`);
    const seen = (/** @type {{at: number}[]} */ spells) => spells.filter((each) => each.at > this.end - this.minutes * MIN_MS).length;
    const spells = seen(this.state?.spells ?? []);
    said.unshift(...this.lain(this.end - this.minutes * MIN_MS).map((each) => lay(each) + (seen(each.spells) ? ` (${counted(seen(each.spells))})` : "")));
    const [from, to] = this.gap(this.end - this.minutes * MIN_MS, this.end);
    if (to - from >= MIN_MS) said.push(`${hm(from)} to ${hm(to)} still to be read`);
    return `${length} to ${hms(this.end)}: ${said.join(", ")}, ${counted(spells)} listed`;
  }
}

/** The least to the most of a band; empty where there is nothing. @param {Band|undefined} band @param {string} unit */
function rangeOf(band, unit) {
  const low = Math.min(...finite(band?.low)), high = Math.max(...finite(band?.high));
  return Number.isFinite(low) ? `${Math.round(low)} to ${Math.round(high)} ${unit}` : "";
}

/** @param {number} spells */
const counted = (spells) => `${spells} spell${spells === 1 ? "" : "s"}`;

/** @param {{label: string, until: number}} place */
const lay = (place) => `in bed ${place.label} until ${hm(place.until)}`;

// The gravest first, as in the report of a hold.
const LETTERS = ["ABD", "BD", "AB", "AD", "B", "D", "A20", "A15", "A10"];
/** Which letters go before others; those that nobody knows go last. @param {string} letters */
const rank = (letters) => LETTERS.includes(letters) ? LETTERS.indexOf(letters) : LETTERS.length;

/** @param {Float32Array|undefined} values */
const finite = (values) => Array.from(values ?? []).filter((each) => Number.isFinite(each));

/** @param {CanvasRenderingContext2D} pen @param {string} ink */
function hatching(pen, ink) {
  const tile = document.createElement("canvas");
  tile.width = tile.height = 8;
  const draw = tile.getContext("2d");
  if (!draw) return null;
  draw.strokeStyle = ink; draw.lineWidth = 1.5; draw.beginPath(); draw.moveTo(-2, 10); draw.lineTo(10, -2); draw.moveTo(-2, 2); draw.lineTo(2, -2); draw.moveTo(6, 10); draw.lineTo(10, 6); draw.stroke();
  return pen.createPattern(tile, "repeat");
}
