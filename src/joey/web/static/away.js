// A service worker: where Joey does not answer a page that is opened or loaded anew, it says so,
// and that page comes back by itself. It keeps nothing - no page, no number, no name - and looks at
// nothing but pages that are opened: what Joey answers passes as it is, and all else passes by.

const worker = /** @type {any} */ (self);
const OURS = "frame-ancestors 'self'"; // in the policy of every page of Joey

worker.addEventListener("install", () => worker.skipWaiting());
worker.addEventListener("activate", (/** @type {any} */ event) => event.waitUntil(worker.clients.claim()));
worker.addEventListener("fetch", (/** @type {any} */ event) => {
  const { mode, method, destination } = event.request;
  if (mode === "navigate" && method === "GET" && destination === "document") event.respondWith(opened(event.request));
});

/** @param {Request} request @returns {Promise<Response>} */
async function opened(request) {
  let answer;
  try { answer = await fetch(request); } catch { return away(); }
  // Another program answers at this port now: leave it alone from here on.
  const policy = answer.headers.get("content-security-policy") ?? "";
  if (answer.type === "basic" && !policy.includes(OURS)) await worker.registration.unregister();
  return answer;
}

/** The page that says it; its policy lets this script run, and ask whether Joey is back. */
async function away() {
  const script = `(${show})();`;
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(script));
  const hash = btoa(String.fromCharCode(...new Uint8Array(digest)));
  const page = `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>No link – Joey</title></head>
<body><main><h1 id="since">No link to Joey</h1><p><b>Look at the infant and the bedside monitor.</b></p><p id="kept"></p><p>This page comes back by itself.</p><p>Not for alarming: the bedside monitor alarms</p></main><script>${script}</script></body></html>`;
  const policy = `default-src 'none'; connect-src 'self'; script-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; ${OURS}`;
  return new Response(page, { status: 503, headers: { "Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "Content-Security-Policy": policy } });
}

/** Runs in that page, by itself: since when, how many taps wait, the light of this device, and the way back. */
function show() {
  /** @param {string} key @returns {any} */
  const kept = (key) => { try { return JSON.parse(localStorage.getItem(key) ?? "null"); } catch { return null; } };
  const heard = kept("joey-heard"), taps = kept("joey-taps"), since = document.getElementById("since"), waits = document.getElementById("kept");
  if (since && heard) {
    const written = new Intl.DateTimeFormat("en-GB", { timeZone: heard.zone, hourCycle: "h23", weekday: "short", hour: "2-digit", minute: "2-digit", second: "2-digit" });
    since.textContent = `No link to Joey since ${written.format(heard.at)}`;
  }
  if (waits && taps?.length) waits.textContent = `${taps.length} tap${taps.length === 1 ? "" : "s"} kept on this tablet until the link is back`;
  const hour = new Date().getHours();
  let theme = null;
  try { theme = localStorage.getItem("theme"); } catch { /* by the clock */ }
  const night = theme === "night" || (theme !== "day" && (hour >= 19 || hour < 7));
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`:root { color-scheme: ${night ? "dark" : "light"}; } body { margin: 0; font: 1.2rem/1.5 system-ui, sans-serif; background: ${night ? "#070808" : "#e9edf0"}; color: ${night ? "#a9b5ac" : "#14191e"}; }
    main { max-width: 44rem; margin: 12vh auto; padding: 0 1.5rem; } h1 { font-size: 2rem; line-height: 1.2; } p { margin: .6rem 0; }`);
  document.adoptedStyleSheets = [sheet];
  setInterval(() => {
    fetch("/static/joey.svg", { cache: "no-store", signal: AbortSignal.timeout(8000) }).then((answer) => { if (answer.ok) location.reload(); }, () => undefined);
  }, 2000);
}
