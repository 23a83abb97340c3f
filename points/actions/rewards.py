from __future__ import annotations

import uuid

from django.db import transaction
from django.db.models import F
from django.utils.functional import Promise
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from points.actions.accounts import get_system_account, lock_accounts, move_points
from points.models import Account, Movement, Redemption, Reward, new_pick_up_code
from volunteers.models import User, Volunteer


class RedemptionRefused(Exception):
    """Nothing was taken; `str()` is the sentence for the person who asked."""

    sentence: str | Promise = _("This reward cannot be redeemed.")

    def __str__(self) -> str:
        return str(self.sentence)


class RewardGone(RedemptionRefused):
    sentence = _("The last one has just gone. Your points are all still there.")


class RewardNotOffered(RedemptionRefused):
    sentence = _("This reward is not on offer at the moment.")


class NonceTaken(RedemptionRefused):
    sentence = _("This form has been used already. Please open the page again.")


class NotEnoughPoints(RedemptionRefused):
    def __init__(self, *, missing_points: int) -> None:
        super().__init__(missing_points)
        self.missing_points = missing_points

    def __str__(self) -> str:
        return _t("%(points)s more points are needed for this reward.") % {
            "points": self.missing_points
        }


def redeem_reward(
    *, reward: Reward, volunteer: Volunteer, nonce: uuid.UUID, by: User
) -> Redemption:
    """Points against one piece; the same nonce gives the same redemption again.

    Hours stay as they are (R22). Raises RewardGone, RewardNotOffered, NotEnoughPoints, NonceTaken.
    """
    with transaction.atomic():
        # The account first: the same form sent twice waits here and finds what the first one made.
        account = lock_accounts(volunteers=[volunteer])[volunteer.pk]
        earlier = Redemption.objects.filter(nonce=nonce).first()
        if earlier is not None:
            if earlier.volunteer_id != volunteer.pk or earlier.reward_id != reward.pk:
                raise NonceTaken
            return earlier
        reward = _take_one(reward)
        if account.balance_points < reward.price_points:
            raise NotEnoughPoints(missing_points=reward.price_points - account.balance_points)
        movement = move_points(
            debit=account,
            credit=get_system_account(Account.Kind.REDEEMED),
            points=reward.price_points,
            kind=Movement.Kind.REDEMPTION,
            reference=f"redemption:{nonce}",
            by=by,
        )
        return Redemption.objects.create(
            volunteer=volunteer,
            reward=reward,
            points=reward.price_points,
            code=_unused_code(),
            movement=movement,
            nonce=nonce,
        )


def _take_one(reward: Reward) -> Reward:
    """One piece less, in the statement that checks that there is one; returns the row as it is."""
    taken = Reward.objects.filter(pk=reward.pk, is_offered=True, taken__lt=F("stock")).update(
        taken=F("taken") + 1
    )
    reward = Reward.objects.get(pk=reward.pk)
    if not taken:
        raise RewardGone if reward.is_offered else RewardNotOffered
    return reward


def _unused_code() -> str:
    while True:
        code = new_pick_up_code()
        if not Redemption.objects.filter(code=code).exists():
            return code
