"""Money's ledger: accounts, movements between them, months that are closed."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from foundations.money import format_money
from volunteers.language import in_language

from .foundations import CURRENCY, Foundation, Fund


class MatchingPot(models.Model):
    """What a sponsor has paid in to be laid beside the gifts of others. Never overspent."""

    foundation = models.ForeignKey(
        Foundation, on_delete=models.PROTECT, related_name="pots", verbose_name=_("foundation")
    )
    # None: gifts to any of the foundation's funds in this currency.
    fund = models.ForeignKey(
        Fund,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="pots",
        verbose_name=_("fund"),
    )
    sponsor = models.CharField(_("sponsor"), max_length=80)
    sponsor_en = models.CharField(_("sponsor in English"), max_length=120, blank=True)
    currency = models.CharField(_("currency"), max_length=3, default="CNY")
    # 100 lays one yuan beside each yuan; what does not make a whole minor unit is left out.
    percent = models.PositiveSmallIntegerField(_("per cent of each gift"), default=100)
    most_a_gift_minor = models.BigIntegerField(_("at most a gift"), null=True, blank=True)
    starts_on = models.DateField(_("first day"))
    ends_on = models.DateField(_("last day"))
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        verbose_name = _("sponsor's pot")
        verbose_name_plural = _("sponsors' pots")
        constraints = [
            models.CheckConstraint(
                condition=Q(percent__gte=1, percent__lte=1000), name="matching_pot_percent"
            ),
            models.CheckConstraint(
                condition=Q(most_a_gift_minor=None) | Q(most_a_gift_minor__gt=0),
                name="matching_pot_most_a_gift",
            ),
            models.CheckConstraint(
                condition=Q(starts_on__lte=F("ends_on")), name="matching_pot_days_in_order"
            ),
            models.CheckConstraint(
                condition=Q(currency__regex=CURRENCY), name="matching_pot_currency_is_a_code"
            ),
        ]

    def __str__(self) -> str:
        return in_language(self, "sponsor")


class MoneyAccount(models.Model):
    """Where money stands. `balance_minor` is debits less credits, as in any bookkeeper's books.

    So what the foundation has (bank, processor) is above zero, what it owes and what came in is
    below, and the sum over all accounts of a foundation and currency is always zero. An account
    that belongs to a fund is part of what the fund has; the others are the foundation's as a
    whole: a fund's money is its share of them. See docs/decisions/money-ledger.md.
    """

    class Kind(models.TextChoices):
        # What the foundation has
        BANK = "bank", _("Bank")
        CASH = "cash", _("Cash")
        PROCESSOR = "processor", _("Payment processor")
        IN_TRANSIT = "in_transit", _("On its way to the bank")
        GOODS = "goods", _("Goods in store")
        RECEIVABLE = "receivable", _("Owed to us")
        # What it owes
        REFUNDS_PAYABLE = "refunds_payable", _("Refunds not paid yet")
        POT = "pot", _("Sponsor's pot")
        # Each fund's own: what it began with, what came in
        OPENING = "opening", _("Brought forward")
        GIFTS = "gifts", _("Gifts")
        MATCHING = "matching", _("Matched by sponsors")
        GRANTS_RECEIVED = "grants_received", _("Grants received")
        INTEREST = "interest", _("Interest")
        OTHER_INCOME = "other_income", _("Other income")
        # what was spent
        PROGRAMME = "programme", _("Spent on the purpose")
        GRANTS_MADE = "grants_made", _("Grants made")
        ADMINISTRATION = "administration", _("Management")
        FUNDRAISING = "fundraising", _("Fundraising")
        FEES = "fees", _("Payment fees")
        LOSSES = "losses", _("Refunds that a fund no longer had")
        # and what went to and came from other funds
        TRANSFERS = "transfers", _("Between funds")

    ASSETS = ("bank", "cash", "processor", "in_transit", "receivable", "goods")
    LIABILITIES = ("refunds_payable", "pot")
    INCOME = ("gifts", "matching", "grants_received", "interest", "other_income")
    SPENDING = ("programme", "grants_made", "administration", "fundraising", "fees", "losses")
    OF_A_FUND = ("opening", *INCOME, *SPENDING, "transfers")

    # Keys without an index of their own where `money_account_once` begins with them.
    foundation = models.ForeignKey(
        Foundation, on_delete=models.PROTECT, related_name="accounts", db_index=False
    )
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    fund = models.ForeignKey(Fund, null=True, on_delete=models.PROTECT, related_name="accounts")
    pot = models.ForeignKey(
        MatchingPot, null=True, on_delete=models.PROTECT, related_name="accounts"
    )
    currency = models.CharField(_("currency"), max_length=3)
    balance_minor = models.BigIntegerField(default=0, db_default=0)

    class Meta:
        verbose_name = _("ledger account")
        verbose_name_plural = _("ledger accounts")
        constraints = [
            models.UniqueConstraint(
                fields=["foundation", "kind", "currency", "fund", "pot"],
                nulls_distinct=False,
                name="money_account_once",
            ),
            models.CheckConstraint(
                condition=Q(
                    kind__in=[
                        "opening", "gifts", "matching", "grants_received", "interest",
                        "other_income", "programme", "grants_made", "administration",
                        "fundraising", "fees", "losses", "transfers",
                    ],
                    fund__isnull=False,
                    pot=None,
                )
                | Q(kind="pot", fund=None, pot__isnull=False)
                | Q(
                    kind__in=[
                        "bank", "cash", "processor", "in_transit", "receivable",
                        "goods", "refunds_payable",
                    ],
                    fund=None,
                    pot=None,
                ),
                name="money_account_belongs_to_what_its_kind_says",
            ),
            models.CheckConstraint(
                condition=~Q(kind="pot") | Q(balance_minor__lte=0),
                name="money_account_pot_not_overspent",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        of = self.fund or self.pot
        return f"{self.get_kind_display()} · {of}" if of else self.get_kind_display()


class MoneyMovement(models.Model):
    """Money from the credited to the debited account. Rows are only ever added.

    Triggers refuse any change, carry the balances, and let nothing into a closed month.
    """

    class Kind(models.TextChoices):
        OPENING = "opening", _("Brought forward")
        GIFT = "gift", _("Gift")
        FEE = "fee", _("Payment fee")
        FEE_RETURNED = "fee_returned", _("Fee given back")
        PAYOUT = "payout", _("Sent to the bank")
        PAYOUT_ARRIVED = "payout_arrived", _("Arrived at the bank")
        PAYOUT_FAILED = "payout_failed", _("Did not arrive at the bank")
        REFUND = "refund", _("Refund decided")
        REFUND_PAID = "refund_paid", _("Refund paid")
        REFUND_FAILED = "refund_failed", _("Refund came back")
        REFUND_WAIVED = "refund_waived", _("Refund left with us")
        DISPUTE = "dispute", _("Taken back in a dispute")
        DISPUTE_FEE = "dispute_fee", _("Fee of a dispute")
        REINSTATEMENT = "reinstatement", _("Returned after a dispute")
        POT = "pot", _("Paid in by a sponsor")
        POT_RETURN = "pot_return", _("Returned to a sponsor")
        MATCHING = "matching", _("Matched")
        MATCHING_RETURNED = "matching_returned", _("Back to the sponsor's pot")
        INCOME = "income", _("Other income")
        RECEIVED = "received", _("What was owed came in")
        EXPENSE = "expense", _("Expense")
        GRANT = "grant", _("Grant")
        TRANSFER = "transfer", _("Between funds")
        REVERSAL = "reversal", _("Reversal")

    # Keys without an index of their own: those below serve them.
    foundation = models.ForeignKey(
        Foundation, on_delete=models.PROTECT, related_name="movements", db_index=False
    )
    debit_account = models.ForeignKey(
        MoneyAccount, on_delete=models.PROTECT, related_name="debits", db_index=False
    )
    credit_account = models.ForeignKey(
        MoneyAccount, on_delete=models.PROTECT, related_name="credits", db_index=False
    )
    amount_minor = models.BigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    # What happened, once for all its movements: `gift:<key>`, `gift:<key>:refund:<key>`. Its
    # movements are `gift:<key>/1`, `gift:<key>/2`.
    event = models.CharField(max_length=160)
    reference = models.CharField(max_length=180, unique=True)
    happened_on = models.DateField(_("day"))
    created_at = models.DateTimeField(_("booked at"), auto_now_add=True)
    reverses = models.OneToOneField(
        "self", null=True, on_delete=models.PROTECT, related_name="reversed_by"
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    text = models.CharField(_("text"), max_length=400, blank=True)

    class Meta:
        verbose_name = _("movement of money")
        verbose_name_plural = _("movements of money")
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="money_positive"),
            models.CheckConstraint(
                condition=~Q(debit_account=F("credit_account")), name="money_between_two"
            ),
            models.CheckConstraint(
                condition=Q(kind="reversal", reverses__isnull=False)
                | (~Q(kind="reversal") & Q(reverses=None)),
                name="money_reversal_names_what_it_reverses",
            ),
        ]
        indexes = [
            models.Index(fields=["debit_account", "happened_on"], name="money_of_debit"),
            models.Index(fields=["credit_account", "happened_on"], name="money_of_credit"),
            models.Index(fields=["foundation", "happened_on", "id"], name="money_of_month"),
            # Finds an event and all that begins with it.
            models.Index(
                fields=["event"], opclasses=["varchar_pattern_ops"], name="money_of_event"
            ),
        ]

    def __str__(self) -> str:
        amount = format_money(self.amount_minor, currency=self.currency)
        return f"{self.get_kind_display()} {amount}"


class Period(models.Model):
    """A closed month of a foundation's books, for good. A row is never changed or removed.

    `digest` is the SHA-256 over the month's movements and the digest of the month before.
    """

    foundation = models.ForeignKey(
        Foundation, on_delete=models.PROTECT, related_name="periods", db_index=False
    )
    month = models.DateField(_("month"))
    movements = models.BigIntegerField()
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)
    closed_at = models.DateTimeField(_("closed at"), auto_now_add=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["foundation", "-month"]
        verbose_name = _("closed month")
        verbose_name_plural = _("closed months")
        constraints = [
            models.UniqueConstraint(fields=["foundation", "month"], name="money_month_once"),
            models.CheckConstraint(condition=Q(month__day=1), name="money_month_is_a_first_day"),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.digest[:12]}"
