// The live link to the server: one WebSocket that comes back by itself, and says when it is gone.

import { heard, ticks } from "./clock.js";

const SILENT_MS = 3500; // without a word the link counts as lost; the server speaks every second
const RETRY_MS = [300, 700, 1500, 3000];

/**
 * @typedef {object} Link
 * @property {() => number} quietFor since when nothing came [ms]
 * @property {(message: object) => void} send
 * @property {() => void} close
 */

/**
 * Open a link and keep it.
 * @param {string} path
 * @param {(message: any) => void} onText
 * @param {(data: ArrayBuffer) => void} [onBinary]
 * @returns {Link}
 */
export function openLink(path, onText, onBinary) {
  const address = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${path}`;
  let heardAt = ticks(), tries = 0, closed = false;
  /** @type {WebSocket} */
  let socket;
  const open = () => {
    const mine = socket = new WebSocket(address); // the next one is opened before the watch of this one looks again
    socket.binaryType = "arraybuffer";
    const opened = ticks();
    socket.onmessage = (event) => {
      heardAt = ticks(); tries = 0;
      if (typeof event.data !== "string") { onBinary?.(event.data); return; }
      const message = JSON.parse(event.data);
      if (typeof message.now === "number") heard(message.now, message.speed ?? 1);
      onText(message);
    };
    socket.onclose = (event) => {
      if (closed) return;
      if (event.code === 4401 || event.code === 4403) { closed = true; document.dispatchEvent(new Event("signedout")); return; }
      setTimeout(open, RETRY_MS[Math.min(tries++, RETRY_MS.length - 1)]);
    };
    // A half-open socket never closes by itself.
    const watch = setInterval(() => {
      if (mine.readyState === WebSocket.CLOSED) clearInterval(watch);
      else if (ticks() - Math.max(heardAt, opened) > 2 * SILENT_MS) { clearInterval(watch); mine.close(); }
    }, 1000);
  };
  open();
  return {
    quietFor: () => ticks() - heardAt,
    send: (message) => { if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message)); },
    close: () => { closed = true; socket.close(); },
  };
}

/** Whether a link that was quiet for so long counts as lost. @param {number} ms */
export const isLost = (ms) => ms > SILENT_MS;
