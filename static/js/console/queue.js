/* Scans on their way to the server: written down before they are sent, sent again with the same nonce
 * until there is an answer. The page sends, and so does the worker after the page was closed; when
 * both do, the nonce makes it one scan.
 */
import { Api, Refused } from "./api.js";

const MOST_AT_ONCE = 500;
// What is sent of a scan; the rest of it is this phone's own.
const SENT = ["nonce", "shift", "kind", "made_at", "card", "place", "walk_in", "override", "together"];

/** A random UUID; crypto.randomUUID is younger than some phones and is missing on plain http. */
export function newNonce() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

const byTime = (a, b) => a.made_at.localeCompare(b.made_at);
const bare = (scan) => Object.fromEntries(
  SENT.filter((name) => scan[name] !== undefined).map((name) => [name, scan[name]]),
);

export class Queue {
  constructor({ store, address, language }) {
    Object.assign(this, { store, address, language });
  }

  async add(scans) {
    await this.store.putScans(scans);
  }

  /**
   * Sends all that waits, each scan by the token it was made with. `onAnswered(scans)` hears of each
   * batch. Returns how many still wait; throws Unreachable or Refused, what was answered by then is kept.
   */
  async send({ onAnswered = () => {} } = {}) {
    const waiting = (await this.store.waitingScans()).sort(byTime);
    const byToken = new Map();
    for (const scan of waiting) byToken.set(scan.token, [...(byToken.get(scan.token) || []), scan]);
    let refusal = null;
    for (const [token, scans] of byToken) {
      try {
        await this.sendAs(token, scans, onAnswered);
      } catch (error) {
        // Another device's scans may still get through.
        if (!(error instanceof Refused)) throw error;
        refusal = error;
      }
    }
    if (refusal) throw refusal;
    return this.store.countWaiting();
  }

  async sendAs(token, scans, onAnswered) {
    const api = new Api({ address: this.address, language: this.language, token });
    let most = MOST_AT_ONCE;
    for (let start = 0; start < scans.length;) {
      const batch = scans.slice(start, start + most);
      try {
        const answered = withAnswers(batch, await api.checkins(batch.map(bare)));
        await this.store.putScans(answered);
        onAnswered(answered.filter((scan) => scan.answer));
      } catch (error) {
        if (error.code !== "too_large" || most === 1) throw error;
        most = Math.ceil(most / 2);
        continue;
      }
      start += batch.length;
    }
  }
}

/** `try_again` is no answer: the scan was not kept. */
function withAnswers(batch, answers) {
  return batch.map((scan, number) => {
    const answer = answers[number];
    return !answer || answer.outcome === "try_again" ? scan : { ...scan, answer };
  });
}
