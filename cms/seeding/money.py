"""Months of a foundation's money, through the actions and at the hour each thing would have been.

What the processor would have told of each payment is written down beside it, and the last payout
leaves the processor's account empty: so the comparison with the demo's fake Stripe, which knows
nothing of these months, finds nothing that differs.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any

from django.core.files.base import ContentFile
from django.utils import timezone

from cms.demo.people import invented_name
from cms.seeding.clock import Clock
from foundations.actions.books import create_pot
from foundations.actions.entries import (
    approve_expense,
    approve_grant,
    enter_expense,
    enter_grant,
)
from foundations.actions.gifts import book_refund, book_refund_paid
from foundations.actions.income import book_opening
from foundations.actions.ledger import following_month, house_account
from foundations.actions.offline import approve_offline_gift, enter_offline_gift
from foundations.actions.payouts import book_payout, book_payout_arrived
from foundations.actions.periods import close_period
from foundations.actions.pots import approve_pot_payment, enter_pot_payment
from foundations.actions.settling import settle_gift
from foundations.gateway.base import PaymentState, PaymentStatus
from foundations.models import (
    Donor,
    Foundation,
    Fund,
    GatewayMark,
    Gift,
    MoneyAccount,
    OfflineGift,
    PotPayment,
    ProcessorEntry,
    Refund,
    ShownAs,
)
from foundations.names import new_number
from volunteers.documents import render_pdf
from volunteers.models import User

GATEWAY = "stripe"
MINOR = 100
FEE_PER_MILLE = 6
# Gifts end before the last payout, and that arrives before now.
GIFTS_END = timedelta(hours=54)
LAST_PAYOUT = timedelta(hours=48)
ARRIVES_AFTER = timedelta(hours=40)
CLOSED_ON_DAY = 6
POT_DAYS_TO_COME = 60
METHODS = ("alipay", "alipay", "alipay", "wechat_pay", "wechat_pay", "wechat_pay", "card")
SHOWN = (*([ShownAs.MASKED] * 7), ShownAs.FULL, ShownAs.ANONYMOUS, ShownAs.ANONYMOUS)
MESSAGES = (
    "给妈妈那栋楼。", "饭要热的。", "加油，街坊。", "我小时候也在这条街上。",
    "少是少了点，每月都来。", "替我爷爷捐的，他爱管闲事。", "谢谢送饭的人。", "愿每一层都亮。",
    "For my old neighbours.",
)  # fmt: skip


@dataclass
class History:
    """Whose months they are, who keeps the books, and what is still to be done, by its hour."""

    foundation: Foundation
    bookkeeper: User
    treasurer: User
    alice: User
    began: datetime
    now: datetime
    clock: Clock
    seed: str
    steps: list[tuple[datetime, int, Callable[[], None]]] = field(default_factory=list)
    told: list[ProcessorEntry] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rng = random.Random(f"money of {self.seed}")

    def at(self, moment: datetime, step: Callable[[], None]) -> None:
        self.steps.append((moment, len(self.steps), step))

    def days_ago(self, days: float, *, hour: int = 10) -> datetime:
        day = timezone.localtime(self.now - timedelta(days=days))
        return min(day.replace(hour=hour, minute=self.rng.randrange(60)), self.now)

    def live(self) -> None:
        for moment, _order, step in sorted(self.steps, key=lambda step: step[:2]):
            self.clock.set(moment)
            step()
        ProcessorEntry.objects.bulk_create(self.told)

    def tell(
        self, kind: str, *, amount_minor: int, source: str, fee_minor: int = 0,
        gift: Gift | None = None,
    ) -> None:  # fmt: skip
        """A line of the processor's own ledger."""
        self.told.append(
            ProcessorEntry(
                foundation=self.foundation, gateway=GATEWAY, ref=f"txn_demo_{uuid.uuid4().hex}",
                kind=kind, amount_minor=amount_minor, fee_minor=fee_minor,
                net_minor=amount_minor - fee_minor, currency=self.foundation.base_currency,
                source_ref=source, payment_ref=gift.payment_ref if gift else "", gift=gift,
                happened_at=timezone.now(),
            )
        )  # fmt: skip


def live_money(
    history: History, *, row: dict[str, Any], funds: list[tuple[Fund, dict[str, Any]]]
) -> None:
    """All of it up to now, and a few things that wait for the treasurer."""
    general = funds[0][0]
    history.at(history.began, lambda: _bring_forward(history, general, row["opening"] * MINOR))
    for fund, fund_row in funds:
        _plan_fund(history, fund, fund_row)
    _plan_months(history)
    history.live()
    _leave_waiting(history, funds)
    marked = {"events_to": history.now, "ledger_to": history.now, "reconciled_at": history.now}
    GatewayMark.objects.update_or_create(
        foundation=history.foundation, gateway=GATEWAY, defaults=marked
    )


def _bring_forward(history: History, fund: Fund, amount_minor: int) -> None:
    book_opening(
        fund=fund, key=f"demo-{fund.pk}", amount_minor=amount_minor, by=history.treasurer,
        happened_on=timezone.localdate(), text="上一账期结转",
    )  # fmt: skip


def _plan_fund(history: History, fund: Fund, row: dict[str, Any]) -> None:
    days = row["plan"]["days_before"] if "plan" in row else (history.now - history.began).days - 2
    if "pot" in row:
        history.at(history.days_ago(days - 1), lambda: _open_pot(history, fund, row["pot"]))
    if "company" in row:
        history.at(
            history.days_ago(days - 3), lambda: _give_at_the_bank(history, fund, row["company"])
        )
    since, until = history.days_ago(days), history.now - GIFTS_END
    for number in range(row["gifts"]):
        moment = since + (until - since) * history.rng.random()
        history.at(moment, _online(history, fund, row, number=number))
    for number in range(row["gifts"] // 8):
        moment = history.days_ago(history.rng.uniform(4, days), hour=15)
        history.at(moment, _in_cash(history, fund, number=number))
    for spent in row.get("spending", []):
        history.at(history.days_ago(spent["days"]), _expense(history, fund, spent))
    for granted in row.get("grants", []):
        history.at(history.days_ago(granted["days"]), _grant(history, fund, granted))
    if row["gifts"] > 25:
        history.at(history.days_ago(30, hour=16), lambda: _pay_one_back(history, fund))


def _plan_months(history: History) -> None:
    """On the first of a month a payout, some days later the month before is closed for good."""
    first = following_month(timezone.localdate(history.began))
    while first <= timezone.localdate(history.now):
        paid_at = _moment(first, hour=9)
        if paid_at < history.now - LAST_PAYOUT - ARRIVES_AFTER:
            _plan_payout(history, paid_at)
        closed_at = _moment(first.replace(day=CLOSED_ON_DAY), hour=17)
        if closed_at < history.now:
            month = (first - timedelta(days=1)).replace(day=1)
            history.at(closed_at, _closing(history, month))
        first = following_month(first)
    _plan_payout(history, history.now - LAST_PAYOUT)


def _plan_payout(history: History, moment: datetime) -> None:
    key = f"po_demo_{history.foundation.pk}_{moment:%Y%m%d}"
    history.at(moment, lambda: _pay_out(history, key))
    history.at(moment + ARRIVES_AFTER, lambda: _arrive(key))


def _moment(day: date, *, hour: int) -> datetime:
    return timezone.make_aware(datetime.combine(day, time(hour)))


# What happened


def _online(
    history: History, fund: Fund, row: dict[str, Any], *, number: int
) -> Callable[[], None]:
    rng = history.rng
    amount_minor = rng.choice(row["amounts"]) * MINOR
    method, shown_as = rng.choice(METHODS), rng.choice(SHOWN)
    message = rng.choice(MESSAGES) if rng.random() < 0.3 else ""
    name = invented_name(rng)
    is_alice = number == 3 and fund.is_restricted

    def give() -> None:
        donor = _donor(history, name=history.alice.name if is_alice else name, is_alice=is_alice)
        gift = Gift.objects.create(
            foundation=history.foundation, fund=fund, number=new_number("G"), gateway=GATEWAY,
            amount_minor=amount_minor, currency=fund.currency, donor=donor,
            donor_name=donor.name, shown_as=shown_as, message=message,
            message_state=Gift.MessageState.SHOWN if message else Gift.MessageState.WAITING,
            language="en" if name.isascii() else "zh-hans",
        )  # fmt: skip
        fee_minor = amount_minor * FEE_PER_MILLE // 1000
        told = PaymentState(
            status=PaymentStatus.PAID, amount_minor=amount_minor, currency=fund.currency,
            payment_ref=f"pi_demo_{gift.number}", method=method, fee_minor=fee_minor,
            paid_at=timezone.now(),
        )  # fmt: skip
        gift = settle_gift(gift=gift, told=told)
        history.tell(
            "charge", amount_minor=amount_minor, fee_minor=fee_minor, gift=gift,
            source=f"ch_demo_{gift.number}",
        )  # fmt: skip

    return give


def _donor(history: History, *, name: str, is_alice: bool) -> Donor:
    user = history.alice if is_alice else None
    if user is not None:
        known = Donor.objects.filter(foundation=history.foundation, user=user).first()
        if known is not None:
            return known
    return Donor.objects.create(foundation=history.foundation, name=name, user=user)


def _give_at_the_bank(history: History, fund: Fund, row: dict[str, Any]) -> None:
    gift = enter_offline_gift(
        fund=fund, how=OfflineGift.How.BANK, amount_minor=row["amount"] * MINOR,
        happened_on=timezone.localdate(), by=history.bookkeeper, donor_kind=Donor.Kind.COMPANY,
        donor_name=row["name"], donor_credit_code=row["code"], shown_as=ShownAs.FULL,
    )  # fmt: skip
    approve_offline_gift(entry=gift, by=history.treasurer)


def _in_cash(history: History, fund: Fund, *, number: int) -> Callable[[], None]:
    rng = history.rng
    name, amount_minor = invented_name(rng), rng.choice((20, 50, 100, 200)) * MINOR

    def give() -> None:
        gift = enter_offline_gift(
            fund=fund, how=OfflineGift.How.CASH, amount_minor=amount_minor,
            happened_on=timezone.localdate(), by=history.bookkeeper,
            donor_name=name if number % 3 else "",
            shown_as=ShownAs.MASKED if number % 3 else ShownAs.ANONYMOUS,
        )  # fmt: skip
        approve_offline_gift(entry=gift, by=history.treasurer)

    return give


def _open_pot(history: History, fund: Fund, row: dict[str, Any]) -> None:
    today = timezone.localdate()
    pot = create_pot(
        foundation=history.foundation, fund=fund, sponsor=row["sponsor"],
        sponsor_en=row["sponsor_en"], percent=row["percent"],
        most_a_gift_minor=row["most"] * MINOR, starts_on=today,
        ends_on=timezone.localdate(history.now) + timedelta(days=POT_DAYS_TO_COME),
        by=history.treasurer,
    )  # fmt: skip
    payment = enter_pot_payment(
        pot=pot, direction=PotPayment.Direction.PAID_IN, amount_minor=row["amount"] * MINOR,
        happened_on=today, by=history.bookkeeper,
    )  # fmt: skip
    approve_pot_payment(payment=payment, by=history.treasurer)


def _expense(history: History, fund: Fund, row: dict[str, Any]) -> Callable[[], None]:
    def spend() -> None:
        line = fund.budget_lines.get(name=row["line"]) if "line" in row else None
        expense = enter_expense(
            fund=fund, kind=line.kind if line else row["kind"], amount_minor=row["amount"] * MINOR,
            payee=row["payee"], payee_is_person=row.get("is_person", False),
            purpose=row["purpose"], invoice=_invoice(), happened_on=timezone.localdate(),
            by=history.bookkeeper, budget_line=line,
        )  # fmt: skip
        approve_expense(expense=expense, by=history.treasurer)

    return spend


def _grant(history: History, fund: Fund, row: dict[str, Any]) -> Callable[[], None]:
    def grant() -> None:
        granted = enter_grant(
            fund=fund, amount_minor=row["amount"] * MINOR, grantee=row["grantee"],
            grantee_is_person=row.get("is_person", False), purpose=row["purpose"],
            happened_on=timezone.localdate(), by=history.bookkeeper,
            budget_line=fund.budget_lines.get(name=row["line"]),
        )  # fmt: skip
        approve_grant(grant=granted, by=history.treasurer)

    return grant


def _pay_one_back(history: History, fund: Fund) -> None:
    """Given twice by mistake, and paid back at the processor's own pages."""
    gift = Gift.objects.paid().filter(fund=fund, gateway=GATEWAY, donor__user=None).first()
    if gift is None:
        return
    refund = Refund.objects.create(
        gift=gift, foundation=gift.foundation, number=new_number("R"), currency=gift.currency,
        source=Refund.Source.PROCESSOR, amount_minor=gift.amount_minor, reason="重复支付",
        state=Refund.State.PAID, ref=f"re_demo_{gift.number}", paid_at=timezone.now(),
    )  # fmt: skip
    today = timezone.localdate()
    book_refund(
        gift=gift.number, key=refund.number, amount_minor=gift.amount_minor, happened_on=today,
        by=None, text=refund.reason,
    )  # fmt: skip
    book_refund_paid(gift=gift.number, refund=refund.number, happened_on=today)
    gift.refunded_minor = gift.amount_minor
    gift.save(update_fields=["refunded_minor"])
    history.tell("refund", amount_minor=-gift.amount_minor, gift=gift, source=refund.ref)


def _pay_out(history: History, key: str) -> None:
    foundation = history.foundation
    currency = foundation.base_currency
    account = house_account(
        foundation=foundation, kind=MoneyAccount.Kind.PROCESSOR, currency=currency
    )
    account.refresh_from_db()
    if account.balance_minor < 1:
        return
    book_payout(
        foundation=foundation, key=key, amount_minor=account.balance_minor, currency=currency,
        happened_on=timezone.localdate(),
    )  # fmt: skip
    history.tell("payout", amount_minor=-account.balance_minor, source=key)


def _arrive(key: str) -> None:
    book_payout_arrived(key=key, happened_on=timezone.localdate())


def _closing(history: History, month: date) -> Callable[[], None]:
    def close() -> None:
        close_period(foundation=history.foundation, month=month, by=history.treasurer)

    return close


def _leave_waiting(history: History, funds: list[tuple[Fund, dict[str, Any]]]) -> None:
    """What the bookkeeper entered this morning: the treasurer finds it at the office."""
    history.clock.set(history.now)
    fund = funds[1][0]
    today = timezone.localdate()
    line = fund.budget_lines.exclude(kind="grants").first()
    if line is not None:
        enter_expense(
            fund=fund, kind=line.kind, amount_minor=128_000, payee="二姐家常菜",
            purpose="本周的第一张发票", invoice=_invoice(), happened_on=today,
            by=history.bookkeeper, budget_line=line,
        )  # fmt: skip
    enter_offline_gift(
        fund=fund, how=OfflineGift.How.CASH, amount_minor=20_000, happened_on=today,
        by=history.bookkeeper, donor_name="老楼长", note="塞在门缝里的信封",
    )  # fmt: skip


def _invoice() -> ContentFile[bytes]:
    return ContentFile(_invoice_pdf(), name="发票.pdf")


@cache
def _invoice_pdf() -> bytes:
    lines = ["购买方：见账簿", "金额：见账簿", "本页只为演示凭证上传而画。"]
    return render_pdf(
        template="demo_paper", data={"title": "发票", "subtitle": "演示", "lines": lines}
    )
