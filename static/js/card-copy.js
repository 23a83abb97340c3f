/* The copy of the card's page that card-worker.js keeps for when there is no network. */

export const CARD_COPY = "linli-card";

/* At sign-out, and wherever nobody is signed in: the next person on this phone finds nothing. */
export async function forgetCard() {
  try {
    if ("caches" in window) await caches.delete(CARD_COPY);
  } catch {
    // A browser that keeps nothing (private windows) has nothing to forget.
  }
}
