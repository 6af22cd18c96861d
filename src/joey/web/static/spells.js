// The spells of a bed, newest first, each with one-tap tags.

import { by, hm, hms, lasting, make, write } from "./format.js";
import { say } from "./page.js";
import { tap } from "./taps.js";
import { Presses, pressOnce } from "./twice.js";

const TAGS = /** @type {const} */ ([["self_resolved", "self-resolved"], ["stimulated", "stimulated"], ["oxygen_up", "O₂ up"], ["bagged", "bagged"], ["feeding", "feeding"], ["artifact", "artifact"]]);
const SHOWN = 8;

export class Spells {
  /** @param {string} bed */
  constructor(bed) { this.bed = bed; this.drawn = ""; this.presses = new Presses(); pressOnce(by("spells")); }
  /** @param {import("./types.js").Bed} state */
  show(state) {
    const spells = state.spells.slice(-SHOWN).reverse(), { known } = state.tile;
    write(by("spellsknown"), known === null || state.tile.analysis ? "listed some two minutes after they end" : `known to ${hm(known)}, listed some two minutes after they end`);
    const before = [...(state.before ?? [])].reverse().filter((each) => each.spells.length).map(elsewhere);
    const key = JSON.stringify([spells, state.tile.analysis, before]);
    if (key === this.drawn) return;
    this.drawn = key;
    const place = by("spells");
    const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset.do : undefined;
    const none = before.length ? "No spell here in what was looked at." : "No spell in what was looked at.";
    const here = spells.length ? spells.map((each) => this.item(each)) : [make("li", "quiet", state.tile.analysis || none)];
    place.replaceChildren(...here, ...before.map((words) => make("li", "quiet num", words)));
    if (focused) /** @type {HTMLElement|null} */ (place.querySelector(`[data-do="${CSS.escape(focused)}"]`))?.focus();
  }
  /** @param {import("./types.js").Spell} spell */
  item(spell) {
    const long = spell.seconds >= 100 ? lasting(spell.seconds) : `${Math.round(spell.seconds)} s`;
    const line = make("div", "line", make("span", "letters", spell.letters), make("b", "num", hms(spell.at)), make("span", "num", long), make("span", "quiet", spell.detail));
    const tags = make("div", "tags", ...TAGS.map(([tag, words]) => {
      const button = make("button", "", words), on = spell.tags.includes(tag);
      button.type = "button"; button.dataset.do = `${spell.id}-${tag}`; button.setAttribute("aria-pressed", String(on));
      button.addEventListener("click", async (event) => {
        if (this.presses.twice(event)) return;
        const done = await tap("tag", this.bed, { stream: spell.stream, start_ns: spell.startNs, tag, on: !on });
        say(done.refused || (done.stored ? `${on ? "Taken off" : "Tagged"}: ${words}` : "Kept on this tablet: it is sent when the link is back"));
      });
      return button;
    }));
    tags.setAttribute("role", "group"); tags.setAttribute("aria-label", `What was done at ${hms(spell.at)}`);
    return make("li", "", line, tags);
  }
}

/** The spells of a bed in which the infant lay before, newest first. @param {import("./types.js").Bed["before"][number]} place */
function elsewhere({ label, until, spells }) {
  const more = spells.length - SHOWN, last = spells.slice(-SHOWN).reverse().map((each) => `${each.letters} ${hm(each.at)}`);
  return `In bed ${label} until ${hm(until)}: ${last.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
