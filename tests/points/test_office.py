from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from points.models import BonusBudget, LedgerCheck, LedgerMonth, Movement, SetAsideRecord
from points.office import points_in_hands, sums_by_month
from points.tasks import check_new_movements
from tests.points.conftest import balance_of, make_rule, settle_all
from volunteers.models import ServiceRecord, User

Make = Callable[..., ServiceRecord]
Kind = Movement.Kind


def month_of(month: date, kind: str, gained: int = 0, taken: int = 0) -> LedgerMonth:
    return LedgerMonth.objects.create(
        month=month, kind=kind, movements=1, gained_points=gained, taken_points=taken
    )


@pytest.fixture
def two_months(db: None) -> None:
    """November 2025 and January 2026; nothing in between."""
    month_of(date(2025, 11, 1), Kind.AWARD, gained=1000)
    month_of(date(2025, 11, 1), Kind.CAP, gained=10, taken=60)
    month_of(date(2025, 11, 1), Kind.REDEMPTION, taken=300)
    month_of(date(2026, 1, 1), Kind.AWARD, gained=200)
    month_of(date(2026, 1, 1), Kind.REFUND, gained=50)
    month_of(date(2026, 1, 1), Kind.REDEMPTION, taken=80)
    month_of(date(2026, 1, 1), Kind.LAPSE, taken=40, gained=5)
    month_of(date(2026, 1, 1), Kind.GIFT, taken=20)
    month_of(date(2026, 1, 1), Kind.FAMILY, gained=7, taken=7)


def overview(client: Client, user: User, language: str = "en") -> str:
    client.force_login(user)
    return client.get(
        reverse("points-overview:index"), headers={"accept-language": language}
    ).content.decode()


def test_months_add_up_and_a_month_without_movements_stands_there_too(two_months: None) -> None:
    november, december, january = sums_by_month()

    assert (november.issued, november.taken_back, november.redeemed) == (1010, 60, 300)
    assert november.outstanding == 650
    assert (december.month, december.issued, december.outstanding) == (date(2025, 12, 1), 0, 650)
    assert (january.redeemed, january.given, january.lapsed) == (30, 20, 35)
    assert january.outstanding == 650 + 200 - 30 - 20 - 35


def test_the_increments_fill_the_months_from_real_movements(
    client: Client, city_staff: User, alice: User, confirmed: Make, per_hour: object
) -> None:
    confirmed(120)
    settle_all()
    check_new_movements()

    (month,) = sums_by_month()

    assert (month.month, month.issued) == (timezone.localdate().replace(day=1), 20)
    assert month.outstanding == points_in_hands() == balance_of(alice.volunteer) == 20


def test_the_chart_the_table_and_the_csv_say_the_same(
    client: Client, city_staff: User, two_months: None
) -> None:
    page = overview(client, city_staff)
    found = re.search(r'id="points-by-month" type="application/json">(.*?)</script>', page)
    assert found
    chart = json.loads(found.group(1))
    assert chart["months"] == ["2025-11", "2025-12", "2026-01"]
    assert chart["issued"] == [950, 0, 200]
    assert chart["outstanding"] == [650, 650, 765]
    assert "<td>765</td>" in page

    table = client.get(
        reverse("points-overview:months_csv"), headers={"accept-language": "en"}
    ).getvalue()  # type: ignore[attr-defined]
    rows = list(csv.reader(io.StringIO(table.decode("utf-8-sig"))))
    assert rows[0][:2] == ["Month", "Issued"]
    assert rows[3] == ["2026-01", "200", "0", "30", "20", "35", "765"]


def test_the_overview_never_reads_the_movements(
    client: Client, city_staff: User, confirmed: Make, per_hour: object
) -> None:
    confirmed(120)
    settle_all()
    client.force_login(city_staff)
    with CaptureQueriesContext(connection) as asked:
        client.get(reverse("points-overview:index"))

    assert not any("points_movement" in query["sql"] for query in asked)


def test_budgets_stand_there_with_what_is_left(client: Client, city_staff: User) -> None:
    rule = make_rule("campaign_bonus", 5, campaign_number=1)
    BonusBudget.objects.create(rule=rule, budget_points=200, granted_points=50)

    page = overview(client, city_staff)

    assert "50 / 200" in page
    assert "<td>150</td>" in page
    assert '<progress value="50" max="200"' in page
    assert "25 %" in page


# Records set aside


@pytest.fixture
def aside(confirmed: Make) -> ServiceRecord:
    """Two hours on a day without a rule."""
    record = confirmed(120)
    settle_all()
    assert SetAsideRecord.objects.filter(record=record).exists()
    return record


def test_a_record_set_aside_can_be_tried_again(
    client: Client, city_staff: User, alice: User, aside: ServiceRecord
) -> None:
    assert "No award rule held on that day" in overview(client, city_staff)
    make_rule("per_hour", 10)

    client.post(reverse("points-overview:try_again", args=[aside.pk]))
    settle_all()

    assert balance_of(alice.volunteer) == 20
    assert "None. Every confirmed record has been turned into points." in overview(
        client, city_staff
    )


def test_a_record_may_be_worth_nothing_and_somebody_answers_for_it(
    client: Client, city_staff: User, aside: ServiceRecord
) -> None:
    client.force_login(city_staff)
    address = reverse("points-overview:worth_nothing", args=[aside.pk])
    assert client.get(address).status_code == 405

    client.post(address)
    settle_all()

    assert SetAsideRecord.objects.get(record=aside).worth_nothing_by == city_staff
    aside.refresh_from_db()
    assert aside.settled_revision == aside.revision
    assert client.post(address).status_code == 404


@pytest.mark.parametrize("who", ["alice", "bao", "rui", "chen", "dai"])
def test_the_overview_and_its_buttons_are_the_citys_alone(
    client: Client, aside: ServiceRecord, who: str, request: pytest.FixtureRequest
) -> None:
    client.force_login(request.getfixturevalue(who))
    assert client.get(reverse("points-overview:index")).status_code in {302, 403}
    assert client.get(reverse("points-overview:months_csv")).status_code in {302, 403}
    for name in ("try_again", "worth_nothing"):
        client.post(reverse(f"points-overview:{name}", args=[aside.pk]))

    assert SetAsideRecord.objects.filter(record=aside, worth_nothing_by=None).exists()


def test_organisers_have_no_such_item_in_their_menu(client: Client, bao: User) -> None:
    client.force_login(bao)
    home = client.get(reverse("wagtailadmin_home")).content.decode()

    assert reverse("points-overview:index") not in home


# Checks


def test_the_last_checks_say_what_they_found(client: Client, city_staff: User) -> None:
    LedgerCheck.objects.create(
        is_whole=True, first_movement=1, last_movement=9, movements=9,
        findings={"the sum of all accounts is zero": [{"sum_of_balances": 7}]},
    )  # fmt: skip
    LedgerCheck.objects.create(
        is_whole=False, first_movement=10, last_movement=12, movements=3, findings={}
    )

    page = overview(client, city_staff)

    assert "Something is wrong" in page
    assert "the sum of all accounts is zero" in page
    assert "sum_of_balances" in page
    assert "3 movements" in page


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_empty_overview_is_a_page_too(client: Client, city_staff: User, language: str) -> None:
    page: Any = overview(client, city_staff, language)

    assert "points-by-month" not in page
