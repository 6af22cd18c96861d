// Codes that are not known: what they are, and a person who says what one stands for.

import { by, day, hm, make, write } from "./format.js";
import { say } from "./page.js";

/** @typedef {{source: string, code: string, text: string, unit: string, own: string, value: string, n: number, beds: string[], reason: string}} Row */
/** @typedef {{seq: number, at: number, code: string, text: string, quantity: string, place: string, unit: string, source: string}} Mapped */
/** @typedef {{quantity: string, units: string[], wave: boolean}} Choice */

const FEW = 6; // beds that are named
/** How units are written for people; those that are not here as they are. @type {Record<string, string>} */
const SPELLED = { "Cel": "°C", "[degF]": "°F", "mm[Hg]": "mmHg", "1": "1 (0.21 to 1)" };
const spelled = (/** @type {string} */ unit) => SPELLED[unit] ?? unit;
/** Where a quantity is measured, as far as Joey tells places apart. @type {Record<string, string[]>} */
const PLACES = { temp: ["skin", "axilla", "rectal", "core", "room", "incubator"], spo2: ["preductal", "postductal"], ecg: ["I", "II", "III", "aVR", "aVL", "aVF", "V"], resp: ["thorax", "abdomen", "airway"] };
const words = (/** @type {string} */ quantity) => quantity.replaceAll("_", " ");

export class CodePanel {
  constructor() {
    /** @type {Map<string, {root: HTMLElement, cells: HTMLElement[], row: Row}>} */ this.rows = new Map();
    this.order = ""; this.drawn = "";
    /** @type {Choice[]} */ this.choices = [];
  }

  /** @param {Row[]} rows @param {Mapped[]} mapped */
  show(rows, mapped) {
    const keys = rows.map((row) => [row.source, row.code, row.text, row.unit].join("\u001f"));
    rows.forEach((row, k) => {
      const key = keys[k] ?? "", shown = this.rows.get(key) ?? this.made(key);
      shown.row = row;
      const beds = row.beds.slice(0, FEW).join(", ") + (row.beds.length > FEW ? ` and ${row.beds.length - FEW} more` : "");
      [row.code, row.text, row.unit, row.value, row.source, beds, row.n.toLocaleString("en-GB"), row.reason].forEach((text, n) => {
        const cell = shown.cells[n];
        if (cell) write(cell, text);
      });
    });
    // Rows stay where they are while their counts change: a button does not move away under a finger.
    const order = JSON.stringify([...keys].sort());
    if (order !== this.order) {
      this.order = order;
      for (const key of this.rows.keys()) if (!keys.includes(key)) this.rows.delete(key);
      const none = make("td", "quiet", "None"); none.colSpan = 9;
      by("unmapped").replaceChildren(...(keys.length ? keys.map((key) => /** @type {{root: HTMLElement}} */ (this.rows.get(key)).root) : [make("tr", "", none)]));
    }
    const key = JSON.stringify(mapped);
    if (key === this.drawn) return;
    this.drawn = key;
    by("mappedpanel").hidden = !mapped.length;
    by("mapped").replaceChildren(...mapped.map((each) => make("tr", "", make("td", "", make("code", "", each.code)), make("td", "", each.text),
      make("td", "", [words(each.quantity), each.place, each.unit ? `in ${spelled(each.unit)}` : ""].filter(Boolean).join(", ")),
      make("td", "", each.source || "all sources"), make("td", "", `${day(each.at)} ${hm(each.at)}`), make("td", "", this.undo(each)))));
  }

  /** @param {string} key */
  made(key) {
    const cells = Array.from({ length: 8 }, (_, n) => make(n === 0 ? "code" : "span"));
    const button = make("button", "", "Stands for …");
    button.type = "button";
    const root = make("tr", "", ...cells.map((cell, n) => make("td", n === 6 ? "n" : "", cell)), make("td", "", button));
    const shown = { root, cells, row: /** @type {Row} */ ({}) };
    button.addEventListener("click", () => { void this.ask(shown.row); });
    this.rows.set(key, shown);
    return shown;
  }

  /** @param {Row} row */
  async ask(row) {
    if (!this.choices.length) {
      const answer = await fetch("/api/quantities");
      if (!answer.ok) { say("No link to Joey"); return; }
      this.choices = await answer.json();
    }
    const box = /** @type {HTMLDialogElement} */ (by("mapping"));
    const title = make("h2", "", [row.code, row.text].filter(Boolean).join(" "));
    title.id = "mapcode";
    const fits = this.choices.filter((each) => !row.own || !each.units.length || each.units.includes(row.own));
    const quantity = make("select", "", new Option("choose", ""), ...fits.map((each) => new Option(words(each.quantity), each.quantity)));
    const reach = make("select", "", new Option(`${row.source} only`, row.source), new Option("all sources", ""));
    const unit = make("select"), place = make("select");
    const unitField = field("The values are in", unit), placeField = field("Where (not needed)", place);
    const go = make("button", "go", "From now on");
    go.type = "button";
    const fill = () => {
      const chosen = fits.find((each) => each.quantity === quantity.value);
      const units = chosen?.units ?? [], places = PLACES[quantity.value] ?? [];
      unit.replaceChildren(...(units.length > 1 ? [new Option("choose", "")] : []), ...units.map((each) => new Option(spelled(each), each)));
      unitField.hidden = !units.length || row.own !== "";
      place.replaceChildren(new Option("not said", ""), ...places.map((each) => new Option(each, each)));
      placeField.hidden = !places.length;
      ready();
    };
    const ready = () => { go.disabled = !quantity.value || (!unitField.hidden && !unit.value); };
    quantity.addEventListener("change", fill); unit.addEventListener("change", ready);
    fill();
    go.addEventListener("click", async () => {
      go.disabled = true;
      const body = { code: row.code, label: row.text, rowUnit: row.unit, quantity: quantity.value, place: place.value, unit: unitField.hidden ? "" : unit.value, source: reach.value };
      if (await post("/api/codes", body)) { box.close(); say(`${row.text || row.code} is ${words(body.quantity)} from now on`); }
      ready();
    });
    const cancel = make("button", "", "Cancel");
    cancel.type = "button";
    cancel.addEventListener("click", () => box.close());
    const sent = make("p", "quiet", `Monitors send ${row.value ? `for example ${row.value}` : "no single values"}${row.unit ? ` in ${row.unit}` : ", without a unit"}.`);
    box.replaceChildren(title, sent, field("Stands for", quantity), unitField, placeField, field("Where it is sent by", reach), make("div", "row", go, cancel));
    box.showModal();
  }

  /** @param {Mapped} each */
  undo(each) {
    const button = make("button", "", "Undo");
    button.type = "button";
    button.setAttribute("aria-label", `Undo what ${each.text || each.code} stands for${each.source ? ` from ${each.source}` : ""}`);
    button.addEventListener("click", async () => {
      button.disabled = true;
      if (await post(`/api/codes/${each.seq}/undo`, {})) say("Taken back, from now on");
      else button.disabled = false;
    });
    return button;
  }
}

/** @param {string} name @param {HTMLElement} input */
function field(name, input) { return make("label", "field", make("span", "", name), input); }

/** Send a wish; say what is wrong with it. @param {string} path @param {object} body */
async function post(path, body) {
  try {
    const answer = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
    if (!answer.ok) say((await answer.json()).detail ?? "refused");
    return answer.ok;
  } catch { say("Not sent: no link"); return false; }
}
