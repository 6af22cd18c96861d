// The unit: every bed at its place, always the same place.

import { hostNow } from "./clock.js";
import { by, dress, heldToday, hm, lasting, make, short, write } from "./format.js";
import { tileWith } from "./kept.js";
import { openLink } from "./link.js";
import { startPage } from "./page.js";
import { Readings } from "./readings.js";
import { unsentTaps } from "./taps.js";
import { paintTrend } from "./trend.js";
import { lostWords, markWords, named, nobody } from "./words.js";

const HOUR = 3_600_000;
const LONG = 44; // signs of a name, from which it is written smaller, in four lines: of about a hundred none is cut
const SCREEN = 24; // beds on one screen; more are on further screens
const TILE = { width: 316, height: 255 }; // px, of one of 24 beds at 1920 x 1080, at which all sizes are given
const SMALLEST = 0.62, LARGEST = 3; // times that; a smaller one is not read from a step away: the page scrolls then
const SCROLLED = 400; // px at that size: as high as a tile is then, with every line that may come and go in it
/** @typedef {import("./types.js").Tile} Tile */

class TileView {
  /** @param {string} key */
  constructor(key) {
    this.key = key;
    this.root = make("a", "tile");
    this.root.href = `/beds/${key.split("/").map(encodeURIComponent).join("/")}`;
    this.bed = make("span", "bed"); this.who = make("span", "who"); this.twin = make("span", "twin");
    this.name = make("span", "name"); this.formerly = make("span", "formerly");
    this.who.append(this.name, this.formerly);
    this.readings = new Readings(true);
    this.canvas = make("canvas"); this.canvas.setAttribute("aria-hidden", "true");
    this.holder = make("span"); this.forLong = make("span", "num");
    this.bar = make("div", "holdbar"); this.bar.title = "Holds of the last hour";
    this.apart = make("div", "apart");
    this.tell = make("div", "tell"); this.tell.setAttribute("role", "status");
    this.spells = make("span"); this.today = make("span", "num");
    this.whole = make("div", "who-holds", make("span", "unseen", "Hold: "), this.holder, this.forLong);
    this.foot = make("div", "foot", this.spells, this.today);
    this.root.append(
      make("div", "head", this.bed, this.who, this.twin), this.readings.root, this.canvas,
      make("div", "strip", this.apart, this.whole, this.bar),
      this.foot, this.tell,
    );
    /** @type {Tile|null} */ this.tile = null;
    /** With what waits on this tablet. @type {Tile|null} */ this.seen = null;
    /** @type {import("./types.js").Trend|null} */ this.trend = null;
    this.barKey = "";
    // A line that comes or goes in the tile changes the picture's height: it would be stretched.
    new ResizeObserver(() => this.paint()).observe(this.canvas);
  }
  /** @param {number} now @param {number} lostFor */
  show(now, lostFor) {
    if (!this.tile) return;
    const tile = this.seen = tileWith(this.tile, unsentTaps());
    const { infant, hold } = tile;
    dress(this.root, `tile${hold ? " held" : ""}${infant || tile.note === "unassigned" ? "" : " empty"}`);
    write(this.bed, tile.label);
    const name = infant ? infant.name : nobody(tile.note);
    write(this.name, name);
    const formerly = infant?.formerly ? `formerly ${infant.formerly}` : "", long = name.length + formerly.length > LONG;
    dress(this.who, long ? "who long" : "who");
    write(this.formerly, formerly);
    const whole = long ? [name, formerly].filter(Boolean).join(", ") : "";
    if (this.who.title !== whole) this.who.title = whole; // and on the bed's page
    this.twin.hidden = !infant?.twin; write(this.twin, infant?.twin ?? "");
    const none = !infant && tile.note === "empty";
    this.readings.root.hidden = none; this.canvas.hidden = none;
    const apart = lostFor > 0 ? "" : tile.apart;
    this.readings.show(tile.readings, now, lostFor, !!apart);
    write(this.apart, apart); this.apart.hidden = !apart;
    dress(this.holder, hold ? "holder" : "quiet");
    write(this.holder, hold ? named(hold.holder) : "");
    this.whole.hidden = !hold;
    write(this.forLong, hold ? `${lasting((now - hold.since) / 1000)}${hold.unsent ? ", not sent yet" : ""}` : "");
    write(this.today, none ? "" : `held ${short(heldToday(tile, now))} today${tile.otherS ? ` + ${short(tile.otherS)} other` : ""}`);
    const n = tile.spells.length, last = tile.spells[n - 1];
    const to = tile.known === null ? "" : ` to ${hm(tile.known)}`;
    const told = tile.analysis || (last ? `${n} spell${n === 1 ? "" : "s"}${to}, ${n === 1 ? "" : "last "}${last.letters}\u00a0${hm(last.at)}` : tile.looked);
    write(this.spells, none ? "" : [told, tile.aside && "another monitor is not shown"].filter(Boolean).join("; "));
    write(this.tell, [lostWords(tile.lost), markWords(tile.lost)].filter(Boolean).join(" "));
    const quiet = !tile.lost.length && !(tile.note === "unassigned" && tile.doubt);
    if (!quiet && !tile.lost.length) write(this.tell, tile.doubt);
    this.tell.hidden = quiet;
    this.foot.hidden = !quiet;
    this.showBar(tile, now);
  }
  /** @param {Tile} tile @param {number} now */
  showBar(tile, now) {
    const key = `${Math.floor(now / 30_000)} ${JSON.stringify(tile.held)}`;
    if (key === this.barKey) return;
    this.barKey = key;
    this.bar.replaceChildren(...tile.held.map(([from, to]) => {
      const part = make("i"), left = Math.max(0, 1 - (now - from) / HOUR);
      part.style.left = `${left * 100}%`;
      part.style.width = `${Math.max(0, 1 - (now - (to ?? now)) / HOUR - left) * 100}%`;
      return part;
    }));
    this.paint();
  }
  paint() { if (this.trend && this.seen && !this.canvas.hidden && this.root.isConnected) paintTrend(this.canvas, this.trend, this.seen.held); }
}

/** @type {Map<string, TileView>} */
const views = new Map();
/** @type {string[]} */
let order = [];
let screen = 0;

/** How many beds are on one screen: as many on each, so that none is nearly empty. */
const each = () => Math.ceil(order.length / Math.max(1, Math.ceil(order.length / SCREEN)));

function lay() {
  const place = by("unit"), pages = by("pages");
  const most = each(), screens = Math.max(1, Math.ceil(order.length / most));
  screen = Math.min(screen, screens - 1);
  const seen = order.slice(screen * most, (screen + 1) * most);
  place.replaceChildren(...seen.map((key) => /** @type {TileView} */ (views.get(key)).root));
  pages.replaceChildren(...(screens < 2 ? [] : Array.from({ length: screens }, (_, k) => {
    const button = make("button", "", `${label(k * most)}–${label(Math.min(order.length, (k + 1) * most) - 1)}`, make("small", "n-held"), make("small", "n-lost"));
    button.setAttribute("aria-pressed", String(k === screen));
    button.addEventListener("click", () => { screen = k; lay(); });
    return button;
  })));
  tellOthers();
  size(most);
  for (const key of seen) views.get(key)?.paint();
}
/** @param {number} k */
const label = (k) => views.get(order[k] ?? "")?.tile?.label ?? "";

/** Beside the numbers of the beds of a screen: what is not seen while another one is shown. */
function tellOthers() {
  const most = each();
  [...by("pages").children].forEach((button, k) => {
    const there = order.slice(k * most, (k + 1) * most).map((key) => views.get(key)?.tile);
    const held = there.filter((tile) => tile?.hold).length, lost = there.filter((tile) => tile?.lost.length).length;
    for (const small of button.querySelectorAll("small")) {
      if (small.className === "n-held") write(small, held ? `${held} held` : "");
      else write(small, lost ? `${lost} no signal` : "");
    }
  });
}

/** Make the tiles as large as so many find room. All screens have the same grid: a bed keeps its place and size. @param {number} beds */
function size(beds) {
  if (!beds) return;
  const place = by("unit"), wide = document.documentElement.clientWidth, high = innerHeight - place.offsetTop;
  let columns = 1, rows = beds, u = 0;
  for (let k = 1; k <= beds; k++) {
    const down = Math.ceil(beds / k), fits = Math.min(LARGEST, wide / k / TILE.width, high / down / TILE.height);
    if (fits > u + 1e-6) { u = fits; columns = k; rows = down; }
  }
  const scrolls = u < SMALLEST;
  if (scrolls) { columns = Math.max(1, Math.floor(wide / (TILE.width * SMALLEST))); rows = Math.ceil(beds / columns); u = wide / columns / TILE.width; }
  document.body.classList.toggle("scrolls", scrolls);
  place.style.setProperty("--u", `${u}px`);
  place.style.gridTemplateColumns = `repeat(${columns}, minmax(0, 1fr))`;
  place.style.gridTemplateRows = scrolls ? `repeat(${rows}, minmax(${SCROLLED * u}px, auto))` : `repeat(${rows}, minmax(0, 1fr))`;
}

let lostFor = 0;
const link = openLink("/live/unit", (message) => {
  const now = hostNow();
  by("waiting").hidden = (message.order ?? order).length > 0;
  const moved = message.order && message.order.join() !== order.join();
  if (message.order) order = message.order;
  for (const key of order) if (!views.has(key)) views.set(key, new TileView(key));
  if (views.size > order.length) for (const key of views.keys()) if (!order.includes(key)) views.delete(key);
  for (const [key, tile] of Object.entries(message.beds ?? {})) {
    const view = views.get(key);
    if (view) view.tile = { ...view.tile, ...tile };
  }
  if (moved) lay(); // the buttons of the screens say what their beds are called
  for (const [key, trend] of Object.entries(message.trends ?? {})) {
    const view = views.get(key);
    if (view) { view.trend = trend; view.paint(); }
  }
  by("simulated").hidden = !message.simulated;
  for (const view of views.values()) view.show(now, 0);
  tellOthers();
});
startPage(link, (lost) => {
  if (lost > 0 || lostFor > 0) for (const view of views.values()) view.show(hostNow(), lost);
  lostFor = lost;
});
const repaint = () => { for (const view of views.values()) view.paint(); };
document.addEventListener("themechange", repaint);
addEventListener("resize", () => { size(each()); repaint(); });
