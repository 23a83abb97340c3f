"""What points can be redeemed for, where it is picked up, and what was redeemed."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from wagtail.images import get_image_model_string

from volunteers.language import in_language
from volunteers.models import Organisation, Territory, Volunteer

from .ledger import Movement


def new_partner_token() -> str:
    return secrets.token_urlsafe(24)


class PartnerQuerySet(models.QuerySet["Partner"]):
    def active(self) -> PartnerQuerySet:
        return self.filter(closed_at=None)


class Partner(models.Model):
    """A shop or counter that hands rewards out.

    Whoever opens the secret link `token` on a phone may confirm pick-ups there; a new token
    shuts out all earlier phones.
    """

    name = models.CharField(_("name"), max_length=80)
    name_en = models.CharField(_("name in English"), max_length=120, blank=True)
    contact = models.CharField(_("contact"), max_length=60, blank=True)
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    organisation = models.ForeignKey(
        Organisation,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("belongs to"),
    )
    token = models.CharField(max_length=40, unique=True, default=new_partner_token, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = PartnerQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        verbose_name = _("partner")
        verbose_name_plural = _("partners")

    def __str__(self) -> str:
        return in_language(self, "name")


class PickUpPlace(models.Model):
    partner = models.ForeignKey(
        Partner, on_delete=models.CASCADE, related_name="places", verbose_name=_("partner")
    )
    name = models.CharField(_("place"), max_length=120)
    name_en = models.CharField(_("place, in English"), max_length=160, blank=True)
    address = models.CharField(_("address"), max_length=200, blank=True)
    hours = models.CharField(_("opening hours"), max_length=160, blank=True)
    hours_en = models.CharField(_("opening hours, in English"), max_length=200, blank=True)

    class Meta:
        ordering = ["name"]
        verbose_name = _("pick-up place")
        verbose_name_plural = _("pick-up places")

    def __str__(self) -> str:
        return in_language(self, "name")


class RewardQuerySet(models.QuerySet["Reward"]):
    def offered(self) -> RewardQuerySet:
        return self.filter(is_offered=True)

    def on_the_shelf(self) -> RewardQuerySet:
        """What the catalogue shows: offered, and not over; what begins later says so."""
        today = timezone.localdate()
        return self.offered().filter(Q(offered_until=None) | Q(offered_until__gte=today))


class Reward(models.Model):
    """Something points can be redeemed for. `taken` moves only with a redemption."""

    class Kind(models.TextChoices):
        GOODS = "goods", _("Goods")
        SERVICE = "service", pgettext_lazy("kind of reward", "Service")
        HONOUR = "honour", _("Honour")
        EVENT_PLACE = "event_place", _("Place at an event")

    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices, default=Kind.GOODS)
    name = models.CharField(_("name"), max_length=80)
    name_en = models.CharField(_("name in English"), max_length=120, blank=True)
    about = models.CharField(_("about"), max_length=300, blank=True)
    about_en = models.CharField(_("about, in English"), max_length=400, blank=True)
    picture = models.ForeignKey(
        get_image_model_string(),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("picture"),
    )
    offered_by = models.ForeignKey(
        Organisation,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="rewards",
        verbose_name=_("offered by"),
    )
    # Where it is handed out. Without a partner's place the words stand alone.
    places = models.ManyToManyField(
        PickUpPlace, blank=True, related_name="rewards", verbose_name=_("pick-up places")
    )
    pick_up_place = models.CharField(_("pick-up place"), max_length=160, blank=True)
    pick_up_days = models.PositiveSmallIntegerField(
        _("days to pick it up"),
        default=30,
        help_text=_("Whatever is not picked up by then goes back, and the points return."),
    )
    price_points = models.PositiveIntegerField(_("price in points"))
    stock = models.PositiveIntegerField(_("stock"))
    taken = models.PositiveIntegerField(_("redeemed so far"), default=0, editable=False)
    limit_per_person = models.PositiveSmallIntegerField(
        _("at most a person"), null=True, blank=True, help_text=_("Empty: no limit.")
    )
    limit_per_month = models.PositiveSmallIntegerField(
        _("at most a person and month"), null=True, blank=True, help_text=_("Empty: no limit.")
    )
    territory = models.ForeignKey(
        Territory,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("only for this area"),
    )
    students_only = models.BooleanField(_("only for students"), default=False)
    min_star_level = models.PositiveSmallIntegerField(_("from star level"), default=0)
    offered_from = models.DateField(_("on offer from"), null=True, blank=True)
    offered_until = models.DateField(_("on offer until"), null=True, blank=True)
    is_offered = models.BooleanField(_("on offer"), default=True)

    objects = RewardQuerySet.as_manager()

    class Meta:
        ordering = ["price_points", "id"]
        verbose_name = _("reward")
        verbose_name_plural = _("rewards")
        constraints = [
            models.CheckConstraint(condition=Q(taken__lte=F("stock")), name="reward_not_oversold"),
            models.CheckConstraint(condition=Q(price_points__gte=1), name="reward_has_price"),
            models.CheckConstraint(
                condition=Q(pick_up_days__gte=1, pick_up_days__lte=365),
                name="reward_pick_up_within_a_year",
            ),
            models.CheckConstraint(
                condition=Q(min_star_level__lte=5), name="reward_star_level_to_five"
            ),
        ]

    def __str__(self) -> str:
        return in_language(self, "name")

    @property
    def left(self) -> int:
        return self.stock - self.taken

    @property
    def has_limits(self) -> bool:
        """Whether not everybody may have it, or not as many as they like."""
        return bool(
            self.territory_id
            or self.students_only
            or self.min_star_level
            or self.limit_per_person
            or self.limit_per_month
        )


def new_pick_up_code() -> str:
    """Eight digits that a shop assistant can type."""
    return f"{secrets.randbelow(10**8):08d}"


class RedemptionQuerySet(models.QuerySet["Redemption"]):
    def waiting(self) -> RedemptionQuerySet:
        """Redeemed and not picked up yet."""
        return self.filter(state=Redemption.State.WAITING)

    def kept(self) -> RedemptionQuerySet:
        """Those whose points were not returned."""
        return self.exclude(state=Redemption.State.REFUNDED)


class Redemption(models.Model):
    """Points against one piece: waits with a code, then is collected, or returned and refunded."""

    class State(models.TextChoices):
        WAITING = "waiting", _("To be picked up")
        COLLECTED = "collected", _("Picked up")
        REFUNDED = "refunded", _("Returned, points refunded")

    class RefundReason(models.TextChoices):
        EXPIRED = "expired", _("Not picked up in time")
        CANCELLED = "cancelled", _("Returned by yourself")
        WITHDRAWN = "withdrawn", _("No longer available")

    volunteer = models.ForeignKey(Volunteer, on_delete=models.PROTECT, related_name="redemptions")
    reward = models.ForeignKey(Reward, on_delete=models.PROTECT, related_name="redemptions")
    points = models.PositiveIntegerField()
    code = models.CharField(max_length=10, unique=True, default=new_pick_up_code)
    movement = models.OneToOneField(Movement, on_delete=models.PROTECT, related_name="redemption")
    redeemed_at = models.DateTimeField(auto_now_add=True)
    # A form sent twice carries the same nonce and redeems once.
    nonce = models.UUIDField(unique=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    # Null: redeemed before there was a time limit; waits for ever.
    expires_at = models.DateTimeField(null=True)
    collected_at = models.DateTimeField(null=True)
    collected_with = models.ForeignKey(
        Partner, null=True, on_delete=models.PROTECT, related_name="redemptions"
    )
    # A member of staff who handed it out without a partner's phone.
    collected_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    refunded_at = models.DateTimeField(null=True)
    refund_reason = models.CharField(max_length=10, choices=RefundReason.choices, blank=True)
    refund = models.OneToOneField(
        Movement, null=True, on_delete=models.PROTECT, related_name="refund_of"
    )

    objects = RedemptionQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = _("redemption")
        verbose_name_plural = _("redemptions")
        constraints = [
            models.CheckConstraint(
                condition=(~Q(state="collected") & Q(collected_at=None))
                | Q(state="collected", collected_at__isnull=False),
                name="redemption_collected_at_a_moment",
            ),
            models.CheckConstraint(
                condition=(~Q(state="refunded") & Q(refunded_at=None, refund=None))
                | Q(state="refunded", refunded_at__isnull=False, refund__isnull=False),
                name="redemption_refunded_by_a_movement",
            ),
        ]
        indexes = [
            models.Index(
                fields=["expires_at"], condition=Q(state="waiting"), name="redemption_waiting"
            ),
            models.Index(fields=["volunteer", "reward"], name="redemption_of_volunteer"),
        ]

    def __str__(self) -> str:
        return f"{self.reward} · {self.code}"
