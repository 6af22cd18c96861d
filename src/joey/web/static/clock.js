// The host's clock, as the page knows it: every message carries it, between messages it is drawn on.

let base = Date.now(), at = performance.now(), speed = 1;

/** Take the host's time from a message. @param {number} now [ms] @param {number} rate how fast it runs */
export function heard(now, rate) {
  const guess = hostNow();
  // Small differences are the network's; following them would make the strips tremble.
  if (Math.abs(guess - now) < 250 * Math.max(1, rate) && rate === speed) now = guess + (now - guess) * 0.1;
  base = now; at = performance.now(); speed = rate;
}
/** The host's time now. [ms] */
export function hostNow() { return base + (performance.now() - at) * speed; }
/** How many seconds of the ward pass in one of ours. */
export function rate() { return speed; }
