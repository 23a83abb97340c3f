/* A card held before the camera is seen many times a second, and is one scan. */

export class Debounce {
  constructor({ quietMs = 3000 } = {}) {
    this.quietMs = quietMs;
    this.seenAt = new Map();
  }

  /** True when `text` has not been in view during the last `quietMs`. Every sighting starts the time anew. */
  isNew(text, now = performance.now()) {
    for (const [other, at] of this.seenAt) {
      if (now - at >= this.quietMs) this.seenAt.delete(other);
    }
    const isNew = !this.seenAt.has(text);
    this.seenAt.set(text, now);
    return isNew;
  }

  clear() {
    this.seenAt.clear();
  }
}
