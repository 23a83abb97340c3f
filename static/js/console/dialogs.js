/* What the app asks: a reason, who of a team, what shows it, and whether to sign off. */
import { copyOf, find, findAll, on, setText } from "./dom.js";
import { clock, word } from "./words.js";

const SHORTEST_REASON = 4;

export class Dialogs {
  constructor(session) {
    this.session = session;
    on(document.body, "dialog [data-cancel]", () => this.close());
  }

  get isOpen() {
    return findAll("dialog[open]").length > 0;
  }

  open(name) {
    const dialog = find(`[data-dialog-of="${name}"]`);
    this.close();
    if (dialog.showModal) dialog.showModal();
    else dialog.setAttribute("open", ""); // iOS before 15.4 knows no <dialog>
    return dialog;
  }

  close() {
    for (const dialog of findAll("dialog[open]")) shut(dialog);
  }

  /** Resolves with what `onSubmit()` returns once it returns something, or with `otherwise`. */
  ask(dialog, { onSubmit, otherwise }) {
    const form = find("form", dialog);
    return new Promise((resolve) => {
      let answer = otherwise;
      const submit = (event) => {
        event.preventDefault();
        const given = onSubmit();
        if (given === undefined) return;
        answer = given;
        shut(dialog);
      };
      form.addEventListener("submit", submit);
      dialog.addEventListener("close", () => {
        form.removeEventListener("submit", submit);
        resolve(answer);
      }, { once: true });
    });
  }

  complain(dialog, sentence) {
    const place = find("[data-error]", dialog);
    place.textContent = sentence;
    place.hidden = sentence === "";
  }

  /** The reason, or "". */
  askReason({ about }) {
    const dialog = this.open("override");
    const field = find("input", dialog);
    field.value = "";
    this.complain(dialog, "");
    find("[data-about]", dialog).textContent = about;
    field.focus();
    return this.ask(dialog, {
      otherwise: "",
      onSubmit: () => {
        const reason = field.value.trim();
        if (reason.length >= SHORTEST_REASON) return reason;
        this.complain(dialog, word("reason_short"));
        field.focus();
        return undefined;
      },
    });
  }

  /** Places of those who are ticked; who is in already (or, going, has gone) cannot be. */
  askTeam({ kind, team }) {
    const dialog = this.open("team");
    const wanted = kind === "in" ? "expected" : "in";
    const members = this.session.gate.roster.team(team);
    this.complain(dialog, "");
    find("[data-team-name]", dialog).textContent = team;
    find("[data-members]", dialog).replaceChildren(...members.map((person) => member(person, wanted)));
    const ticked = () => findAll("input:checked", dialog).map((box) => Number(box.value));
    const count = () => {
      find("[data-team-submit]", dialog).textContent = word(`team_submit_${kind}`, { count: ticked().length });
    };
    find("[data-members]", dialog).onchange = count;
    count();
    return this.ask(dialog, {
      otherwise: [],
      onSubmit: () => {
        if (ticked().length > 0) return ticked();
        this.complain(dialog, word("team_none"));
        return undefined;
      },
    });
  }

  /** The evidence, or "". Asks twice: what is written, then whether it is meant. */
  askEvidence({ count }) {
    const dialog = this.open("together");
    const field = find("textarea", dialog);
    const sure = find("[data-sure]", dialog);
    const submit = find("[data-together-submit]", dialog);
    let isAskedTwice = false;
    field.value = "";
    this.complain(dialog, "");
    sure.hidden = true;
    submit.textContent = word("go_on");
    find("[data-about]", dialog).textContent = word("together_title", { count });
    field.focus();
    return this.ask(dialog, {
      otherwise: "",
      onSubmit: () => {
        const evidence = field.value.trim();
        this.complain(dialog, evidence.length < SHORTEST_REASON ? word("evidence_short") : "");
        if (evidence.length < SHORTEST_REASON) return undefined;
        if (isAskedTwice) return evidence;
        isAskedTwice = true;
        sure.textContent = word("together_sure", { count, time: clock(Date.now()) });
        sure.hidden = false;
        submit.textContent = word("together_go", { count });
        return undefined;
      },
    });
  }

  /** Scans that wait are never thrown away: they are sent first, or stay here until they are. */
  logOut(onGone) {
    const dialog = this.open("log-out");
    const { session } = this;
    const show = (after = "") => {
      const hasUnsent = session.waiting > 0;
      const unsent = find("[data-unsent]", dialog);
      unsent.hidden = !hasUnsent;
      unsent.textContent = [after, word("unsent", { count: session.waiting })].filter(Boolean).join(" ");
      find("[data-send-first]", dialog).hidden = !hasUnsent;
      find("[data-keep-and-go]", dialog).hidden = !hasUnsent;
      find("[data-just-go]", dialog).hidden = hasUnsent;
    };
    const leave = async (keepWaiting) => {
      await session.logOut({ keepWaiting });
      this.close();
      onGone();
    };
    find("[data-just-go]", dialog).onclick = () => leave(false);
    find("[data-keep-and-go]", dialog).onclick = () => leave(true);
    find("[data-send-first]", dialog).onclick = async () => {
      await session.sync.nudge();
      if (session.waiting === 0) await leave(false);
      else show(word("still_unsent"));
    };
    show();
  }
}

function shut(dialog) {
  if (dialog.close) {
    dialog.close();
    return;
  }
  dialog.removeAttribute("open");
  dialog.dispatchEvent(new Event("close"));
}

function member(person, wanted) {
  const row = copyOf("member");
  const box = row.querySelector("input");
  box.value = person.place;
  box.disabled = person.state !== wanted;
  box.checked = !box.disabled;
  setText(row, { name: person.name, note: [person.number, word(`state_${person.state}`, { time: clock(person.at) })].filter(Boolean).join(" · ") });
  return row;
}
