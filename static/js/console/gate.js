/* One shift at one gate: takes what was scanned, typed or chosen, and decides from the roster. */
import { CodeChecker, cardHash, readText } from "./codes.js";
import { newNonce } from "./queue.js";
import { judge } from "./rules.js";
import { Roster } from "./roster.js";

export class Gate {
  /** `shift` and `rules` as the API's /me tells them; `roster` the API's answer; `scans` what waits. */
  constructor({ shift, rules, roster, scans, timeZone, token, goneAt, sendBy }) {
    Object.assign(this, { shift, rules, token, goneAt, sendBy });
    this.roster = new Roster(roster, scans);
    this.codes = new CodeChecker({ publicKey: roster.public_key, rules, timeZone });
  }

  /** A newer roster from the server, and with it the keys that it brings. */
  renew({ roster, scans, shift = this.shift }) {
    this.shift = shift;
    this.roster = new Roster(roster, scans);
  }

  /** Whose card or number it is and what its code is worth: no network, no storage. */
  async recognise(text, { at }) {
    const read = readText(text);
    const hash = read.token ? await cardHash(read.token) : "";
    const person = this.roster.byCard.get(hash) || this.roster.byNumber.get(read.number) || null;
    const state = await this.codes.stateOf(read, { person, days: this.roster.days, at });
    return { read, person, state, key: hash || read.number || text };
  }

  /**
   * A scan, decided and not yet written down. `card` is a text as read or typed, or else `place` is
   * somebody on the roster.
   */
  async decide({ card, place, kind, isWalkIn = false, override = "", together = "", at = Date.now() }) {
    const known = place === undefined
      ? await this.recognise(card, { at })
      : { person: this.roster.byPlace.get(place) || null, state: "number", key: `place-${place}` };
    const { person } = known;
    const verdict = judge({
      state: known.state, person, shift: this.shift, rules: this.rules, kind, at, isWalkIn,
      isOverride: override !== "",
    });
    return {
      nonce: newNonce(),
      shift: this.shift.id,
      kind,
      made_at: new Date(at).toISOString(),
      ...(place === undefined ? { card } : { place }),
      walk_in: isWalkIn,
      override,
      together,
      // This phone's own from here on
      ...verdict,
      person: person ? person.place : null,
      before: person ? person.state : null,
      beforeAt: person ? person.at : null,
      name: person ? person.name : "",
      number: person ? person.number || "" : (known.read && known.read.number) || "",
      team: person ? person.team : "",
      key: known.key,
      token: this.token,
      goneAt: this.goneAt,
      sendBy: this.sendBy,
      answer: null,
    };
  }
}
