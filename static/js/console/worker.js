/* The service worker of /console/: opens the app without a network, sends what waits after the page
 * was closed (Background Sync, where the browser has it), and throws away what is over.
 *
 * It is imported by the script that campaigns/console_views.console_worker writes, which names the files and
 * their version. Each version has a cache of its own: the app's files are never of two versions.
 */
import { Refused } from "./api.js";
import { Queue } from "./queue.js";
import { openStore } from "./store.js";
import { SYNC_TAG, alone } from "./sync.js";

const PREFIX = "linli-console-";

export function run({ shell, files, version, api, language }) {
  const name = PREFIX + version;
  const kept = new Set([shell, ...files]);

  self.addEventListener("install", (event) => event.waitUntil(keepFiles()));
  self.addEventListener("activate", (event) => event.waitUntil(takeOver()));
  self.addEventListener("fetch", (event) => answer(event));
  self.addEventListener("sync", (event) => {
    if (event.tag === SYNC_TAG) event.waitUntil(sendWhatWaits());
  });

  async function keepFiles() {
    const cache = await caches.open(name);
    // Past the browser's own cache: that may still hold the files of the version before.
    await cache.addAll([...kept].map((address) => new Request(address, { cache: "reload" })));
    await self.skipWaiting();
  }

  async function takeOver() {
    for (const other of await caches.keys()) {
      if (other.startsWith(PREFIX) && other !== name) await caches.delete(other);
    }
    await self.clients.claim();
    await (await openStore()).forgetWhatIsOver();
  }

  function answer(event) {
    const { request } = event;
    const address = new URL(request.url);
    if (request.method !== "GET" || address.origin !== self.location.origin) return;
    if (request.mode === "navigate" ? address.pathname !== shell : !kept.has(address.pathname)) return;
    event.respondWith(fromCache(address.pathname, request));
    if (request.mode === "navigate") event.waitUntil(openStore().then((store) => store.forgetWhatIsOver()));
  }

  async function fromCache(path, request) {
    const cache = await caches.open(name);
    return (await cache.match(path, { ignoreVary: true })) || fetch(request);
  }

  async function sendWhatWaits() {
    const store = await openStore();
    await store.forgetWhatIsOver();
    const queue = new Queue({ store, address: api, language });
    try {
      await alone(() => queue.send());
    } catch (error) {
      // No network after all: the browser is to wake us again. A refusal does not pass by itself.
      if (!(error instanceof Refused)) throw error;
    } finally {
      for (const page of await self.clients.matchAll()) page.postMessage("sent");
    }
  }
}
