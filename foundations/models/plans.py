"""What a fund is for in the law's terms (D3), its budget, and who belongs to a foundation."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from volunteers.language import in_language

from .foundations import Foundation, Fund


class FundPlan(models.Model):
    """The plan that is filed before money is asked for (D3). After that a change is filed anew."""

    fund = models.OneToOneField(
        Fund, primary_key=True, on_delete=models.PROTECT, related_name="plan"
    )
    starts_on = models.DateField(_("first day"))
    ends_on = models.DateField(_("last day"))
    target_minor = models.BigIntegerField(_("target"))
    area = models.CharField(_("area"), max_length=120)
    lead = models.CharField(_("person in charge"), max_length=60)
    office = models.CharField(_("office"), max_length=160)
    methods = models.CharField(_("how money is raised"), max_length=200)
    account = models.CharField(_("account"), max_length=160)
    beneficiaries = models.CharField(_("for whom"), max_length=300)
    beneficiaries_en = models.CharField(_("for whom, in English"), max_length=400, blank=True)
    use = models.TextField(_("how it is used"), max_length=1000)
    use_en = models.TextField(_("how it is used, in English"), max_length=1500, blank=True)
    cost = models.CharField(_("what raising it costs"), max_length=300)
    surplus = models.CharField(_("what happens to a surplus"), max_length=300)
    is_emergency = models.BooleanField(_("answers an emergency"), default=False)
    filing_number = models.CharField(_("filing number"), max_length=60, blank=True)
    filed_on = models.DateField(_("filed on"), null=True, blank=True)

    class Meta:
        verbose_name = _("plan of a fund")
        verbose_name_plural = _("plans of funds")
        constraints = [
            models.CheckConstraint(
                condition=Q(starts_on__lte=F("ends_on")), name="fund_plan_days_in_order"
            ),
            models.CheckConstraint(condition=Q(target_minor__gt=0), name="fund_plan_target"),
            models.CheckConstraint(
                condition=Q(filed_on=None, filing_number="")
                | (Q(filed_on__isnull=False) & ~Q(filing_number="")),
                name="fund_plan_filed_has_a_number",
            ),
            models.UniqueConstraint(
                fields=["filing_number"],
                condition=~Q(filing_number=""),
                name="fund_plan_filing_number_once",
            ),
        ]

    def __str__(self) -> str:
        return str(self.fund)


class BudgetLine(models.Model):
    """What a fund means to spend on one thing. Expenses and grants name the line they are of."""

    class Kind(models.TextChoices):
        PROGRAMME = "programme", _("For the purpose")
        GRANTS = "grants", _("Grants")
        ADMINISTRATION = "administration", _("Management")
        FUNDRAISING = "fundraising", _("Fundraising")

    fund = models.ForeignKey(Fund, on_delete=models.PROTECT, related_name="budget_lines")
    position = models.PositiveSmallIntegerField(default=0)
    name = models.CharField(_("name"), max_length=80)
    name_en = models.CharField(_("name in English"), max_length=120, blank=True)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    amount_minor = models.BigIntegerField(_("amount"))

    class Meta:
        ordering = ["position", "id"]
        verbose_name = _("budget line")
        verbose_name_plural = _("budget lines")
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="budget_line_positive"),
            models.UniqueConstraint(fields=["fund", "name"], name="budget_line_name_once"),
        ]

    def __str__(self) -> str:
        return in_language(self, "name")


class FoundationMember(models.Model):
    """Who belongs to a foundation that takes gifts from its members only (D1, mode c)."""

    foundation = models.ForeignKey(Foundation, on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+",
        verbose_name=_("account"),
    )  # fmt: skip
    joined_on = models.DateField(_("since"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        verbose_name = _("member of a foundation")
        verbose_name_plural = _("members of foundations")
        constraints = [
            models.UniqueConstraint(fields=["foundation", "user"], name="foundation_member_once")
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.foundation}"
