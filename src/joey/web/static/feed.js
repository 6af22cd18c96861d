// The feed: what came in, what was stored, what was shown, and what needs a person.

import { hostNow } from "./clock.js";
import { CodePanel } from "./codes.js";
import { age, by, day, hms, make, write } from "./format.js";
import { openLink } from "./link.js";
import { say, startPage } from "./page.js";
import { tap } from "./taps.js";
import { Presses, pressOnce } from "./twice.js";

/** @param {string} words @param {string} [look] */
const cell = (words, look = "") => make("td", look, words);
const KEPT = "Kept on this tablet: it is sent when the link is back";
const count = (/** @type {number} */ n) => n.toLocaleString("en-GB");

/** @param {string} id @param {string} key @param {() => Node[]} rows */
function fill(id, key, rows) {
  const place = by(id);
  if (place.dataset.drawn === key) return;
  place.dataset.drawn = key;
  place.replaceChildren(...rows());
}

const codes = new CodePanel();
const link = openLink("/live/feed", (message) => {
  const feed = message.feed;
  if (!feed) return;
  by("simulated").hidden = !message.simulated;
  for (const [name, words] of Object.entries(feed.cards)) write(by(`card-${name}`), String(words));
  fill("beds", JSON.stringify(feed.beds), () => feed.beds.flatMap((/** @type {any} */ each) => withWords(each, make("tr", "", cell(each.bed), cell(count(each.stored), "n"), cell(count(each.shown), "n"), cell(each.withheld ? count(each.withheld) : "–", "n"),
    cell(each.lastAt === null ? "never" : age(hostNow() - each.lastAt), "n"), cell(each.offset || "–", "n"), cell(each.drift || "–", "n"), cell(each.steps ? count(each.steps) : "–", "n"),
    cell(each.late ? count(each.late) : "–", "n"), cell(each.corrections ? count(each.corrections) : "–", "n"), cell(each.unknown ? count(each.unknown) : "–", "n")))));
  codes.show(feed.unmapped, feed.mapped);
  fill("quarantine", JSON.stringify(feed.quarantine), () => feed.quarantine.length ? feed.quarantine.map((/** @type {any} */ each) => make("tr", "", cell(String(each.seq)), cell(`${day(each.at)} ${hms(each.at)}`), cell(each.source), cell(each.reason), make("td", "", each.again ? redrive(each) : ""))) : [make("tr", "", Object.assign(cell("Nothing is in quarantine."), { colSpan: 5 }))]);
  write(by("dropped"), feed.dropped);
  fill("unassigned", JSON.stringify(feed.unassigned), () => feed.unassigned.length ? feed.unassigned.map((/** @type {any} */ each) => make("tr", "", cell(each.bed), cell(each.device), cell(whyNobodys(each)), make("td", "", confirm(each)))) : [make("tr", "", Object.assign(cell("Every stream belongs to an infant."), { colSpan: 4 }))]);
  by("confirmedpanel").hidden = !feed.confirmed.length;
  fill("confirmed", JSON.stringify(feed.confirmed), () => feed.confirmed.map((/** @type {any} */ each) => make("tr", "", cell(each.bed), cell(each.device), cell(each.infant), make("td", "", takeBack(each)))));
});
startPage(link);
// A row that is done goes, and the next comes to lie under the finger: of another infant.
const presses = new Presses();
for (const id of ["unassigned", "confirmed"]) pressOnce(by(id));
by("newlink").addEventListener("click", async () => {
  const answer = await fetch("/api/links", { method: "POST" });
  if (answer.ok) write(by("link"), `${(await answer.json()).link} - lets one more browser of this machine in, once`);
});

/** A bed's row, and beneath it what there is to say: in a column beside it the table is wider than a tablet. @param {any} each @param {HTMLElement} row */
function withWords(each, row) {
  const last = each.revisedAt === null ? "" : `last late or corrected ${hms(each.revisedAt)}`;
  const words = [last, each.anew && `told anew: ${each.anew}`, each.note, each.hint].filter(Boolean).join("; ");
  if (!words) return [row];
  row.className = "over";
  return [row, make("tr", "", cell(""), Object.assign(cell(words, "quiet"), { colSpan: row.children.length - 1 }))];
}

/** @param {any} each */
function redrive(each) {
  const apart = each.again === "apply"; // it was accepted, and could not be applied
  const button = make("button", "whole", apart ? "Try again" : "Read again");
  button.setAttribute("aria-label", apart ? `Try ${each.seq} again` : `Read message ${each.seq} again`);
  button.addEventListener("click", async () => {
    button.disabled = true;
    const answer = await fetch(`/api/${apart ? "apart" : "quarantine"}/${each.seq}`, { method: "POST" });
    if (!apart) { say(answer.ok ? `Message ${each.seq} is read again` : `Message ${each.seq} was not released`); return; }
    const said = await answer.json().catch(() => ({}));
    const why = answer.ok ? said.refused : said.detail ?? "it could not be tried";
    say(why ? `${each.seq}: ${why}` : `${each.seq} was applied`);
    if (why) button.disabled = false;
  });
  return button;
}
const SURE_MS = 10_000; // for which the question stands

/** @param {any} each */
function whyNobodys(each) {
  const silent = each.silent ? `silent${each.lastAt === null ? "" : ` since ${hms(each.lastAt)}`}` : "";
  return [each.says ? `the monitor says ${each.says}` : "", each.why, silent].filter(Boolean).join("; ");
}
/** One tap; where the monitor names somebody, a second after the question. @param {any} each */
function confirm(each) {
  const button = make("button", "", each.infant ? `This is ${each.infant}` : "Nobody is admitted here");
  button.disabled = !each.infant;
  let sure = !each.named;
  button.addEventListener("click", async (event) => {
    if (presses.twice(event)) return;
    if (!sure) {
      sure = true;
      write(button, `The monitor says ${each.says}. It is ${each.infant} all the same: tap again`);
      setTimeout(() => { sure = button.disabled; if (!sure) write(button, `This is ${each.infant}`); }, SURE_MS);
      return;
    }
    button.disabled = true;
    const done = await tap("associate", each.bed, { stream: each.stream, infant: each.infantId });
    say(done.refused || (done.stored ? "Confirmed" : KEPT));
    button.disabled = !done.refused;
  });
  return button;
}
/** @param {any} each */
function takeBack(each) {
  const button = make("button", "", "Undo");
  button.setAttribute("aria-label", `Undo that a monitor of bed ${each.bed} is of ${each.infant}`);
  button.addEventListener("click", async (event) => {
    if (presses.twice(event)) return;
    button.disabled = true;
    const done = await tap("associate", each.bed, { stream: each.stream, infant: each.infantId, on: false });
    say(done.refused || (done.stored ? "Taken back: nobody's until confirmed" : KEPT));
    button.disabled = !done.refused;
  });
  return button;
}
