"""A community foundation, who keeps its books, and its funds."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from volunteers.language import in_language
from volunteers.models import Organisation

CURRENCY = r"^[A-Z]{3}$"


class Foundation(models.Model):
    """An organisation that takes money and accounts for it. Its books are its own."""

    class Mode(models.TextChoices):
        """By which right it takes gifts (D1). What each needs is checked before checkout opens."""

        LINK_OUT = "link_out", _("By a designated platform")
        OWN_NAME = "own_name", _("In its own name")
        DIRECTED = "directed", _("From its members only")
        MUTUAL_AID = "mutual_aid", _("Mutual aid in the community")

    class Kind(models.TextChoices):
        """Which share of its money it must spend (D10)."""

        PUBLIC = "public", _("Raises money from the public")
        NON_PUBLIC = "non_public", _("Does not raise money from the public")

    organisation = models.OneToOneField(
        Organisation,
        on_delete=models.PROTECT,
        related_name="foundation",
        verbose_name=_("organisation"),
    )
    mode = models.CharField(_("legal mode"), max_length=12, choices=Mode.choices)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    base_currency = models.CharField(_("currency of its books"), max_length=3, default="CNY")
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    # The facts that its mode needs before anybody can give (D1, D2, D5).
    credit_code = models.CharField(_("unified social credit code"), max_length=40, blank=True)
    # The certificate that allows it to raise money from the public.
    certificate_number = models.CharField(_("certificate number"), max_length=60, blank=True)
    contact_name = models.CharField(_("contact"), max_length=60, blank=True)
    contact_phone = models.CharField(_("telephone"), max_length=40, blank=True)
    contact_email = models.EmailField(_("e-mail"), blank=True)
    how_to_query = models.TextField(_("how to query a gift"), max_length=500, blank=True)
    how_to_query_en = models.TextField(
        _("how to query a gift, in English"), max_length=700, blank=True
    )
    handler = models.CharField(_("handler named on confirmations"), max_length=60, blank=True)
    # Mode a: the designated platform that takes the gifts instead.
    platform_name = models.CharField(_("designated platform"), max_length=80, blank=True)
    platform_url = models.URLField(_("its address"), blank=True)
    # Its own account at the processor; "" while there is none.
    stripe_account = models.CharField(_("account at Stripe"), max_length=60, blank=True)
    checkout_opened_at = models.DateTimeField(_("giving open since"), null=True, editable=False)
    checkout_opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+",
        editable=False,
    )  # fmt: skip

    class Meta:
        ordering = ["id"]
        verbose_name = _("foundation")
        verbose_name_plural = _("foundations")
        constraints = [
            models.CheckConstraint(
                condition=Q(base_currency__regex=CURRENCY), name="foundation_currency_is_a_code"
            ),
            models.UniqueConstraint(
                fields=["stripe_account"],
                condition=~Q(stripe_account=""),
                name="foundation_stripe_account_once",
            ),
        ]

    def __str__(self) -> str:
        return str(self.organisation)


class FoundationRole(models.Model):
    """What an account may do with one foundation's books; one role a person and foundation."""

    class Role(models.TextChoices):
        VIEWER = "viewer", _("Sees the books")
        BOOKKEEPER = "bookkeeper", _("Bookkeeper: enters")
        TREASURER = "treasurer", _("Treasurer: approves")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="foundation_roles",
        verbose_name=_("account"),
    )
    foundation = models.ForeignKey(
        Foundation,
        on_delete=models.CASCADE,
        related_name="roles",
        verbose_name=_("foundation"),
    )
    role = models.CharField(_("role"), max_length=12, choices=Role.choices)
    created_at = models.DateTimeField(_("since"), auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        verbose_name = _("role in a foundation")
        verbose_name_plural = _("roles in foundations")
        constraints = [
            models.UniqueConstraint(fields=["user", "foundation"], name="foundation_role_once")
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.foundation} · {self.get_role_display()}"


class FundQuerySet(models.QuerySet["Fund"]):
    def open(self) -> FundQuerySet:
        return self.filter(state=Fund.State.OPEN)

    def restricted(self) -> FundQuerySet:
        return self.filter(kind=Fund.Kind.RESTRICTED)


class Fund(models.Model):
    """Money with one purpose, in one currency. What is given to it is spent on nothing else.

    Neither its kind nor its currency can change: the database refuses it.
    """

    class Kind(models.TextChoices):
        GENERAL = "general", _("Unrestricted")
        RESTRICTED = "restricted", _("For its purpose only")

    class State(models.TextChoices):
        OPEN = "open", _("In use")
        CLOSED = "closed", _("Closed for good")

    foundation = models.ForeignKey(
        Foundation,
        on_delete=models.PROTECT,
        related_name="funds",
        verbose_name=_("foundation"),
    )
    name = models.CharField(_("name"), max_length=80)
    name_en = models.CharField(_("name in English"), max_length=120, blank=True)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.OPEN)
    currency = models.CharField(_("currency"), max_length=3, default="CNY")
    purpose = models.TextField(_("purpose"), max_length=1000)
    purpose_en = models.TextField(_("purpose, in English"), max_length=1500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = FundQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        verbose_name = _("fund")
        verbose_name_plural = _("funds")
        constraints = [
            models.CheckConstraint(
                condition=Q(currency__regex=CURRENCY), name="fund_currency_is_a_code"
            ),
            models.UniqueConstraint(fields=["foundation", "name"], name="fund_name_once"),
            # What a restricted fund no longer has for a refund, this one bears.
            models.UniqueConstraint(
                fields=["foundation", "currency"],
                condition=Q(kind="general"),
                name="fund_one_general_a_currency",
            ),
            models.CheckConstraint(
                condition=Q(state="open", closed_at=None)
                | Q(state="closed", closed_at__isnull=False),
                name="fund_closed_has_a_moment",
            ),
        ]

    def __str__(self) -> str:
        return in_language(self, "name")

    @property
    def is_restricted(self) -> bool:
        return self.kind == self.Kind.RESTRICTED


class FundBalance(models.Model):
    """What a fund has: its income less its spending, kept by the database with each movement.

    Apart from Fund, so that a form that saves a fund's words cannot write an old balance back.
    """

    fund = models.OneToOneField(
        Fund, primary_key=True, on_delete=models.PROTECT, related_name="balance"
    )
    # The fund's own kind (the database sees to it), so that the CHECK can speak of it.
    kind = models.CharField(max_length=10, choices=Fund.Kind.choices)
    net_minor = models.BigIntegerField(default=0, db_default=0)

    class Meta:
        verbose_name = _("balance of a fund")
        verbose_name_plural = _("balances of funds")
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="general") | Q(net_minor__gte=0),
                name="fund_restricted_not_below_zero",
            )
        ]

    def __str__(self) -> str:
        return f"{self.fund}: {self.net_minor}"
