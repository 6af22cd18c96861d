// A double tap is one: by its second half another button may lie under the finger.

const TWICE_MS = 400, TWICE_PX = 40; // so soon and so near, two taps are one

export class Presses {
  constructor() { this.last = { x: 0, y: 0, at: -Infinity }; }
  /**
   * Whether a click is the second half of a double tap. A key has no place (its clicks are all at
   * 0, 0, with detail 0), and no button comes to lie under it: each press of one is a wish.
   * @param {MouseEvent} event
   */
  twice(event) {
    if (event.detail === 0) return false;
    const { x, y } = event, at = performance.now(), { last } = this;
    this.last = { x, y, at };
    return at - last.at < TWICE_MS && Math.hypot(x - last.x, y - last.y) < TWICE_PX;
  }
}

/** Let a key that presses a button, held down in an element, press once; Tab and the like go on. @param {HTMLElement} root */
export function pressOnce(root) {
  root.addEventListener("keydown", (event) => { if (event.repeat && (event.key === "Enter" || event.key === " ") && event.target instanceof HTMLButtonElement) event.preventDefault(); });
}
