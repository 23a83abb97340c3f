"""Award rules in words: what a rule gives, whom it concerns, what else it says."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format, localize
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, ngettext_lazy

from points.campaign_pages import campaign_titles
from points.models import AwardRule

Kind = AwardRule.Kind

_GIVES = {
    Kind.PER_HOUR: ngettext_lazy("%(points)s point an hour", "%(points)s points an hour", "points"),
    Kind.CAMPAIGN_BONUS: ngettext_lazy(
        "%(points)s point on top", "%(points)s points on top", "points"
    ),
    Kind.FIRST_SERVICE: ngettext_lazy(
        "%(points)s point, once", "%(points)s points, once", "points"
    ),
    Kind.DAILY_CAP: gettext_lazy("At most %(points)s points a day"),
    Kind.WEEKLY_CAP: gettext_lazy("At most %(points)s points a week"),
    Kind.YEARLY_CAP: gettext_lazy("At most %(points)s points a year"),
    Kind.TERM_CAP: gettext_lazy("At most %(points)s points a term"),
}


@dataclass
class RuleLine:
    """A rule that holds, as people read it. `coming` are the announced changes of it."""

    rule: AwardRule
    concerns: str
    gives: str
    notes: list[str] = field(default_factory=list)
    coming: list[str] = field(default_factory=list)
    link: str = ""


def gives(rule: AwardRule) -> str:
    """「每小时 12 分」, "1.5 times", "At most 60 points a day"."""
    if rule.kind == Kind.FACTOR:
        times = localize((Decimal(rule.percent or 100) / 100).normalize())
        return _("%(times)s times the points") % {"times": times}
    return str(_GIVES[Kind(rule.kind)] % {"points": rule.points})


def concerns(rule: AwardRule, *, campaign: str = "") -> str:
    """「平安巡防 · 领队」, "At night (22:00–06:00)", a campaign's title; empty: everything."""
    when = rule.get_condition_display() if rule.condition else ""
    if rule.night_from and rule.night_until:
        when = _("%(when)s (%(begins)s–%(ends)s)") % {
            "when": when,
            "begins": rule.night_from.strftime("%H:%M"),
            "ends": rule.night_until.strftime("%H:%M"),
        }
    what = [when, str(rule.category or ""), rule.role, campaign]
    return " · ".join(part for part in what if part)


def notes(rule: AwardRule) -> list[str]:
    """What else a rule says of its points: from how long on, how rounded, how long they last."""
    found = []
    if rule.min_minutes:
        found.append(_("From %(minutes)s minutes of service on") % {"minutes": rule.min_minutes})
    if rule.kind == Kind.PER_HOUR and rule.rounding != AwardRule.Rounding.DOWN:
        found.append(str(rule.get_rounding_display()))
    if rule.lapse_months:
        found.append(
            ngettext(
                "Lapse %(months)s month after the month they were given in",
                "Lapse %(months)s months after the month they were given in",
                rule.lapse_months,
            )
            % {"months": rule.lapse_months}
        )
    budget = getattr(rule, "budget", None)
    if budget is not None:
        found.append(
            _("%(left)s of %(budget)s points still to be given")
            % {"left": budget.left_points, "budget": budget.budget_points}
        )
    return found


def rules_in_words() -> dict[str, list[RuleLine]]:
    """By kind: the rules that hold today with what is announced of them, then quite new ones."""
    today = timezone.localdate()
    rules = list(
        AwardRule.objects.filter(Q(holds__endswith__gt=today) | Q(holds__upper_inf=True))
        .select_related("category", "budget")
        .order_by("category__position", "role", "condition", "holds")
    )
    campaigns = campaign_titles(rule.campaign_number for rule in rules)
    lines: dict[str, list[RuleLine]] = {kind: [] for kind in Kind.values}
    by_key: dict[tuple[object, ...], RuleLine] = {}
    for rule in rules:
        key = _key(rule)
        is_to_come = rule.starts_on is not None and rule.starts_on > today
        if is_to_come and key in by_key:
            by_key[key].coming.append(_announced(rule))
            continue
        title, link = campaigns.get(rule.campaign_number or 0, ("", ""))
        line = RuleLine(rule, concerns(rule, campaign=title), gives(rule), notes(rule), link=link)
        if is_to_come:
            line.coming.append(_("From %(day)s on") % {"day": _day(rule.starts_on)})
        by_key[key] = line
        lines[rule.kind].append(line)
    for line in by_key.values():
        if line.rule.last_day and not line.coming:
            line.coming.append(_("Until %(day)s") % {"day": _day(line.rule.last_day)})
    return lines


def _key(rule: AwardRule) -> tuple[object, ...]:
    return (rule.kind, rule.category_id, rule.role, rule.campaign_number, rule.condition)


def _announced(rule: AwardRule) -> str:
    return _("From %(day)s: %(gives)s") % {"day": _day(rule.starts_on), "gives": gives(rule)}


def _day(day: object) -> str:
    return date_format(day, "DATE_FORMAT")  # type: ignore[arg-type]
