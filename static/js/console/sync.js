/* When to talk to the server: right after a scan, every twenty seconds, at once when the network is
 * back, and with growing pauses while nobody answers.
 */
import { Refused } from "./api.js";

const EVERY_MS = 20_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;
/** A roster of thousands on a thin network is not fetched all the time. */
const REST_FACTOR = 10;
const TURN_WITHIN_MS = 3_000;

/** Background Sync: the browser wakes the worker when the network is back, after the page was closed too. */
export const SYNC_TAG = "send-scans";

export async function askForBackgroundSync() {
  const registration = await navigator.serviceWorker?.getRegistration?.();
  await registration?.sync?.register(SYNC_TAG).catch(() => {});
}

/**
 * One sender at a time, page or worker, where the browser can say so. Whoever waits too long for the
 * other sends as well: the nonce makes it one scan all the same.
 */
export async function alone(act) {
  if (!navigator.locks) return act();
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), TURN_WITHIN_MS);
  try {
    return await navigator.locks.request("linli-console-sending", { signal: patience.signal }, () => {
      clearTimeout(timer);
      return act();
    });
  } catch (error) {
    if (error.name !== "AbortError") throw error;
    return act();
  } finally {
    clearTimeout(timer);
  }
}

export class Sync {
  /** `exchange()` sends and fetches; `onState({isOnline, refusal})` hears how it went. */
  constructor({ exchange, onState }) {
    Object.assign(this, { exchange, onState, isOnline: navigator.onLine, failures: 0 });
    window.addEventListener("online", () => {
      this.failures = 0; // how often it failed without a network says nothing about now
      this.nudge();
    });
    window.addEventListener("offline", () => this.report({ isOnline: false }));
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.nudge();
    });
  }

  /** Resolves once an exchange that began after this call has ended. */
  nudge() {
    clearTimeout(this.timer);
    if (!this.next) {
      this.next = (this.running || Promise.resolve()).then(() => {
        this.next = null;
        this.running = this.run();
        return this.running;
      });
    }
    return this.next;
  }

  stop() {
    clearTimeout(this.timer);
    this.isStopped = true;
  }

  async run() {
    const began = Date.now();
    try {
      await this.exchange();
      this.failures = 0;
      this.report({ isOnline: true, refusal: null });
    } catch (error) {
      this.failures += 1;
      const refusal = error instanceof Refused ? error : null;
      this.report({ isOnline: refusal !== null, refusal });
      if (!refusal && error.name !== "Error") console.error(error);
    }
    this.wait(Date.now() - began);
  }

  wait(took) {
    if (this.isStopped || this.next) return;
    const pause = this.failures
      ? Math.min(FIRST_PAUSE_MS * 2 ** (this.failures - 1), LONGEST_PAUSE_MS)
      : Math.max(EVERY_MS, REST_FACTOR * took);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.nudge(), pause);
  }

  report({ isOnline, refusal = null }) {
    this.isOnline = isOnline;
    this.onState({ isOnline, refusal });
  }
}
