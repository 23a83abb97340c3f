"""Honours follow the standings, as the ledger follows the records: state says what is owed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from points.models import Recognition, Standing
from volunteers.actions.people import set_star_level

State = Recognition.State
Kind = Recognition.Kind
# One honour: its kind and level.
Honour = tuple[str, int]


def evaluate_recognition(*, limit: int = 1000) -> int:
    """Look at up to `limit` standings that changed; returns how many.

    A first service is honoured at once, a star after its public notice (R6). Whatever is no
    longer earned, because hours were corrected or voided, is withdrawn.
    """
    with transaction.atomic():
        # The person is locked with the standing: whoever holds the person (a correction, a merge)
        # is passed over and not waited for, while the settlement may wait for us.
        owed = list(
            Standing.objects.filter(evaluated_revision__lt=F("revision"))
            .select_related("volunteer")
            .defer("volunteer__id_number")  # nothing that is not needed is deciphered
            .select_for_update(of=("self", "volunteer"), skip_locked=True, no_key=True)
            .order_by("pk")[:limit]
        )
        if owed:
            _bring_up_to_date(owed)
    return len(owed)


def award_noticed_recognition(*, limit: int = 1000) -> int:
    """Award the stars whose notice has ended; returns how many."""
    with transaction.atomic():
        due = list(
            Recognition.objects.in_notice()
            .filter(
                notice_until__lte=timezone.now(),
                # Nothing is given on sums that are about to change.
                volunteer__standing__evaluated_revision=F("volunteer__standing__revision"),
            )
            .select_for_update(of=("volunteer", "self"), skip_locked=True, no_key=True)
            .select_related("volunteer")
            .defer("volunteer__id_number")
            .order_by("pk")[:limit]
        )
        Recognition.objects.filter(pk__in=[recognition.pk for recognition in due]).update(
            state=State.AWARDED, awarded_at=timezone.now()
        )
        _set_star_levels({recognition.volunteer_id for recognition in due})
    return len(due)


def earned_star_level(standing: Standing) -> int:
    """The level that hours and rating together earn; 0 without a single rating (R6)."""
    average = standing.average_rating
    if average is None or average < settings.LINLI_STAR_MIN_RATING:
        return 0
    return hours_level(standing)


def hours_level(standing: Standing) -> int:
    return sum(standing.served_minutes >= hours * 60 for hours in settings.LINLI_STAR_HOURS)


def _bring_up_to_date(standings: list[Standing]) -> None:
    in_force = _in_force([standing.volunteer_id for standing in standings])
    new: list[Recognition] = []
    lost: list[int] = []
    for standing in standings:
        has = in_force[standing.volunteer_id]
        new += [_recognition(standing, honour) for honour in _earned(standing) - has.keys()]
        lost += [
            recognition.pk
            for honour, recognition in has.items()
            if not _is_kept(recognition, honour=honour, standing=standing)
        ]
    Recognition.objects.bulk_create(new)
    Recognition.objects.filter(pk__in=lost).update(
        state=State.WITHDRAWN, withdrawn_at=timezone.now()
    )
    _set_star_levels({standing.volunteer_id for standing in standings})
    # Locked since they were read: the revision is still the one that was looked at.
    Standing.objects.filter(pk__in=[standing.pk for standing in standings]).update(
        evaluated_revision=F("revision")
    )


def _earned(standing: Standing) -> set[Honour]:
    first: set[Honour] = {(Kind.FIRST_SERVICE, 0)} if standing.served_records else set()
    return first | {(Kind.STAR, level) for level in range(1, earned_star_level(standing) + 1)}


def _is_kept(recognition: Recognition, *, honour: Honour, standing: Standing) -> bool:
    if honour in _earned(standing):
        return True
    # A star once given rests on the hours: a poorer rating later does not take it back.
    return (
        recognition.kind == Kind.STAR
        and recognition.state == State.AWARDED
        and recognition.level <= hours_level(standing)
    )


def _recognition(standing: Standing, honour: Honour) -> Recognition:
    kind, level = honour
    now = timezone.now()
    if kind == Kind.FIRST_SERVICE:
        return Recognition(
            volunteer=standing.volunteer, kind=kind, state=State.AWARDED, awarded_at=now
        )
    return Recognition(
        volunteer=standing.volunteer,
        kind=kind,
        level=level,
        state=State.IN_NOTICE,
        notice_until=now + timedelta(days=settings.LINLI_NOTICE_DAYS),
    )


def _in_force(volunteer_ids: list[int]) -> defaultdict[int, dict[Honour, Recognition]]:
    found: defaultdict[int, dict[Honour, Recognition]] = defaultdict(dict)
    for recognition in Recognition.objects.in_force().filter(volunteer__in=volunteer_ids):
        found[recognition.volunteer_id][recognition.kind, recognition.level] = recognition
    return found


def _set_star_levels(volunteer_ids: Iterable[int]) -> None:
    """The card shows the highest star awarded. Holds the lock on these people."""
    levels = dict.fromkeys(volunteer_ids, 0)
    awarded = Recognition.objects.awarded().filter(kind=Kind.STAR, volunteer__in=levels)
    for volunteer_id, level in awarded.values_list("volunteer_id", "level"):
        levels[volunteer_id] = max(levels[volunteer_id], level)
    set_star_level(levels=levels)
