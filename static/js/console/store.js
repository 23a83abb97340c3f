/* What this phone keeps, in IndexedDB, every value encrypted (AES-GCM, a new IV each) with a key
 * that no script can read out. Only what the clean-up needs stands beside it in plain text: when it
 * ends, and whether a scan still waits. The page and the worker use the same.
 *
 *   keys    the key
 *   kept    "device" and "roster-<shift>"; `until` is when it must be gone
 *   scans   every scan made here, by its nonce; `waits` 1 until the server has answered
 */

const NAME = "linli-console";
const VERSION = 1;
const IV_BYTES = 12;
/** Night patrols end after midnight: what is kept goes at four in the morning of the day after. */
const GONE_AT_HOUR = 4;
const MOST_ANSWERED = 300;

const done = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

const finished = (transaction) => new Promise((resolve, reject) => {
  transaction.oncomplete = () => resolve();
  transaction.onerror = () => reject(transaction.error);
  transaction.onabort = () => reject(transaction.error);
});

/** When what belongs to a shift must be gone from this phone. */
export function goneAt(endsAt) {
  const day = new Date(endsAt);
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() + 1, GONE_AT_HOUR).getTime();
}

export async function openStore() {
  const opening = indexedDB.open(NAME, VERSION);
  opening.onupgradeneeded = () => {
    opening.result.createObjectStore("keys");
    opening.result.createObjectStore("kept");
    opening.result.createObjectStore("scans").createIndex("waits", "waits");
  };
  return new Store(await done(opening));
}

export class Store {
  constructor(database) {
    this.database = database;
  }

  /** undefined for what is not kept here, or was locked with a key that is gone. */
  async get(name) {
    const row = await done(this.from("kept").get(name));
    return row ? this.unlock(name, row) : undefined;
  }

  async put(name, value, { until }) {
    const { key, ...locked } = await this.lock(name, value);
    await this.writeLocked("kept", key, (rows) => rows.put({ until, ...locked }, name));
  }

  async remove(name) {
    await this.write("kept", (rows) => rows.delete(name));
  }

  async names() {
    return done(this.from("kept").getAllKeys());
  }

  /** Adds or replaces. What waits stays until it is answered, or its token has ended (`sendBy`). */
  async putScans(scans) {
    if (scans.length === 0) return;
    const locked = await Promise.all(scans.map((scan) => this.lock(scan.nonce, scan)));
    await this.writeLocked("scans", locked[0].key, (kept) => {
      scans.forEach((scan, number) => {
        const { iv, data } = locked[number];
        const [waits, until] = scan.answer ? [0, scan.goneAt] : [1, scan.sendBy];
        kept.put({ waits, until, iv, data }, scan.nonce);
      });
    });
  }

  async waitingScans() {
    const index = this.from("scans").index("waits");
    const [names, rows] = await Promise.all([done(index.getAllKeys(1)), done(index.getAll(1))]);
    return this.unlockAll(names, rows);
  }

  /** Of these scans, those that have been answered since: by the worker, or by another page. */
  async answeredOf(nonces) {
    const waiting = new Set(await done(this.from("scans").index("waits").getAllKeys(1)));
    const answered = nonces.filter((nonce) => !waiting.has(nonce));
    const rows = await Promise.all(answered.map((nonce) => done(this.from("scans").get(nonce))));
    const scans = await Promise.all(rows.map((row, number) => row && this.unlock(answered[number], row)));
    return scans.filter(Boolean);
  }

  async countWaiting() {
    return done(this.from("scans").index("waits").count(1));
  }

  async allScans() {
    const kept = this.from("scans");
    const [names, rows] = await Promise.all([done(kept.getAllKeys()), done(kept.getAll())]);
    return this.unlockAll(names, rows);
  }

  /** Log-out: everything goes, the key first of all. With `keepWaiting`, scans that were never sent stay. */
  async forget({ keepWaiting = false } = {}) {
    const names = keepWaiting ? ["kept"] : ["keys", "kept", "scans"];
    const transaction = this.database.transaction(names, "readwrite");
    for (const name of names) transaction.objectStore(name).clear();
    await finished(transaction);
    if (!keepWaiting) return;
    await this.forgetAnswered();
    const waiting = await this.waitingScans();
    await this.putScans(waiting.map((scan) => ({ ...scan, name: "", number: "", team: "" })));
  }

  /** What is over is gone: at the app's start, by its timer, and in the worker. */
  async forgetWhatIsOver(now = Date.now()) {
    await this.deleteWhere("kept", (row) => row.until <= now);
    await this.deleteWhere("scans", (row) => row.until <= now);
    await this.forgetKeyOfNothing();
  }

  /** In one transaction, so that nothing is locked in between with a key that is about to go. */
  async forgetKeyOfNothing() {
    const transaction = this.database.transaction(["keys", "kept", "scans"], "readwrite");
    const counts = ["kept", "scans"].map((name) => transaction.objectStore(name).count());
    counts[1].onsuccess = () => {
      if (counts[0].result + counts[1].result === 0) transaction.objectStore("keys").clear();
    };
    await finished(transaction);
  }

  async forgetAnswered() {
    await this.deleteWhere("scans", (row) => row.waits === 0);
  }

  /** The list of recent scans does not grow for ever. */
  async trim() {
    const answered = (await this.allScans()).filter((scan) => scan.answer);
    const old = answered.sort((a, b) => b.made_at.localeCompare(a.made_at)).slice(MOST_ANSWERED);
    await this.write("scans", (kept) => {
      for (const scan of old) kept.delete(scan.nonce);
    });
  }

  // Reading and writing rows

  from(name) {
    return this.database.transaction(name).objectStore(name);
  }

  async write(name, act) {
    const transaction = this.database.transaction(name, "readwrite");
    act(transaction.objectStore(name));
    await finished(transaction);
  }

  /** With the key that it was locked with: another page may just have thrown it away. */
  async writeLocked(name, key, act) {
    const transaction = this.database.transaction(["keys", name], "readwrite");
    transaction.objectStore("keys").put(key, "main");
    act(transaction.objectStore(name));
    await finished(transaction);
  }

  async deleteWhere(name, isOver) {
    await this.write(name, (rows) => {
      rows.openCursor().onsuccess = (event) => {
        const cursor = event.target.result;
        if (!cursor) return;
        if (isOver(cursor.value)) cursor.delete();
        cursor.continue();
      };
    });
  }

  // Locking

  async lock(name, value) {
    const key = await this.key();
    const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
    const plain = new TextEncoder().encode(JSON.stringify(value));
    const data = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: named(name) }, key, plain);
    return { key, iv, data };
  }

  async unlock(name, { iv, data }) {
    const key = await done(this.from("keys").get("main"));
    if (!key) return undefined;
    try {
      const plain = await crypto.subtle.decrypt(
        { name: "AES-GCM", iv, additionalData: named(name) }, key, data,
      );
      return JSON.parse(new TextDecoder().decode(plain));
    } catch {
      return undefined;
    }
  }

  async unlockAll(names, rows) {
    const values = await Promise.all(rows.map((row, number) => this.unlock(names[number], row)));
    return values.filter(Boolean);
  }

  /** One for the page and the worker: of two made at the same moment the first is kept. */
  async key() {
    const known = await done(this.from("keys").get("main"));
    if (known) return known;
    const fresh = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, [
      "encrypt", "decrypt",
    ]);
    const transaction = this.database.transaction("keys", "readwrite");
    const keys = transaction.objectStore("keys");
    const first = await done(keys.get("main"));
    if (!first) keys.put(fresh, "main");
    await finished(transaction);
    return first || fresh;
  }
}

/** What was locked as one thing cannot be put in the place of another. */
const named = (name) => new TextEncoder().encode(name);
