/* How a phone becomes a console: its organiser signs in and chooses shifts, or it is given a token. */
import { copyOf, find, findAll, setText } from "./dom.js";
import { settings, span, word } from "./words.js";

export class Pairing {
  constructor(session, { onPaired }) {
    Object.assign(this, { session, onPaired, form: find("[data-prepare]"), asked: null });
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.prepare();
    });
    find("[data-pair]").addEventListener("submit", (event) => {
      event.preventDefault();
      this.pair(find("[data-pair] input").value);
    });
  }

  async show({ asked = null, hint = "" } = {}) {
    this.asked = asked;
    this.say(hint ? word(hint) : "");
    find("[data-back-to-shifts]").hidden = !this.session.device;
    await this.offer();
  }

  /** The shifts that the signed-in organiser may choose from. */
  async offer() {
    this.form.hidden = true;
    find("[data-sign-in]").hidden = true;
    let offer = null;
    try {
      const response = await this.ask(this.asked ? `?shift=${this.asked}` : "");
      if (response.type === "opaqueredirect") return this.hint("signed_out", { isSignedOut: true });
      if (!response.ok) return this.hint("not_organiser");
      offer = await response.json();
    } catch {
      return this.hint("no_network");
    }
    this.csrf = offer.csrf;
    find("#prepare-name").value = offer.name;
    find("[data-shift-choices]").replaceChildren(...offer.shifts.map((shift) => this.choice(shift)));
    this.form.hidden = offer.shifts.length === 0;
    return this.hint(offer.shifts.length ? "choose_shifts" : "no_shifts");
  }

  choice(shift) {
    const row = copyOf("choice");
    const box = row.querySelector("input");
    box.value = shift.id;
    box.checked = shift.id === this.asked || this.session.shifts.some((one) => one.id === shift.id);
    setText(row, { role: shift.role, when: span(shift), place: shift.place });
    return row;
  }

  async prepare() {
    const chosen = findAll("[data-shift-choices] input:checked").map((box) => ["shifts", box.value]);
    const body = new URLSearchParams([["name", find("#prepare-name").value], ...chosen]);
    try {
      const response = await this.ask("", { method: "POST", body, headers: { "X-CSRFToken": this.csrf } });
      if (response.type === "opaqueredirect") return this.hint("signed_out", { isSignedOut: true });
      const answer = await response.json();
      if (!response.ok) return this.say(answer.message);
      return await this.pair(answer.token);
    } catch (error) {
      console.warn(error);
      return this.say(word(navigator.onLine ? "prepare_failed" : "no_network"));
    }
  }

  ask(query, options = {}) {
    return fetch(settings.prepare + query, {
      credentials: "same-origin", redirect: "manual", cache: "no-store", ...options,
    });
  }

  async pair(typed) {
    const token = typed.trim().replace(/^.*[#&]token=/, "");
    try {
      await this.session.pair(token);
    } catch (error) {
      if (document.body.dataset.screen !== "pair") await this.onPaired(null);
      this.say(error.code ? error.message : word("no_network"));
      // It has left the address, and can be tried again from here.
      if (!error.code) find("[data-pair] input").value = token;
      return;
    }
    find("[data-pair] input").value = "";
    const asked = this.session.shifts.some((shift) => shift.id === this.asked) ? this.asked : null;
    await this.onPaired(asked);
  }

  hint(name, { isSignedOut = false } = {}) {
    find("[data-prepare-hint]").textContent = word(name);
    find("[data-sign-in]").hidden = !isSignedOut;
    const back = this.asked ? `${location.pathname}#shift=${this.asked}` : location.pathname;
    const link = find("[data-sign-in] a");
    link.search = new URLSearchParams({ next: back }).toString();
  }

  say(sentence) {
    const place = find("[data-pair-error]");
    place.textContent = sentence;
    place.hidden = sentence === "";
  }
}
