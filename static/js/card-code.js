/* The card on the phone: makes and draws the code of the moment, with or without a network.
 *
 * Markup: templates/volunteers/my_card.html and components/volunteer_card.html. Without JavaScript
 * the server draws the code and the page loads itself anew.
 *
 *   [data-card-code]   the keys as JSON (views/cards.py), data-keys-url, data-worker-url,
 *                      data-state: live | ended | signed-out
 *   [data-code]        holds the <svg>
 *   [data-code-left]   a bar that empties until the next code
 *   [data-code-time]   the time, to the second: a still picture shows that it is one
 *   [data-when]        what is said in a state
 *   [data-clock-off]   what is said when the phone's clock is wrong
 */
import { correction, generate } from "../vendor/lean-qr/index.mjs";
import { forgetCard } from "./card-copy.js";
import { stayAwake } from "./wake-lock.js";

const STEP_MS = 30_000;
const CLOCK_SKEW_MS = 60_000;
const ASK_AGAIN_MS = 15_000;
const ANSWER_WITHIN_MS = 8000;
const QUIET_ZONE = 4;
const SVG = "http://www.w3.org/2000/svg";

const root = document.querySelector("[data-card-code]");
const place = root.querySelector("[data-code]");
const bar = root.querySelector("[data-code-left]");
const time = root.querySelector("[data-code-time]");
const timeFormat = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });

let held = JSON.parse(root.dataset.cardCode);
let shownStep = null;
let askedAt = -Infinity;

// The code, as volunteers/card_codes.py makes it

async function codeOf(step) {
  const day = held.days.find(({ from_step: from, to_step: to }) => from <= step && step < to);
  if (!day) return null;
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, step);
  const text = new Uint8Array([...new TextEncoder().encode("linli-card-step\0"), ...bytes]);
  const hmac = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", bytesOf(day.key), hmac, false, ["sign"]);
  const mac = new Uint8Array(await crypto.subtle.sign("HMAC", key, text)).slice(0, 8);
  return base64([...bytes, ...mac]);
}

const base64 = (bytes) => btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const bytesOf = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));

function draw(address) {
  const code = generate(address, { minCorrectionLevel: correction.M });
  const size = code.size + 2 * QUIET_ZONE;
  let path = "";
  for (let y = 0; y < code.size; y += 1) {
    for (let x = 0; x < code.size; x += 1) {
      let end = x;
      while (end < code.size && code.get(end, y)) end += 1;
      if (end > x) path += `M${x + QUIET_ZONE} ${y + QUIET_ZONE}h${end - x}v1h-${end - x}z`;
      x = end;
    }
  }
  const svg = element("svg", { viewBox: `0 0 ${size} ${size}`, role: "img", "shape-rendering": "crispEdges" });
  svg.append(element("rect", { width: size, height: size, fill: "#fff" }), element("path", { d: path, fill: "#000" }));
  place.replaceChildren(svg);
}

function element(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  return made;
}

// What is shown

function say(state) {
  root.dataset.state = state;
  for (const words of root.querySelectorAll("[data-when]")) words.hidden = words.dataset.when !== state;
}

async function show(step) {
  const code = await codeOf(step);
  if (step !== shownStep || root.dataset.state === "signed-out") return;
  if (code === null) {
    place.replaceChildren();
    say("ended");
    ask();
    return;
  }
  draw(`${held.address}?r=${code}`);
  say("live");
}

function tick() {
  const now = Date.now();
  const step = Math.floor(now / STEP_MS);
  bar.style.transform = `scaleX(${1 - (now % STEP_MS) / STEP_MS})`;
  time.textContent = timeFormat.format(now);
  if (step === shownStep) return;
  shownStep = step;
  show(step);
}

// What is asked of the server, when it can be

async function ask() {
  if (performance.now() - askedAt < ASK_AGAIN_MS || root.dataset.state === "signed-out") return;
  askedAt = performance.now();
  const answer = await fetch(root.dataset.keysUrl, {
    headers: { Accept: "application/json" },
    credentials: "same-origin",
    cache: "no-store",
    redirect: "manual",
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
  }).catch(() => null);
  if (answer === null) {
    askedAt = -Infinity; // no network: worth asking at the next occasion
    return;
  }
  if (answer.type === "opaqueredirect" || [401, 403, 404].includes(answer.status)) leave();
  if (!answer.ok) return;
  const now = await answer.json();
  if (now.address !== held.address) {
    // Another card, or another person: no name may stand above a code that is not its own.
    await forgetCard();
    location.reload();
    return;
  }
  held = now;
  shownStep = null;
  sayWhetherTheClockIsRight();
}

function sayWhetherTheClockIsRight() {
  const off = Math.abs(Date.now() - held.server_time) > CLOCK_SKEW_MS;
  for (const words of root.querySelectorAll("[data-clock-off]")) words.hidden = !off;
}

/* Signed out meanwhile, in another window or by the office: this page no longer shows a card. */
function leave() {
  forgetCard();
  held = { days: [] };
  root.querySelector(".volunteer-card").remove();
  say("signed-out");
}

// What is kept for later

async function keepForLater() {
  if (!("serviceWorker" in navigator)) return;
  try {
    await navigator.serviceWorker.register(root.dataset.workerUrl);
    const { active } = await navigator.serviceWorker.ready;
    const loaded = performance.getEntriesByType("resource").map(({ name }) => name);
    const ours = loaded.filter((name) => name.startsWith(`${location.origin}/static/`));
    active.postMessage({ files: [...new Set(ours)] });
  } catch {
    // The page works; it only does not open again without a network.
  }
}

function start() {
  tick();
  setInterval(tick, 250);
  // Old by more than the clocks may differ: the copy of an earlier visit, or a clock that is wrong.
  if (Math.abs(Date.now() - held.server_time) > CLOCK_SKEW_MS) ask();
  window.addEventListener("online", ask);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) ask();
  });
  // Come back to with the phone's back button, perhaps after signing out.
  window.addEventListener("pageshow", ({ persisted }) => {
    if (persisted) ask();
  });
  // A new card makes the copy a picture of the old one.
  document.addEventListener("submit", ({ target }) => {
    const address = target.getAttribute("action") || location.pathname;
    if (address.startsWith(location.pathname)) forgetCard();
  });
  if (document.readyState === "complete") keepForLater();
  else window.addEventListener("load", keepForLater);
}

stayAwake();
// Only a page that came by https (or from this machine) may reckon with keys and keep a copy.
if (window.isSecureContext) start();
else setTimeout(() => location.reload(), STEP_MS);
