/* The organiser's console: camera, typed numbers and hand scanners all end in one list of scans.
 *
 * Markup: templates/campaigns/console.html. Without JavaScript the form posts and the server
 * answers with the page.
 *
 *   [data-console]             the whole; data-scan-url, data-word-… (sentences this file says)
 *   [data-console-form]        the form: csrfmiddlewaretoken, kind (radio), card
 *   [data-console-camera]      hidden until this file runs; video, [data-camera-open|-close|-turn]
 *   [data-console-result]      the last scan, large
 *   [data-console-recent]      the list, newest first; <template data-console-entry> is a row of it
 */
import { stayAwake } from "../wake-lock.js";
import { Camera, isPossible, reasonOf } from "./camera.js";
import { Debounce } from "./debounce.js";
import { newNonce, send } from "./sending.js";
import { allowSound, signal } from "./signals.js";

const KEEP = 20;

const root = document.querySelector("[data-console]");
const find = (name) => root.querySelector(`[data-${name}]`);
const word = (name) => root.dataset[`word${name}`] || "";

const form = find("console-form");
const result = find("console-result");
const recent = find("console-recent");
const entryTemplate = find("console-entry");
const seen = new Debounce();
let latest = null; // the scan that the large result speaks of
let unsent = 0;

const fill = (place, { outcome, name = "", message = "", time = "" }) => {
  place.dataset.outcome = outcome;
  for (const [key, text] of Object.entries({ name, message, time })) {
    const part = place.querySelector(`[data-${key}]`);
    part.textContent = text;
    part.hidden = text === "";
  }
  const verdict = place.querySelector("[data-verdict]");
  if (verdict) verdict.textContent = word(`Verdict${outcome[0].toUpperCase()}${outcome.slice(1)}`);
};

const clock = () => new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false });

const sentenceFor = (problem) => ({
  "signed-out": word("SignedOut"),
  "not-allowed": word("NotAllowed"),
  unclear: word("Unclear"),
})[problem];

function addEntry() {
  const entry = entryTemplate.content.firstElementChild.cloneNode(true);
  recent.prepend(entry);
  while (recent.children.length > KEEP) recent.lastElementChild.remove();
  recent.hidden = false;
  const empty = find("console-empty");
  if (empty) empty.hidden = true;
  return entry;
}

async function scan(card) {
  const kind = new FormData(form).get("kind");
  const mine = { card, kind, nonce: newNonce() };
  const entry = addEntry();
  const show = (answer) => {
    fill(entry, answer);
    if (latest === mine) fill(result, answer);
  };
  latest = mine;
  unsent += 1;
  show({ outcome: "sending", name: card, message: word("Sending"), time: clock() });
  result.scrollIntoView({ block: "nearest" });
  const answer = await send({
    url: root.dataset.scanUrl,
    token: form.elements.csrfmiddlewaretoken.value,
    scan: mine,
    onWaiting: () => show({ outcome: "waiting", name: card, message: word("Waiting"), time: clock() }),
  });
  unsent -= 1;
  const shown = answer.problem
    ? { outcome: "refused", name: card, message: sentenceFor(answer.problem), time: clock() }
    : answer;
  show(shown);
  result.scrollIntoView({ block: "nearest" });
  signal(shown.outcome);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  allowSound();
  const field = form.elements.card;
  const card = field.value.trim();
  if (!card) {
    field.focus();
    return;
  }
  field.value = "";
  scan(card);
});

form.addEventListener("change", (event) => {
  // The same card may well be scanned out right after it was scanned in by mistake.
  if (event.target.name === "kind") seen.clear();
});

window.addEventListener("beforeunload", (event) => {
  if (unsent > 0) event.preventDefault();
});

// The camera

const cameraBox = find("console-camera");
const notice = find("camera-notice");
const buttons = { open: find("camera-open"), close: find("camera-close"), turn: find("camera-turn") };

const say = (sentence) => {
  notice.textContent = sentence;
  notice.hidden = sentence === "";
};

const onCode = (text) => {
  if (seen.isNew(text)) scan(text);
};

const showState = (camera) => {
  cameraBox.dataset.open = String(camera.isOpen);
  buttons.open.hidden = camera.isOpen;
  buttons.close.hidden = !camera.isOpen;
  buttons.turn.hidden = !camera.isOpen;
};

async function prepareCamera() {
  const { createReader } = await import("./reader.js");
  return new Camera({
    video: cameraBox.querySelector("video"),
    read: createReader(),
    onCode,
    onBroken: () => say(word("CameraFailed")),
  });
}

let preparing = null;

const press = (action) => async () => {
  allowSound();
  say("");
  let camera = null;
  try {
    preparing = preparing || prepareCamera();
    camera = await preparing;
    await action(camera);
    stayAwake();
  } catch (error) {
    if (!camera) preparing = null; // the reader did not load: the next press tries again
    say(word(`Camera${{ denied: "Denied", missing: "Missing", busy: "Busy", failed: "Failed" }[reasonOf(error)]}`));
  }
  if (camera) showState(camera);
};

cameraBox.hidden = false;
if (isPossible()) {
  buttons.open.addEventListener("click", press((camera) => camera.open()));
  buttons.turn.addEventListener("click", press((camera) => camera.turn()));
  buttons.close.addEventListener("click", press((camera) => camera.close()));
} else {
  buttons.open.hidden = true;
  say(word("CameraInsecure"));
}
