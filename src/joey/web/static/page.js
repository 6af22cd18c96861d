// What every page has: the host's clock, the theme, the bar that says the link is lost, spoken words.

import { hostNow, rate } from "./clock.js";
import { by, day, hms, hm, hourOf, make, setZone, write } from "./format.js";
import { isLost } from "./link.js";
import { forgetRefused, linkIs, refusedTaps, sendWaiting, waitingTaps } from "./taps.js";
import { TAPS } from "./words.js";

setZone(document.documentElement.dataset.zone ?? "UTC");

const NOTE_MS = 2000;
/** Keep when Joey was last heard, for the page that says that it is away. @param {number} at by its clock [ms] */
function note(at) {
  try { localStorage.setItem("joey-heard", JSON.stringify({ at: Math.round(at), zone: document.documentElement.dataset.zone })); } catch { /* it says no time then */ }
}

/**
 * Start what every page has.
 * @param {import("./link.js").Link} [link]
 * @param {(lostFor: number) => void} [onSecond] called every second, with how long the link is lost [ms]
 */
export function startPage(link, onSecond) {
  const bar = by("unlinked"), words = by("unlinkedwords"), today = make("span", "day"), time = make("span");
  let noted = 0;
  by("clock").append(today, time);
  /** @type {number|null} */
  let since = null;
  const tick = () => {
    const now = hostNow();
    const quiet = link ? link.quietFor() : 0;
    const lost = isLost(quiet);
    linkIs(lost);
    if (lost && since === null) { since = Date.now() - quiet; note(now - quiet * rate()); }
    if (!lost) since = null;
    if (!lost && link && Date.now() - noted > NOTE_MS) { noted = Date.now(); note(now - quiet * rate()); }
    bar.hidden = !lost;
    document.body.classList.toggle("unlinked", lost);
    if (since !== null) write(words, `No link to Joey since ${hms(now - quiet * rate())}. What you see is not current: look at the infant and the bedside monitor.`);
    else { write(today, `${day(now)} `); write(time, hms(now)); }
    const hour = String(hourOf(now));
    if (document.documentElement.dataset.hour !== hour) {
      document.documentElement.dataset.hour = hour;
      document.dispatchEvent(new Event("themewish"));
    }
    onSecond?.(lost ? quiet : 0);
  };
  tick();
  setInterval(tick, 500);
  // Where this page is loaded anew while Joey is away. In an insecure context there is none.
  navigator.serviceWorker?.register("/static/away.js", { scope: "/", updateViaCache: "none" }).catch(() => undefined);
  startTheme();
  // On every page: who tapped without a link may be on another one when it is back.
  setInterval(() => { if (waitingTaps().length) void sendWaiting(); }, 3000);
  showRefused();
  document.addEventListener("keptchange", showRefused);
  addEventListener("storage", showRefused); // another page of this tablet had one, or it was read there
  // A page that is left without a link does not come back: nor would the hold that it shows.
  document.addEventListener("click", (event) => {
    if (since === null || !(event.target instanceof Element) || !event.target.closest("a[href]")) return;
    event.preventDefault();
    say("No link to Joey: no other page can be opened now.");
  });
  document.addEventListener("signedout", () => {
    bar.hidden = false;
    write(words, "Joey does not know this browser any more: open the link that Joey printed when it started.");
  });
}

/**
 * What was kept here and not taken stays to be read, on every page: who tapped believes that it
 * counts, and nobody but this tablet knows who that was.
 */
function showRefused() {
  const place = by("refused"), refused = refusedTaps();
  place.hidden = !refused.length;
  const read = make("button", "", "I have read this");
  read.type = "button"; read.addEventListener("click", () => forgetRefused(refused));
  place.replaceChildren(make("h2", "", refused.length === 1 ? "A tap was not taken" : `${refused.length} taps were not taken`),
    make("ul", "", ...refused.map((each) => make("li", "", `Bed ${each.bed}: ${TAPS[each.type] ?? "a tap"} of ${when(each.at)}, kept on this tablet without a link, was not taken: ${each.why}.`))),
    make("p", "note", "Nothing was changed by it. Where it should count, look at the bed's page and tap there again. This stands on this tablet until somebody has read it."), read);
}

/** A clock time, with its day where that is not today. @param {number} at */
const when = (at) => day(at) === day(hostNow()) ? hm(at) : `${day(at)}, ${hm(at)}`;

function startTheme() {
  const button = by("theme"), light = make("span");
  button.replaceChildren(make("span", "what", "Light: "), light);
  const names = ["auto", "day", "night"];
  const chosen = () => localStorage.getItem("theme") ?? "auto";
  const show = () => {
    const own = chosen();
    write(light, own === "auto" ? "by the clock" : own);
  };
  button.addEventListener("click", () => {
    const next = names[(names.indexOf(chosen()) + 1) % names.length] ?? "auto";
    localStorage.setItem("theme", next);
    show();
    document.dispatchEvent(new Event("themewish"));
  });
  show();
}

/** @type {ReturnType<typeof setTimeout>|undefined} */
let silence;
/** Say something once, on the screen and to a screen reader. @param {string} words */
export function say(words) {
  const place = by("say");
  write(place, words);
  clearTimeout(silence);
  silence = setTimeout(() => write(place, ""), 6000);
}

/** A color of the theme. @param {string} name */
export function color(name) { return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim(); }

/**
 * Give a canvas as many pixels as it has on the screen.
 * @param {HTMLCanvasElement} canvas
 * @returns {{pen: CanvasRenderingContext2D, width: number, height: number, changed: boolean}}
 */
export function fit(canvas) {
  const pen = canvas.getContext("2d");
  if (!pen) throw new Error("no canvas here");
  const ratio = Math.min(2, devicePixelRatio || 1);
  const width = canvas.clientWidth, height = canvas.clientHeight;
  const wide = Math.round(width * ratio), high = Math.round(height * ratio);
  const changed = canvas.width !== wide || canvas.height !== high;
  if (changed) { canvas.width = wide; canvas.height = high; pen.scale(ratio, ratio); }
  return { pen, width, height, changed };
}

export { hm };
