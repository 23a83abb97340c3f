from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from points.actions.recognition import award_noticed_recognition, evaluate_recognition
from points.models import Recognition, Standing
from tests.points.conftest import settle_all
from volunteers.actions.records import correct_record, rate_record, void_record
from volunteers.models import ServiceRecord, User, Volunteer

pytestmark = pytest.mark.usefixtures("per_hour", "sound_ledger")

Make = Callable[..., ServiceRecord]
State = Recognition.State


@pytest.fixture(autouse=True)
def _short_way(settings: Any) -> None:
    settings.LINLI_STAR_HOURS = [2, 4, 6, 8, 10]
    settings.LINLI_STAR_MIN_RATING = 3.5
    settings.LINLI_NOTICE_DAYS = 5


def follow() -> None:
    settle_all()
    while evaluate_recognition():
        pass


def stars(volunteer: Volunteer, state: str) -> list[int]:
    return list(
        Recognition.objects.filter(volunteer=volunteer, kind="star", state=state)
        .order_by("level")
        .values_list("level", flat=True)
    )


def end_notices() -> None:
    Recognition.objects.in_notice().update(notice_until=timezone.now() - timedelta(minutes=1))
    award_noticed_recognition()


def test_the_first_confirmed_service_is_honoured_at_once(confirmed: Make, alice: User) -> None:
    confirmed(30)
    follow()

    first = Recognition.objects.get(volunteer=alice.volunteer)
    assert (first.kind, first.state) == ("first_service", State.AWARDED)
    assert first.awarded_at is not None


def test_hours_alone_never_make_a_star(confirmed: Make, alice: User) -> None:
    confirmed(300)
    follow()

    assert stars(alice.volunteer, State.IN_NOTICE) == []


def test_hours_with_a_poor_rating_make_no_star(confirmed: Make, alice: User) -> None:
    confirmed(300, quality=3)
    follow()

    assert stars(alice.volunteer, State.IN_NOTICE) == []


def test_a_rating_given_later_opens_the_way(confirmed: Make, alice: User, bao: User) -> None:
    record = confirmed(300)
    follow()
    rate_record(record=record, by=bao, quality=4)
    follow()

    assert stars(alice.volunteer, State.IN_NOTICE) == [1, 2]


def test_a_star_stands_in_public_notice_before_it_is_given(confirmed: Make, alice: User) -> None:
    confirmed(130, quality=5)
    follow()
    notice = Recognition.objects.get(kind="star")
    assert notice.state == State.IN_NOTICE
    assert timedelta(days=4, hours=23) < notice.notice_until - timezone.now() <= timedelta(days=5)

    assert award_noticed_recognition() == 0
    end_notices()

    assert stars(alice.volunteer, State.AWARDED) == [1]
    alice.volunteer.refresh_from_db()
    assert alice.volunteer.star_level == 1


def test_hours_voided_during_the_notice_end_it(confirmed: Make, alice: User, bao: User) -> None:
    record = confirmed(130, quality=5)
    follow()
    void_record(record=record, by=bao, reason="没有到场")
    follow()
    end_notices()

    assert stars(alice.volunteer, State.AWARDED) == []
    assert stars(alice.volunteer, State.WITHDRAWN) == [1]


def test_hours_voided_later_take_the_star_and_the_card_follows(
    confirmed: Make, alice: User, bao: User
) -> None:
    kept = confirmed(130, quality=5)
    taken = confirmed(130, quality=5)
    follow()
    end_notices()
    alice.volunteer.refresh_from_db()
    assert alice.volunteer.star_level == 2

    void_record(record=taken, by=bao, reason="重复登记")
    follow()
    alice.volunteer.refresh_from_db()
    assert alice.volunteer.star_level == 1

    correct_record(record=kept, by=bao, credited_minutes=60, reason="早退")
    follow()
    alice.volunteer.refresh_from_db()
    assert alice.volunteer.star_level == 0


def test_a_poorer_rating_later_does_not_take_a_star_back(confirmed: Make, alice: User) -> None:
    confirmed(130, quality=5)
    follow()
    end_notices()
    confirmed(10, quality=1)
    follow()

    assert stars(alice.volunteer, State.AWARDED) == [1]


def test_a_star_is_not_given_on_sums_that_are_about_to_change(confirmed: Make, alice: User) -> None:
    confirmed(130, quality=5)
    follow()
    Standing.objects.update(revision=99)
    end_notices()

    assert stars(alice.volunteer, State.AWARDED) == []


def test_no_service_left_means_no_first_service(confirmed: Make, bao: User) -> None:
    record = confirmed(30)
    follow()
    void_record(record=record, by=bao, reason="没有到场")
    follow()

    assert not Recognition.objects.in_force().exists()


def test_looking_twice_gives_once(confirmed: Make) -> None:
    confirmed(130, quality=5)
    follow()
    Standing.objects.update(evaluated_revision=0, revision=1)
    follow()

    assert Recognition.objects.count() == 2
