/* The list of people: who is expected, who is here, who has gone; and who never checked out. */
import { find, findAll, on } from "./dom.js";
import { personRow } from "./scanning.js";
import { word } from "./words.js";

const MOST_SHOWN = 100;

export class PeopleScreen {
  constructor(session, dialogs) {
    Object.assign(this, { session, dialogs, state: "expected" });
    on(find("[data-screen-of=people]"), "[data-show]", (button) => this.choose(button.dataset.show));
    on(find("[data-people]"), "[data-take]", (button) => this.take(Number(button.dataset.take)));
    find("[data-check-out-all]").addEventListener("click", () => this.checkOutAll());
  }

  choose(state) {
    this.state = state;
    this.refresh();
  }

  show() {
    this.refresh();
  }

  refresh() {
    const { gate } = this.session;
    if (!gate) return;
    const counts = gate.roster.counts();
    for (const place of findAll("[data-count-of]")) place.textContent = counts[place.dataset.countOf];
    for (const button of findAll("[data-show]")) {
      button.setAttribute("aria-pressed", String(button.dataset.show === this.state));
    }
    this.list(gate.roster.inState(this.state));
    this.showMissing(counts.in);
  }

  list(people) {
    const shown = people.slice(0, MOST_SHOWN);
    const kind = this.state === "expected" ? "in" : "out";
    const rows = find("[data-people]");
    const focused = [...rows.children].findIndex((row) => row.contains(document.activeElement));
    rows.replaceChildren(...shown.map((person) => personRow(person, kind)));
    rows.hidden = shown.length === 0;
    // Who was pressed has left this list: the next press is for who stands there now.
    if (focused >= 0) rows.children[Math.min(focused, rows.children.length - 1)]?.querySelector("button").focus();
    find("[data-people-empty]").hidden = shown.length > 0;
    const more = find("[data-people-more]");
    more.hidden = people.length === shown.length;
    more.textContent = word("more_people", { count: people.length - shown.length });
  }

  showMissing(stillIn) {
    const hasEnded = Date.now() >= Date.parse(this.session.gate.shift.ends_at);
    find("[data-missing]").hidden = !(hasEnded && stillIn > 0);
    find("[data-missing-text]").textContent = word("missing", { count: stillIn });
    const all = find("[data-check-out-all]");
    all.hidden = stillIn === 0 || this.state !== "in";
    all.textContent = word("check_out_all", { count: stillIn });
  }

  async take(place) {
    await this.session.scan({ place, kind: this.state === "expected" ? "in" : "out" });
  }

  /** One scan a person, each with the same evidence: each is decided, and can be put right, by itself. */
  async checkOutAll() {
    const people = this.session.gate.roster.inState("in").map((person) => person.place);
    const together = await this.dialogs.askEvidence({ count: people.length });
    if (!together) return;
    const at = Date.now();
    await this.session.scan(...people.map((place) => ({ place, kind: "out", together, at })));
  }
}
