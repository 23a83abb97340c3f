/* The page that a venue's code opens: how far away somebody is, if they want to tell (P3).
 *
 * Markup: templates/campaigns/venue_distance.html. Hidden without JavaScript and where the phone
 * cannot tell. The phone is asked when the box is ticked, once, and never before; what it says is
 * rounded to three decimals (about 100 m) here, before anything is sent. Whatever goes wrong, the
 * button works as ever.
 */
const DECIMALS = 3;
const ANSWER_WITHIN_MS = 10000;
const OLD_IS_FINE_MS = 60000;

for (const root of document.querySelectorAll("[data-distance]")) {
  if (!("geolocation" in navigator)) break;
  const box = root.querySelector("input[type=checkbox]");
  const note = root.querySelector("[data-distance-note]");
  const [latitude, longitude] = ["latitude", "longitude"].map((name) => root.querySelector(`[name=${name}]`));

  const tell = (where, words) => {
    latitude.value = where ? where.latitude.toFixed(DECIMALS) : "";
    longitude.value = where ? where.longitude.toFixed(DECIMALS) : "";
    note.textContent = words || "";
  };

  box.checked = false;
  box.addEventListener("change", () => {
    tell(null, box.checked ? note.dataset.asking : "");
    if (!box.checked) return;
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => { if (box.checked) tell(coords, note.dataset.known); },
      () => { if (box.checked) tell(null, note.dataset.unknown); },
      { enableHighAccuracy: false, timeout: ANSWER_WITHIN_MS, maximumAge: OLD_IS_FINE_MS },
    );
  });
  root.hidden = false;
}
