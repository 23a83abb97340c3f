"""Points against one piece of the catalogue, and the sentences for when that cannot be."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.db.models import Count, F, Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from points.actions.accounts import get_system_account, lock_accounts, move_points
from points.models import Account, Movement, Redemption, Reward, new_pick_up_code
from volunteers.models import StudentAffiliation, Territory, User, Volunteer


class RedemptionRefused(Exception):
    """Nothing was taken; `str()` is the sentence for the person who asked."""

    sentence: str | Promise = _("This reward cannot be redeemed.")

    def __str__(self) -> str:
        return str(self.sentence)


class RewardGone(RedemptionRefused):
    sentence = _("The last one has just gone. Your points are all still there.")


class RewardNotOffered(RedemptionRefused):
    sentence = _("This reward is not on offer at the moment.")


class OfferNotBegun(RedemptionRefused):
    def __init__(self, *, day: date) -> None:
        super().__init__(day)
        self.day = day

    def __str__(self) -> str:
        return gettext("On offer from %(day)s.") % {"day": date_format(self.day, "Y-m-d")}


class OfferOver(RedemptionRefused):
    sentence = _("This offer is over.")


class NonceTaken(RedemptionRefused):
    sentence = _("This form has been used already. Please open the page again.")


class OnlyForResidents(RedemptionRefused):
    def __init__(self, *, territory: Territory) -> None:
        super().__init__(territory.pk)
        self.territory = territory

    def __str__(self) -> str:
        return gettext("For residents of %(area)s.") % {"area": self.territory}


class OnlyForStudents(RedemptionRefused):
    sentence = _("For students whose campus has been proven.")


class StarLevelNeeded(RedemptionRefused):
    def __init__(self, *, level: int) -> None:
        super().__init__(level)
        self.level = level

    def __str__(self) -> str:
        return gettext("From star level %(level)s.") % {"level": self.level}


class LimitReached(RedemptionRefused):
    """One person has had as many of this reward as one person may."""

    def __init__(self, *, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit

    def __str__(self) -> str:
        return ngettext(
            "One to a person, and you have had yours.",
            "%(limit)s to a person, and you have had yours.",
            self.limit,
        ) % {"limit": self.limit}


class MonthLimitReached(LimitReached):
    def __str__(self) -> str:
        return gettext("Your limit of %(limit)s this month is reached.") % {"limit": self.limit}


class NotEnoughPoints(RedemptionRefused):
    def __init__(self, *, missing_points: int) -> None:
        super().__init__(missing_points)
        self.missing_points = missing_points

    def __str__(self) -> str:
        return gettext("%(points)s more points are needed for this reward.") % {
            "points": self.missing_points
        }


@dataclass(frozen=True)
class Asker:
    """What decides whether somebody may have a reward."""

    community: Territory | None
    star_level: int
    is_student: bool
    balance_points: int
    # How many the person has had and kept, by reward: ever, and in this month of the city's.
    had: Mapping[int, tuple[int, int]]


def asker_of(*, volunteer: Volunteer, balance_points: int) -> Asker:
    """Read anew: three queries, however many rewards there are."""
    person = Volunteer.objects.select_related("community").defer("id_number").get(pk=volunteer.pk)
    month_began = timezone.localtime().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    rows = (
        Redemption.objects.kept()
        .filter(volunteer=volunteer)
        .order_by("reward")
        .values_list("reward")
        .annotate(ever=Count("pk"), month=Count("pk", filter=Q(redeemed_at__gte=month_began)))
    )
    return Asker(
        community=person.community,
        star_level=person.star_level,
        is_student=StudentAffiliation.objects.filter(
            volunteer=volunteer, verified_at__isnull=False
        ).exists(),
        balance_points=balance_points,
        had={reward: (ever, month) for reward, ever, month in rows},
    )


def why_not(*, reward: Reward, asker: Asker) -> RedemptionRefused | None:
    """The first reason why this person cannot have the reward now; None when nothing is in the way.

    The catalogue shows it instead of the button, and the redemption is refused by it.
    """
    return next(_obstacles(reward, asker), None)


def _obstacles(reward: Reward, asker: Asker) -> Iterator[RedemptionRefused]:
    yield from _not_on_offer(reward, today=timezone.localdate())
    area = reward.territory
    if area is not None and (asker.community is None or not area.contains(asker.community)):
        yield OnlyForResidents(territory=area)
    if reward.students_only and not asker.is_student:
        yield OnlyForStudents()
    if asker.star_level < reward.min_star_level:
        yield StarLevelNeeded(level=reward.min_star_level)
    ever, this_month = asker.had.get(reward.pk, (0, 0))
    if reward.limit_per_person is not None and ever >= reward.limit_per_person:
        yield LimitReached(limit=reward.limit_per_person)
    if reward.limit_per_month is not None and this_month >= reward.limit_per_month:
        yield MonthLimitReached(limit=reward.limit_per_month)
    if asker.balance_points < reward.price_points:
        yield NotEnoughPoints(missing_points=reward.price_points - asker.balance_points)


def _not_on_offer(reward: Reward, *, today: date) -> Iterator[RedemptionRefused]:
    if not reward.is_offered:
        yield RewardNotOffered()
    if reward.offered_from is not None and today < reward.offered_from:
        yield OfferNotBegun(day=reward.offered_from)
    if reward.offered_until is not None and today > reward.offered_until:
        yield OfferOver()
    if reward.left <= 0:
        yield RewardGone()


def redeem_reward(
    *, reward: Reward, volunteer: Volunteer, nonce: uuid.UUID, by: User
) -> Redemption:
    """Points against one piece; the same nonce gives the same redemption again.

    An honour is the person's at once; everything else waits with a code to be picked up. Hours
    stay as they are (R22). Raises RedemptionRefused.
    """
    with transaction.atomic():
        # The account first: the same form sent twice waits here and finds what the first one made,
        # and a person's limits are counted by one at a time.
        account = lock_accounts(volunteers=[volunteer])[volunteer.pk]
        earlier = Redemption.objects.filter(nonce=nonce).first()
        if earlier is not None:
            if earlier.volunteer_id != volunteer.pk or earlier.reward_id != reward.pk:
                raise NonceTaken
            return earlier
        asker = asker_of(volunteer=volunteer, balance_points=account.balance_points)
        # Without the lock first: who cannot have it does not queue for the last piece.
        _check(_reward(reward), asker)
        row = _reward(reward, lock=True)
        _check(row, asker)
        Reward.objects.filter(pk=row.pk).update(taken=F("taken") + 1)
        movement = move_points(
            debit=account,
            credit=get_system_account(Account.Kind.REDEEMED),
            points=row.price_points,
            kind=Movement.Kind.REDEMPTION,
            reference=f"redemption:{nonce}",
            by=by,
        )
        return Redemption.objects.create(
            volunteer=volunteer,
            reward=row,
            points=row.price_points,
            code=_unused_code(),
            movement=movement,
            nonce=nonce,
            **_state_at_first(row),
        )


def _check(reward: Reward, asker: Asker) -> None:
    refusal = why_not(reward=reward, asker=asker)
    if refusal is not None:
        raise refusal


def _reward(reward: Reward, *, lock: bool = False) -> Reward:
    rows = Reward.objects.select_related("territory")
    if lock:
        rows = rows.select_for_update(of=("self",), no_key=True)
    return rows.get(pk=reward.pk)


def _state_at_first(reward: Reward) -> dict[str, object]:
    if reward.kind == Reward.Kind.HONOUR:
        return {"state": Redemption.State.COLLECTED, "collected_at": timezone.now()}
    last_day = timezone.localdate() + timedelta(days=reward.pick_up_days)
    return {"expires_at": timezone.make_aware(datetime.combine(last_day, time(23, 59, 59)))}


def _unused_code() -> str:
    while True:
        code = new_pick_up_code()
        if not Redemption.objects.filter(code=code).exists():
            return code
