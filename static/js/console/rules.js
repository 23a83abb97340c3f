/* What comes of a scan, judged without the server in the order in which the server judges
 * (campaigns/attendance_rules.py). An outcome's name is the same there. The server has the last word.
 */

const OF_CODE = {
  not_ours: "card_unknown",
  tampered: "code_tampered",
  expired: "code_expired",
  ahead: "clock_wrong",
  card_expired: "card_expired",
  missing: "code_missing",
};

/** What a supervisor may let through with a reason. Never a card that is not ours, or not in force. */
export const OVERRIDABLE = new Set([
  "too_early", "code_expired", "code_missing", "clock_wrong", "card_expired",
]);
/** What a walk-in mends: the card is good, its holder is not on the list. */
export const NOT_EXPECTED = new Set(["not_signed_up", "wrong_shift"]);

const DONE = new Set(["checked_in", "checked_out", "moved_here"]);
const HARMLESS = new Set(["already_in", "already_out", "not_in_yet"]);

/**
 * {outcome, isSure}. `isSure` is false where only the server can tell; the page says so.
 *
 * `state` is CodeChecker's; `person` the roster's row or null; `at` milliseconds.
 */
export function judge({ state, person, shift, rules, kind, at, isWalkIn = false, isOverride = false }) {
  const ofCode = OF_CODE[state];
  if (ofCode && !(isOverride && OVERRIDABLE.has(ofCode))) return sure(ofCode);
  if (!person && !isWalkIn) return { outcome: "not_signed_up", isSure: false };
  const ofTime = refusalByTime({ kind, shift, rules, at });
  if (ofTime && !(isOverride && OVERRIDABLE.has(ofTime))) return sure(ofTime);
  const outcome = ofStanding(person ? person.state : "expected", kind);
  return { outcome, isSure: state !== "unchecked" && !isWalkIn && outcome !== "not_in_yet" };
}

function refusalByTime({ kind, shift, rules, at }) {
  const [starts, ends] = [Date.parse(shift.starts_at), Date.parse(shift.ends_at)];
  if (kind === "out") return at > ends + rules.grace_minutes * 60_000 ? "shift_over" : null;
  if (shift.state === "cancelled") return "shift_cancelled";
  if (at < starts - rules.opens_minutes * 60_000) return "too_early";
  return at >= ends ? "shift_over" : null;
}

/** Another phone may have seen somebody come: a check-out is kept, and counts once both are sent. */
function ofStanding(standing, kind) {
  if (standing === "out") return "already_out";
  if (kind === "out") return standing === "in" ? "checked_out" : "not_in_yet";
  return standing === "in" ? "already_in" : "checked_in";
}

const sure = (outcome) => ({ outcome, isSure: true });

/** ok is green, warn amber, refused red. */
export function toneOf({ outcome, isSure }) {
  if (DONE.has(outcome)) return isSure && outcome !== "moved_here" ? "ok" : "warn";
  return HARMLESS.has(outcome) ? "warn" : "refused";
}

/** What is shown of a scan: the server's answer once there is one. */
export function verdictOf({ answer, outcome, isSure }) {
  return answer ? { outcome: answer.outcome, isSure: true } : { outcome, isSure };
}

export const isDone = (outcome) => DONE.has(outcome);
