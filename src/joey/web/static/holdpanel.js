// The hold: one tap starts it, one tap stops it; the tap often comes late, so the start can be moved.

import { hostNow } from "./clock.js";
import { by, day, hm, lasting, make, running, shownAt, write } from "./format.js";
import { say } from "./page.js";
import { tap, waitingTaps } from "./taps.js";
import { Presses, pressOnce } from "./twice.js";
import { ROLES, named } from "./words.js";

const MIN_MS = 60_000, HOUR_MS = 3_600_000, STILL_H = 4; // h; then it is asked, never stopped by itself
const FAR_MS = 6 * HOUR_MS; // ms before a start: no tap comes so late, but AM is set for PM
const ASKED = 8; // holds that are remembered as asked for; the server asks for ten minutes
const OVER = "Not taken: this hold runs here no more"; // it was stopped elsewhere while somebody was asked
const REASONS = /** @type {const} */ ([["planned_end", "Planned end"], ["feeding", "Feeding"], ["procedure", "Procedure"], ["parent_request", "Holder asked"], ["infant_instability", "Infant unsettled"], ["staff_decision", "Staff decided"], ["transport", "Transport"], ["device_problem", "Device"]]);

// Kangaroo care is skin to skin; what else is held time is counted apart.
const CONTACTS = /** @type {const} */ ([["skin_to_skin", "Skin to skin"], ["clothed", "Clothed"]]);

/** @typedef {import("./types.js").Bed} Bed */
/** @typedef {import("./types.js").Holder} Holder */
/** @typedef {import("./types.js").Running} Asked the hold as it was when somebody was asked */

export class HoldPanel {
  /** @param {string} bed */
  constructor(bed) {
    this.bed = bed;
    /** @type {Bed|null} */ this.state = null;
    this.drawn = "";
    /** Holds of which it was asked here why they ended. @type {Set<string>} */ this.asked = new Set();
    this.presses = new Presses();
    this.root = by("hold"); this.root.tabIndex = -1; pressOnce(this.root);
    this.timer = make("div", "timer"); this.timer.setAttribute("role", "timer"); this.timer.setAttribute("aria-live", "off");
    // One for all holds, so that nothing is lost of what is being given while the panel is drawn again.
    this.at = make("input", "num"); this.at.type = "time"; this.at.required = true; this.at.dataset.do = "at"; this.at.setAttribute("aria-label", "Start of the hold");
    this.at.addEventListener("input", () => this.offer());
    this.at.addEventListener("keydown", (event) => { if (event.key === "Enter" && !event.repeat) this.set(); });
    this.of = ""; // whose start it is to be
    this.still = make("p", "lost"); this.still.setAttribute("role", "status");
    setInterval(() => this.tick(), 500);
  }

  /** @param {Bed} state */
  show(state) {
    this.state = state;
    const { hold } = state.tile;
    const key = JSON.stringify([hold, state.holders, state.undo, state.tile.infant?.name, state.stopped, state.dataFrom]);
    if (key !== this.drawn) { this.drawn = key; this.draw(); }
    this.askAgain(state);
    this.tick();
  }

  draw() {
    const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset.do : undefined;
    const inside = this.root.contains(document.activeElement), { state } = this;
    if (!state) return;
    this.root.replaceChildren(...(state.tile.hold ? this.whileHeld(state, state.tile.hold) : this.notHeld(state)));
    this.offer();
    // Where the button is gone, the next Tab goes on in the panel; no other button is under the key.
    if (focused && inside) /** @type {HTMLElement} */ (this.root.querySelector(`[data-do="${CSS.escape(focused)}"]`) ?? this.root).focus();
  }

  /** @param {Bed} state @returns {HTMLElement[]} */
  notHeld(state) {
    const big = this.button("Start hold", "start", () => this.start(state.holders[0] ?? null), "big");
    if (!state.tile.admitted) { big.disabled = true; return [big, make("p", "note", "No infant is admitted to this bed.")]; }
    const chips = make("div", "chips", ...state.holders.slice(0, 3).map((each) => this.button(named(each), `chip-${keyOf(each)}`, () => this.start(each), "chip")),
      this.button("Someone else", "else", () => this.ask("Who holds?", (holder) => this.start(holder)), "chip other"));
    const first = state.holders[0];
    const note = make("p", "note", first ? `Start hold starts with ${named(first)}; a tap on a name starts with them.` : "Start hold starts at once; who holds can be said afterwards.");
    const unsent = state.stopped ? [make("p", "unsent num", `Hold ${hm(state.stopped.start)} to ${hm(state.stopped.end)}, not sent yet`)] : [];
    return [big, chips, note, ...unsent, ...this.undoRow(state)];
  }

  /** @param {Bed} state @param {import("./types.js").Running} hold @returns {HTMLElement[]} */
  whileHeld(state, hold) {
    const who = make("div", "holding", make("span", "holder", named(hold.holder)), "holds", make("span", "infant", state.tile.infant?.name ?? `bed ${state.tile.label}`));
    const started = make("span", hold.unsent ? "unsent num" : "quiet num", `${hold.unsent ? "Hold started" : "Started"} ${hm(hold.since)}${hold.unsent ? ", not sent yet" : ""}${hold.holderSince > hold.since + 30_000 ? `; ${named(hold.holder)} since ${hm(hold.holderSince)}` : ""}`);
    // Under each step where it leads: that of a start that was tapped late, or too early; or who knows the minute says it.
    if (hold.id !== this.of) { this.of = hold.id; this.at.value = ""; }
    const nudge = make("div", "row", make("span", "ask", "When did the hold start? (chest on chest)"),
      ...[1, 5, 10, 15].map((min) => {
        const button = this.button(`${hm(hold.since - min * MIN_MS)} `, `less-${min}`, () => this.nudge(hold.since - min * MIN_MS), "num");
        button.append(make("small", "", `−${min} min`));
        return button;
      }),
      make("div", "row exact", this.button("now", "now", () => this.nudge(hostNow())), make("label", "", "or at ", this.at), this.button("Set", "set", () => this.set())));
    // The start is a person's to say, and means chest on chest; what it costs is said beside it.
    const before = state.dataFrom ? [make("p", "note num", `The start lies before this bed's data (from ${hm(state.dataFrom)}): without data from before it there is nothing to compare with.`)] : [];
    // Who holds may be said after the start: then it is said of the hold so far, and is no change.
    const unsaid = hold.holder.role === "unknown" && !hold.holder.name;
    const chips = unsaid ? make("div", "chips", ...state.holders.filter((each) => each.role !== "unknown").slice(0, 2)
      .map((each) => this.button(`It is ${named(each)}`, `is-${keyOf(each)}`, () => this.sayWho(hold, each), "chip")),
    this.button("Say who holds", "is-else", () => this.ask("Who holds?", (holder) => this.sayWho(hold, holder)), "chip other")) : make("div", "chips", ...state.holders.filter((each) => keyOf(each) !== keyOf(hold.holder)).slice(0, 2)
      .map((each) => this.button(`To ${named(each)}`, `to-${keyOf(each)}`, () => this.change(hold, each), "chip")),
    this.button("To someone else", "to-else", () => this.ask("Who takes over?", (holder) => this.change(hold, holder)), "chip other"));
    const contact = make("div", "row contact", ...CONTACTS.map(([key, words]) => {
      const button = this.button(words, `contact-${key}`, () => { void this.tap("describe", { hold: hold.id, contact: key }, words); });
      button.setAttribute("aria-pressed", String(hold.contact === key));
      return button;
    }));
    contact.setAttribute("role", "group"); contact.setAttribute("aria-label", "Contact");
    const stop = this.button("Stop hold", "stop", () => this.stop(), "big stop");
    const report = make("a", "button", "Report so far");
    report.href = `/holds/${encodeURIComponent(hold.id)}`; report.dataset.do = "report";
    return [who, make("div", "running", this.timer, started), this.still, ...before, nudge, make("div", "row both", ...this.undoButton(state), ...(hold.unsent ? [] : [report])), chips, make("div", "row", stop), contact];
  }

  /** @param {Bed} state */
  undoRow(state) { const found = this.undoButton(state); return found.length ? [make("div", "row", ...found)] : []; }
  /** @param {Bed} state */
  undoButton(state) {
    const { undo } = state;
    return undo ? [this.button(`Undo ${undo.words}`, "undo", () => this.tap("undo", { hold: undo.hold, of: undo.tap }, () => `Taken back: ${undo.words}. ${this.stands()}`))] : [];
  }

  /** @param {string} words @param {string} name @param {() => void} act @param {string} [look] */
  button(words, name, act, look = "") {
    const button = make("button", look, words);
    button.type = "button"; button.dataset.do = name;
    button.addEventListener("click", (event) => { if (!this.presses.twice(event)) act(); });
    return button;
  }

  /** What the hold is once a tap was taken back. */
  stands() {
    const hold = this.state?.tile.hold, contact = CONTACTS.find(([key]) => key === hold?.contact)?.[1].toLowerCase();
    return hold ? `The hold started ${hm(hold.since)}; ${named(hold.holder)} holds${contact ? `, ${contact}` : ""}` : "No hold runs here";
  }

  tick() {
    this.waits(waitingTaps().length);
    const hold = this.state?.tile.hold;
    if (!hold) return;
    const s = (hostNow() - hold.since) / 1000;
    write(this.timer, running(s));
    this.still.hidden = s < STILL_H * 3600;
    write(this.still, `Still holding? ${lasting(s)} so far. Nothing stops by itself.`);
  }

  /** @param {number} left */
  waits(left) { by("waits").hidden = !left; write(by("waits"), left ? `${left} tap${left === 1 ? "" : "s"} kept on this tablet until the link is back` : ""); }

  /** @param {string} type @param {Record<string, unknown>} more @param {string|(() => string)} words, or what gives them when it is done @param {number} [at] */
  async tap(type, more, words, at) {
    const done = await tap(type, this.bed, more, at);
    this.waits(waitingTaps().length);
    if (done.refused) say(done.refused);
    else say(done.stored ? typeof words === "string" ? words : words() : "Kept on this tablet: it is sent when the link is back");
    return done;
  }
  /** @param {Holder|null} holder */
  start(holder) { void this.tap("start_hold", { ...(holder ? { holder: as(holder) } : {}), contact: "skin_to_skin" }, `Hold started${holder ? ` with ${named(holder)}` : ""}`); }
  /** @param {number} ms */
  nudge(ms) {
    const hold = this.state?.tile.hold, at = Math.min(ms, hostNow());
    if (hold) void this.tap("nudge", { hold: hold.id }, `The hold started ${hm(at)}${day(at) === day(hostNow()) ? "" : `, ${day(at)}`}`, at);
  }
  /** Say beside a time that is given how the unit writes it: a tablet may write 02:07 PM. */
  offer() { const button = this.root.querySelector("[data-do=set]"); if (button) write(button, `Set ${this.at.value}`.trim()); }
  /** Move the start to the minute that is given: that nearest to the start that stands, and not hours before it. */
  set() {
    const hold = this.state?.tile.hold, clock = this.at.value, now = hostNow();
    if (!hold) return;
    if (!clock) { say(this.at.validity.badInput ? "The time is not whole: hours, minutes, and AM or PM where the tablet has it" : "Give the time first: hours and minutes"); return; }
    const times = shownAt(clock, hold.since, now), at = times.find((each) => each <= now && hold.since - each < FAR_MS);
    if (at !== undefined) { this.at.value = ""; this.offer(); this.nudge(at); return; }
    const far = times.some((each) => each > now) ? "is later than now" : `is over ${FAR_MS / HOUR_MS} h before the start that stands (${hm(hold.since)})`;
    say(`Not moved: ${times.length ? `${clock} ${far}` : `the clock was changed then, and never showed ${clock}`}`);
  }
  /** @param {Asked} asked @param {Holder} holder */
  change(asked, holder) { this.ifStill(asked, () => void this.tap("change_holder", { hold: asked.id, holder: as(holder) }, `${named(holder)} holds now`)); }
  /** @param {Asked} asked @param {Holder} holder */
  sayWho(asked, holder) { this.ifStill(asked, () => void this.tap("describe", { hold: asked.id, holder: as(holder) }, `${named(holder)} holds`)); }
  /** Where that hold ended meanwhile, another one may run here, of another infant; where somebody else said who holds, that stands. @param {Asked} asked @param {() => void} act */
  ifStill(asked, act) {
    const now = this.state?.tile.hold;
    if (now?.id !== asked.id) say(OVER);
    else if (keyOf(now.holder) !== keyOf(asked.holder)) say(`Not taken: ${named(now.holder)} holds, as was said meanwhile`);
    else act();
  }
  async stop() {
    const hold = this.state?.tile.hold;
    if (!hold) return;
    const done = await this.tap("stop_hold", { hold: hold.id }, "Hold stopped");
    if (!done.refused) this.why(hold.id);
  }

  /** A page that was loaded anew asks again; one on another tablet asks no more once it is said. @param {Bed} state */
  askAgain(state) {
    const { last, tile: { hold } } = state;
    if (hold && by("why").dataset.hold !== hold.id) by("why").replaceChildren(); // of the one before: it would stand under this one
    if (!last || hold) return;
    if (last.asks && !this.asked.has(last.id)) this.why(last.id);
    else if (!last.asks && by("why").dataset.hold === last.id) by("why").replaceChildren();
  }
  /** After the stop, not before it: why, if someone likes to say. @param {string} hold */
  why(hold) {
    const box = make("div", "row", make("span", "ask", "Why did it end? (not needed)"), ...REASONS.map(([reason, words]) =>
      this.button(words, `why-${reason}`, () => { box.remove(); void this.tap("describe", { hold, details: { end_reason: reason } }, `Ended: ${words.toLowerCase()}`); })));
    by("why").replaceChildren(box);
    by("why").dataset.hold = hold;
    this.asked = new Set([...this.asked, hold].slice(-ASKED)); // the page stays open for weeks
    setTimeout(() => box.remove(), 60_000);
  }

  /** @param {string} title @param {(holder: Holder) => void} then */
  ask(title, then) {
    const box = /** @type {HTMLDialogElement} */ (by("who"));
    const name = make("input"); name.autocomplete = "off"; name.dir = "auto"; name.maxLength = 40;
    const close = () => box.close();
    const roles = make("div", "row", ...ROLES.map(([role, words]) => this.button(words, `role-${role}`, () => {
      close();
      then({ name: name.value.trim(), role });
    })));
    const known = (this.state?.holders ?? []).map((each) => this.button(named(each), `known-${keyOf(each)}`, () => { close(); then(each); }, "chip"));
    box.replaceChildren(make("h2", "", title), make("div", "chips", ...known), make("label", "field", make("span", "", "First name (not needed)"), name),
      make("p", "field quiet", "Then one tap:"), roles, make("div", "row", this.button("Cancel", "cancel", close)));
    box.showModal();
  }
}

/** @param {Holder} holder */
const as = (holder) => ({ role: holder.role, label: holder.name });
/** @param {Holder} holder */
const keyOf = (holder) => `${holder.role}:${holder.name}`;
