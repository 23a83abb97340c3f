/* What was scanned on this phone, newest first, and what the server made of it. */
import { copyOf, find, setText } from "./dom.js";
import { toneOf, verdictOf } from "./rules.js";
import { clock, sentenceOf, word } from "./words.js";

const MOST_SHOWN = 60;

export class RecentScreen {
  constructor(session) {
    this.session = session;
  }

  show() {
    return this.refresh();
  }

  async refresh() {
    const { gate } = this.session;
    if (!gate) return;
    const scans = (await this.session.recentScans()).slice(0, MOST_SHOWN);
    if (gate !== this.session.gate) return;
    find("[data-recent]").replaceChildren(...scans.map((scan) => this.row(scan, gate)));
    find("[data-recent]").hidden = scans.length === 0;
    find("[data-recent-empty]").hidden = scans.length > 0;
  }

  row(scan, gate) {
    const row = copyOf("scan");
    const verdict = verdictOf(scan);
    const differs = scan.answer && scan.isSure && scan.answer.outcome !== scan.outcome;
    Object.assign(row.dataset, {
      nonce: scan.nonce, outcome: toneOf(verdict), code: verdict.outcome, sent: String(Boolean(scan.answer)),
    });
    const name = scan.answer?.name || scan.name || word("unknown_person");
    const reason = scan.override ? word("override_said", { reason: scan.override }) : scan.together;
    setText(row, {
      name: [name, scan.number].filter(Boolean).join(" "),
      message: [sentenceOf(scan, gate), reason].filter(Boolean).join(" "),
      time: clock(scan.made_at),
      sent: word(scan.answer ? "sent" : "not_sent"),
      corrected: differs ? word("corrected", { before: sentenceOf({ ...scan, answer: null }, gate) }) : "",
    });
    return row;
  }
}
