/* The words of the page, in the reader's language, as campaigns/console_words.py gives them. */

const read = (id) => JSON.parse(document.getElementById(id).textContent);

export const settings = read("console-settings");
const words = read("console-words");

/** `%(name)s` is filled in, as in the server's own sentences. */
export const word = (name, values = {}) =>
  (words[name] || "").replace(/%\((\w+)\)s/g, (whole, key) => (key in values ? values[key] : whole));

const format = (options) => new Intl.DateTimeFormat(document.documentElement.lang, {
  timeZone: settings.timeZone, hourCycle: "h23", ...options,
});
const hours = format({ hour: "2-digit", minute: "2-digit" });
const days = format({ month: "2-digit", day: "2-digit" });

export const clock = (at) => (at ? hours.format(new Date(at)) : "");
export const day = (at) => days.format(new Date(at)).replace("/", "-");
export const isToday = (at) => day(at) === day(Date.now());
/** The time, with the date when it is not today. */
export const moment = (at) => (isToday(at) ? clock(at) : `${day(at)} ${clock(at)}`);
export const span = (shift) => `${moment(shift.starts_at)}–${clock(shift.ends_at)}`;

/** What the server would say to an outcome, said before it has. */
export function sentenceOf(scan, { shift, rules }) {
  if (scan.answer) return scan.answer.sentence;
  const opens = Date.parse(shift.starts_at) - rules.opens_minutes * 60_000;
  const times = {
    in: clock(scan.kind === "in" && scan.outcome === "checked_in" ? scan.made_at : scan.beforeAt),
    out: clock(scan.outcome === "checked_out" ? scan.made_at : scan.beforeAt),
    opens: moment(opens),
    end: moment(shift.ends_at),
  };
  if (scan.walk_in && scan.outcome === "checked_in") return word("provisional");
  if (scan.outcome === "checked_in" && !scan.isSure) return word("unchecked");
  return word(scan.outcome, times);
}
