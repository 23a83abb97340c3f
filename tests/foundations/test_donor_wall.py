"""Who gave stands on the wall as each wants; what was paid back does not."""

from __future__ import annotations

from typing import Any

import pytest
from django.template.loader import render_to_string
from django.utils import timezone, translation

from foundations.models import Dispute, Donor, Fund, Gift, ShownAs
from foundations.names import new_number
from foundations.terms import terms_of
from foundations.wall import count_donors, wall_of

pytestmark = pytest.mark.django_db


def given(fund: Fund, **fields: Any) -> Gift:
    fields.setdefault("donor", Donor.objects.create(foundation=fund.foundation, name="王小明"))
    return Gift.objects.create(
        **{
            "foundation": fund.foundation, "fund": fund, "number": new_number("G"),
            "gateway": "stripe", "amount_minor": 10_000, "currency": fund.currency,
            "state": "paid", "paid_at": timezone.now(), "donor_name": "王小明",
        }
        | fields
    )  # fmt: skip


def test_names_are_masked_whole_or_hidden_as_the_donor_chose(fund: Fund) -> None:
    company = Donor.objects.create(foundation=fund.foundation, kind="company", name="海风咖啡")
    given(fund, shown_as=ShownAs.ANONYMOUS)
    given(fund, shown_as=ShownAs.FULL)
    given(fund)
    given(fund, donor=company, donor_name="海风咖啡", shown_as=ShownAs.FULL)
    with translation.override("en"):
        names = [row.name for row in wall_of(of=fund).rows]
    assert names == ["海风咖啡", "王*", "王小明", "A kind neighbour"]


def test_words_stand_only_after_somebody_read_them(fund: Fund) -> None:
    for state in Gift.MessageState:
        given(fund, message=f"话 {state}", message_state=state)
    assert [row.message for row in wall_of(of=fund).rows] == ["", "话 shown", ""]


def test_what_was_paid_back_or_lost_or_not_paid_does_not_stand(fund: Fund) -> None:
    given(fund, refunded_minor=10_000)
    given(fund, state="started", paid_at=None)
    lost = given(fund)
    Dispute.objects.create(
        gift=lost, foundation=fund.foundation, ref="dp_1", amount_minor=10_000, currency="CNY",
        state="lost", opened_at=timezone.now(),
    )  # fmt: skip
    given(fund, refunded_minor=4_000)
    assert [row.amount_minor for row in wall_of(of=fund).rows] == [6_000]
    assert count_donors(fund) == 1


def test_the_wall_has_pages_and_one_query_each(
    fund: Fund, general: Fund, django_assert_num_queries: Any
) -> None:
    donor = Donor.objects.create(foundation=fund.foundation, name="王小明")
    for minor in range(1, 8):
        given(fund, donor=donor, amount_minor=minor * 100)
    given(general, donor=None)
    with django_assert_num_queries(1):
        second = wall_of(of=fund, page=2, rows=3)
    assert [row.amount_minor for row in second.rows] == [400, 300, 200]
    assert second.has_more
    assert not wall_of(of=fund, page=3, rows=3).has_more
    assert len(wall_of(of=fund.foundation, rows=20).rows) == 8
    assert wall_of(of=fund, page=-5, rows=3).page == 1
    assert wall_of(of=fund, page=10**9).rows == []
    assert count_donors(fund) == 1
    assert count_donors(fund.foundation) == 2


def test_trial_payments_do_not_stand_beside_real_ones(fund: Fund, settings: Any) -> None:
    given(fund)
    given(fund, is_live=True, amount_minor=500)
    assert len(wall_of(of=fund).rows) == 2
    settings.LINLI_STRIPE_KEY = "sk_live_x"
    assert [row.amount_minor for row in wall_of(of=fund).rows] == [500]


def test_the_wall_as_it_is_shown(fund: Fund) -> None:
    given(fund, message="<b>加油</b>", message_state="shown")
    with translation.override("en"):
        html = render_to_string(
            "foundations/donor_wall.html", {"wall": wall_of(of=fund, rows=1), "more_url": "?wall="}
        )
        empty = render_to_string(
            "foundations/donor_wall.html", {"wall": wall_of(of=fund, page=2, rows=1)}
        )
    assert "王*" in html
    assert "CN¥100.00" in html
    assert "&lt;b&gt;加油" in html
    assert "The first gift begins the wall" in empty


# What covers the fee


@pytest.mark.parametrize("amount", [400, 401, 999, 10_000, 12_345, 5_000_000])
@pytest.mark.parametrize("currency", ["CNY", "JPY", "KWD", "USD"])
def test_with_the_fee_covered_the_whole_amount_arrives(currency: str, amount: int) -> None:
    terms = terms_of(currency)
    amount -= amount % terms.step_minor
    total = amount + terms.cover_for(amount)
    fee = (total * terms.fee_share + 5_000) // 10_000 + terms.fee_fixed_minor
    assert total % terms.step_minor == 0
    # Rounded up, and by less than two units that can be paid.
    assert 0 <= total - fee - amount <= 2 * terms.step_minor


def test_a_currency_nobody_set_up_has_bounds_and_no_fee_to_cover(db: Any) -> None:
    terms = terms_of("VND")
    assert (terms.least_minor, terms.suggested_minor, terms.offers_cover) == (1, (), False)
    assert terms.cover_for(1000) == 0
