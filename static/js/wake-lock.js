/* Keeps the screen awake while the page is in view, where the browser can.
 *
 * `stayAwake(refused)`: `refused(true)` is called when the browser cannot or will not,
 * `refused(false)` once it does.
 */

export function stayAwake(refused = () => {}) {
  if (!("wakeLock" in navigator)) {
    refused(true);
    return;
  }
  const ask = () => {
    if (document.hidden) return;
    navigator.wakeLock.request("screen").then(() => refused(false), () => refused(true));
  };
  document.addEventListener("visibilitychange", ask); // the lock is lost with the page's sight
  ask();
}
