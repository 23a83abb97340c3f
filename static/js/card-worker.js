/* Keeps the card's page for when there is no network. Served as /me/card/worker.js, so that nothing
 * else of the site passes through it.
 *
 * The page is asked of the network first. Its copy is shown when no answer comes, and only until
 * the moment that the server named (X-Card-Until, Unix seconds): after it the page holds no key.
 * card-copy.js deletes the copy at sign-out; an answer that shows no card does it here.
 */
const CARD_COPY = "linli-card";
const PAGE = new URL(self.registration.scope).pathname;
const FILES = "/static/";
// A stadium's network often takes a call and never answers it.
const ANSWER_WITHIN_MS = 4000;
// Each release of the site has files with new names: the old ones go when so many have gathered.
const MOST_FILES = 80;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.location.origin) return;
  if (request.mode === "navigate" && pathname === PAGE) event.respondWith(openPage(event));
  else if (pathname.startsWith(FILES)) event.respondWith(openFile(event));
});

self.addEventListener("message", (event) => {
  if (event.data?.files) event.waitUntil(keepFiles(event.data.files));
});

async function openPage(event) {
  const kept = await keptPage();
  const asked = askForPage(event.request);
  event.waitUntil(asked.catch(() => {}));
  if (!kept) return asked;
  try {
    const answer = await inTime(asked);
    return answer.status < 500 ? answer : kept;
  } catch {
    return kept;
  }
}

async function askForPage(request) {
  const answer = await fetch(request);
  // A server in trouble says nothing about who is signed in; everything else does.
  if (answer.status >= 500) return answer;
  const cache = await caches.open(CARD_COPY);
  if (answer.ok && answer.headers.has("X-Card-Until")) await cache.put(PAGE, answer.clone());
  else await caches.delete(CARD_COPY);
  return answer;
}

async function keptPage() {
  const cache = await caches.open(CARD_COPY);
  const kept = await cache.match(PAGE, { ignoreVary: true });
  if (!kept) return undefined;
  if (Number(kept.headers.get("X-Card-Until")) * 1000 > Date.now()) return kept;
  await caches.delete(CARD_COPY);
  return undefined;
}

async function openFile(event) {
  const cache = await caches.open(CARD_COPY);
  const kept = await cache.match(event.request, { ignoreVary: true });
  if (!kept) return fetch(event.request);
  event.waitUntil(renew(cache, event.request));
  return kept;
}

async function renew(cache, request) {
  try {
    const answer = await fetch(request);
    if (answer.ok && (await caches.has(CARD_COPY))) await cache.put(request, answer);
  } catch {
    // No network: the kept one does.
  }
}

/* The first visit was not through this worker: the page names what it was made of. */
async function keepFiles(files) {
  if (!(await keptPage())) await askForPage(new Request(PAGE, { redirect: "manual" })).catch(() => {});
  if (!(await keptPage())) return;
  const cache = await caches.open(CARD_COPY);
  const kept = await cache.keys();
  if (kept.length > MOST_FILES) {
    const wanted = new Set(files);
    await Promise.all(
      kept.filter(({ url }) => new URL(url).pathname !== PAGE && !wanted.has(url)).map((old) => cache.delete(old)),
    );
  }
  const names = new Set(kept.map(({ url }) => url));
  await Promise.all(files.filter((file) => !names.has(file)).map((file) => cache.add(file).catch(() => {})));
}

function inTime(promise) {
  return new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error("no answer in time")), ANSWER_WITHIN_MS);
    promise.then(resolve, reject);
  });
}
