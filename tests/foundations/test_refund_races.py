"""Two refunds of one gift at once never exceed it, with real threads and real transactions."""

from __future__ import annotations

from collections.abc import Callable
from threading import Barrier
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F, Sum
from django.utils import timezone

from foundations.actions import refunds as actions
from foundations.actions.gift_events import MoreThanThere
from foundations.models import Gift, MoneyAccount, Refund
from tests.foundations.test_money_races import attempt
from tests.points.test_settlement_races import run_together

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("sound_books"),
]
State = Refund.State


def ask(gift: Gift, by: Any, amount_minor: int) -> Refund:
    return actions.ask_refund(gift=gift, amount_minor=amount_minor, reason="付错了", by=by)


def test_eight_ask_at_once_for_half_of_it(cash_gift: Callable[..., Gift], chen: Any) -> None:
    gift = cash_gift(10_000)
    answers = run_together(*(attempt(lambda: ask(gift, chen, 5_000)) for _ in range(8)))
    assert sum(isinstance(answer, Refund) for answer in answers) == 2
    assert sum(isinstance(answer, MoreThanThere) for answer in answers) == 6


def test_two_are_approved_at_once_and_the_gift_suffices_for_one(
    cash_gift: Callable[..., Gift], chen: Any, tan: Any
) -> None:
    gift = cash_gift(10_000)
    # As if both had been asked for before anybody looked: the approval has to see to it too.
    both = [ask(gift, chen, 1_000) for _ in range(2)]
    Refund.objects.update(amount_minor=6_000)
    both = list(Refund.objects.all())

    answers = run_together(
        *(attempt(lambda one=one: actions.approve_refund(refund=one, by=tan)) for one in both)
    )

    assert sum(isinstance(answer, Refund) for answer in answers) == 1
    assert sum(isinstance(answer, MoreThanThere) for answer in answers) == 1
    gift.refresh_from_db()
    assert gift.refunded_minor == 6_000
    payable = MoneyAccount.objects.get(foundation=gift.foundation, kind="refunds_payable")
    assert payable.balance_minor == -6_000


def test_without_the_lock_both_would_see_enough_and_only_the_database_refuses(
    cash_gift: Callable[..., Gift],
) -> None:
    """The control: what the lock of the gift is for."""
    gift = cash_gift(10_000)
    both_have_looked = Barrier(2)

    def refund_without_lock() -> bool:
        seen = Gift.objects.get(pk=gift.pk)
        enough = seen.left_minor >= 6_000
        both_have_looked.wait(timeout=20)
        try:
            with transaction.atomic():
                Gift.objects.filter(pk=gift.pk).update(refunded_minor=F("refunded_minor") + 6_000)
        except IntegrityError:
            return enough
        finally:
            connection.close()
        return False

    answers = run_together(refund_without_lock, refund_without_lock)

    # One saw that there was enough, and the CHECK had to stop it.
    assert sorted(answers) == [False, True]
    # What was written past the books would be found at the end.
    Gift.objects.update(refunded_minor=0)


def test_pressed_by_two_at_once_it_is_paid_once(
    cash_gift: Callable[..., Gift], chen: Any, tan: Any
) -> None:
    refund = actions.approve_refund(refund=ask(cash_gift(), chen, 4_000), by=tan)
    today = timezone.localdate()

    def pay() -> Refund:
        return actions.mark_refund_paid(refund=refund, out_of="bank", paid_on=today, by=chen)

    def waive() -> Refund:
        return actions.waive_refund(refund=refund, reason="电话里说的", by=tan)

    run_together(*(attempt(job) for job in (pay, waive, pay, waive)))

    refund.refresh_from_db()
    bank = MoneyAccount.objects.get(foundation=refund.foundation, kind="bank").balance_minor
    assert (refund.state, bank) in {(State.PAID, 6_000), (State.WAIVED, 10_000)}
    refunded = Gift.objects.aggregate(sum=Sum("refunded_minor"))["sum"]
    assert refunded == (4_000 if refund.state == State.PAID else 0)
