"""What an award rule says apart from its days, and what is wrong with it: no database."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, time

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from points.models import AwardRule
from volunteers.models import Category

Kind = AwardRule.Kind
Sentence = str | Promise

# Which settings a kind of rule has, beside its kind and its names; it must leave all others empty.
SETTINGS: dict[str, tuple[str, ...]] = {
    Kind.PER_HOUR: ("points", "category", "role", "min_minutes", "rounding", "lapse_months"),
    Kind.FACTOR: (
        "percent",
        "condition",
        "night_from",
        "night_until",
        "category",
        "campaign_number",
    ),
    Kind.CAMPAIGN_BONUS: ("points", "campaign_number", "budget_points"),
    Kind.FIRST_SERVICE: ("points", "lapse_months"),
    Kind.DAILY_CAP: ("points",),
    Kind.WEEKLY_CAP: ("points",),
    Kind.YEARLY_CAP: ("points",),
    Kind.TERM_CAP: ("points",),
}
MOST_MINUTES = 24 * 60
MOST_LAPSE_MONTHS = 120
MOST_BUDGET_POINTS = 100_000_000


@dataclass(frozen=True, kw_only=True)
class RuleTerms:
    """`points` by kind: an hour, a record, a first service, a day, a week, a year or a term.

    `percent` of a factor: 150 is one and a half times. `budget_points` of a bonus: None is
    without a limit.
    """

    kind: str
    name: str
    name_en: str = ""
    points: int = 0
    percent: int | None = None
    condition: str = ""
    night_from: time | None = None
    night_until: time | None = None
    category: Category | None = None
    role: str = ""
    campaign_number: int | None = None
    min_minutes: int = 0
    rounding: str = AwardRule.Rounding.DOWN
    lapse_months: int | None = None
    budget_points: int | None = None

    def unsaved(self) -> AwardRule:
        """A rule that says this; its days and who wrote it are still to be told."""
        named = (each.name for each in fields(self) if each.name != "budget_points")
        return AwardRule(**{name: getattr(self, name) for name in named})

    def faults(self, *, last_day: date | None = None) -> dict[str, Sentence]:
        """What is wrong, by setting: a sentence for whoever wrote it. Empty: it can hold."""
        found = self._of_other_kinds()
        for setting in SETTINGS[self.kind]:
            if sentence := self._fault_of(setting):
                found[setting] = sentence
        if self.kind == Kind.TERM_CAP and last_day is None:
            found["last_day"] = _("A term has a last day.")
        return found | self._fault_of_emergency(last_day)

    def _of_other_kinds(self) -> dict[str, Sentence]:
        has = SETTINGS[self.kind]
        others = {name for settings in SETTINGS.values() for name in settings if name not in has}
        # How to round is always chosen somehow; where nothing is rounded it says nothing.
        typed = [name for name in others - {"rounding"} if getattr(self, name)]
        return dict.fromkeys(typed, _("A rule of this kind does not use this: leave it empty."))

    def _fault_of(self, setting: str) -> Sentence | None:
        check = getattr(self, f"_check_{setting}", None)
        return check() if check else None

    def _check_points(self) -> Sentence | None:
        if 1 <= self.points <= AwardRule.MOST_POINTS:
            return None
        return _("Between 1 and 10,000 points.")

    def _check_percent(self) -> Sentence | None:
        if self.percent is not None and 101 <= self.percent <= AwardRule.MOST_PERCENT:
            return None
        return _("Between 101 and 500 per cent; 150 gives one and a half times the points.")

    def _check_condition(self) -> Sentence | None:
        return None if self.condition else _("Choose when the factor counts.")

    def _check_night_from(self) -> Sentence | None:
        return self._check_night_hour(self.night_from)

    def _check_night_until(self) -> Sentence | None:
        if self.night_until is not None and self.night_until == self.night_from:
            return _("The night cannot end when it begins.")
        return self._check_night_hour(self.night_until)

    def _check_night_hour(self, hour: time | None) -> Sentence | None:
        is_night = self.condition == AwardRule.Condition.NIGHT
        if is_night and hour is None:
            return _("Say when the night begins and ends, 22:00 and 06:00 for example.")
        if hour is not None and not is_night:
            return _("Only a factor for the night has hours: leave it empty.")
        return None

    def _check_campaign_number(self) -> Sentence | None:
        if self.kind == Kind.CAMPAIGN_BONUS and self.campaign_number is None:
            return _("Choose the campaign that the bonus is for.")
        return None

    def _check_min_minutes(self) -> Sentence | None:
        return None if self.min_minutes <= MOST_MINUTES else _("At most 1,440 minutes, a day.")

    def _check_lapse_months(self) -> Sentence | None:
        if self.lapse_months is None or 1 <= self.lapse_months <= MOST_LAPSE_MONTHS:
            return None
        return _("Between 1 and 120 months, or empty: then the points never lapse.")

    def _check_budget_points(self) -> Sentence | None:
        if self.budget_points is None or self.points <= self.budget_points <= MOST_BUDGET_POINTS:
            return None
        return _("A budget allows for one bonus at least, or is empty: then it has no limit.")

    def _fault_of_emergency(self, last_day: date | None) -> dict[str, Sentence]:
        is_emergency = self.condition == AwardRule.Condition.EMERGENCY
        if not is_emergency or last_day or self.category or self.campaign_number:
            return {}
        return {"last_day": _("An emergency passes: give a last day, a category or a campaign.")}
