"""What comes in without a gateway: gifts by bank, in cash and in goods; what sponsors pay."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from foundations.money import format_money
from points.models import PointsProject
from volunteers.language import in_language

from .bank import BankLine
from .entries import Entry, invoice_path
from .foundations import Foundation, Fund
from .giving import Donor, ShownAs
from .ledger import MatchingPot


class OfflineGift(Entry):
    """Entered by one, confirmed by another; then it is a Gift like any other, in the books."""

    class How(models.TextChoices):
        BANK = "bank", _("Bank transfer")
        CASH = "cash", _("Cash")
        GOODS = "goods", _("Goods")

    fund = models.ForeignKey(
        Fund, on_delete=models.PROTECT, related_name="offline_gifts", verbose_name=_("fund")
    )
    how = models.CharField(_("way"), max_length=6, choices=How.choices)
    donor_kind = models.CharField(
        _("donor is a"), max_length=8, choices=Donor.Kind.choices, default=Donor.Kind.PERSON
    )
    donor_name = models.CharField(_("given by"), max_length=80, blank=True)
    donor_email = models.EmailField(_("e-mail"), blank=True)
    donor_phone = models.CharField(_("telephone"), max_length=40, blank=True)
    donor_credit_code = models.CharField(_("credit code"), max_length=40, blank=True)
    shown_as = models.CharField(
        _("shown"), max_length=10, choices=ShownAs.choices, default=ShownAs.MASKED
    )
    dedication = models.CharField(_("for whom"), max_length=120, blank=True)
    # What the goods are, how many, and what their value is taken from.
    goods = models.CharField(_("what was given"), max_length=300, blank=True)
    note = models.CharField(_("note"), max_length=300, blank=True)
    # A paying-in slip, a signed list, the invoice that shows the goods' value.
    evidence = models.FileField(_("evidence"), upload_to=invoice_path, blank=True)
    bank_line = models.ForeignKey(
        BankLine, null=True, blank=True, on_delete=models.PROTECT, related_name="offline_gifts"
    )

    class Meta(Entry.Meta):
        verbose_name = _("gift entered by staff")
        verbose_name_plural = _("gifts entered by staff")
        constraints = [
            *Entry.Meta.constraints,
            models.CheckConstraint(
                condition=~Q(how="goods") | ~Q(goods=""), name="offlinegift_goods_are_named"
            ),
            models.UniqueConstraint(
                fields=["bank_line"],
                condition=Q(state__in=["entered", "approved"]),
                name="offlinegift_one_a_bank_line",
            ),
        ]

    def __str__(self) -> str:
        amount = format_money(self.amount_minor, currency=self.currency)
        return f"{self.donor_name or _('Anonymous donor')} · {amount}"


class PointsPledge(models.Model):
    """A sponsor gives money for the points that people give to a project, up to a ceiling.

    `pays_minor` for each `per_points` points. Points never turn into money: they say what moves a
    sponsor to give.
    """

    foundation = models.ForeignKey(Foundation, on_delete=models.PROTECT, related_name="pledges")
    fund = models.ForeignKey(
        Fund, on_delete=models.PROTECT, related_name="pledges", verbose_name=_("fund")
    )
    project = models.ForeignKey(
        PointsProject,
        on_delete=models.PROTECT,
        related_name="pledges",
        verbose_name=_("project for points"),
    )
    sponsor = models.CharField(_("sponsor"), max_length=80)
    sponsor_en = models.CharField(_("sponsor in English"), max_length=120, blank=True)
    currency = models.CharField(_("currency"), max_length=3)
    per_points = models.PositiveIntegerField(_("for so many points"), default=100)
    pays_minor = models.BigIntegerField(_("the sponsor pays"))
    ceiling_minor = models.BigIntegerField(_("at most"))
    starts_on = models.DateField(_("first day"))
    ends_on = models.DateField(_("last day"))
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        verbose_name = _("pledge for points")
        verbose_name_plural = _("pledges for points")
        constraints = [
            models.CheckConstraint(
                condition=Q(per_points__gte=1, pays_minor__gte=1, ceiling_minor__gte=1),
                name="points_pledge_positive",
            ),
            models.CheckConstraint(
                condition=Q(starts_on__lte=F("ends_on")), name="points_pledge_days_in_order"
            ),
        ]

    def __str__(self) -> str:
        return in_language(self, "sponsor")


class PledgePayment(Entry):
    """The sponsor paid for so many of the project's points."""

    pledge = models.ForeignKey(PointsPledge, on_delete=models.PROTECT, related_name="payments")
    fund = models.ForeignKey(Fund, on_delete=models.PROTECT, related_name="+")
    points = models.PositiveIntegerField(_("points"))
    bank_line = models.ForeignKey(
        BankLine, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta(Entry.Meta):
        verbose_name = _("payment of a pledge")
        verbose_name_plural = _("payments of pledges")
        constraints = [
            *Entry.Meta.constraints,
            models.CheckConstraint(condition=Q(points__gte=1), name="pledgepayment_some_points"),
        ]

    def __str__(self) -> str:
        return f"{self.pledge} · {format_money(self.amount_minor, currency=self.currency)}"


class PotPayment(Entry):
    """A sponsor pays into the pot, or gets back what no gift was matched with."""

    class Direction(models.TextChoices):
        PAID_IN = "paid_in", _("Paid in")
        RETURNED = "returned", _("Returned to the sponsor")

    pot = models.ForeignKey(
        MatchingPot, on_delete=models.PROTECT, related_name="payments", verbose_name=_("pot")
    )
    direction = models.CharField(_("direction"), max_length=8, choices=Direction.choices)
    note = models.CharField(_("note"), max_length=300, blank=True)

    class Meta(Entry.Meta):
        verbose_name = _("payment of a pot")
        verbose_name_plural = _("payments of pots")

    def __str__(self) -> str:
        amount = format_money(self.amount_minor, currency=self.currency)
        return f"{self.pot} · {self.get_direction_display()} {amount}"
