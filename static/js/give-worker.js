/* Finds the number below `most` whose SHA-256, behind the salt, is the target: what the giving form
 * asks of a browser so that nobody tries a thousand stolen cards on it.
 *
 * A classic worker and SHA-256 by hand: crypto.subtle is missing without https (the demo on a phone
 * in the same room) and is slower for so short a text, and old phones have no module workers.
 */
"use strict";

const K = new Uint32Array(64);
const START = new Uint32Array(8);

// The first 32 bits of the fractions of the roots of the first primes (FIPS 180-4).
(() => {
  const fraction = (root) => ((root - Math.floor(root)) * 4294967296) >>> 0;
  let found = 0;
  for (let number = 2; found < 64; number += 1) {
    let isPrime = true;
    for (let by = 2; by * by <= number; by += 1) if (number % by === 0) isPrime = false;
    if (!isPrime) continue;
    if (found < 8) START[found] = fraction(Math.sqrt(number));
    K[found] = fraction(Math.cbrt(number));
    found += 1;
  }
})();

const words = new Uint32Array(64);
const hash = new Uint32Array(8);

/* The SHA-256 of fewer than 56 ASCII characters: one block. Leaves it in `hash`. */
const digest = (text) => {
  words.fill(0);
  for (let place = 0; place < text.length; place += 1) {
    words[place >> 2] |= text.charCodeAt(place) << (24 - 8 * (place & 3));
  }
  words[text.length >> 2] |= 0x80 << (24 - 8 * (text.length & 3));
  words[15] = text.length * 8;
  for (let i = 16; i < 64; i += 1) {
    const x = words[i - 15];
    const y = words[i - 2];
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    words[i] = words[i - 16] + s0 + words[i - 7] + s1;
  }
  let [a, b, c, d, e, f, g, h] = START;
  for (let i = 0; i < 64; i += 1) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const one = (h + s1 + ((e & f) ^ (~e & g)) + K[i] + words[i]) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const two = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g; g = f; f = e; e = (d + one) | 0; d = c; c = b; b = a; a = (one + two) | 0;
  }
  hash[0] = START[0] + a; hash[1] = START[1] + b; hash[2] = START[2] + c; hash[3] = START[3] + d;
  hash[4] = START[4] + e; hash[5] = START[5] + f; hash[6] = START[6] + g; hash[7] = START[7] + h;
};

const isTarget = (target) => {
  for (let i = 0; i < 8; i += 1) if (hash[i] !== target[i]) return false;
  return true;
};

self.addEventListener("message", (event) => {
  const { salt, most } = event.data;
  const target = new Uint32Array(8);
  for (let i = 0; i < 8; i += 1) target[i] = parseInt(event.data.target.slice(8 * i, 8 * i + 8), 16);
  for (let number = 0; number < most; number += 1) {
    digest(`${salt}${number}`);
    if (isTarget(target)) {
      self.postMessage(number);
      return;
    }
  }
  self.postMessage(null);
});
