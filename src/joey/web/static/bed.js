// One bed: its numbers, its OxyCRG with the holds drawn in, its waveforms, and the hold.

import { hostNow } from "./clock.js";
import { by, heldToday, lasting, make, write } from "./format.js";
import { HoldPanel } from "./holdpanel.js";
import { bedWith } from "./kept.js";
import { openLink } from "./link.js";
import { OxyCrg } from "./oxycrg.js";
import { say, startPage } from "./page.js";
import { Readings } from "./readings.js";
import { Spells } from "./spells.js";
import { PLAY_OUT_MS, Strips } from "./strips.js";
import { unsentTaps, waitingTaps } from "./taps.js";
import { lostWords, markWords, nobody } from "./words.js";

const bed = document.documentElement.dataset.bed ?? "";
const path = bed.split("/").map(encodeURIComponent).join("/");
/** @typedef {import("./types.js").Bed} Bed */
/** @type {Bed|null} */
let told = null;
/** As it was told, and with the taps that wait on this tablet. @type {Bed|null} */
let state = null;
let lostLink = 0, lostDrawn = "", dropped = 0;

const readings = new Readings();
by("readings").append(readings.root);
const strips = new Strips(/** @type {HTMLCanvasElement} */ (by("waves")));
const crg = new OxyCrg(/** @type {HTMLCanvasElement} */ (by("oxycrg")), bed);
const panel = new HoldPanel(bed);
const spells = new Spells(bed);

let shows = ""; // of the tile that is drawn

/** @param {Bed} next */
function take(next) { told = next; draw(); }

function draw() {
  if (!told) return;
  const next = state = bedWith(told, unsentTaps());
  const { tile } = next, { infant } = tile;
  write(by("name"), infant ? infant.name : nobody(tile.note));
  write(by("aside"), [tile.note === "unassigned" ? `${tile.doubt}: see the feed page` : "", tile.aside ? "another monitor here is not shown: see the feed page" : "", infant?.formerly ? `formerly ${infant.formerly}` : "", infant?.age ?? ""].filter(Boolean).join(" · "));
  by("twin").hidden = !infant?.twin; write(by("twin"), infant?.twin ?? "");
  by("simulated").hidden = !tile.simulated;
  showLost(tile);
  write(by("analysis"), tile.analysis);
  write(by("chart"), next.last?.chart ?? "");
  by("chartpanel").hidden = !next.last?.chart;
  by("last").hidden = !next.last;
  if (next.last) {
    write(by("lastwords"), next.last.words);
    const lines = next.last.lines.length ? next.last.lines : [next.last.why || (next.last.busy ? "The response is being measured …" : "")];
    const key = lines.join("\n");
    if (by("lastlines").dataset.drawn !== key) {
      by("lastlines").dataset.drawn = key;
      by("lastlines").replaceChildren(...lines.map((line) => make("li", "", line)));
    }
    const more = /** @type {HTMLAnchorElement} */ (by("lastlink"));
    more.href = `/holds/${encodeURIComponent(next.last.id)}`;
  }
  showOthers(next);
  const empty = tile.note === "empty";
  for (const place of document.querySelectorAll(".of-infant")) /** @type {HTMLElement} */ (place).hidden = empty;
  if (empty) strips.forget();
  panel.show(next); spells.show(next); crg.show(next);
  if (shows && shows !== tile.shows) { crg.forget(); strips.forget(); } // nothing of who was here before stands under this name
  ({ shows } = tile);
  second();
}

/** What was of another infant here, in panels of their own with its name: never in that of the hold. @param {Bed} next */
function showOthers({ cutShort, carriedOn }) {
  by("cutshort").hidden = !cutShort;
  if (cutShort) {
    write(by("cutwho"), whose(cutShort.infant));
    write(by("cutwords"), cutShort.words);
    /** @type {HTMLAnchorElement} */ (by("cutlink")).href = `/holds/${encodeURIComponent(cutShort.id)}`;
  }
  by("carriedon").hidden = !carriedOn;
  if (carriedOn) {
    write(by("carriedwho"), whose(carriedOn.infant));
    write(by("carriedwords"), `The hold goes on at bed ${carriedOn.label}.`);
    write(by("carriedlink"), `To bed ${carriedOn.label}`);
    /** @type {HTMLAnchorElement} */ (by("carriedlink")).href = `/beds/${carriedOn.bed.split("/").map(encodeURIComponent).join("/")}`;
  }
}
/** @param {import("./types.js").Infant|null} infant */
const whose = (infant) => infant ? [infant.name, infant.twin, infant.formerly && `formerly ${infant.formerly}`].filter(Boolean).join(" · ") : "an infant who was not known";

/** @param {import("./types.js").Tile} tile */
function showLost(tile) {
  const key = JSON.stringify(tile.lost);
  if (key === lostDrawn) return;
  lostDrawn = key;
  const place = by("lost");
  place.hidden = !tile.lost.length;
  place.replaceChildren(make("span", "", `${lostWords(tile.lost)}. Look at the infant and the bedside monitor.`), make("span", "beside", markWords(tile.lost)));
}

function second() {
  if (!state) return;
  const now = hostNow(), { tile } = state;
  const apart = lostLink > 0 ? "" : tile.apart;
  readings.show(tile.readings, now, lostLink, !!apart);
  write(by("apart"), apart && `${apart}: look at the infant and the bedside monitor`); by("apart").hidden = !apart;
  const today = heldToday(tile, now);
  write(by("today"), lasting(today));
  write(by("goal"), `of ${tile.goalS / 3600} h, the unit's goal`);
  by("other").hidden = !tile.otherS; write(by("other"), tile.otherS ? `and ${lasting(tile.otherS)} of other holds` : "");
  by("meter").style.width = `${Math.min(100, (today / tile.goalS) * 100)}%`;
  write(by("crgwords"), crg.words());
  write(by("wavewords"), `${strips.words()}`);
}

const link = openLink(`/live/bed/${path}`, (message) => {
  if (message.bed) take(message.bed);
  if (typeof message.dropped === "number" && message.dropped > dropped) { dropped = message.dropped; write(by("dropped"), `${dropped} frames were not shown: this device is slow`); }
}, (data) => { if (told?.tile.note !== "empty") strips.take(data); });
document.addEventListener("bedtold", (event) => {
  const next = /** @type {CustomEvent<Bed>} */ (event).detail;
  if (next.tile.key === bed) take(next);
});
document.addEventListener("keptchange", draw);
startPage(link, (lost) => { lostLink = lost; if (waitingTaps().length) draw(); else second(); });

write(by("delay"), `drawn ${PLAY_OUT_MS / 1000} s after it was measured`);
for (const button of document.querySelectorAll("[data-minutes]")) {
  button.addEventListener("click", () => {
    for (const each of document.querySelectorAll("[data-minutes]")) each.setAttribute("aria-pressed", String(each === button));
    crg.choose(Number(/** @type {HTMLElement} */ (button).dataset.minutes));
  });
}
const freeze = by("freeze");
freeze.addEventListener("click", () => {
  const frozen = freeze.getAttribute("aria-pressed") !== "true";
  freeze.setAttribute("aria-pressed", String(frozen));
  write(freeze, frozen ? "Frozen: go on" : "Freeze");
  strips.freeze(frozen); crg.freeze(frozen);
});
by("copy").addEventListener("click", async () => {
  const line = by("chart"), range = document.createRange();
  range.selectNodeContents(line);
  getSelection()?.removeAllRanges(); getSelection()?.addRange(range);
  try { await navigator.clipboard.writeText(line.textContent ?? ""); say("Copied"); } catch { say("Selected: copy it with Ctrl+C"); }
});
