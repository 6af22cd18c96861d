// The last hour of a bed in a few pixels: heart rate above, SpO2 below, holds shaded.

import { hm } from "./format.js";
import { color, fit } from "./page.js";

const RANGES = /** @type {const} */ ({ hr: [60, 220], spo2: [70, 100] });
const TICKS = /** @type {const} */ ({ hr: [100, 150, 200], spo2: [80, 90] });
export const DOUBTFUL = 0.35; // opacity of what rests on no good beat
const TALL = 130; // px; a picture as high as that has room for words

/**
 * Paint the trend of a tile.
 * @param {HTMLCanvasElement} canvas
 * @param {import("./types.js").Trend} trend
 * @param {[number, number|null][]} held
 */
export function paintTrend(canvas, trend, held) {
  const { pen, width, height } = fit(canvas);
  if (!width || !height) return;
  pen.clearRect(0, 0, width, height);
  const span = trend.hr.length * trend.step, start = trend.end - span;
  const x = (/** @type {number} */ at) => ((at - start) / span) * width;
  pen.fillStyle = color("hold-soft");
  for (const [from, to] of held) {
    const left = Math.max(0, x(from)), right = Math.min(width, x(to ?? trend.end));
    if (right > left) pen.fillRect(left, 0, right - left, height);
  }
  pen.fillStyle = color("grid");
  for (let quarter = 1; quarter < 4; quarter++) pen.fillRect(Math.round((width * quarter) / 4), 0, 1, height);
  const size = height < TALL ? 0 : Math.max(11, Math.min(20, height / 11, width / 14)), bottom = height - size * 1.3, middle = Math.round(bottom * 0.56);
  pen.fillRect(0, middle, width, 1);
  /** @type {[number, number][]} a value, and where its line is */
  const ticks = /** @type {const} */ ([["hr", 1, middle - 2], ["spo2", middle + 2, bottom - 1]]).flatMap(([key, top, low]) =>
    TICKS[key].map((tick) => /** @type {[number, number]} */ ([tick, Math.round(level(tick, RANGES[key], top, low))])));
  pen.fillStyle = color("fine");
  if (size) for (const [, y] of ticks) pen.fillRect(0, y, width, 1);
  pen.globalAlpha = DOUBTFUL; // what is good is drawn over it
  curve(pen, trend.hr, RANGES.hr, color("hr"), width, 1, middle - 2);
  pen.globalAlpha = 1;
  curve(pen, trend.hr.map((value, k) => (trend.doubtful[k] ? null : value)), RANGES.hr, color("hr"), width, 1, middle - 2);
  curve(pen, trend.spo2, RANGES.spo2, color("spo2"), width, middle + 2, bottom - 1);
  // Over the curves, each in a rim of paper: else neither could be read.
  pen.font = `${size || 11}px system-ui, sans-serif`; pen.fillStyle = color("quiet"); pen.strokeStyle = color("raised"); pen.lineWidth = 3;
  if (size || trend.label !== "HR") say(pen, trend.label, width - 3, 1, "right", "top");
  if (!size) return;
  for (const [tick, y] of ticks) say(pen, String(tick), 2, y, "left", "middle");
  for (let quarter = 1; quarter < 4; quarter++) say(pen, hm(start + (span * quarter) / 4), (width * quarter) / 4, height, "center", "bottom");
}

/** @param {CanvasRenderingContext2D} pen @param {string} words @param {number} x @param {number} y @param {CanvasTextAlign} align @param {CanvasTextBaseline} baseline */
function say(pen, words, x, y, align, baseline) {
  pen.textAlign = align; pen.textBaseline = baseline;
  pen.strokeText(words, x, y); pen.fillText(words, x, y);
}

/** @param {number} value @param {readonly [number, number]} range @param {number} top @param {number} bottom */
const level = (value, [low, high], top, bottom) => bottom - Math.min(1, Math.max(0, (value - low) / (high - low))) * (bottom - top);

/**
 * @param {CanvasRenderingContext2D} pen @param {(number|null)[]} values @param {readonly [number, number]} range
 * @param {string} ink @param {number} width @param {number} top @param {number} bottom
 */
function curve(pen, values, range, ink, width, top, bottom) {
  pen.strokeStyle = ink; pen.lineWidth = 1.4; pen.lineJoin = "round"; pen.beginPath();
  let open = false;
  values.forEach((value, k) => {
    if (value === null) { open = false; return; }
    const px = ((k + 0.5) / values.length) * width;
    const py = level(value, range, top, bottom);
    if (open) pen.lineTo(px, py); else { pen.moveTo(px - 0.7, py); pen.lineTo(px + 0.7, py); }
    open = true;
  });
  pen.stroke();
}
