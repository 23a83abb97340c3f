/* The live wall: keeps awake, turns its pages, and says when its numbers are old.
 *
 * Markup: templates/campaigns/desk_wall.html. htmx fetches the numbers every few seconds; without
 * JavaScript the page reloads itself and its pages stand below one another.
 *
 *   [data-wall]         data-state: live | stale | ended; data-turning while pages take turns
 *   [data-wall-news]    what htmx replaces
 *   [data-age]          how old the numbers are, while they are old
 *   [data-turn]         back, on and hold; hidden where there is one page
 *   [data-fullscreen]   a button, hidden until this file runs
 */
import { stayAwake } from "./wake-lock.js";

const STALE_AFTER_MS = 12_000; // two answers missed
const PAGE_MS = 9_000;

const root = document.querySelector("[data-wall]");
const turner = root.querySelector("[data-turn]");
const holder = root.querySelector("[data-turn-hold]");
const age = root.querySelector("[data-age]");
const isWide = window.matchMedia("(min-width: 60rem)");
const clock = new Intl.DateTimeFormat(document.documentElement.lang, { timeStyle: "medium" });
let freshAt = Date.now(); // not performance.now(): that stands still while the computer sleeps
let page = 0;

const pages = () => root.querySelectorAll(".wall-page");

function show() {
  const all = pages();
  const isTurning = all.length > 1 && isWide.matches;
  page = all.length ? (page + all.length) % all.length : 0;
  root.toggleAttribute("data-turning", isTurning);
  turner.hidden = !isTurning;
  all.forEach((one, number) => one.classList.toggle("is-shown", number === page));
  root.querySelector("[data-turn-now]").textContent = `${page + 1} / ${all.length}`;
}

function turn(by) {
  page += by;
  show();
}

let turning = setInterval(() => turn(1), PAGE_MS);
function hold(isHeld) {
  clearInterval(turning);
  holder.setAttribute("aria-pressed", String(isHeld));
  if (!isHeld) turning = setInterval(() => turn(1), PAGE_MS);
}
root.querySelector("[data-turn-back]").addEventListener("click", () => { hold(true); turn(-1); });
root.querySelector("[data-turn-on]").addEventListener("click", () => { hold(true); turn(1); });
holder.addEventListener("click", () => hold(holder.getAttribute("aria-pressed") !== "true"));
isWide.addEventListener("change", show);

function judge() {
  if (root.dataset.state === "ended") return;
  const isStale = Date.now() - freshAt > STALE_AFTER_MS;
  if (isStale && root.dataset.state !== "stale") age.textContent = clock.format(freshAt);
  root.dataset.state = isStale ? "stale" : "live";
}

function refresh() {
  const news = root.querySelector("[data-wall-news]");
  if (news && !document.hidden && root.dataset.state !== "ended") news.dispatchEvent(new Event("wall-refresh"));
}

// An observer runs before anything is painted: the page in turn does not flicker when it is replaced.
new MutationObserver((changes) => {
  const isNews = (node) => node.nodeType === 1 && node.matches("[data-wall-news]");
  if (!changes.some((change) => [...change.addedNodes].some(isNews))) return;
  freshAt = Date.now();
  judge();
  show();
}).observe(root, { childList: true });

// Signed out, no longer the organiser, or the campaign is gone: asking again cannot help, and the
// page to sign in, where the answer may lead, is no wall.
root.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr } = event.detail;
  const isElsewhere = new URL(xhr.responseURL, location).pathname !== location.pathname;
  if (!isElsewhere && ![401, 403, 404, 410].includes(xhr.status)) return;
  event.detail.shouldSwap = false;
  root.dataset.state = "ended";
});
root.addEventListener("htmx:beforeRequest", (event) => {
  if (root.dataset.state === "ended") event.preventDefault();
});
// The wall says it in its own way; nobody stands beside it to press again.
for (const name of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
  root.addEventListener(name, (event) => event.stopPropagation());
}

const fullscreen = root.querySelector("[data-fullscreen]");
if (document.documentElement.requestFullscreen) {
  fullscreen.hidden = false;
  fullscreen.addEventListener("click", () => {
    if (document.fullscreenElement) document.exitFullscreen();
    else document.documentElement.requestFullscreen().catch(() => {});
  });
}

setInterval(judge, 1000);
window.addEventListener("online", refresh);
document.addEventListener("visibilitychange", refresh);
stayAwake();
show();
