"""Where each point came from and where it went, in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from points.models import Account, Movement
from volunteers.language import in_language
from volunteers.models import RecordChange, ServiceRecord

Kind = Movement.Kind

LIMITS = {
    "daily_cap": "day",
    "weekly_cap": "week",
    "yearly_cap": "year",
    "term_cap": "term",
}


@dataclass(frozen=True)
class Line:
    """One movement as its owner reads it; `points` is negative when points went away."""

    title: str
    reasons: list[str]
    points: int
    at: datetime
    record: ServiceRecord | None
    kind: str

    @property
    def lost(self) -> int:
        """Points that went away, as a positive number."""
        return -min(self.points, 0)


def with_what_lines_need(movements: QuerySet[Movement]) -> QuerySet[Movement]:
    """So that a page of lines costs the same number of queries however many there are."""
    return movements.select_related(
        "record",
        "redemption__reward",
        "refund_of__reward",
        "debit_account__volunteer",
        "debit_account__project",
        "credit_account__volunteer",
        "credit_account__project",
    ).defer("debit_account__volunteer__id_number", "credit_account__volunteer__id_number")


def write_statement(*, movements: Iterable[Movement], account: Account) -> list[Line]:
    """A line for each movement, in the order given. Two queries, however many there are."""
    movements = list(movements)
    record_ids = {movement.record_id for movement in movements if movement.record_id}
    histories = _histories(record_ids)
    changes = _changes(record_ids)
    return [
        Line(
            title=_title(movement, points=_signed(movement, account=account)),
            reasons=_reasons(
                movement,
                points=_signed(movement, account=account),
                before=_movement_before(movement, histories),
                change=_change_before(movement, changes),
            ),
            points=_signed(movement, account=account),
            at=movement.happened_at,
            record=movement.record,
            kind=movement.kind,
        )
        for movement in movements
    ]


def _signed(movement: Movement, *, account: Account) -> int:
    return movement.points if movement.credit_account_id == account.pk else -movement.points


# Titles


def _title(movement: Movement, *, points: int) -> str:
    title: object = movement.get_kind_display()
    if movement.record is not None:
        title = in_language(movement.record, "activity_name")
    elif hasattr(movement, "redemption"):
        title = movement.redemption.reward
    elif hasattr(movement, "refund_of"):
        title = movement.refund_of.reward
    elif movement.kind == Kind.CAP:
        title = _limit_title(movement.reckoning.get("cap", ""))
    elif movement.kind == Kind.GIFT and hasattr(movement.credit_account, "project"):
        title = _("Given to «%(project)s»") % {"project": movement.credit_account.project}
    elif movement.kind == Kind.FAMILY:
        title = _family_title(movement, points=points)
    elif movement.kind == Kind.LAPSE and points > 0:
        title = _("Lapsed points, set right")
    return str(title)


def _limit_title(cap: str) -> str:
    match LIMITS.get(cap):
        case "day":
            return _("The day's limit")
        case "week":
            return _("The week's limit")
        case "year":
            return _("The year's limit")
        case "term":
            return _("The term's limit for students")
    return _("Limits reckoned anew")


def _family_title(movement: Movement, *, points: int) -> str:
    if points > 0:
        return _("From %(name)s, of your family") % {"name": movement.debit_account}
    return _("To %(name)s, of your family") % {"name": movement.credit_account}


# Reasons


def _reasons(
    movement: Movement, *, points: int, before: Movement | None, change: RecordChange | None
) -> list[str]:
    match movement.kind:
        case Kind.AWARD:
            words = _sum_in_words(movement.reckoning)
        case Kind.CORRECTION:
            words = _correction_in_words(movement, before=before, change=change)
        case Kind.CAP:
            words = _limit_in_words(movement.reckoning, points=points)
        case Kind.FIRST:
            words = [_first_in_words(points)]
        case Kind.REDEMPTION:
            words = [_("Redeemed. Your hours stay as they are.")]
        case Kind.REFUND:
            words = _refund_in_words(movement)
        case Kind.LAPSE:
            words = [_lapse_in_words(movement.reckoning, points=points)]
        case Kind.GIFT:
            words = [_("Your gift. Your hours stay as they are.")]
        case Kind.MERGE:
            words = [_merge_in_words(points)]
        case _:
            words = []
    return words + _until_when(movement, points=points)


def _sum_in_words(reckoning: dict[str, Any]) -> list[str]:
    minutes = reckoning.get("minutes")
    if minutes is None:
        return []
    words = [
        _("%(minutes)s minutes at %(points)s points an hour")
        % {"minutes": minutes, "points": reckoning.get("per_hour") or 0}
    ]
    percent = reckoning.get("percent") or 100
    if percent != 100:
        words.append(_factor_in_words(percent, at_night=bool(reckoning.get("night"))))
    if reckoning.get("bonus"):
        words.append(_("campaign bonus +%(points)s") % {"points": reckoning["bonus"]})
    if reckoning.get("capped"):
        words.append(_("over the day's limit −%(points)s") % {"points": reckoning["capped"]})
    return words


def _factor_in_words(percent: int, *, at_night: bool) -> str:
    times = f"{percent / 100:.2f}".rstrip("0").rstrip(".")
    if at_night:
        return _("at night: %(times)s times") % {"times": times}
    return _("on a public holiday or in an emergency: %(times)s times") % {"times": times}


def _correction_in_words(
    movement: Movement, *, before: Movement | None, change: RecordChange | None
) -> list[str]:
    now, then = movement.reckoning, before.reckoning if before else {}
    why = change.reason if change else ""
    if now.get("minutes") is None:
        words = [_("The record does not count any more.")]
    elif before and then.get("minutes") == now.get("minutes"):
        why = ""
        words = [_why_the_same_is_worth_something_else(now, then), *_sum_in_words(now)]
    else:
        words = [_("The record was corrected."), *_sum_in_words(now)]
    if why:
        words.append(_("Reason: %(reason)s") % {"reason": why})
    worth, given = now.get("worth", 0), now.get("given", 0)
    words.append(
        ngettext(
            "Worth %(worth)s point now, %(given)s had been given.",
            "Worth %(worth)s points now, %(given)s had been given.",
            worth,
        )
        % {"worth": worth, "given": given}
    )
    return words


def _why_the_same_is_worth_something_else(now: dict[str, Any], then: dict[str, Any]) -> str:
    if "capped" in now or "capped" in then:
        return _("Another record of that day changed, and with it what the day's limit leaves.")
    if now.get("bonus", 0) != then.get("bonus", 0):
        return _("The campaign's bonus changed.")
    return _("The hours are the same; what the rules of that day give for them changed.")


def _limit_in_words(reckoning: dict[str, Any], *, points: int) -> list[str]:
    if not reckoning.get("cap"):
        return [_("Two registrations became one; its limits count for both together.")]
    values = {
        "day": _day(reckoning["starts_on"]),
        "limit": reckoning["limit"],
        "earned": reckoning["earned"],
        "over": reckoning["over"],
    }
    words = [_what_the_limit_saw(LIMITS.get(reckoning["cap"], "")) % values]
    if points > 0:
        words.append(_("Less of it lies over the limit now: the difference is yours again."))
    return words


def _what_the_limit_saw(window: str) -> str:
    match window:
        case "week":
            return _(
                "The week from %(day)s: %(earned)s points earned, at most %(limit)s count. "
                "%(over)s lie over the limit; your hours all count."
            )
        case "year":
            return _(
                "The year from %(day)s: %(earned)s points earned, at most %(limit)s count. "
                "%(over)s lie over the limit; your hours all count."
            )
        case "term":
            return _(
                "The term from %(day)s: %(earned)s points earned, at most %(limit)s count. "
                "%(over)s lie over the limit; your hours all count."
            )
    return _(
        "On %(day)s: %(earned)s points earned, at most %(limit)s count. "
        "%(over)s lie over the limit; your hours all count."
    )


def _first_in_words(points: int) -> str:
    if points > 0:
        return _("A welcome for your first service.")
    return _("None of your service counts any more, and with it the welcome went.")


def _refund_in_words(movement: Movement) -> list[str]:
    words = [_("Your points came back.")]
    if hasattr(movement, "refund_of") and movement.refund_of.refund_reason:
        words.insert(0, str(movement.refund_of.get_refund_reason_display()))
    return words


def _lapse_in_words(reckoning: dict[str, Any], *, points: int) -> str:
    if points > 0:
        return _(
            "Hours were taken back whose points had lapsed already: "
            "nothing is taken from you twice."
        )
    if not reckoning.get("lapses_on"):
        return ""
    return _("They could be used up to %(day)s.") % {"day": _day_before(reckoning["lapses_on"])}


def _merge_in_words(points: int) -> str:
    if points > 0:
        return _("From your other registration.")
    return _("To your other registration, or a debt that came from it.")


def _until_when(movement: Movement, *, points: int) -> list[str]:
    """Of points that came in for service: until when they can be used."""
    if points <= 0 or movement.kind not in (Kind.AWARD, Kind.CORRECTION, Kind.FIRST):
        return []
    lapses_on = movement.reckoning.get("lapses_on")
    if not lapses_on:
        return []
    return [_("To be used by %(day)s.") % {"day": _day_before(lapses_on)}]


def _day(text: str) -> str:
    return str(date_format(date.fromisoformat(text)))


def _day_before(text: str) -> str:
    """The last day on which points of a bucket can be used."""
    return str(date_format(date.fromisoformat(text) - timedelta(days=1)))


# What came before a correction


def _histories(record_ids: set[int]) -> dict[int, list[Movement]]:
    found: dict[int, list[Movement]] = {}
    for movement in Movement.objects.filter(record__in=record_ids).order_by("id"):
        found.setdefault(movement.record_id or 0, []).append(movement)
    return found


def _changes(record_ids: set[int]) -> dict[int, list[RecordChange]]:
    found: dict[int, list[RecordChange]] = {}
    kinds = [RecordChange.Kind.CORRECTED, RecordChange.Kind.VOIDED]
    for change in RecordChange.objects.filter(record__in=record_ids, kind__in=kinds).order_by("id"):
        found.setdefault(change.record_id, []).append(change)
    return found


def _movement_before(movement: Movement, histories: dict[int, list[Movement]]) -> Movement | None:
    earlier = [
        other for other in histories.get(movement.record_id or 0, []) if other.pk < movement.pk
    ]
    return earlier[-1] if earlier else None


def _change_before(
    movement: Movement, changes: dict[int, list[RecordChange]]
) -> RecordChange | None:
    earlier = [
        change
        for change in changes.get(movement.record_id or 0, [])
        if change.at <= movement.created_at
    ]
    return earlier[-1] if earlier else None
