"""Who may do which shift, and the reason when somebody may not (R19, R20). All rules stand here.

`reasons_against` explains one shift, `reasons_against_each` a page full of them in the same four
queries, and `shifts_open_to` asks the database the same question for a list's filter. A test
holds the three to one answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import DateTimeRangeField
from django.db.models import Exists, F, Func, IntegerField, OuterRef, Q, Value
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from volunteers.models import Guardian, Skill, Volunteer

from .cool_down import day_in_words, no_shows_that_matter, reckon_cool_down
from .models import Activity, Shift, SignUp
from .models.shifts import ShiftQuerySet

ADULT_AGE = 18


@dataclass(frozen=True)
class Refusal:
    """Why somebody may not do a shift: a code that never changes, and words for the reader."""

    code: str
    sentence: str | Promise

    def __str__(self) -> str:
        return str(self.sentence)


VOLUNTEER_CLOSED = Refusal(
    "volunteer_closed", gettext_lazy("This volunteer account has been closed.")
)
SHIFT_CANCELLED = Refusal("shift_cancelled", gettext_lazy("This shift has been cancelled."))
SHIFT_CLOSED = Refusal("shift_closed", gettext_lazy("Sign-up for this shift has closed."))
SHIFT_FULL = Refusal("full", gettext_lazy("All places are taken."))
BIRTH_DATE_UNKNOWN = Refusal(
    "birth_date_unknown", gettext_lazy("Please tell us your birth date first.")
)
MINOR_DANGEROUS = Refusal(
    "minor_dangerous", gettext_lazy("This work is not for anyone under eighteen.")
)
GUARDIAN_CONSENT_MISSING = Refusal(
    "guardian_consent_missing",
    gettext_lazy("You are under eighteen: your guardian's consent is needed first."),
)
INSURANCE_MISSING = Refusal(
    "insurance_missing",
    gettext_lazy("This work is dangerous and its insurance is not yet arranged."),
)
COOL_DOWN = "cool_down"
OVERLAP = Refusal("overlap", gettext_lazy("You have signed up for another shift at that time."))


def too_young(minimum_age: int) -> Refusal:
    return Refusal("too_young", _("You must be at least %(age)s.") % {"age": minimum_age})


def skills_missing(skills: Iterable[Skill]) -> Refusal:
    names = _(", ").join(str(skill) for skill in skills)
    return Refusal("skill_missing", _("This work asks for: %(skills)s.") % {"skills": names})


def cooling_down(until: date) -> Refusal:
    """E8. Whoever was there, or could not help it, reads how to have it looked at."""
    words = _(
        "Because of no-shows you can sign up again from %(day)s. Were you there, or was there a "
        "good reason? Tell that shift's organiser."
    )
    return Refusal(COOL_DOWN, words % {"day": day_in_words(until)})


def reasons_against(
    *, volunteer: Volunteer, shift: Shift, at: datetime | None = None
) -> list[Refusal]:
    """Return every reason why `volunteer` may not sign up for `shift`; none means they may.

    `at` is the moment of asking, now by default. A sign-up of theirs for the same shift is
    not a reason.
    """
    return reasons_against_each(volunteer=volunteer, shifts=[shift], at=at)[shift.pk]


def reasons_against_each(
    *, volunteer: Volunteer, shifts: Iterable[Shift], at: datetime | None = None
) -> dict[int, list[Refusal]]:
    """`reasons_against` for many shifts, by their number. Four queries when the shifts came with
    `select_related("activity__campaign")` and `prefetch_related("activity__skills")`."""
    shifts = list(shifts)
    at = at or timezone.now()
    person = _Person.of(volunteer, shifts, at)
    return {shift.pk: [*_shift_reasons(shift, at), *person.reasons(shift)] for shift in shifts}


def _shift_reasons(shift: Shift, at: datetime) -> list[Refusal]:
    if shift.state == Shift.State.CANCELLED:
        return [SHIFT_CANCELLED]
    if shift.starts_at <= at or not shift.activity.campaign.live:
        return [SHIFT_CLOSED]
    reasons = []
    if shift.taken >= shift.capacity:
        reasons.append(SHIFT_FULL)
    if shift.activity.is_dangerous and not shift.activity.insurance:
        reasons.append(INSURANCE_MISSING)
    return reasons


@dataclass(frozen=True)
class _Person:
    """What the rules need to know of a volunteer, read once."""

    volunteer: Volunteer
    has_consent: bool
    pauses_until: date | None
    skills: frozenset[int]
    held: list[tuple[int, datetime, datetime]]

    @classmethod
    def of(cls, volunteer: Volunteer, shifts: list[Shift], at: datetime) -> _Person:
        has_consent, pauses_until = _consent_and_pause(volunteer, at)
        return cls(
            volunteer=volunteer,
            has_consent=has_consent,
            pauses_until=pauses_until,
            skills=frozenset(volunteer.skills.values_list("pk", flat=True)),
            held=_times_held(volunteer, shifts),
        )

    def reasons(self, shift: Shift) -> list[Refusal]:
        if self.volunteer.closed_at or self.volunteer.merged_into_id:
            return [VOLUNTEER_CLOSED]
        reasons = [cooling_down(self.pauses_until)] if self.pauses_until else []
        reasons += self._reasons_of_age(shift.activity, timezone.localdate(shift.starts_at))
        missing = [skill for skill in shift.activity.skills.all() if skill.pk not in self.skills]
        if missing:
            reasons.append(skills_missing(missing))
        if any(
            number != shift.pk and start < shift.ends_at and end > shift.starts_at
            for number, start, end in self.held
        ):
            reasons.append(OVERLAP)
        return reasons

    def _reasons_of_age(self, activity: Activity, day: date) -> list[Refusal]:
        age = self.volunteer.age_on(day)
        if age is None:
            # R20 protects minors in every kind of work, so nobody's age may stay unknown.
            return [BIRTH_DATE_UNKNOWN]
        reasons = []
        if activity.minimum_age and age < activity.minimum_age:
            reasons.append(too_young(activity.minimum_age))
        if age < ADULT_AGE:
            if activity.is_dangerous:
                reasons.append(MINOR_DANGEROUS)
            elif not self.has_consent:
                reasons.append(GUARDIAN_CONSENT_MISSING)
        return reasons


def _consent_and_pause(volunteer: Volunteer, at: datetime) -> tuple[bool, date | None]:
    """The guardian's consent and the end of a cool-down, in one query."""
    on = timezone.localdate(at)
    of_this_person = {"volunteer": OuterRef("pk")}
    consent = Guardian.objects.filter(consented_at__isnull=False, **of_this_person)
    missed = no_shows_that_matter(on=on).filter(**of_this_person).values("missed_on")
    row = Volunteer.objects.filter(pk=volunteer.pk).values_list(
        Exists(consent), ArraySubquery(missed)
    )
    has_consent, days_missed = row.get()
    return has_consent, reckon_cool_down(days_missed, on=on).until


def _times_held(volunteer: Volunteer, shifts: list[Shift]) -> list[tuple[int, datetime, datetime]]:
    if not shifts:
        return []
    first = min(shift.starts_at for shift in shifts)
    last = max(shift.ends_at for shift in shifts)
    held = SignUp.objects.holding().filter(volunteer=volunteer, during__overlap=(first, last))
    return [
        (shift, during.lower, during.upper)
        for shift, during in held.values_list("shift_id", "during")
    ]


def shifts_open_to(volunteer: Volunteer) -> ShiftQuerySet:
    """The public shifts to come that `volunteer` could sign up for now."""
    if volunteer.birth_on is None or volunteer.closed_at or volunteer.merged_into_id:
        return Shift.objects.none()
    has_consent, pauses_until = _consent_and_pause(volunteer, timezone.now())
    if pauses_until:
        return Shift.objects.none()
    own = SignUp.objects.holding().filter(volunteer=volunteer)
    clashing = own.filter(during__overlap=_TimeRange(OuterRef("starts_at"), OuterRef("ends_at")))
    missing = Activity.skills.through.objects.filter(activity_id=OuterRef("activity_id")).exclude(
        skill__in=volunteer.skills.all()
    )
    minors_too = Q(activity__is_dangerous=False) if has_consent else Q(pk=None)
    return (
        Shift.objects.public()
        .with_places()
        .filter(starts_at__gt=timezone.now())
        .exclude(activity__is_dangerous=True, activity__insurance="")
        .alias(age=(_DayNumber("starts_at") - _day_number(volunteer.birth_on)) / 10000)
        .filter(Q(activity__minimum_age=None) | Q(age__gte=F("activity__minimum_age")))
        .filter(Q(age__gte=ADULT_AGE) | minors_too)
        .filter(~Exists(missing), ~Exists(clashing))
    )


class _TimeRange(Func):
    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


class _DayNumber(Func):
    """The local day as a number, 20261123: the difference of two, over 10000, is whole years."""

    template = "CAST(TO_CHAR(%(expressions)s, 'YYYYMMDD') AS integer)"
    arg_joiner = " AT TIME ZONE "
    output_field = IntegerField()

    def __init__(self, moment: str) -> None:
        super().__init__(F(moment), Value(timezone.get_default_timezone_name()))


def _day_number(day: date) -> int:
    return day.year * 10000 + day.month * 100 + day.day
