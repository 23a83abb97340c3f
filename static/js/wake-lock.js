/* Keeps the screen awake while the page is in view, where the browser can. */

export function stayAwake() {
  if (!("wakeLock" in navigator)) return;
  const ask = () => {
    if (!document.hidden) navigator.wakeLock.request("screen").catch(() => {});
  };
  document.addEventListener("visibilitychange", ask); // the lock is lost with the page's sight
  ask();
}
