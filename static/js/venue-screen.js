/* The venue's screen: shows the code that changes every 15 seconds.
 *
 * Markup: templates/campaigns/venue_screen.html. Without JavaScript the page reloads itself.
 *
 *   [data-venue-screen]   data-code-url, data-expires-in (seconds), data-state: live | lost | ended
 *   [data-code]           the <svg>
 *   [data-code-left]      a bar that empties until the next code
 *   [data-sleepy]         shown where the browser does not keep the screen awake
 *   [data-clock-wrong]    shown while this device's clock is a minute or more off; codes do not need it
 *   [data-fullscreen]     a button, hidden until this file runs
 */
import { stayAwake } from "./wake-lock.js";

const ANSWER_WITHIN_MS = 8000;
const TRY_AGAIN_MS = 2000;
const CLOCK_MAY_BE_OFF_MS = 60000;
const TICK_MS = 250;
// A machine that slept missed its ticks: what it shows may be older than it counts.
const SLEPT_MS = 5000;

const root = document.querySelector("[data-venue-screen]");
const place = root.querySelector("[data-code]");
const bar = root.querySelector("[data-code-left]");
const clockNote = root.querySelector("[data-clock-wrong]");
const sleepyNote = root.querySelector("[data-sleepy]");
let expiresAt = performance.now() + Number(root.dataset.expiresIn || 15) * 1000;

class Ended extends Error {}

async function fetchCode() {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), ANSWER_WITHIN_MS);
  try {
    const response = await fetch(root.dataset.codeUrl, {
      headers: { Accept: "application/json" },
      credentials: "same-origin",
      cache: "no-store",
      redirect: "manual",
      signal: abort.signal,
    });
    // Signed out, no longer the organiser, or the shift is gone: trying again cannot help.
    if (response.type === "opaqueredirect" || [401, 403, 404, 410].includes(response.status)) throw new Ended();
    if (!response.ok) throw new Error(String(response.status));
    return await response.json();
  } finally {
    clearTimeout(timer);
  }
}

function show({ svg, expires_in: expiresIn, now }) {
  const drawn = new DOMParser().parseFromString(svg, "image/svg+xml").documentElement;
  place.replaceChildren(document.importNode(drawn, true));
  expiresAt = performance.now() + expiresIn * 1000;
  root.dataset.state = "live";
  clockNote.hidden = Math.abs(Date.now() - now * 1000) < CLOCK_MAY_BE_OFF_MS;
}

// Ends a pause early: the machine woke up, the page is seen again, the network is back.
let wake = () => {};

function pause(milliseconds) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    wake = () => { clearTimeout(timer); resolve(); };
  });
}

async function follow() {
  for (;;) {
    await pause(Math.max(expiresAt - performance.now(), TRY_AGAIN_MS / 2));
    try {
      show(await fetchCode());
    } catch (error) {
      root.dataset.state = error instanceof Ended ? "ended" : "lost";
      if (error instanceof Ended) return;
      await pause(TRY_AGAIN_MS);
    }
  }
}

function wokeUp() {
  root.dataset.state = root.dataset.state === "live" ? "lost" : root.dataset.state;
  wake();
}

let period = Math.max(expiresAt - performance.now(), 1);
let lastTick = Date.now();
setInterval(() => {
  const sinceTick = Date.now() - lastTick;
  lastTick += sinceTick;
  if (sinceTick > SLEPT_MS) wokeUp();
  const left = Math.max(expiresAt - performance.now(), 0);
  period = Math.max(period, left);
  bar.style.transform = `scaleX(${left / period})`;
}, TICK_MS);
document.addEventListener("visibilitychange", () => { if (!document.hidden) wake(); });
window.addEventListener("online", () => wake());

const fullscreen = root.querySelector("[data-fullscreen]");
if (document.documentElement.requestFullscreen) {
  fullscreen.hidden = false;
  fullscreen.addEventListener("click", () => {
    if (document.fullscreenElement) document.exitFullscreen();
    else document.documentElement.requestFullscreen().catch(() => {});
  });
}

stayAwake((refused) => { sleepyNote.hidden = !refused; });
follow();
