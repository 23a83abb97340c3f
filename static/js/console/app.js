/* The console of /console/: puts the screens together (templates/campaigns/console_app.html).
 *
 * Hooks that tests may rely on:
 *   [data-console-app]          body; data-screen start | pair | shifts | scan | people | recent;
 *                               data-online true | false; data-worker ready once the app opens offline
 *   [data-waiting]              how many scans wait: data-count
 *   [data-synced]               data-at, milliseconds of the last exchange
 *   [data-clock-banner] [data-refusal-banner] [data-differs-banner]   hidden unless they have a say
 *   [data-prepare] [data-shift-choices] input   the organiser's way in; [data-pair] input[name=token] the helper's
 *   [data-shift-list] button[data-shift]        pick the shift; inside it [data-ready] hidden or not
 *   input[name=kind]            in | out
 *   [data-camera-open|-turn|-close], [data-camera-notice], [data-console-camera][data-open]
 *   [data-result]               the last scan: data-outcome ok | warn | refused | asking, data-code the outcome,
 *                               data-nonce; [data-name], [data-message], [data-corrected]
 *   [data-act=walk-in|team|override]            what can be done about it, hidden unless it can
 *   [data-type] input[name=text], [data-found] [data-take]     type a number, search a name
 *   [data-show=expected|in|out], [data-count-of], [data-people] li[data-place], [data-take]
 *   [data-missing], [data-check-out-all]
 *   [data-recent] li[data-nonce][data-outcome][data-code][data-sent]
 *   dialog[data-dialog-of=menu|override|team|together|log-out]; [data-go=<screen>], [data-sync-now]
 *   [data-log-out], [data-just-go], [data-keep-and-go], [data-send-first]
 */
import { Dialogs } from "./dialogs.js";
import { find, findAll, on, setText } from "./dom.js";
import { Pairing } from "./pairing.js";
import { PeopleScreen } from "./people.js";
import { RecentScreen } from "./recent.js";
import { ScanScreen } from "./scanning.js";
import { Session } from "./session.js";
import { clock, isToday, moment, settings, span, word } from "./words.js";

const body = document.body;

class App {
  constructor(session) {
    this.session = session;
    this.dialogs = new Dialogs(session);
    this.screens = {
      scan: new ScanScreen(session, this.dialogs),
      people: new PeopleScreen(session, this.dialogs),
      recent: new RecentScreen(session),
    };
    this.pairing = new Pairing(session, { onPaired: (shift) => this.enter(shift) });
    session.addEventListener("changed", () => this.showState());
    session.addEventListener("answered", (event) => this.hear(event.detail.scans));
    on(body, "[data-go]", (button) => this.go(button.dataset.go));
    on(body, "[data-open-menu]", () => this.openMenu());
    on(body, "[data-sync-now]", () => this.syncNow());
    on(body, "[data-log-out]", () => this.dialogs.logOut(() => this.go("pair")));
    on(find("[data-shift-list]"), "button", (button) => this.open(Number(button.dataset.shift)));
    this.differing = new Set();
    this.offerToInstall();
  }

  async start() {
    this.showState();
    const { token, shift } = takeFragment();
    if (token) await this.pairing.pair(token);
    else await this.enter(shift);
    this.session.sync.nudge();
    window.addEventListener("hashchange", () => this.follow());
  }

  /** A link into the app that was open already: the desk's, or another token's. */
  async follow() {
    const { token, shift } = takeFragment();
    if (token) await this.pairing.pair(token);
    else if (shift) await this.enter(shift);
  }

  /** To the shift that was asked for, to the only one there is, or to the choice. */
  async enter(asked) {
    const { session } = this;
    if (!session.device) return this.go("pair", { asked });
    const known = session.shifts.map((shift) => shift.id);
    if (asked && !known.includes(asked)) return this.go("pair", { asked, hint: "not_prepared" });
    if (asked || known.length === 1) return this.open(asked || known[0]);
    return this.go("shifts");
  }

  async open(id) {
    find("[data-shifts-error]").hidden = true;
    try {
      await this.session.openShift(id);
      this.go("scan");
    } catch (error) {
      this.go("shifts");
      const says = find("[data-shifts-error]");
      says.textContent = error.code ? error.message : word("no_network");
      says.hidden = false;
    }
  }

  go(screen, options = {}) {
    this.dialogs.close();
    if (body.dataset.screen === "scan" && screen !== "scan") this.screens.scan.leave();
    body.dataset.screen = screen;
    if (screen === "shifts") this.session.closeShift();
    for (const section of findAll("[data-screen-of]")) section.hidden = section.dataset.screenOf !== screen;
    for (const tab of findAll("[data-tabs] [data-go]")) {
      if (tab.dataset.go === screen) tab.setAttribute("aria-current", "page");
      else tab.removeAttribute("aria-current");
    }
    this.showState();
    if (screen === "pair") this.pairing.show(options);
    if (screen === "shifts") this.showShifts();
    if (screen === "recent") this.forgetDiffering();
    this.screens[screen]?.show();
    window.scrollTo(0, 0);
    find("#content").focus({ preventScroll: true });
  }

  async showShifts() {
    const ready = await this.session.ready();
    const list = find("[data-shift-list]");
    const rows = this.session.shifts.map((shift) => {
      const row = find("template[data-template=shift]").content.firstElementChild.cloneNode(true);
      row.querySelector("button").dataset.shift = shift.id;
      setText(row, { role: shift.role, when: span(shift), place: shift.place });
      row.querySelector("[data-ready]").hidden = !ready.has(shift.id);
      return row;
    });
    list.replaceChildren(...rows);
  }

  // What stands on every screen

  showState() {
    const { session } = this;
    const { gate, device } = session;
    if (!device && body.dataset.screen !== "start" && body.dataset.screen !== "pair") this.go("pair");
    if (device && !gate && ["scan", "people", "recent"].includes(body.dataset.screen)) this.go("shifts");
    body.dataset.online = String(session.isOnline);
    find("[data-title]").textContent = gate ? gate.shift.role : word("app");
    find("[data-subtitle]").textContent = gate ? `${span(gate.shift)} ${gate.shift.place}` : "";
    find("[data-open-menu]").hidden = !device;
    find("[data-tabs]").hidden = !gate;
    find("[data-status]").hidden = !device && session.waiting === 0;
    find("[data-network]").textContent = word(session.isOnline ? "online" : "offline");
    this.showWaiting();
    this.showBanners();
    this.screens[body.dataset.screen]?.refresh?.();
  }

  showWaiting() {
    const { waiting, device } = this.session;
    const place = find("[data-waiting]");
    place.dataset.count = waiting;
    place.textContent = waiting ? word("waiting", { count: waiting }) : "";
    const synced = find("[data-synced]");
    const at = device ? device.syncedAt : null;
    synced.dataset.at = at || "";
    synced.textContent = device ? (at ? word("synced", { time: isToday(at) ? clock(at) : moment(at) }) : word("never_synced")) : "";
  }

  showBanners() {
    const { clockIsOffMs: off, refusal, device, waiting } = this.session;
    const seconds = Math.round(Math.abs(off) / 1000);
    const time = word("minutes", { minutes: Math.floor(seconds / 60), seconds: seconds % 60 });
    this.banner("clock", off ? word(off > 0 ? "clock_ahead" : "clock_behind", { time }) : "");
    const orphans = !device && waiting ? word("unsent_without_device", { count: waiting }) : "";
    this.banner("refusal", refusal ? refusal.message : orphans);
  }

  banner(name, text) {
    const place = find(`[data-${name}-banner]`);
    if (place.hidden !== (text === "")) place.hidden = text === "";
    const says = place.querySelector("p");
    if (says.textContent !== text) says.textContent = text;
  }

  /** What the server decided otherwise is said, wherever one is in the app. */
  hear(scans) {
    for (const scan of scans) {
      if (scan.isSure && scan.answer.outcome !== scan.outcome) this.differing.add(scan.nonce);
    }
    const latest = this.screens.scan.latest;
    if (latest) this.differing.delete(latest.nonce); // is said in large letters there
    this.showDiffering();
  }

  showDiffering() {
    const place = find("[data-differs-banner]");
    place.hidden = this.differing.size === 0;
    place.querySelector("button").textContent = word("differs", { count: this.differing.size });
  }

  forgetDiffering() {
    this.differing.clear();
    this.showDiffering();
  }

  openMenu() {
    const { device } = this.session;
    find("[data-device-name]").textContent = word("device", { name: device.me.name });
    find("[data-menu-state]").textContent = word("device_until", { time: moment(device.me.expires_at) });
    this.dialogs.open("menu");
  }

  /** Browsers that can put the app among the phone's own say so by an event. */
  offerToInstall() {
    const button = find("[data-install]");
    let offer = null;
    window.addEventListener("beforeinstallprompt", (event) => {
      event.preventDefault();
      offer = event;
      button.hidden = false;
    });
    button.addEventListener("click", async () => {
      await offer.prompt();
      button.hidden = true;
    });
  }

  async syncNow() {
    this.dialogs.close();
    await this.session.sync.nudge();
  }
}

/** The token must not stay in the address: it would be in the history, and in a screenshot. */
function takeFragment() {
  const given = new URLSearchParams(location.hash.slice(1));
  const isOurs = given.has("token") || given.has("shift");
  if (isOurs) history.replaceState(null, "", location.pathname);
  return { token: given.get("token") || "", shift: Number(given.get("shift")) || null };
}

async function installWorker() {
  if (!("serviceWorker" in navigator)) return;
  navigator.serviceWorker.addEventListener("message", () => app?.session.hearOfSending());
  try {
    await navigator.serviceWorker.register(settings.worker, { type: "module", updateViaCache: "none" });
    await navigator.serviceWorker.ready;
    body.dataset.worker = "ready";
  } catch (error) {
    console.warn(error); // it works while the page is open; it only does not open without a network
  }
}

let app = null;

async function start() {
  try {
    app = new App(await Session.open(settings));
    await app.start();
  } catch (error) {
    console.error(error);
    find("[data-screen-of=start]").textContent = word(window.isSecureContext ? "no_storage" : "insecure");
  }
}

installWorker();
start();
