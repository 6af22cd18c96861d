// The report of one hold, asked for again while the hold runs.

import { hostNow } from "./clock.js";
import { by, hm, hms, write } from "./format.js";
import { openLink } from "./link.js";
import { startPage } from "./page.js";

const hold = document.documentElement.dataset.hold ?? "";
const frame = /** @type {HTMLIFrameElement} */ (by("report"));
let shown = "", drawn = false;
/** @type {WeakSet<CSSMediaRule>} */
const darkRules = new WeakSet();

const link = openLink(`/live/hold/${encodeURIComponent(hold)}`, (message) => {
  by("simulated").hidden = !message.simulated;
  write(by("title"), message.title ?? "");
  const back = /** @type {HTMLAnchorElement} */ (by("back"));
  if (message.bed) { back.hidden = false; back.href = `/beds/${message.bed.split("/").map(encodeURIComponent).join("/")}`; }
  const until = message.until ? `The time after the hold is not over: this report is provisional until ${hm(message.until)} and is made anew. ` : "";
  const running = message.running ? "The hold runs: this report is provisional and is made anew. " : until;
  by("making").hidden = drawn || !!message.failed;
  write(by("goeson"), message.goesOn ?? "");
  write(by("progress"), message.failed || (message.version === "" ? "" : `${running}Made ${hms(message.madeAt ?? hostNow())}${message.revised ? `, ${message.revised}` : ""}${message.busy ? "; a newer one is being made" : ""}`)
    + ((message.earlier ?? null) === null ? "" : ` Earlier data still come${message.earlier ? `, now those of ${hm(message.earlier)}` : ""}: the report is made anew when they are there.`));
  if (message.version && message.version !== shown) {
    // Where someone reads, they go on reading.
    const top = frame.contentWindow?.scrollY ?? 0;
    shown = message.version;
    frame.onload = () => { drawn = by("making").hidden = true; light(); frame.contentWindow?.scrollTo(0, top); frame.classList.remove("loading"); };
    if (frame.hidden) frame.classList.add("loading");
    frame.hidden = false;
    // In the place of the one before: else each report is a page more to go back through.
    frame.contentWindow?.location.replace(`/holds/${encodeURIComponent(hold)}/report?v=${encodeURIComponent(shown)}`);
  }
});
startPage(link);

/** Give the report the light of this device: its own dark style at night, whatever the system prefers. */
function light() {
  const page = frame.contentDocument, night = document.documentElement.dataset.theme === "night";
  if (!page?.documentElement) return;
  page.documentElement.style.colorScheme = night ? "dark" : "light";
  for (const sheet of page.styleSheets) for (const rule of sheet.cssRules) {
    if (!(rule instanceof (/** @type {any} */ (frame.contentWindow)).CSSMediaRule)) continue;
    const media = /** @type {CSSMediaRule} */ (rule);
    const dark = darkRules.has(media) || media.conditionText.includes("prefers-color-scheme: dark");
    if (!dark) continue;
    darkRules.add(media);
    media.media.mediaText = night ? "screen" : "not all";
  }
}
document.addEventListener("themechange", light);
