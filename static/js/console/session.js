/* This phone as a console: its device, the shift that is open, and everything that is done with them.
 * The screens call it and listen:
 *
 *   changed    something that is shown may have changed: counts, who waits, online or not
 *   answered   detail.scans: the server has answered these
 */
import { Api, Refused } from "./api.js";
import { Gate } from "./gate.js";
import { Queue } from "./queue.js";
import { goneAt, openStore } from "./store.js";
import { Sync, alone, askForBackgroundSync } from "./sync.js";

/** Beyond this the codes of phones and this one's clock no longer meet. */
const CLOCK_TOLERANCE_MS = 60_000;
const CLEAN_UP_EVERY_MS = 10 * 60_000;

export class Session extends EventTarget {
  static async open(settings) {
    const session = new Session();
    session.settings = settings;
    session.store = await openStore();
    await session.store.forgetWhatIsOver();
    session.queue = new Queue({
      store: session.store, address: settings.api, language: settings.language,
    });
    session.device = (await session.store.get("device")) || null;
    session.gate = null;
    session.unanswered = new Set((await session.store.waitingScans()).map((scan) => scan.nonce));
    session.waiting = session.unanswered.size;
    session.isOnline = navigator.onLine;
    session.refusal = null;
    session.sync = new Sync({
      exchange: () => session.exchange(),
      onState: (state) => session.follow(state),
    });
    setInterval(() => session.cleanUp(), CLEAN_UP_EVERY_MS);
    document.addEventListener("visibilitychange", () => {
      if (document.hidden && session.waiting > 0) askForBackgroundSync();
    });
    return session;
  }

  // This phone's device

  /** Those whose list may still lie here. */
  get shifts() {
    const shifts = this.device ? this.device.me.shifts : [];
    return shifts.filter((shift) => goneAt(shift.ends_at) > Date.now());
  }

  get clockIsOffMs() {
    const offset = this.device ? this.device.clockOffset || 0 : 0;
    return Math.abs(offset) > CLOCK_TOLERANCE_MS ? offset : 0;
  }

  /** Becomes the console whose token this is. Throws Unreachable or Refused, and is then what it was. */
  async pair(token) {
    const { me, clockOffset } = await this.askMe(token);
    if (this.device && this.device.token !== token) await this.forgetRosters();
    this.gate = null;
    await this.keepDevice({ token, me, clockOffset, syncedAt: null });
    navigator.storage?.persist?.().catch(() => {});
    this.refusal = null;
    this.tell("changed");
  }

  async askMe(token) {
    const asked = Date.now();
    const me = await this.api(token).me();
    const answered = Date.now();
    return { me, clockOffset: (asked + answered) / 2 - Date.parse(me.server_time) };
  }

  async keepDevice(device) {
    this.device = device;
    const ends = device.me.shifts.map((shift) => goneAt(shift.ends_at));
    await this.store.put("device", device, { until: Math.max(...ends) });
  }

  async forgetRosters() {
    for (const name of await this.store.names()) {
      if (name.startsWith("roster-")) await this.store.remove(name);
    }
  }

  /** Which shifts can be opened without a network. */
  async ready() {
    const names = await this.store.names();
    return new Set(names.filter((name) => name.startsWith("roster-")).map((name) => Number(name.slice(7))));
  }

  // The open shift

  /** From what is kept here, else from the server. Throws Unreachable or Refused. */
  async openShift(id) {
    const shift = this.shifts.find((one) => one.id === id);
    const roster = (await this.store.get(`roster-${id}`)) || (await this.api(this.device.token).roster(id));
    await this.keepRoster(shift, roster);
    this.gate = new Gate({
      shift,
      roster,
      rules: this.device.me.rules,
      scans: await this.store.waitingScans(),
      timeZone: this.settings.timeZone,
      token: this.device.token,
      goneAt: goneAt(shift.ends_at),
      sendBy: Date.parse(this.device.me.expires_at),
    });
    this.tell("changed");
    this.sync.nudge();
  }

  closeShift() {
    this.gate = null;
    this.tell("changed");
  }

  async keepRoster(shift, roster) {
    await this.store.put(`roster-${shift.id}`, roster, { until: goneAt(shift.ends_at) });
  }

  // Scans

  /**
   * One or several at once: decided, written down, only then shown as done, and sent when that is
   * possible. Throws when this phone cannot write.
   */
  async scan(...wishes) {
    const scans = [];
    for (const wish of wishes) scans.push(await this.gate.decide(wish));
    await this.queue.add(scans);
    for (const scan of scans) {
      this.gate?.roster.take(scan);
      this.unanswered.add(scan.nonce);
    }
    this.waiting += scans.length;
    this.tell("changed");
    askForBackgroundSync();
    this.sync.nudge();
    return scans;
  }

  /** Newest first, of the open shift. */
  async recentScans() {
    const scans = (await this.store.allScans()).filter((scan) => scan.shift === this.gate?.shift.id);
    return scans.sort((a, b) => b.made_at.localeCompare(a.made_at));
  }

  // Talking to the server

  api(token) {
    const { api, language } = this.settings;
    return new Api({ address: api, language, token });
  }

  /** Send what waits, then hear what the other consoles did. */
  async exchange() {
    let refusal = null;
    try {
      await alone(() => this.queue.send({ onAnswered: (scans) => this.takeAnswers(scans) }));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      refusal = error; // of scans made with an earlier token, maybe
    }
    await this.collectAnswers();
    this.tell("changed"); // what has been sent is said before the list is asked for
    if (this.device) await this.refresh();
    else if (refusal) throw refusal;
  }

  async refresh() {
    const { token } = this.device;
    const { me, clockOffset } = await this.askMe(token);
    const gate = this.gate;
    const shift = gate && me.shifts.find((one) => one.id === gate.shift.id);
    const known = shift && (await this.store.get(`roster-${shift.id}`));
    const roster = shift && (await this.api(token).roster(shift.id, known));
    // Signed off meanwhile, or another device by now.
    if (!this.device || this.device.token !== token) return;
    await this.keepDevice({ ...this.device, me, clockOffset, syncedAt: Date.now() });
    if (roster) await this.keepRoster(shift, roster);
    if (roster && gate === this.gate) {
      gate.renew({ roster, shift, scans: await this.store.waitingScans() });
    }
  }

  takeAnswers(scans) {
    for (const scan of scans) {
      this.unanswered.delete(scan.nonce);
      this.gate?.roster.takeAnswer(scan);
    }
    this.tell("answered", { scans });
  }

  /** The worker, or another page, may have sent what was scanned here. */
  async collectAnswers() {
    const answered = await this.store.answeredOf([...this.unanswered]);
    if (answered.length > 0) this.takeAnswers(answered);
    this.waiting = await this.store.countWaiting();
  }

  follow({ isOnline, refusal }) {
    Object.assign(this, { isOnline, refusal });
    this.tell("changed");
  }

  /** The worker has sent while this page looked on. */
  async hearOfSending() {
    await this.collectAnswers();
    this.tell("changed");
    this.sync.nudge();
  }

  // Forgetting

  async cleanUp() {
    await this.store.forgetWhatIsOver();
    await this.store.trim();
    if (this.device && !(await this.store.get("device"))) this.lose();
    else if (this.gate && !(await this.ready()).has(this.gate.shift.id)) this.closeShift();
  }

  /** `keepWaiting`: what was never sent stays here, locked and nameless, until it has been sent. */
  async logOut({ keepWaiting }) {
    // Without a network the token ends by itself, three days after the shift.
    if (this.device && !keepWaiting) this.api(this.device.token).signOff().catch(() => {});
    this.lose();
    await this.store.forget({ keepWaiting });
    // An exchange that was under way may have brought something back.
    this.sync.running?.finally(() => this.store.forget({ keepWaiting }));
    this.waiting = await this.store.countWaiting();
    this.tell("changed");
  }

  lose() {
    this.device = null;
    this.gate = null;
    this.refusal = null;
    this.tell("changed");
  }

  tell(name, detail = {}) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
