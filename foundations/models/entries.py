"""What one person enters and another approves: expenses, grants, transfers between funds."""

from __future__ import annotations

import uuid
from pathlib import PurePath

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from foundations.money import format_money

from .foundations import Foundation, Fund
from .ledger import MoneyMovement


class EntryQuerySet(models.QuerySet["Entry"]):
    def waiting(self) -> EntryQuerySet:
        """Entered, and nobody has decided yet."""
        return self.filter(state=Entry.State.ENTERED)


class Entry(models.Model):
    """Two people stand behind it: a CHECK refuses who entered it as who approved it.

    Only an approved entry has moved money. What was entered is never changed: a trigger lets the
    state move on and nothing else. A mistake is rejected, or reversed, and entered anew.
    """

    class State(models.TextChoices):
        ENTERED = "entered", _("To be approved")
        APPROVED = "approved", _("Approved")
        REJECTED = "rejected", _("Rejected")
        REVERSED = "reversed", _("Reversed")

    foundation = models.ForeignKey(Foundation, on_delete=models.PROTECT, related_name="+")
    amount_minor = models.BigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    happened_on = models.DateField(_("day"))
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.ENTERED, editable=False
    )
    # A form that is sent twice enters once.
    nonce = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("entered by"),
    )
    entered_at = models.DateTimeField(_("entered at"), auto_now_add=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("approved by"),
    )
    approved_at = models.DateTimeField(_("approved at"), null=True, editable=False)
    # Who rejected it, or reversed what had been approved, and why.
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="+",
    )
    ended_at = models.DateTimeField(null=True, editable=False)
    end_reason = models.CharField(_("reason"), max_length=400, blank=True, editable=False)
    movement = models.OneToOneField(
        MoneyMovement,
        null=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="%(class)s",
    )

    objects = EntryQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="%(class)s_positive"),
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("entered_by")),
                name="%(class)s_by_two_people",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=["approved", "reversed"],
                    approved_by__isnull=False,
                    approved_at__isnull=False,
                    movement__isnull=False,
                )
                | Q(
                    state__in=["entered", "rejected"],
                    approved_by=None,
                    approved_at=None,
                    movement=None,
                ),
                name="%(class)s_approved_has_moved",
            ),
            models.CheckConstraint(
                condition=(
                    Q(
                        state__in=["rejected", "reversed"],
                        ended_by__isnull=False,
                        ended_at__isnull=False,
                    )
                    & ~Q(end_reason="")
                )
                | Q(state__in=["entered", "approved"], ended_by=None, ended_at=None, end_reason=""),
                name="%(class)s_ended_with_a_reason",
            ),
        ]

    @property
    def is_waiting(self) -> bool:
        return self.state == self.State.ENTERED


def invoice_path(_entry: Entry, filename: str) -> str:
    """A name nobody can guess; what the file was called at home is nobody's business."""
    return f"invoices/{uuid.uuid4().hex}{PurePath(filename).suffix.lower()}"


class PaidFrom(models.TextChoices):
    """Which of the foundation's accounts pays; the names are those of MoneyAccount.Kind."""

    BANK = "bank", _("Bank")
    CASH = "cash", _("Cash")
    GOODS = "goods", _("Goods that were given")


class Expense(Entry):
    """Paid to somebody for something, with the invoice to show it."""

    class Kind(models.TextChoices):
        PROGRAMME = "programme", _("For the purpose")
        ADMINISTRATION = "administration", _("Management")
        FUNDRAISING = "fundraising", _("Fundraising")

    fund = models.ForeignKey(
        Fund, on_delete=models.PROTECT, related_name="expenses", verbose_name=_("fund")
    )
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    payee = models.CharField(_("paid to"), max_length=120)
    # A person's name is masked in public; a company's is not.
    payee_is_person = models.BooleanField(_("is a person"), default=False)
    budget_line = models.ForeignKey(
        "foundations.BudgetLine", null=True, blank=True, on_delete=models.PROTECT,
        related_name="expenses", verbose_name=_("budget line"),
    )  # fmt: skip
    # Goods that were given are handed out, not paid for.
    paid_from = models.CharField(
        _("paid from"), max_length=6, choices=PaidFrom.choices, default=PaidFrom.BANK
    )
    purpose = models.CharField(_("for what"), max_length=300)
    # Private: served through a view that asks `get_expenses_for`, never from the media folder.
    invoice = models.FileField(_("invoice"), upload_to=invoice_path)

    class Meta(Entry.Meta):
        verbose_name = _("expense")
        verbose_name_plural = _("expenses")
        constraints = [
            *Entry.Meta.constraints,
            models.CheckConstraint(condition=~Q(invoice=""), name="expense_has_an_invoice"),
        ]

    def __str__(self) -> str:
        return f"{self.payee} · {format_money(self.amount_minor, currency=self.currency)}"


class Grant(Entry):
    """Given on to a group or person that does the work."""

    fund = models.ForeignKey(
        Fund, on_delete=models.PROTECT, related_name="grants", verbose_name=_("fund")
    )
    grantee = models.CharField(_("granted to"), max_length=120)
    grantee_is_person = models.BooleanField(_("is a person"), default=False)
    budget_line = models.ForeignKey(
        "foundations.BudgetLine", null=True, blank=True, on_delete=models.PROTECT,
        related_name="grants", verbose_name=_("budget line"),
    )  # fmt: skip
    purpose = models.CharField(_("for what"), max_length=300)
    agreement = models.FileField(_("agreement"), upload_to=invoice_path, blank=True)

    class Meta(Entry.Meta):
        verbose_name = _("grant")
        verbose_name_plural = _("grants")

    def __str__(self) -> str:
        return f"{self.grantee} · {format_money(self.amount_minor, currency=self.currency)}"


class FundTransfer(Entry):
    """From one fund to another; from a restricted one only as D6 allows."""

    class Reason(models.TextChoices):
        DONORS_CONSENT = "donors_consent", _("The donors agreed")
        REFILING = "refiling", _("The new use was filed")
        GENERAL_FUND = "general_fund", _("Out of the general fund")

    from_fund = models.ForeignKey(
        Fund, on_delete=models.PROTECT, related_name="transfers_out", verbose_name=_("from fund")
    )
    # The fund's own kind (the database sees to it), so that the CHECK can speak of it.
    from_kind = models.CharField(max_length=10, choices=Fund.Kind.choices, editable=False)
    to_fund = models.ForeignKey(
        Fund, on_delete=models.PROTECT, related_name="transfers_in", verbose_name=_("to fund")
    )
    reason = models.CharField(_("reason"), max_length=20, choices=Reason.choices)
    evidence = models.CharField(_("what shows it"), max_length=400)

    class Meta(Entry.Meta):
        verbose_name = _("transfer between funds")
        verbose_name_plural = _("transfers between funds")
        constraints = [
            *Entry.Meta.constraints,
            models.CheckConstraint(
                condition=~Q(from_fund=F("to_fund")), name="fundtransfer_between_two"
            ),
            models.CheckConstraint(
                condition=Q(from_kind="restricted", reason__in=["donors_consent", "refiling"])
                | Q(from_kind="general", reason="general_fund"),
                name="fundtransfer_as_the_law_allows",
            ),
            models.CheckConstraint(condition=~Q(evidence=""), name="fundtransfer_has_evidence"),
        ]

    def __str__(self) -> str:
        amount = format_money(self.amount_minor, currency=self.currency)
        return f"{self.from_fund} → {self.to_fund} · {amount}"
