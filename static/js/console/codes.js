/* What was scanned or typed, and whether its code is true: what volunteers/card_codes.py judges on
 * the server, judged here without one. A state's name is the same there.
 */

const STEP_BYTES = 4;
const MAC_BYTES = 8;
const EXPIRY_BYTES = 4;
const SIGNATURE_BYTES = 64;
const HASH_BYTES = 16;
const NUMBER_LENGTH = 16;
const DAY_MS = 24 * 3600 * 1000;

const textBytes = (text) => new TextEncoder().encode(text);
const uint32 = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0);

const joined = (...parts) => {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
};

export const encode = (bytes) =>
  btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

/** The bytes, or null for what we would not have written so ourselves. */
export function decode(code, length) {
  if (!/^[A-Za-z0-9_-]*$/.test(code)) return null;
  let raw = "";
  try {
    raw = atob(code.replace(/-/g, "+").replace(/_/g, "/"));
  } catch {
    return null;
  }
  const bytes = Uint8Array.from(raw, (character) => character.charCodeAt(0));
  return bytes.length === length && encode(bytes) === code ? bytes : null;
}

/** A number as the card has it; "" for what can be none. */
export function plainNumber(text) {
  const number = text.normalize("NFKC").toUpperCase().replace(/[^\p{L}\p{N}]/gu, "");
  return /^[A-Z0-9]+$/.test(number) && number.length <= NUMBER_LENGTH ? number : "";
}

/** {token, code: ["r"|"s", text] | null} for a card's address, {number} for a typed one, {} else. */
export function readText(raw) {
  const text = raw.trim();
  const start = text.indexOf("/c/");
  if (start < 0) {
    const number = text.includes("/") ? "" : plainNumber(text);
    return number ? { number } : {};
  }
  const [path, query = ""] = splitOnce(text.slice(start + 3).split("#")[0], "?");
  const token = path.replace(/\/$/, "");
  if (!/^[A-Za-z0-9_-]{1,32}$/.test(token)) return {};
  const given = query.split("&").map((part) => splitOnce(part, "="));
  const code = given.find(([name, value]) => value !== undefined && (name === "r" || name === "s"));
  return { token, code: code || null };
}

function splitOnce(text, mark) {
  const at = text.indexOf(mark);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + mark.length)];
}

/** How a roster names a card. */
export async function cardHash(token) {
  const digest = await crypto.subtle.digest("SHA-256", textBytes(token));
  return encode(new Uint8Array(digest).subarray(0, HASH_BYTES));
}

export class CodeChecker {
  /** `rules` from the API, `publicKey` as base64url, `timeZone` the city's. */
  constructor({ publicKey, rules, timeZone }) {
    this.publicKey = publicKey;
    this.stepSeconds = rules.step_seconds;
    this.skewSeconds = rules.skew_seconds;
    this.days = new Intl.DateTimeFormat("en-CA", {
      timeZone, year: "numeric", month: "2-digit", day: "2-digit",
    });
    this.dayKeys = new Map(); // imported once a card and day, when that card is first seen
    this.signatureKey = null;
  }

  /**
   * rotating, signed, number, missing, expired, ahead, tampered, card_expired, not_ours; and
   * `unchecked` where this browser or this roster cannot tell: the server will.
   */
  async stateOf(read, { person, days, at }) {
    if (read.number) return "number";
    if (!read.token) return "not_ours";
    if (!read.code) return "missing";
    const [name, code] = read.code;
    return name === "r" ? this.rotating(code, { person, days, at }) : this.signed(code, read.token, at);
  }

  async rotating(code, { person, days, at }) {
    const raw = decode(code, STEP_BYTES + MAC_BYTES);
    if (!raw) return "tampered";
    const [step, mac] = [raw.slice(0, STEP_BYTES), raw.slice(STEP_BYTES)];
    const key = await this.dayKey(person, days, uint32(step));
    if (key && !(await this.isOurs(key, step, mac))) return "tampered";
    const age = at / 1000 - uint32(step) * this.stepSeconds;
    if (age > this.stepSeconds + this.skewSeconds) return "expired";
    if (age < -this.skewSeconds) return "ahead";
    return key ? "rotating" : "unchecked";
  }

  async dayKey(person, days, step) {
    const day = days.findIndex((one) => one.from_step <= step && step < one.to_step);
    const key = person && person.keys[day];
    if (!key) return null;
    if (!this.dayKeys.has(key)) {
      const raw = Uint8Array.from(
        atob(key.replace(/-/g, "+").replace(/_/g, "/")), (character) => character.charCodeAt(0),
      );
      const algorithm = { name: "HMAC", hash: "SHA-256" };
      this.dayKeys.set(key, await crypto.subtle.importKey("raw", raw, algorithm, false, ["sign"]));
    }
    return this.dayKeys.get(key);
  }

  async isOurs(key, step, mac) {
    const ours = await crypto.subtle.sign("HMAC", key, joined(textBytes("linli-card-step\0"), step));
    return encode(new Uint8Array(ours).subarray(0, MAC_BYTES)) === encode(mac);
  }

  async signed(code, token, at) {
    const raw = decode(code, EXPIRY_BYTES + SIGNATURE_BYTES);
    if (!raw) return "tampered";
    const [expiry, signature] = [raw.slice(0, EXPIRY_BYTES), raw.slice(EXPIRY_BYTES)];
    const text = joined(textBytes("linli-card\0"), textBytes(token), textBytes("\0"), expiry);
    const isTrue = await this.isSigned(signature, text);
    if (isTrue === false) return "tampered";
    if (uint32(expiry) < this.dayNumber(at)) return "card_expired";
    return isTrue ? "signed" : "unchecked";
  }

  /** null where the browser knows no Ed25519: older ones do not. */
  async isSigned(signature, text) {
    try {
      if (!this.signatureKey) {
        const raw = decode(this.publicKey, 32);
        this.signatureKey = await crypto.subtle.importKey("raw", raw, "Ed25519", false, ["verify"]);
      }
      return await crypto.subtle.verify("Ed25519", this.signatureKey, signature, text);
    } catch {
      return null;
    }
  }

  /** Days since 1970 of the city's day at a moment. */
  dayNumber(at) {
    return Math.floor(Date.parse(`${this.days.format(new Date(at))}T00:00:00Z`) / DAY_MS);
  }
}
