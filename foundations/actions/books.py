"""Foundations, who keeps their books, their funds and sponsors' pots, each with its accounts."""

from __future__ import annotations

from datetime import date

from django.contrib.auth.models import Group, Permission
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.log_actions import log

from foundations.actions.ledger import BookingRefused
from foundations.actions.pages import open_foundation_branch, sync_page_groups
from foundations.models import (
    Entry,
    Expense,
    Foundation,
    FoundationRole,
    Fund,
    FundBalance,
    FundTransfer,
    Grant,
    MatchingPot,
    MoneyAccount,
    OfflineGift,
    PledgePayment,
)
from foundations.money import exponent_of, format_money
from volunteers.models import Organisation, User

OFFICE_GROUP = "基金会工作人员"


class BooksRefused(BookingRefused):
    """A foundation, fund or pot stays as it is; `str()` is the sentence for the person."""


class NoFoundation(BooksRefused):
    sentence = gettext_lazy("Only an organisation that is a foundation keeps such books.")


class BooksAreThere(BooksRefused):
    sentence = gettext_lazy("This organisation keeps its books already.")


class GeneralFundIsThere(BooksRefused):
    sentence = gettext_lazy("There is a general fund in this currency already.")


class FundNameTaken(BooksRefused):
    sentence = gettext_lazy("There is a fund of this name already.")


class FundNotEmpty(BooksRefused):
    def __init__(self, *, fund: Fund, left_minor: int) -> None:
        super().__init__(fund, left_minor)
        self.fund = fund
        self.left_minor = left_minor

    def __str__(self) -> str:
        return _("This fund still has %(left)s. It can be closed once that is spent.") % {
            "left": format_money(self.left_minor, currency=self.fund.currency)
        }


class FundHasWaiting(BooksRefused):
    sentence = gettext_lazy("Something of this fund still waits to be approved.")


class FundOfAnother(BooksRefused):
    sentence = gettext_lazy("This fund has another currency, or belongs to another foundation.")


@transaction.atomic
def create_foundation(
    *, organisation: Organisation, mode: str, kind: str, by: User | None, currency: str = "CNY"
) -> Foundation:
    """A foundation with its general fund in the currency of its books, and its page as a draft.

    Raises NoFoundation, BooksAreThere.
    """
    exponent_of(currency)
    if organisation.kind != Organisation.Kind.FOUNDATION:
        raise NoFoundation
    # Pressed twice at once: the second waits here and finds the books.
    Organisation.objects.select_for_update(no_key=True, of=("self",)).get(pk=organisation.pk)
    if Foundation.objects.filter(organisation=organisation).exists():
        raise BooksAreThere
    foundation = Foundation.objects.create(
        organisation=organisation, mode=mode, kind=kind, base_currency=currency, created_by=by
    )
    log(instance=foundation, action="foundations.create_foundation", user=by)
    _open_general_fund(foundation=foundation, currency=currency, by=by)
    open_foundation_branch(foundation=foundation, by=by)
    return foundation


@transaction.atomic
def give_role(*, foundation: Foundation, user: User, role: str, by: User | None) -> FoundationRole:
    """What an account may do with the books and the pages from now on, in place of any other."""
    given, _new = FoundationRole.objects.update_or_create(
        foundation=foundation, user=user, defaults={"role": role, "created_by": by}
    )
    user.groups.add(_office_group())
    _log_role(given, "foundations.give_role", by=by)
    sync_page_groups(foundation=foundation, user=user)
    return given


@transaction.atomic
def take_role(*, role: FoundationRole, by: User | None) -> None:
    """The account sees nothing of the books any more. What it did keeps its name."""
    _log_role(role, "foundations.take_role", by=by)
    user = role.user
    role.delete()
    sync_page_groups(foundation=role.foundation, user=user)
    if not FoundationRole.objects.filter(user=user).exists():
        user.groups.remove(_office_group())


@transaction.atomic
def create_fund(
    *,
    foundation: Foundation,
    name: str,
    purpose: str,
    by: User | None,
    name_en: str = "",
    purpose_en: str = "",
    currency: str | None = None,
) -> Fund:
    """A restricted fund: what is given to it is spent on its purpose only. Raises FundNameTaken.

    In a new currency a general fund is opened first: it bears what the other no longer has.
    """
    currency = currency or foundation.base_currency
    exponent_of(currency)
    in_currency = foundation.funds.filter(kind=Fund.Kind.GENERAL, currency=currency)
    if not in_currency.exists():
        _open_general_fund(foundation=foundation, currency=currency, by=by)
    return _open_fund(
        Fund(
            foundation=foundation, name=name.strip(), name_en=name_en.strip(),
            kind=Fund.Kind.RESTRICTED, currency=currency, purpose=purpose, purpose_en=purpose_en,
        ),
        by=by,
    )  # fmt: skip


@transaction.atomic
def close_fund(*, fund: Fund, by: User | None) -> Fund:
    """An empty fund takes no more gifts and pays no more. Raises FundNotEmpty, FundHasWaiting."""
    balance = FundBalance.objects.select_for_update(no_key=True).get(fund=fund)
    fund = Fund.objects.select_for_update(no_key=True).get(pk=fund.pk)
    if fund.state == Fund.State.CLOSED:
        return fund
    if balance.net_minor != 0:
        raise FundNotEmpty(fund=fund, left_minor=balance.net_minor)
    if _has_waiting(fund):
        raise FundHasWaiting
    fund.state, fund.closed_at = Fund.State.CLOSED, timezone.now()
    fund.save(update_fields=["state", "closed_at"])
    log(instance=fund, action="foundations.close_fund", user=by)
    return fund


@transaction.atomic
def create_pot(
    *,
    foundation: Foundation,
    sponsor: str,
    starts_on: date,
    ends_on: date,
    by: User | None,
    sponsor_en: str = "",
    currency: str | None = None,
    fund: Fund | None = None,
    percent: int = 100,
    most_a_gift_minor: int | None = None,
) -> MatchingPot:
    """A sponsor's pot, empty until the sponsor has paid in (book_pot). Raises FundOfAnother."""
    currency = currency or (fund.currency if fund else foundation.base_currency)
    if fund and (fund.foundation_id, fund.currency) != (foundation.pk, currency):
        raise FundOfAnother
    if not foundation.funds.filter(currency=currency).exists():
        _open_general_fund(foundation=foundation, currency=currency, by=by)
    pot = MatchingPot.objects.create(
        foundation=foundation, fund=fund, sponsor=sponsor.strip(), sponsor_en=sponsor_en.strip(),
        currency=currency, percent=percent, most_a_gift_minor=most_a_gift_minor,
        starts_on=starts_on, ends_on=ends_on,
    )  # fmt: skip
    MoneyAccount.objects.create(
        foundation=foundation, kind=MoneyAccount.Kind.POT, pot=pot, currency=currency
    )
    log(instance=pot, action="foundations.create_pot", user=by)
    return pot


def _office_group() -> Group:
    """Who is in it may open Wagtail's admin; what they find there their roles say."""
    group, _made = Group.objects.get_or_create(name=OFFICE_GROUP)
    group.permissions.add(
        Permission.objects.get(content_type__app_label="wagtailadmin", codename="access_admin")
    )
    return group


def _open_general_fund(*, foundation: Foundation, currency: str, by: User | None) -> Fund:
    """Together with the accounts that the foundation has as a whole in this currency."""
    names = {"name": "非限定性资金", "name_en": "General fund"}
    if currency != foundation.base_currency:
        names = {language: f"{name} {currency}" for language, name in names.items()}
    fund = _open_fund(
        Fund(
            foundation=foundation, **names, kind=Fund.Kind.GENERAL, currency=currency,
            purpose="用于基金会的各项公益活动", purpose_en="For all the foundation does",
        ),
        by=by,
    )  # fmt: skip
    MoneyAccount.objects.bulk_create(
        MoneyAccount(foundation=foundation, kind=kind, currency=currency)
        for kind in (*MoneyAccount.ASSETS, MoneyAccount.Kind.REFUNDS_PAYABLE)
    )
    return fund


def _open_fund(fund: Fund, *, by: User | None) -> Fund:
    """All its accounts at once: an account made while booking could wait in a circle."""
    try:
        with transaction.atomic():
            fund.save(force_insert=True)
    except IntegrityError as refused:
        if "fund_one_general_a_currency" in str(refused):
            raise GeneralFundIsThere from refused
        if "fund_name_once" in str(refused):
            raise FundNameTaken from refused
        raise
    FundBalance.objects.create(fund=fund, kind=fund.kind)
    MoneyAccount.objects.bulk_create(
        MoneyAccount(foundation=fund.foundation, kind=kind, fund=fund, currency=fund.currency)
        for kind in MoneyAccount.OF_A_FUND
    )
    log(instance=fund, action="foundations.create_fund", user=by)
    return fund


def _has_waiting(fund: Fund) -> bool:
    waiting = Entry.State.ENTERED
    return (
        Expense.objects.filter(state=waiting, fund=fund).exists()
        or Grant.objects.filter(state=waiting, fund=fund).exists()
        or FundTransfer.objects.filter(state=waiting, from_fund=fund).exists()
        or FundTransfer.objects.filter(state=waiting, to_fund=fund).exists()
        or OfflineGift.objects.filter(state=waiting, fund=fund).exists()
        or PledgePayment.objects.filter(state=waiting, fund=fund).exists()
    )


def _log_role(role: FoundationRole, action: str, *, by: User | None) -> None:
    log(
        instance=role.foundation,
        action=action,
        user=by,
        data={"account": role.user_id, "role": role.role},
    )
