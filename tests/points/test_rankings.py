from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from points.actions.recognition import evaluate_recognition
from points.models import RankingEntry, Standing
from points.rankings import TOP, own_place, rank_volunteers
from tests.cast import make_territory, make_user, make_volunteer
from tests.points.conftest import settle_all
from volunteers.actions.consents import give_consent, withdraw_consent
from volunteers.actions.leaving import close_account
from volunteers.actions.merges import merge_volunteers
from volunteers.actions.people import update_profile
from volunteers.actions.records import correct_record, void_record
from volunteers.actions.students import state_affiliation, withdraw_affiliation
from volunteers.models import Organisation, ServiceRecord, Territory, User, Volunteer

Make = Callable[..., ServiceRecord]
pytestmark = pytest.mark.usefixtures("per_hour")

THIS_MONTH = timezone.localdate().replace(day=1)


def settle_and_rank() -> None:
    settle_all()
    while evaluate_recognition():
        pass


def want_ranking(volunteer: Volunteer) -> None:
    give_consent(volunteer=volunteer, kind="ranking", by=volunteer.user)
    settle_and_rank()


@pytest.fixture
def ranked(alice: User, confirmed: Make, city: Territory) -> Volunteer:
    """Alice, who asked for it and served two hours this month."""
    confirmed(120, served_on=THIS_MONTH)
    give_consent(volunteer=alice.volunteer, kind="ranking", by=alice)
    settle_and_rank()
    return alice.volunteer


def scopes_of(volunteer: Volunteer) -> set[tuple[str, int]]:
    return set(
        RankingEntry.objects.filter(volunteer=volunteer).values_list("scope", "scope_number")
    )


def minutes_of(volunteer: Volunteer, month: date = THIS_MONTH) -> set[int]:
    entries = RankingEntry.objects.filter(volunteer=volunteer, month=month)
    return set(entries.values_list("minutes", flat=True))


def page(client: Client, **query: Any) -> str:
    return client.get(
        reverse("rankings"), query, headers={"accept-language": "en"}
    ).content.decode()


# The roll-up


def test_hours_stand_in_every_area_up_to_the_city_and_with_the_organisation(
    ranked: Volunteer, city: Territory, district: Territory, street: Territory,
    territory: Territory, organisation: Organisation,
) -> None:  # fmt: skip
    assert scopes_of(ranked) == {
        ("territory", city.pk), ("territory", district.pk), ("territory", street.pk),
        ("territory", territory.pk), ("organisation", organisation.pk),
    }  # fmt: skip
    assert minutes_of(ranked) == {120}
    assert Standing.objects.get().touched_from is None


def test_nobody_stands_there_who_did_not_ask(alice: User, confirmed: Make) -> None:
    confirmed(120, served_on=THIS_MONTH)
    settle_and_rank()

    assert not RankingEntry.objects.exists()


def test_who_asks_later_comes_with_every_month_served_before(
    alice: User, confirmed: Make, city: Territory
) -> None:
    confirmed(120, served_on=THIS_MONTH)
    confirmed(60, served_on=date(2024, 2, 29))
    settle_and_rank()

    want_ranking(alice.volunteer)

    assert minutes_of(alice.volunteer) == {120}
    assert minutes_of(alice.volunteer, date(2024, 2, 1)) == {60}


def test_who_takes_it_back_is_gone_before_any_worker_looks(ranked: Volunteer) -> None:
    withdraw_consent(volunteer=ranked, kind="ranking", by=ranked.user)

    assert not RankingEntry.objects.exists()
    settle_and_rank()
    assert not RankingEntry.objects.exists()


def test_whoever_closes_the_account_is_gone_at_once(ranked: Volunteer, alice: User) -> None:
    close_account(user=alice, by=alice)

    assert not RankingEntry.objects.exists()
    settle_and_rank()
    assert not RankingEntry.objects.exists()


def test_moving_house_moves_the_hours_of_every_month(
    ranked: Volunteer, city: Territory, territory: Territory
) -> None:
    harbour = make_territory(level=3, code="370203", name="市北区", parent=city)
    update_profile(volunteer=ranked, community=harbour, by=ranked.user)
    settle_and_rank()

    areas = {number for scope, number in scopes_of(ranked) if scope == "territory"}
    assert areas == {city.pk, harbour.pk}


def test_somebody_from_nowhere_stands_in_the_city_alone(ranked: Volunteer, city: Territory) -> None:
    update_profile(volunteer=ranked, community=None, by=ranked.user)
    settle_and_rank()

    assert {one for one in scopes_of(ranked) if one[0] == "territory"} == {("territory", city.pk)}


def test_a_university_counts_its_proven_students_only(
    ranked: Volunteer, university: Organisation, alice: User
) -> None:
    from volunteers.actions.students import verify_by_single_sign_on

    student = state_affiliation(
        volunteer=ranked, university=university, college="", student_number="2026001"
    )
    settle_and_rank()
    assert ("university", university.pk) not in scopes_of(ranked)

    verify_by_single_sign_on(student=student, email="a@haiyun.example", by=alice)
    settle_and_rank()
    assert ("university", university.pk) in scopes_of(ranked)

    student.refresh_from_db()
    withdraw_affiliation(student=student, by=alice)
    settle_and_rank()
    assert ("university", university.pk) not in scopes_of(ranked)


def test_a_correction_and_a_voided_record_change_the_month_alone(
    ranked: Volunteer, confirmed: Make, bao: User
) -> None:
    record = confirmed(60, served_on=THIS_MONTH)
    old = confirmed(30, served_on=date(2024, 2, 29))
    settle_and_rank()
    assert minutes_of(ranked) == {180}
    kept = set(RankingEntry.objects.filter(month=date(2024, 2, 1)).values_list("pk", flat=True))

    correct_record(record=record, by=bao, credited_minutes=30, reason="早走了")
    settle_and_rank()
    assert minutes_of(ranked) == {150}
    assert kept == set(
        RankingEntry.objects.filter(month=date(2024, 2, 1)).values_list("pk", flat=True)
    )

    void_record(record=old, by=bao, reason="没有到场")
    settle_and_rank()
    assert not RankingEntry.objects.filter(month=date(2024, 2, 1)).exists()


def test_two_registrations_joined_are_one_place(
    ranked: Volunteer, territory: Territory, confirmed: Make
) -> None:
    other = make_volunteer(user=None, name="林爱丽", community=territory)
    confirmed(60, volunteer=other, served_on=THIS_MONTH)
    settle_and_rank()

    merge_volunteers(kept=ranked, merged=other, by=None)
    settle_and_rank()

    assert minutes_of(ranked) == {180}
    assert set(RankingEntry.objects.values_list("volunteer", flat=True)) == {ranked.pk}


def test_the_whole_roll_up_can_be_made_again_from_nothing(ranked: Volunteer) -> None:
    before = scopes_of(ranked)
    RankingEntry.objects.all().delete()

    call_command("rebuild_rankings", verbosity=0)
    settle_and_rank()

    assert scopes_of(ranked) == before


# Places


@pytest.fixture
def crowd(city: Territory, territory: Territory) -> Callable[..., list[Volunteer]]:
    """`crowd([60, 30, …])`: people in the city's list of this month with these minutes."""

    def make(minutes: list[int]) -> list[Volunteer]:
        people = [make_volunteer(user=None, name=f"人{n}", community=territory) for n in range(
            len(minutes))]  # fmt: skip
        RankingEntry.objects.bulk_create(
            RankingEntry(
                scope="territory", scope_number=city.pk, month=THIS_MONTH, volunteer=person,
                minutes=number, records=1,
            )
            for person, number in zip(people, minutes, strict=True)
        )  # fmt: skip
        return people

    return make


def test_people_with_the_same_hours_share_a_place(city: Territory, crowd: Any) -> None:
    people = crowd([50, 90, 50, 10])
    asked: Any = {"month": THIS_MONTH, "scope": "territory", "scope_number": city.pk}

    assert [place.place for place in rank_volunteers(**asked)] == [1, 2, 2, 4]
    assert [own_place(volunteer=person, **asked).place for person in people] == [2, 1, 2, 4]  # type: ignore[union-attr]


def test_the_own_place_is_shown_below_the_hundredth(
    client: Client, ranked: Volunteer, alice: User, crowd: Any
) -> None:
    crowd([500] * TOP + [400])
    client.force_login(alice)

    shown = page(client)

    assert 'You are number <strong class="num">102</strong> with 2.0 hours.' in shown
    assert shown.count("That is you") == 1
    assert shown.count('class="list-row"') == TOP + 1


def test_the_page_costs_the_same_for_two_people_and_for_a_hundred(
    client: Client, city: Territory, crowd: Any
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            page(client)
        return len(asked)

    crowd([60, 30])
    queries()
    few = queries()
    crowd(list(range(1, 120)))

    assert queries() == few


def test_the_top_hundred_come_from_the_index_in_its_order(city: Territory, crowd: Any) -> None:
    crowd(list(range(1, 300)))
    entries = RankingEntry.objects.filter(
        scope="territory", scope_number=city.pk, month=THIS_MONTH
    ).order_by("-minutes", "volunteer_id")[:TOP]
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE points_rankingentry")
        # Small tables are read whole; a city's is not.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
    plan = entries.explain()

    assert "ranking_top" in plan
    assert "Sort" not in plan


# The page


def test_names_are_masked_and_the_month_and_area_are_chosen(
    client: Client, ranked: Volunteer, city: Territory, district: Territory, street: Territory,
    territory: Territory,
) -> None:  # fmt: skip
    other = make_territory(level=3, code="370203", name="市北区", parent=city)
    last_month = THIS_MONTH - timedelta(days=1)

    def shown(**query: Any) -> bool:
        found = page(client, **query)
        assert "林爱丽" not in found
        return "林*" in found

    assert shown()
    assert shown(district=district.pk, street=street.pk, community=territory.pk)
    assert not shown(district=other.pk)
    assert not shown(month=f"{last_month:%Y-%m}")
    # What is no area, no month or no list is left out.
    assert shown(month="x", district="nowhere", street="1'", list="nothing")
    # A street of another district is left out too.
    assert not shown(district=other.pk, street=street.pk)


def test_organisations_and_universities_have_lists_of_their_own(
    client: Client, ranked: Volunteer, alice: User, organisation: Organisation,
    other_organisation: Organisation, university: Organisation,
) -> None:  # fmt: skip
    assert "林*" in page(client, list="organisation", organisation=organisation.pk)
    assert "林*" not in page(client, list="organisation", organisation=other_organisation.pk)
    assert "Nobody here yet" in page(client, list="university")

    client.force_login(alice)
    own = page(client, list="organisation")
    assert "Where I have served" in own
    assert "林*" in own


def test_the_page_is_there_before_the_city_has_areas(client: Client, db: None) -> None:
    assert "Nobody here yet" in page(client)
    assert "Nobody here yet" in page(client, list="university")
    assert "Nobody here yet" in page(client, list="organisation")


def test_who_is_not_ranked_is_told_how(client: Client, alice: User, city: Territory) -> None:
    client.force_login(alice)

    assert "Say yes to it in your profile" in page(client)


def test_asking_in_the_profile_counts(client: Client, alice: User) -> None:
    user = make_user(name="新人", phone="+8613800000077")
    make_volunteer(user=user, name="新人", community=None)
    Standing.objects.create(volunteer=user.volunteer, revision=3, evaluated_revision=3)

    give_consent(volunteer=user.volunteer, kind="ranking", by=user)

    standing = Standing.objects.get()
    assert standing.touched_from is not None
    assert standing.revision > standing.evaluated_revision
