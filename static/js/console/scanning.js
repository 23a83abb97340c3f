/* The screen at the gate: the camera, what was scanned last in large letters, numbers and names. */
import { stayAwake } from "../wake-lock.js";
import { Camera, isPossible, reasonOf } from "./camera.js";
import { plainNumber, readText } from "./codes.js";
import { Debounce } from "./debounce.js";
import { copyOf, find, findAll, on, setText } from "./dom.js";
import { NOT_EXPECTED, OVERRIDABLE, toneOf, verdictOf } from "./rules.js";
import { allowSound, signal } from "./signals.js";
import { clock, sentenceOf, word } from "./words.js";

/** So long the page waits for the server where only the server can tell. */
const ASK_AT_MOST_MS = 4_000;

export class ScanScreen {
  constructor(session, dialogs) {
    Object.assign(this, { session, dialogs, latest: null, seen: new Debounce(), camera: null });
    this.result = find("[data-result]");
    this.form = find("[data-type]");
    this.box = find("[data-console-camera]");
    this.form.addEventListener("submit", (event) => this.enter(event));
    this.form.elements.text.addEventListener("input", () => this.search());
    on(find("[data-found]"), "[data-take]", (button) => this.choose(Number(button.dataset.take)));
    find("[data-kind]").addEventListener("change", () => {
      this.seen.clear(); // the same card may well go out right after it came in by mistake
      this.search();
    });
    const acts = { "walk-in": () => this.addWalkIn(), team: () => this.takeTeam(), override: () => this.letThrough() };
    on(find("[data-actions]"), "[data-act]", (button) => acts[button.dataset.act]());
    session.addEventListener("answered", (event) => this.hear(event.detail.scans));
    session.addEventListener("changed", () => {
      if (this.latest && !session.isOnline) this.settle(this.latest);
    });
    this.prepareButtons();
  }

  get kind() {
    return find("[data-kind] input:checked").value;
  }

  show() {
    if (!this.latest || this.latest.shift !== this.session.gate.shift.id) this.clear();
    if (!isPossible()) this.say(word("camera_insecure"));
    if (this.wasOpen) this.press((camera) => camera.open());
  }

  leave() {
    this.wasOpen = Boolean(this.camera && this.camera.isOpen);
    if (this.camera) this.camera.close();
    this.showCamera();
  }

  // A scan from whatever it comes

  async take(...wishes) {
    let scans = [];
    try {
      scans = await this.session.scan(...wishes.map((wish) => ({ kind: this.kind, ...wish })));
    } catch (error) {
      console.error(error);
      this.failToKeep();
      return;
    }
    const scan = scans[scans.length - 1];
    this.latest = scan;
    if (!scan.isSure && !scan.walk_in && scan.outcome === "not_signed_up" && this.session.isOnline) {
      this.display(scan, { isAsking: true });
      setTimeout(() => this.settle(scan), ASK_AT_MOST_MS);
      return;
    }
    this.settle(scan);
  }

  /** What could not be written down did not happen: nobody walks on as checked in. */
  failToKeep() {
    this.clear();
    Object.assign(this.result.dataset, { outcome: "refused", code: "not_kept" });
    this.box.dataset.tone = "refused";
    setText(this.result, {
      verdict: word("verdict_refused"), name: "", message: word("not_kept"), time: "", corrected: "",
    });
    this.seen.clear();
    signal("refused");
  }

  /** Said aloud once, when it is known as well as it can be known here. */
  settle(scan) {
    if (this.latest !== scan || scan.isSaid) return;
    scan.isSaid = true;
    this.display(scan);
    signal(toneOf(verdictOf(scan)));
  }

  /** The server's answer to what is shown: said again only where it is another colour. */
  hear(scans) {
    const answered = this.latest && scans.find((scan) => scan.nonce === this.latest.nonce);
    if (!answered) return;
    const before = this.latest;
    const wasSaid = before.isSaid;
    this.latest = { ...answered, isSaid: true };
    this.display(this.latest);
    const tone = toneOf(verdictOf(answered));
    if (!wasSaid || tone !== toneOf(before)) signal(tone);
  }

  display(scan, { isAsking = false } = {}) {
    const { gate } = this.session;
    if (!gate) return;
    const verdict = verdictOf(scan);
    const tone = isAsking ? "asking" : toneOf(verdict);
    const differs = scan.answer && scan.isSure && scan.answer.outcome !== scan.outcome;
    Object.assign(this.result.dataset, { outcome: tone, code: verdict.outcome, nonce: scan.nonce });
    this.box.dataset.tone = tone;
    setText(this.result, {
      verdict: word(`verdict_${tone}`),
      name: scan.answer?.name || scan.name || scan.number || word("unknown_person"),
      message: isAsking ? word("asking") : sentenceOf(scan, gate),
      time: [clock(scan.made_at), scan.number && word("number", { number: scan.number })].filter(Boolean).join(" · "),
      corrected: differs ? word("corrected", { before: sentenceOf({ ...scan, answer: null }, gate) }) : "",
    });
    this.offerActions(isAsking ? null : scan, verdict.outcome);
    this.result.scrollIntoView({ block: "nearest" });
  }

  clear() {
    this.latest = null;
    Object.assign(this.result.dataset, { outcome: "", code: "", nonce: "" });
    this.box.dataset.tone = "";
    this.offerActions(null, "");
  }

  // What can be done about it

  offerActions(scan, outcome) {
    const { roster } = this.session.gate;
    const canAdd = Boolean(scan && scan.kind === "in" && scan.card && NOT_EXPECTED.has(outcome));
    const left = roster.placesLeft;
    const add = find("[data-act=walk-in]");
    add.hidden = !canAdd;
    add.disabled = left === 0;
    add.textContent = left ? word("walk_in", { count: left }) : word("no_place_left");
    find("[data-act=override]").hidden = !(scan && OVERRIDABLE.has(outcome));
    const mates = scan && toneOf(verdictOf(scan)) !== "refused" ? this.matesOf(scan) : [];
    const team = find("[data-act=team]");
    team.hidden = mates.length === 0;
    if (scan) team.textContent = word(`team_${scan.kind}`, { team: scan.team });
  }

  /** Of the team, those who have not come yet (or, going, have not gone). */
  matesOf(scan) {
    const wanted = scan.kind === "in" ? "expected" : "in";
    return this.session.gate.roster.team(scan.team).filter((person) => person.state === wanted);
  }

  addWalkIn() {
    const { card, kind } = this.latest;
    this.take({ card, kind, isWalkIn: true });
  }

  async letThrough() {
    const { card, place, kind, walk_in: isWalkIn, name, number } = this.latest;
    const about = word("out_of_time", {
      name: name || number || word("unknown_person"),
      sentence: sentenceOf(this.latest, this.session.gate),
    });
    const override = await this.dialogs.askReason({ about });
    if (override) this.take({ ...(place === undefined ? { card } : { place }), kind, isWalkIn, override });
  }

  async takeTeam() {
    const { kind, team } = this.latest;
    const people = await this.dialogs.askTeam({ kind, team });
    if (people.length === 0) return;
    await this.take(...people.map((place) => ({ place, kind })));
  }

  // Typing

  enter(event) {
    event.preventDefault();
    allowSound();
    const field = this.form.elements.text;
    const text = field.value.trim();
    if (text === "") return field.focus();
    const { token, number } = readText(text);
    const people = this.session.gate.roster.search(text);
    const isNumber = token || (number && /\d/.test(number)) || text.includes("/");
    // A name is never sent as a number: one of those found is pressed.
    if (!isNumber || (people.length > 0 && number !== plainNumber(people[0].number || "") && number.length < 6)) {
      return this.search({ isEntered: true });
    }
    field.value = "";
    this.search();
    return this.take({ card: text });
  }

  search({ isEntered = false } = {}) {
    const text = this.form.elements.text.value;
    const list = find("[data-found]");
    const { gate } = this.session;
    const isLookingUp = text.trim().length >= 1 && !readText(text).token;
    const people = gate && isLookingUp ? gate.roster.search(text) : [];
    list.replaceChildren(...people.map((person) => personRow(person, this.kind)));
    if (isEntered && people.length === 0) {
      const nobody = document.createElement("li");
      nobody.className = "list-row";
      nobody.textContent = word("nobody_found");
      list.append(nobody);
    }
    list.hidden = list.children.length === 0;
  }

  choose(place) {
    allowSound();
    this.form.elements.text.value = "";
    this.search();
    this.take({ place });
  }

  // The camera

  prepareButtons() {
    this.buttons = Object.fromEntries(["open", "turn", "close"].map((name) => [name, find(`[data-camera-${name}]`)]));
    this.buttons.open.hidden = !isPossible();
    this.buttons.open.addEventListener("click", () => this.press((camera) => camera.open()));
    this.buttons.turn.addEventListener("click", () => this.press((camera) => camera.turn()));
    this.buttons.close.addEventListener("click", () => this.press((camera) => camera.close()));
  }

  async press(act) {
    allowSound();
    this.say("");
    try {
      this.camera = this.camera || (await this.makeCamera());
      await act(this.camera);
      stayAwake();
    } catch (error) {
      this.say(word(`camera_${reasonOf(error)}`));
    }
    this.showCamera();
  }

  async makeCamera() {
    const { createReader } = await import("./reader.js");
    return new Camera({
      video: this.box.querySelector("video"),
      read: createReader(),
      onCode: (text) => this.see(text),
      onBroken: () => this.say(word("camera_failed")),
    });
  }

  /** A phone held before the camera shows a new code every half minute and is one card all the time. */
  see(text) {
    if (!this.session.gate || this.dialogs.isOpen) return;
    if (this.seen.isNew(readText(text).token || text)) this.take({ card: text.slice(0, 300) });
  }

  showCamera() {
    const isOpen = Boolean(this.camera && this.camera.isOpen);
    this.box.dataset.open = String(isOpen);
    this.buttons.open.hidden = isOpen || !isPossible();
    this.buttons.turn.hidden = !isOpen;
    this.buttons.close.hidden = !isOpen;
  }

  say(sentence) {
    const place = find("[data-camera-notice]");
    place.textContent = sentence;
    place.hidden = sentence === "";
  }
}

/** Somebody on the list, with the one press that fits. */
export function personRow(person, kind) {
  const row = copyOf("person");
  row.dataset.place = person.place;
  row.dataset.state = person.state;
  const isWaited = person.state === (kind === "in" ? "expected" : "in");
  const state = kind === "in" && isWaited ? "" : word(`state_${person.state}`, { time: clock(person.at) });
  const number = [person.number, person.team].filter(Boolean).join(" · ");
  setText(row, { name: person.name, number, state });
  const take = row.querySelector("[data-take]");
  take.dataset.take = person.place;
  take.textContent = word(`take_${kind}`);
  take.hidden = !isWaited;
  return row;
}
