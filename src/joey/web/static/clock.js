// The host's clock, as the page knows it: every message carries it, between messages it is drawn on.

const SLEEP_MS = 2000;
let base = Date.now(), counted = performance.now(), wall = base, slept = 0;

/** A count that goes on while the tablet sleeps, as its own clock does and performance.now() does not. [ms] */
export function ticks() {
  const now = performance.now(), clock = Date.now(), missed = clock - wall - (now - counted);
  if (missed > SLEEP_MS) slept += missed;
  counted = now; wall = clock;
  return now + slept;
}

let at = ticks(), speed = 1;

/** Take the host's time from a message. @param {number} now [ms] @param {number} rate how fast it runs */
export function heard(now, rate) {
  const guess = hostNow();
  // Small differences are the network's; following them would make the strips tremble.
  if (Math.abs(guess - now) < 250 * Math.max(1, rate) && rate === speed) now = guess + (now - guess) * 0.1;
  base = now; at = ticks(); speed = rate;
}
/** The host's time now. [ms] */
export function hostNow() { return base + (ticks() - at) * speed; }
/** How many seconds of the ward pass in one of ours. */
export function rate() { return speed; }
