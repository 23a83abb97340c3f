"""Honours follow the standings, as the ledger follows the records: state says what is owed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, QuerySet, Subquery, Sum
from django.utils import timezone

from points.actions.ranking import refresh_rankings
from points.badges import count_towards
from points.models import Account, Badge, Recognition, Standing, StarObjection
from volunteers.actions.people import set_star_level
from volunteers.models import ServiceRecord

State = Recognition.State
Kind = Recognition.Kind
# One honour: its kind, its level, its badge.
Honour = tuple[str, int, int | None]


def evaluate_recognition(*, limit: int = 1000) -> int:
    """Look at up to `limit` standings that changed; returns how many.

    A first service and a badge are honoured at once, a star after its public notice (R6).
    Whatever is no longer earned, because hours were corrected or voided, is withdrawn.
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
    """Award the stars whose notice has ended and against which no objection is open (R6);
    returns how many."""
    with transaction.atomic():
        locked = list(
            Recognition.objects.in_notice()
            .filter(
                ~Exists(_open_objections()),
                notice_until__lte=timezone.now(),
                # Nothing is given on sums that are about to change.
                volunteer__standing__evaluated_revision=F("volunteer__standing__revision"),
            )
            .select_for_update(of=("volunteer", "self"), skip_locked=True, no_key=True)
            .select_related("volunteer")
            .defer("volunteer__id_number")
            .order_by("pk")[:limit]
        )
        # Once more under the lock: an objection may have come between looking and locking.
        numbers = [recognition.pk for recognition in locked]
        clear = Recognition.objects.filter(~Exists(_open_objections()), pk__in=numbers)
        due = list(clear.only("pk", "volunteer_id"))
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


def owe_evaluation(*, volunteer_ids: Collection[int]) -> None:
    """Something other than hours has changed about these people: recognition looks once more."""
    with transaction.atomic():
        # As the settlement does, accounts first: neither can wait for the other in a circle.
        accounts = Account.objects.filter(volunteer__in=volunteer_ids).order_by("pk")
        list(accounts.select_for_update(no_key=True).values_list("pk", flat=True))
        Standing.objects.filter(volunteer__in=volunteer_ids).update(
            revision=F("evaluated_revision") + 1
        )


def owe_everybody_an_evaluation() -> int:
    """A badge's rule has changed; returns how many people that may concern.

    Called in the transaction that changes the rule. The table's lock waits for whoever evaluates
    by the old rule, and is the one lock that cannot wait in a circle with a settlement.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE points_standing IN EXCLUSIVE MODE")
        served = Standing.objects.filter(served_records__gt=0)
        return served.update(revision=F("evaluated_revision") + 1)


def _bring_up_to_date(standings: list[Standing]) -> None:
    """Holds the lock on these people and their standings."""
    ids = [standing.volunteer_id for standing in standings]
    _follow_honours(standings, in_force=_in_force(ids))
    _set_star_levels(ids)
    refresh_rankings(standings=standings)
    # Locked since they were read: the revision is still the one that was looked at.
    Standing.objects.filter(pk__in=[standing.pk for standing in standings]).update(
        evaluated_revision=F("revision")
    )


def _follow_honours(
    standings: list[Standing], *, in_force: defaultdict[int, dict[Honour, Recognition]]
) -> None:
    """Give what is earned and was not there, withdraw what is there and is not earned."""
    badges = _badges_to_look_at(in_force)
    earned_badges = _earned_badges(badges.values(), list(in_force))
    held_back = _levels_held_back(list(in_force))
    new: list[Recognition] = []
    lost: list[int] = []
    for standing in standings:
        volunteer_id = standing.volunteer_id
        has = in_force[volunteer_id]
        earned = _earned(standing) | earned_badges[volunteer_id]
        new += [
            _recognition(standing, honour)
            for honour in sorted(earned - has.keys(), key=str)
            if _may_begin(honour, badges=badges, held_back=held_back.get(volunteer_id))
        ]
        lost += [
            recognition.pk
            for honour, recognition in has.items()
            if honour not in earned and not _is_kept(recognition, standing=standing)
        ]
    Recognition.objects.bulk_create(new)
    Recognition.objects.filter(pk__in=lost).update(
        state=State.WITHDRAWN, withdrawn_at=timezone.now()
    )


def _earned(standing: Standing) -> set[Honour]:
    first: set[Honour] = {(Kind.FIRST_SERVICE, 0, None)} if standing.served_records else set()
    stars = range(1, earned_star_level(standing) + 1)
    return first | {(Kind.STAR, level, None) for level in stars}


def _may_begin(honour: Honour, *, badges: dict[int, Badge], held_back: int | None) -> bool:
    kind, level, badge_id = honour
    if badge_id is not None:
        return badges[badge_id].is_offered
    return not (kind == Kind.STAR and held_back is not None and level >= held_back)


def _is_kept(recognition: Recognition, *, standing: Standing) -> bool:
    """A star once given rests on the hours: a poorer rating later does not take it back."""
    return (
        recognition.kind == Kind.STAR
        and recognition.state == State.AWARDED
        and recognition.level <= hours_level(standing)
    )


def _badges_to_look_at(in_force: dict[int, dict[Honour, Recognition]]) -> dict[int, Badge]:
    """Those on offer, and those no longer on offer that somebody here has: these stay, unless
    the records that earned them go."""
    held = {badge_id for has in in_force.values() for _kind, _level, badge_id in has if badge_id}
    return {
        badge.pk: badge for badge in Badge.objects.offered() | Badge.objects.filter(pk__in=held)
    }


def _earned_badges(
    badges: Iterable[Badge], volunteer_ids: Collection[int]
) -> defaultdict[int, set[Honour]]:
    badges = list(badges)
    earned: defaultdict[int, set[Honour]] = defaultdict(set)
    for volunteer_id, counts in count_towards(badges=badges, volunteer_ids=volunteer_ids).items():
        earned[volunteer_id] = {
            (Kind.BADGE, 0, badge.pk)
            for badge in badges
            if counts.get(badge.pk, 0) >= badge.threshold
        }
    return earned


def _levels_held_back(volunteer_ids: Collection[int]) -> dict[int, int]:
    """{volunteer: level}: a refused star, and those above it, wait for new service.

    The hours that the objection was about do not bring the star back. It takes
    LINLI_STAR_AGAIN_HOURS of service on days after the refusal, or the office lifts the refusal.
    """
    since = (
        ServiceRecord.objects.counted()
        .filter(
            volunteer=OuterRef("volunteer"),
            settled_minutes__isnull=False,
            served_on__gt=OuterRef("refused_at__date"),
        )
        .order_by()
        .values("volunteer")
        .annotate(minutes=Sum("settled_minutes"))
    )
    refused = (
        Recognition.objects.refused()
        .filter(volunteer__in=volunteer_ids, kind=Kind.STAR)
        .annotate(minutes_since=Subquery(since.values("minutes")))
    )
    held_back: dict[int, int] = {}
    for star in refused:
        if (star.minutes_since or 0) < settings.LINLI_STAR_AGAIN_HOURS * 60:
            known = held_back.get(star.volunteer_id, star.level)
            held_back[star.volunteer_id] = min(known, star.level)
    return held_back


def _open_objections() -> QuerySet[StarObjection]:
    """To that star or to a lower one of the same person, which stands below it."""
    return StarObjection.objects.filter(
        state=StarObjection.State.OPEN,
        recognition__volunteer=OuterRef("volunteer"),
        recognition__level__lte=OuterRef("level"),
    )


def _recognition(standing: Standing, honour: Honour) -> Recognition:
    kind, level, badge_id = honour
    now = timezone.now()
    if kind == Kind.STAR:
        return Recognition(
            volunteer=standing.volunteer,
            kind=kind,
            level=level,
            state=State.IN_NOTICE,
            notice_until=now + timedelta(days=settings.LINLI_NOTICE_DAYS),
        )
    return Recognition(
        volunteer=standing.volunteer,
        kind=kind,
        badge_id=badge_id,
        state=State.AWARDED,
        awarded_at=now,
    )


def _in_force(volunteer_ids: list[int]) -> defaultdict[int, dict[Honour, Recognition]]:
    found: defaultdict[int, dict[Honour, Recognition]] = defaultdict(dict)
    for volunteer_id in volunteer_ids:
        found[volunteer_id] = {}
    for one in Recognition.objects.in_force().filter(volunteer__in=volunteer_ids):
        found[one.volunteer_id][one.kind, one.level, one.badge_id] = one
    return found


def _set_star_levels(volunteer_ids: Iterable[int]) -> None:
    """The card shows the highest star awarded. Holds the lock on these people."""
    levels = dict.fromkeys(volunteer_ids, 0)
    awarded = Recognition.objects.awarded().filter(kind=Kind.STAR, volunteer__in=levels)
    for volunteer_id, level in awarded.values_list("volunteer_id", "level"):
        levels[volunteer_id] = max(levels[volunteer_id], level)
    set_star_level(levels=levels)
