/* Who is expected at the open shift: read out of the store once, then looked up in memory. */
import { isDone } from "./rules.js";
import { plainNumber } from "./codes.js";

const MOST_FOUND = 30;

export class Roster {
  /** `answer` is the API's; `scans` are those made here that the server has not answered yet. */
  constructor(answer, scans = []) {
    this.shift = answer.shift;
    this.days = answer.days;
    this.publicKey = answer.public_key;
    this.people = answer.places.map((place) => ({ ...place }));
    this.byCard = new Map();
    this.byNumber = new Map();
    this.byPlace = new Map();
    for (const person of this.people) {
      this.byPlace.set(person.place, person);
      if (person.card) this.byCard.set(person.card, person);
      if (person.number) this.byNumber.set(person.number, person);
    }
    this.freePlaces = answer.free_places;
    this.addedHere = new Set(); // walk-ins that the server has not seen yet
    const byTime = [...scans].sort((a, b) => a.made_at.localeCompare(b.made_at));
    for (const scan of byTime) this.take(scan);
  }

  /** What a scan made here changes, before the server says so. */
  take(scan) {
    if (scan.shift !== this.shift) return;
    if (scan.walk_in && isDone(scan.outcome)) this.addedHere.add(scan.key);
    const person = this.byPlace.get(scan.person);
    // Another phone may have seen them since.
    if (!person || this.hasLater(person, scan)) return;
    if (isDone(scan.outcome)) {
      person.state = scan.kind;
      person.at = scan.made_at;
    }
  }

  /** What the server said to it. */
  takeAnswer(scan) {
    const person = this.byPlace.get(scan.person);
    if (scan.shift !== this.shift || !person || this.hasLater(person, scan)) return;
    const { checked_in_at: came, checked_out_at: left, is_refused: isRefused } = scan.answer;
    if (left) Object.assign(person, { state: "out", at: left });
    else if (came) Object.assign(person, { state: "in", at: came });
    else if (isDone(scan.outcome) && isRefused) {
      Object.assign(person, { state: scan.before || "expected", at: scan.beforeAt });
    }
  }

  /** What is known of somebody is younger than this scan: it has nothing to add. */
  hasLater(person, scan) {
    return Boolean(person.at) && Date.parse(person.at) > Date.parse(scan.made_at);
  }

  get placesLeft() {
    return Math.max(this.freePlaces - this.addedHere.size, 0);
  }

  counts() {
    const counts = { expected: 0, in: 0, out: 0 };
    for (const person of this.people) counts[person.state] += 1;
    return counts;
  }

  inState(state) {
    return this.people.filter((person) => person.state === state);
  }

  team(name) {
    return name ? this.people.filter((person) => person.team === name) : [];
  }

  /** By number, or by name as far as the mask lets it be seen. */
  search(text) {
    const typed = text.trim();
    const number = plainNumber(typed);
    const fits = (person) =>
      isMaskOf(person.name, typed) ||
      (number.length >= 2 && person.number !== null && person.number.includes(number));
    return typed ? this.people.filter(fits).slice(0, MOST_FOUND) : [];
  }
}

/** "张*明" fits 张, 张小 and 张小明; a mask that ends with a star fits whatever follows. */
export function isMaskOf(masked, typed) {
  const [mask, name] = [Array.from(masked.toLowerCase()), Array.from(typed.toLowerCase())];
  return name.every((character, place) => {
    const shown = place < mask.length ? mask[place] : mask[mask.length - 1];
    return shown === "*" || (place < mask.length && shown === character);
  });
}
