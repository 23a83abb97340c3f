"""Where each point came from, in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from points.models import Account, Movement
from volunteers.language import in_language
from volunteers.models import RecordChange, ServiceRecord

Kind = Movement.Kind


@dataclass(frozen=True)
class Line:
    """One movement as its owner reads it; `points` is negative when points went away."""

    title: str
    reasons: list[str]
    points: int
    at: datetime
    record: ServiceRecord | None

    @property
    def lost(self) -> int:
        """Points that went away, as a positive number."""
        return -min(self.points, 0)


def write_statement(*, movements: Iterable[Movement], account: Account) -> list[Line]:
    """A line for each movement, in the order given. Three queries, however many there are."""
    movements = list(movements)
    record_ids = {movement.record_id for movement in movements if movement.record_id}
    histories = _histories(record_ids)
    changes = _changes(record_ids)
    return [
        Line(
            title=_title(movement),
            reasons=_reasons(
                movement,
                before=_movement_before(movement, histories),
                change=_change_before(movement, changes),
            ),
            points=_signed(movement, account=account),
            at=movement.happened_at,
            record=movement.record,
        )
        for movement in movements
    ]


def _signed(movement: Movement, *, account: Account) -> int:
    return movement.points if movement.credit_account_id == account.pk else -movement.points


def _title(movement: Movement) -> str:
    if movement.record is not None:
        return str(in_language(movement.record, "activity_name"))
    if movement.kind == Kind.REDEMPTION and hasattr(movement, "redemption"):
        return str(movement.redemption.reward)
    return str(movement.get_kind_display())


def _reasons(
    movement: Movement, *, before: Movement | None, change: RecordChange | None
) -> list[str]:
    match movement.kind:
        case Kind.AWARD:
            return _sum_in_words(movement)
        case Kind.CORRECTION:
            return _correction_in_words(movement, before=before, change=change)
        case Kind.REDEMPTION:
            return [_("Redeemed. Your hours stay as they are.")]
        case Kind.MERGE:
            return [_("From your other registration.")]
        case _:
            return []


def _sum_in_words(movement: Movement) -> list[str]:
    reckoning = movement.reckoning
    minutes = reckoning.get("minutes")
    if minutes is None:
        return []
    words = [
        _("%(minutes)s minutes at %(points)s points an hour")
        % {"minutes": minutes, "points": reckoning.get("per_hour", 0)}
    ]
    if reckoning.get("bonus"):
        words.append(_("campaign bonus +%(points)s") % {"points": reckoning["bonus"]})
    if reckoning.get("capped"):
        words.append(_("over the day's limit −%(points)s") % {"points": reckoning["capped"]})
    return words


def _correction_in_words(
    movement: Movement, *, before: Movement | None, change: RecordChange | None
) -> list[str]:
    worth, given = movement.reckoning.get("worth", 0), movement.reckoning.get("given", 0)
    why = change.reason if change else ""
    if movement.reckoning.get("minutes") is None:
        words = [_("The record does not count any more.")]
    elif before and before.reckoning.get("minutes") == movement.reckoning.get("minutes"):
        why = ""
        words = [_("Another record of that day changed, and with it what the day's limit leaves.")]
    else:
        words = [_("The record was corrected."), *_sum_in_words(movement)]
    if why:
        words.append(_("Reason: %(reason)s") % {"reason": why})
    words.append(
        ngettext(
            "Worth %(worth)s point now, %(given)s had been given.",
            "Worth %(worth)s points now, %(given)s had been given.",
            worth,
        )
        % {"worth": worth, "given": given}
    )
    return words


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
