/* One scan to the server. A dropped connection is tried again with the same nonce, so that an
 * answer which was lost on its way back never makes two scans of one. How long ago the scan was
 * made is told in seconds, since this device's clock may be wrong.
 */

const ANSWER_WITHIN_MS = 10_000;
const WAIT_AT_MOST_MS = 15_000;

const wait = (ms) => new Promise((resolve) => {
  const done = () => {
    clearTimeout(timer);
    window.removeEventListener("online", done);
    resolve();
  };
  const timer = setTimeout(done, ms);
  window.addEventListener("online", done);
});

async function post({ url, token, scan }) {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), ANSWER_WITHIN_MS);
  try {
    return await fetch(url, {
      method: "POST",
      headers: { Accept: "application/json", "X-CSRFToken": token },
      body: new URLSearchParams(scan),
      credentials: "same-origin",
      redirect: "manual", // to the sign-in page: nothing that a scan can follow
      signal: abort.signal,
    });
  } finally {
    clearTimeout(timer);
  }
}

/** A random UUID; crypto.randomUUID is younger than some phones and is missing on plain http. */
export function newNonce() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/**
 * Resolves with the server's {outcome, code, message, name, time}, or with {problem: "signed-out" |
 * "not-allowed" | "unclear"} when trying again cannot help. `onWaiting()` hears each failed attempt.
 */
export async function send({ url, token, scan, onWaiting }) {
  const madeAt = performance.now();
  for (let attempt = 0; ; attempt += 1) {
    const secondsAgo = ((performance.now() - madeAt) / 1000).toFixed(1);
    let response = null;
    try {
      response = await post({ url, token, scan: { ...scan, seconds_ago: secondsAgo } });
    } catch {
      // no connection, or no answer in time
    }
    if (response) {
      if (response.type === "opaqueredirect" || response.status === 401) return { problem: "signed-out" };
      if (response.status === 403 || response.status === 404) return { problem: "not-allowed" };
      if (response.status < 500 && response.status !== 429) {
        try {
          return await response.json();
        } catch {
          return { problem: "unclear" };
        }
      }
    }
    onWaiting();
    await wait(Math.min(1000 * 2 ** attempt, WAIT_AT_MOST_MS));
  }
}
