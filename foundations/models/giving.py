"""Gifts: who gave, what became of the payment, what was paid back, and the paper for it."""

from __future__ import annotations

from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from .foundations import CURRENCY, Foundation, Fund


class Donor(models.Model):
    """Somebody who gave to one foundation; another foundation knows nothing of it.

    The name is what was last written. Each gift keeps the name it was given under.
    """

    class Kind(models.TextChoices):
        PERSON = "person", _("Person")
        COMPANY = "company", _("Company or group")

    foundation = models.ForeignKey(Foundation, on_delete=models.PROTECT, related_name="donors")
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices, default=Kind.PERSON)
    name = models.CharField(_("name"), max_length=80, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    # A company's unified social credit code, which its receipt carries.
    credit_code = models.CharField(_("credit code"), max_length=40, blank=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="donors",
        verbose_name=_("account"),
    )
    created_at = models.DateTimeField(auto_now_add=True)
    anonymised_at = models.DateTimeField(_("anonymised at"), null=True, editable=False)

    class Meta:
        verbose_name = _("donor")
        verbose_name_plural = _("donors")
        constraints = [
            # An account's own row, apart from that of whoever else writes the same address: typing
            # a neighbour's address into a form must not show their gifts.
            models.UniqueConstraint(
                fields=["foundation", "kind", "email", "user"],
                condition=~Q(email="", user=None),
                nulls_distinct=False,
                name="donor_email_once",
            ),
            models.CheckConstraint(
                condition=Q(anonymised_at=None)
                | Q(name="", email="", phone="", credit_code="", user=None),
                name="donor_anonymised_is_nobody",
            ),
        ]
        # Whoever comes by mail finds all of theirs, however it was typed.
        indexes = [models.Index(Upper("email"), name="donor_by_mail")]

    def __str__(self) -> str:
        return self.name or str(_("Anonymous donor"))


class ShownAs(models.TextChoices):
    """How a donor stands in public; the whole name only with the donor's agreement (D7)."""

    MASKED = "masked", _("With my surname only")
    FULL = "full", _("With my whole name")
    ANONYMOUS = "anonymous", _("Without my name")


class Payment(models.Model):
    """What a single gift and a monthly one have in common."""

    foundation = models.ForeignKey(Foundation, on_delete=models.PROTECT, related_name="+")
    fund = models.ForeignKey(Fund, on_delete=models.PROTECT, verbose_name=_("fund"))
    # In private addresses (thank-you page, mail): nobody guesses it.
    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    # What people name it by, and the key of its bookings.
    number = models.CharField(_("number"), max_length=24, unique=True)
    gateway = models.CharField(max_length=12)
    # What the donor pays, `cover_minor` of it to make good the fee (D11: only by choice).
    amount_minor = models.BigIntegerField(_("amount"))
    cover_minor = models.BigIntegerField(_("of it for the fee"), default=0)
    currency = models.CharField(_("currency"), max_length=3)
    donor = models.ForeignKey(Donor, null=True, on_delete=models.PROTECT, verbose_name=_("donor"))
    donor_name = models.CharField(_("given by"), max_length=80, blank=True)
    shown_as = models.CharField(
        _("shown"), max_length=10, choices=ShownAs.choices, default=ShownAs.MASKED
    )
    dedication = models.CharField(_("for whom"), max_length=120, blank=True)
    message = models.CharField(_("message"), max_length=200, blank=True)
    # The donor wants no fiscal receipt (D5); its confirmation says so.
    waives_receipt = models.BooleanField(_("fiscal receipt not wanted"), default=False)
    language = models.CharField(max_length=10, default="zh-hans")
    # A form that is sent twice begins one payment.
    nonce = models.UUIDField(default=uuid4, unique=True, editable=False)
    # The hosted page's own name at the gateway.
    session_ref = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField(_("begun at"), auto_now_add=True)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="%(class)s_positive"),
            models.CheckConstraint(
                condition=Q(cover_minor__gte=0, cover_minor__lt=F("amount_minor")),
                name="%(class)s_cover_is_part",
            ),
            models.CheckConstraint(
                condition=Q(currency__regex=CURRENCY), name="%(class)s_currency_is_a_code"
            ),
            models.UniqueConstraint(
                fields=["gateway", "session_ref"],
                condition=~Q(session_ref=""),
                name="%(class)s_session_once",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class MonthlyGift(Payment):
    """A promise to give each month by card. Each month's payment is a Gift of its own."""

    class State(models.TextChoices):
        STARTED = "started", _("Begun, not paid yet")
        ACTIVE = "active", _("Running")
        PAST_DUE = "past_due", _("The card was refused")
        STOPPED = "stopped", _("Stopped")
        EXPIRED = "expired", _("Never completed")

    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.STARTED
    )
    subscription_ref = models.CharField(max_length=255, blank=True)
    next_on = models.DateField(_("next on"), null=True)
    started_at = models.DateTimeField(_("running since"), null=True)
    stopped_at = models.DateTimeField(_("stopped at"), null=True)
    # None with a moment: stopped at the processor, or by the donor through a mail link.
    stopped_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta(Payment.Meta):
        verbose_name = _("monthly gift")
        verbose_name_plural = _("monthly gifts")
        constraints = [
            *Payment.Meta.constraints,
            models.UniqueConstraint(
                fields=["gateway", "subscription_ref"],
                condition=~Q(subscription_ref=""),
                name="monthlygift_subscription_once",
            ),
            models.CheckConstraint(
                condition=~Q(state="stopped") | Q(stopped_at__isnull=False),
                name="monthlygift_stopped_has_a_moment",
            ),
        ]


class GiftQuerySet(models.QuerySet["Gift"]):
    def paid(self) -> GiftQuerySet:
        return self.filter(state=Gift.State.PAID)

    def open(self) -> GiftQuerySet:
        """Begun, and neither paid nor over."""
        return self.filter(state__in=[Gift.State.STARTED, Gift.State.PENDING])


class Gift(Payment):
    """One payment of a donor. Only a paid one is in the books, under `gift:<number>`.

    A gift that was refunded or disputed stays paid: `refunded_minor` and its disputes say the rest.
    """

    class State(models.TextChoices):
        STARTED = "started", _("Begun, not paid yet")
        PENDING = "pending", _("On its way")
        PAID = "paid", _("Paid")
        FAILED = "failed", _("Did not work")
        EXPIRED = "expired", _("Not completed")

    class Method(models.TextChoices):
        CARD = "card", pgettext_lazy("way of paying", "Card")
        ALIPAY = "alipay", _("Alipay")
        WECHAT_PAY = "wechat_pay", _("WeChat Pay")
        BANK = "bank", _("Bank transfer")
        CASH = "cash", _("Cash")
        GOODS = "goods", _("Goods")
        OTHER = "other", _("Other")

    class MessageState(models.TextChoices):
        """What a donor wrote is public only after somebody has read it."""

        WAITING = "waiting", _("To be read")
        SHOWN = "shown", _("Shown")
        HIDDEN = "hidden", _("Not shown")

    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.STARTED
    )
    method = models.CharField(_("way"), max_length=12, choices=Method.choices, blank=True)
    monthly = models.ForeignKey(
        MonthlyGift, null=True, on_delete=models.PROTECT, related_name="gifts"
    )
    # The payment's and, for a monthly one, the invoice's own name at the gateway.
    payment_ref = models.CharField(max_length=255, blank=True)
    invoice_ref = models.CharField(max_length=255, blank=True)
    fee_minor = models.BigIntegerField(_("fee"), null=True)
    refunded_minor = models.BigIntegerField(_("refunded"), default=0)
    message_state = models.CharField(
        max_length=8, choices=MessageState.choices, default=MessageState.WAITING
    )
    expires_at = models.DateTimeField(null=True)
    paid_at = models.DateTimeField(_("paid at"), null=True)
    ended_at = models.DateTimeField(null=True)  # failed or expired
    # When the gateway was last asked about it without having told us.
    checked_at = models.DateTimeField(null=True)
    is_live = models.BooleanField(default=False)  # False: a test payment; no money moved
    offline = models.OneToOneField(
        "foundations.OfflineGift", null=True, on_delete=models.PROTECT, related_name="gift"
    )

    objects = GiftQuerySet.as_manager()

    class Meta(Payment.Meta):
        ordering = ["-id"]
        verbose_name = _("gift")
        verbose_name_plural = _("gifts")
        constraints = [
            *Payment.Meta.constraints,
            models.UniqueConstraint(
                fields=["gateway", "payment_ref"],
                condition=~Q(payment_ref=""),
                name="gift_payment_once",
            ),
            models.UniqueConstraint(
                fields=["gateway", "invoice_ref"],
                condition=~Q(invoice_ref=""),
                name="gift_invoice_once",
            ),
            models.CheckConstraint(
                condition=Q(state="paid", paid_at__isnull=False)
                | (~Q(state="paid") & Q(paid_at=None)),
                name="gift_paid_has_a_moment",
            ),
            models.CheckConstraint(
                condition=Q(refunded_minor__gte=0, refunded_minor__lte=F("amount_minor")),
                name="gift_refunded_within",
            ),
        ]
        indexes = [
            models.Index(fields=["foundation", "-id"], name="gift_of_foundation"),
            models.Index(
                fields=["fund", "-paid_at"], condition=Q(state="paid"), name="gift_paid_to_fund"
            ),
            models.Index(
                fields=["created_at"],
                condition=Q(state__in=["started", "pending"]),
                name="gift_open",
            ),
        ]

    @property
    def left_minor(self) -> int:
        """What could still be refunded."""
        return self.amount_minor - self.refunded_minor


class Refund(models.Model):
    """Money back to a donor: asked for by one, approved by another, or made at the processor."""

    class State(models.TextChoices):
        ASKED = "asked", _("To be approved")
        REJECTED = "rejected", _("Rejected")
        APPROVED = "approved", _("Approved")
        PENDING = "pending", _("On its way")
        PAID = "paid", _("Paid back")
        FAILED = "failed", _("Came back")
        WAIVED = "waived", _("Left with us")

    class Source(models.TextChoices):
        OFFICE = "office", _("Asked for here")
        PROCESSOR = "processor", _("Made at the processor")

    gift = models.ForeignKey(Gift, on_delete=models.PROTECT, related_name="refunds")
    foundation = models.ForeignKey(Foundation, on_delete=models.PROTECT, related_name="+")
    # Its name in the books and the idempotency key at the gateway.
    number = models.CharField(_("number"), max_length=24, unique=True)
    nonce = models.UUIDField(default=uuid4, unique=True, editable=False)
    source = models.CharField(max_length=10, choices=Source.choices, default=Source.OFFICE)
    amount_minor = models.BigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State.choices)
    ref = models.CharField(max_length=255, blank=True)  # the gateway's name for it
    attempt = models.PositiveSmallIntegerField(default=1)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    asked_at = models.DateTimeField(_("asked at"), auto_now_add=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    approved_at = models.DateTimeField(_("approved at"), null=True)
    paid_at = models.DateTimeField(_("paid at"), null=True)
    # What the gateway or the treasurer said against it.
    trouble = models.CharField(max_length=300, blank=True)
    next_try_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="refund_positive"),
            models.UniqueConstraint(
                fields=["foundation", "ref"], condition=~Q(ref=""), name="refund_ref_once"
            ),
            models.CheckConstraint(
                condition=Q(source="processor")
                | Q(state__in=["asked", "rejected"])
                | (Q(approved_by__isnull=False) & ~Q(approved_by=F("asked_by"))),
                name="refund_by_two_people",
            ),
        ]
        indexes = [
            models.Index(
                fields=["state"],
                condition=Q(state__in=["approved", "pending"]),
                name="refund_under_way",
            )
        ]

    def __str__(self) -> str:
        return self.number


class Dispute(models.Model):
    """A donor's bank took the money back and asks for reasons. No refund meanwhile."""

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("dispute", "Open")
        WON = "won", _("Decided for us")
        LOST = "lost", _("Decided against us")

    gift = models.ForeignKey(Gift, on_delete=models.PROTECT, related_name="disputes")
    foundation = models.ForeignKey(Foundation, on_delete=models.PROTECT, related_name="+")
    ref = models.CharField(max_length=255)
    amount_minor = models.BigIntegerField(_("amount"))
    fee_minor = models.BigIntegerField(_("fee"), default=0)
    currency = models.CharField(_("currency"), max_length=3)
    reason = models.CharField(_("reason"), max_length=60, blank=True)
    state = models.CharField(_("state"), max_length=6, choices=State.choices, default=State.OPEN)
    answer_by = models.DateTimeField(_("to be answered by"), null=True)
    opened_at = models.DateTimeField(_("opened at"))
    closed_at = models.DateTimeField(_("closed at"), null=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("dispute")
        verbose_name_plural = _("disputes")
        constraints = [
            models.UniqueConstraint(fields=["foundation", "ref"], name="dispute_ref_once")
        ]

    def __str__(self) -> str:
        return self.ref


class Confirmation(models.Model):
    """The paper for one paid gift (D5). The fiscal e-receipt is another's: we keep its number."""

    gift = models.OneToOneField(Gift, on_delete=models.PROTECT, related_name="confirmation")
    foundation = models.ForeignKey(Foundation, on_delete=models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField()
    running = models.PositiveIntegerField()  # without a gap within foundation and year
    number = models.CharField(_("number"), max_length=32)
    issued_at = models.DateTimeField(_("issued at"), auto_now_add=True)
    fiscal_number = models.CharField(_("fiscal receipt's number"), max_length=40, blank=True)
    fiscal_check_code = models.CharField(_("its check code"), max_length=40, blank=True)
    fiscal_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    fiscal_at = models.DateTimeField(null=True)
    # The donor wants none (D5: anonymous or waived is recorded).
    is_waived = models.BooleanField(_("fiscal receipt not wanted"), default=False)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("confirmation")
        verbose_name_plural = _("confirmations")
        constraints = [
            models.UniqueConstraint(
                fields=["foundation", "year", "running"], name="confirmation_running_once"
            ),
            models.UniqueConstraint(
                fields=["foundation", "number"], name="confirmation_number_once"
            ),
            models.UniqueConstraint(
                fields=["foundation", "fiscal_number"],
                condition=~Q(fiscal_number=""),
                name="confirmation_fiscal_number_once",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class ConfirmationCounter(models.Model):
    """The last running number: a row to lock, so that none is left out and none given twice."""

    foundation = models.ForeignKey(Foundation, on_delete=models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["foundation", "year"], name="confirmation_counter_once")
        ]

    def __str__(self) -> str:
        return f"{self.year}: {self.last}"


class Question(models.Model):
    """What somebody asks about a gift or a foundation (D2, D6, R24), and the answer."""

    foundation = models.ForeignKey(Foundation, on_delete=models.PROTECT, related_name="questions")
    fund = models.ForeignKey(Fund, null=True, on_delete=models.PROTECT, related_name="+")
    gift = models.ForeignKey(Gift, null=True, on_delete=models.PROTECT, related_name="questions")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    name = models.CharField(_("name"), max_length=80, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    language = models.CharField(max_length=10, default="zh-hans")
    text = models.TextField(_("question"), max_length=1000)
    nonce = models.UUIDField(default=uuid4, unique=True, editable=False)
    asked_at = models.DateTimeField(_("asked at"), auto_now_add=True)
    answer = models.TextField(_("answer"), max_length=2000, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    answered_at = models.DateTimeField(_("answered at"), null=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        constraints = [
            models.CheckConstraint(
                condition=Q(answered_at=None, answer="")
                | (Q(answered_at__isnull=False) & ~Q(answer="")),
                name="question_answer_has_a_moment",
            )
        ]
        indexes = [
            models.Index(
                fields=["foundation", "asked_at"],
                condition=Q(answered_at=None),
                name="question_open",
            )
        ]

    def __str__(self) -> str:
        return self.text[:60]


class Letter(models.Model):
    """A mail to a donor that is owed. The row says so, a worker sends it and says when."""

    class Kind(models.TextChoices):
        THANKS = "thanks", _("Thanks and confirmation")
        CARD_REFUSED = "card_refused", _("The card was refused")
        MONTHLY_STOPPED = "monthly_stopped", _("Monthly gift stopped")
        MONTHLY_REMINDER = "monthly_reminder", _("Reminder to give again")
        REFUNDED = "refunded", _("Money is on its way back")
        YEAR = "year", _("The year's gifts")
        ANSWER = "answer", _("Answer to a question")
        LINK = "link", _("Link to own gifts")

    foundation = models.ForeignKey(
        Foundation, null=True, on_delete=models.PROTECT, related_name="+"
    )
    kind = models.CharField(max_length=20, choices=Kind.choices)
    # What it is about, once for all: `thanks:<gift number>`.
    reference = models.CharField(max_length=120, unique=True)
    email = models.EmailField()
    language = models.CharField(max_length=10)
    gift = models.ForeignKey(Gift, null=True, on_delete=models.PROTECT, related_name="letters")
    monthly = models.ForeignKey(
        MonthlyGift, null=True, on_delete=models.PROTECT, related_name="letters"
    )
    question = models.ForeignKey(
        Question, null=True, on_delete=models.PROTECT, related_name="letters"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    # A worker has it in hand; one that died with it leaves it so, and nobody sends it again.
    taken_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    trouble = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("letter")
        verbose_name_plural = _("letters")
        indexes = [
            models.Index(fields=["created_at"], condition=Q(sent_at=None), name="letter_owed")
        ]

    def __str__(self) -> str:
        return self.reference
