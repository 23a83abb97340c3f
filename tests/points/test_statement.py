from __future__ import annotations

import csv
import io
import uuid
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from points.actions.accounts import get_system_account, lock_accounts, move_points
from points.actions.rewards import redeem_reward
from points.filters import StatementFilter, read_filter
from points.models import Account, AwardRule, Movement, PointsProject, Reward, SetAsideRecord
from points.statement import Line, write_statement
from points.tables import harmless
from tests.cast import make_volunteer
from tests.points.conftest import make_rule, settle_all
from volunteers.models import Organisation, ServiceRecord, Territory, User

Make = Callable[..., ServiceRecord]
Kind = Movement.Kind


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


def lines_of(user: User) -> list[Line]:
    """Newest first."""
    account = Account.objects.get(volunteer=user.volunteer)
    movements = Movement.objects.filter(credit_account=account) | Movement.objects.filter(
        debit_account=account
    )
    return write_statement(movements=movements.order_by("-id"), account=account)


def page_of(client: Client, user: User, **query: str) -> str:
    client.force_login(user)
    return client.get(
        reverse("my_points"), query, headers={"accept-language": "en"}
    ).content.decode()


def rows_of(client: Client, user: User, language: str = "en", **query: str) -> list[list[str]]:
    client.force_login(user)
    response = client.get(reverse("my_points_csv"), query, headers={"accept-language": language})
    text = response.getvalue().decode()  # type: ignore[attr-defined]
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


def at(day: date, hour: int) -> datetime:
    return timezone.make_aware(datetime.combine(day, time(hour)))


# Words


def test_a_night_that_counts_one_and_a_half_times_says_so(
    alice: User, confirmed: Make, per_hour: AwardRule
) -> None:
    make_rule(
        "factor", 0, percent=150, condition="night", night_from=time(22), night_until=time(6)
    )  # fmt: skip
    day = timezone.localdate() - timedelta(days=1)
    confirmed(120, served_on=day, checked_in_at=at(day, 22), checked_out_at=at(day, 23))
    settle_all()

    (line,) = lines_of(alice)

    assert line.points == 30
    assert "at night: 1.5 times" in line.reasons


def test_an_emergency_counts_twice_and_says_so(
    alice: User, confirmed: Make, per_hour: AwardRule
) -> None:
    make_rule("factor", 0, percent=200, condition="emergency")
    confirmed(60)
    settle_all()

    (line,) = lines_of(alice)

    assert "on a public holiday or in an emergency: 2 times" in line.reasons


def test_points_that_lapse_say_until_when_they_can_be_used(alice: User, confirmed: Make) -> None:
    make_rule("per_hour", 10, lapse_months=24)
    confirmed(60)
    settle_all()

    (line,) = lines_of(alice)

    lapses_on = date.fromisoformat(Movement.objects.get().reckoning["lapses_on"])
    assert lapses_on.day == 1
    assert line.reasons[-1].startswith("To be used by ")
    assert str((lapses_on - timedelta(days=1)).day) in line.reasons[-1]


def test_a_welcome_for_the_first_service_is_a_line_of_its_own(
    alice: User, confirmed: Make, per_hour: AwardRule
) -> None:
    make_rule("first_service", 20)
    confirmed(60)
    settle_all()

    welcome = next(line for line in lines_of(alice) if line.kind == Kind.FIRST)

    assert welcome.points == 20
    assert "A welcome for your first service." in welcome.reasons


@pytest.mark.parametrize(
    ("kind", "title"),
    [
        ("daily_cap", "The day's limit"),
        ("weekly_cap", "The week's limit"),
        ("yearly_cap", "The year's limit"),
    ],
)
def test_every_limit_speaks_of_its_own_days(
    alice: User, confirmed: Make, per_hour: AwardRule, kind: str, title: str
) -> None:
    make_rule(kind, 15)
    confirmed(120)
    settle_all()

    line = next(line for line in lines_of(alice) if line.kind == Kind.CAP)

    assert (line.title, line.points) == (title, -5)
    assert "20 points earned, at most 15 count. 5 lie over the limit" in line.reasons[0]


def test_what_comes_back_from_a_limit_is_explained(
    alice: User, bao: User, confirmed: Make, per_hour: AwardRule, daily_cap: AwardRule
) -> None:
    from volunteers.actions.records import correct_record

    record = confirmed(480)
    settle_all()
    correct_record(record=record, by=bao, credited_minutes=420, reason="多算了一小时")
    settle_all()

    back = next(line for line in lines_of(alice) if line.kind == Kind.CAP)

    assert back.points == 10
    assert "Less of it lies over the limit now: the difference is yours again." in back.reasons


def test_an_older_row_that_carries_its_limit_itself_still_reads_well(alice: User) -> None:
    account = lock_accounts(volunteers=[alice.volunteer])[alice.volunteer.pk]
    move_points(
        debit=get_system_account(Account.Kind.ISSUE), credit=account, points=60, kind=Kind.AWARD,
        reference="old", by=None,
        reckoning={"minutes": 390, "per_hour": 10, "bonus": 5, "capped": 10},
    )  # fmt: skip

    (line,) = lines_of(alice)

    assert line.reasons == [
        "390 minutes at 10 points an hour", "campaign bonus +5", "over the day's limit −10",
    ]  # fmt: skip


def test_lapse_gift_refund_and_family_say_where_the_points_went(
    alice: User, dai: User, bao: User, organisation: Organisation, territory: Territory,
    confirmed: Make, per_hour: AwardRule,
) -> None:  # fmt: skip
    confirmed(600)
    settle_all()
    aunt = make_volunteer(user=None, name="林阿姨", community=territory)
    accounts = lock_accounts(volunteers=[alice.volunteer, aunt])
    own, aunts = accounts[alice.volunteer.pk], accounts[aunt.pk]
    project = PointsProject.objects.create(
        name="楼道灯", name_en="Stairway lights", about="换灯", organisation=organisation,
        account=Account.objects.create(kind=Account.Kind.PROJECT),
    )  # fmt: skip

    def move(debit: Account, credit: Account, kind: Movement.Kind, **fields: Any) -> Movement:
        return move_points(
            debit=debit, credit=credit, points=5, kind=kind, reference=str(uuid.uuid4()), by=alice,
            **fields,
        )  # fmt: skip

    move(own, project.account, Kind.GIFT)
    move(own, aunts, Kind.FAMILY)
    move(aunts, own, Kind.FAMILY)
    move(
        own, get_system_account(Account.Kind.LAPSED), Kind.LAPSE,
        reckoning={"lapses_on": "2026-07-01"},
    )  # fmt: skip
    move(get_system_account(Account.Kind.LAPSED), own, Kind.LAPSE)
    restored, lapsed, from_aunt, to_aunt, gift, _award = lines_of(alice)

    assert gift.title == "Given to «Stairway lights»"
    assert to_aunt.title == "To 林阿姨, of your family"
    assert from_aunt.title == "From 林阿姨, of your family"
    assert lapsed.points == -5
    assert "They could be used up to" in lapsed.reasons[0]
    assert "30" in lapsed.reasons[0]
    assert "nothing is taken from you twice" in restored.reasons[0]


def test_a_redeemed_reward_is_named(alice: User, confirmed: Make, per_hour: AwardRule) -> None:
    confirmed(600)
    settle_all()
    reward = Reward.objects.create(name="雨伞", name_en="Umbrella", price_points=10, stock=3)
    redeem_reward(reward=reward, volunteer=alice.volunteer, nonce=uuid.uuid4(), by=alice)

    assert lines_of(alice)[0].title == "Umbrella"


# Filters


def test_the_groups_part_all_lines_among_themselves(
    client: Client, alice: User, bao: User, confirmed: Make, per_hour: AwardRule,
    daily_cap: AwardRule,
) -> None:  # fmt: skip
    confirmed(420)
    settle_all()
    reward = Reward.objects.create(name="雨伞", price_points=10, stock=3)
    redeem_reward(reward=reward, volunteer=alice.volunteer, nonce=uuid.uuid4(), by=alice)

    assert [row[3] for row in rows_of(client, alice, kind="earned")[1:]] == ["70"]
    assert [row[3] for row in rows_of(client, alice, kind="taken")[1:]] == ["-10"]
    assert [row[3] for row in rows_of(client, alice, kind="spent")[1:]] == ["-10"]
    assert rows_of(client, alice, kind="lapsed")[1:] == []
    assert len(rows_of(client, alice)) == 4


def test_a_month_and_a_year_narrow_the_statement(
    client: Client, alice: User, confirmed: Make, per_hour: AwardRule
) -> None:
    record = confirmed(60)
    last_year = timezone.localtime().replace(year=timezone.localtime().year - 1, month=3, day=31)
    ServiceRecord.objects.filter(pk=record.pk).update(confirmed_at=last_year)
    settle_all()
    year = last_year.year

    assert len(rows_of(client, alice, period=f"{year}")) == 2
    assert len(rows_of(client, alice, period=f"{year}-03")) == 2
    assert len(rows_of(client, alice, period=f"{year}-04")) == 1
    assert "Nothing of that kind here" in page_of(client, alice, period=f"{year + 1}")
    assert f'value="{year}-03" selected' in page_of(client, alice, period=f"{year}-03")


@pytest.mark.parametrize("period", ["x", "2026-13", "٢٠٢٦", "1999", "2026-00", "2026-1"])
def test_a_period_that_is_none_shows_everything(period: str) -> None:
    assert read_filter({"period": period, "kind": "nothing"}) == StatementFilter()


def test_december_ends_with_the_year() -> None:
    assert StatementFilter(year=2026, month=12).after == date(2027, 1, 1)
    assert StatementFilter(year=2026).after == date(2027, 1, 1)
    assert StatementFilter(year=2026, month=2).after == date(2026, 3, 1)


# The table to take along


def test_the_table_is_in_the_readers_language_and_starts_with_a_mark(
    client: Client, alice: User, confirmed: Make, per_hour: AwardRule
) -> None:
    confirmed(60)
    settle_all()

    english = rows_of(client, alice)

    assert english[0] == [
        "Date", "What for", "Kind", "Points", "Served on", "Minutes", "How it came about",
    ]  # fmt: skip
    assert english[1][3] == "10"
    assert rows_of(client, alice, language="zh-hans")[1][3] == "10"


def test_a_name_that_is_a_formula_stays_text(
    client: Client, alice: User, confirmed: Make, per_hour: AwardRule
) -> None:
    confirmed(60, activity_name="=HYPERLINK(1)")
    settle_all()

    assert rows_of(client, alice)[1][1] == "'=HYPERLINK(1)"


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\tx", "\rx"])
def test_every_start_of_a_formula_is_disarmed(text: str) -> None:
    assert harmless(text) == f"'{text}"
    assert harmless(-10) == -10
    assert harmless("夜巡") == "夜巡"


def test_a_long_table_has_every_line_once(
    client: Client, alice: User, confirmed: Make, per_hour: AwardRule, monkeypatch: Any
) -> None:
    for _ in range(7):
        confirmed(60)
    settle_all()
    monkeypatch.setattr("points.views.mine.LINES_PER_CHUNK", 3)

    assert len(rows_of(client, alice)) == 8


def test_nobody_without_points_gets_more_than_the_head(client: Client, alice: User) -> None:
    assert len(rows_of(client, alice)) == 1


# The page


def test_the_page_costs_the_same_queries_for_three_lines_and_for_twenty(
    client: Client, alice: User, confirmed: Make, per_hour: AwardRule
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            client.get(reverse("my_points"))
        return len(asked)

    for _ in range(3):
        confirmed(60)
    settle_all()
    page_of(client, alice)
    few = queries()
    reward = Reward.objects.create(name="雨伞", price_points=10, stock=20)
    for _ in range(8):
        confirmed(60)
        settle_all()
        redeem_reward(reward=reward, volunteer=alice.volunteer, nonce=uuid.uuid4(), by=alice)

    many = queries()
    assert many <= few + 1  # the counted pages
    assert few <= 25


def test_a_record_set_aside_is_with_the_office_and_not_on_its_way(
    client: Client, alice: User, confirmed: Make
) -> None:
    confirmed(60)
    settle_all()
    assert SetAsideRecord.objects.count() == 1

    page = page_of(client, alice)

    assert "The city's office is looking at it" in page
    assert "being turned into points" not in page
    assert "every 2s" not in page


def test_what_lapses_soon_is_told(client: Client, alice: User) -> None:
    account = lock_accounts(volunteers=[alice.volunteer])[alice.volunteer.pk]
    soon = timezone.localdate() + timedelta(days=20)
    move_points(
        debit=get_system_account(Account.Kind.ISSUE), credit=account, points=35, kind=Kind.AWARD,
        reference="soon", by=None, into={soon: 30, soon + timedelta(days=300): 5},
    )  # fmt: skip

    page = page_of(client, alice)

    assert "30 points lapse on" in page
    assert "5 points lapse on" not in page
