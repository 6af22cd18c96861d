// The last hour of a bed in a few pixels: heart rate above, SpO2 below, holds shaded.

import { color, fit } from "./page.js";

const RANGES = /** @type {const} */ ({ hr: [60, 220], spo2: [70, 100] });

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
  pen.fillRect(0, Math.round(height * 0.56), width, 1);
  curve(pen, trend.hr, RANGES.hr, color("hr"), width, 1, height * 0.56 - 2);
  curve(pen, trend.spo2, RANGES.spo2, color("spo2"), width, height * 0.56 + 2, height - 1);
}

/**
 * @param {CanvasRenderingContext2D} pen @param {(number|null)[]} values @param {readonly [number, number]} range
 * @param {string} ink @param {number} width @param {number} top @param {number} bottom
 */
function curve(pen, values, [low, high], ink, width, top, bottom) {
  pen.strokeStyle = ink; pen.lineWidth = 1.4; pen.lineJoin = "round"; pen.beginPath();
  let open = false;
  values.forEach((value, k) => {
    if (value === null) { open = false; return; }
    const px = ((k + 0.5) / values.length) * width;
    const share = Math.min(1, Math.max(0, (value - low) / (high - low)));
    const py = bottom - share * (bottom - top);
    if (open) pen.lineTo(px, py); else { pen.moveTo(px - 0.7, py); pen.lineTo(px + 0.7, py); }
    open = true;
  });
  pen.stroke();
}
