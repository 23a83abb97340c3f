"""Badges follow the records: given, taken back, and looked at again when their rule changes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from campaigns.models import CampaignPage
from points.actions.badges import change_badge, create_badge
from points.actions.recognition import evaluate_recognition
from points.badges import count_towards, progress_of
from points.models import Badge, Recognition, Standing
from tests.cast import make_volunteer
from tests.points.conftest import settle_all
from tests.points.test_settlement_races import run_together
from volunteers.actions.absences import excuse_no_show, note_no_shows
from volunteers.actions.leaving import copy_data
from volunteers.actions.records import correct_record, raise_objection, void_record
from volunteers.models import (
    Category,
    NoShow,
    Organisation,
    ServiceRecord,
    Territory,
    User,
    Volunteer,
)

pytestmark = pytest.mark.usefixtures("per_hour")

Make = Callable[..., ServiceRecord]
MakeBadge = Callable[..., Badge]


@pytest.fixture
def badge(organisation: Organisation) -> MakeBadge:
    """`badge(criterion, threshold, **fields)`, made as the office makes it."""

    def make(criterion: str = "times", threshold: int = 3, **fields: Any) -> Badge:
        number = Badge.objects.count() + 1
        fields = {
            "slug": f"badge-{number}",
            "name": f"徽章{number}",
            "issuer": organisation,
        } | fields
        return create_badge(criterion=criterion, threshold=threshold, by=None, **fields)

    return make


def follow() -> None:
    settle_all()
    while evaluate_recognition():
        pass


def holders(badge: Badge) -> set[Volunteer]:
    held = Recognition.objects.awarded().filter(badge=badge).select_related("volunteer")
    return {recognition.volunteer for recognition in held}


def at_local(day: date, clock: time) -> datetime:
    return timezone.make_aware(datetime.combine(day, clock))


def test_a_badge_is_given_at_once_when_the_times_are_reached(
    badge: MakeBadge, confirmed: Make, alice: User
) -> None:
    three = badge("times", 3)
    for _ in range(2):
        confirmed(30)
    follow()
    assert holders(three) == set()

    confirmed(30)
    follow()
    recognition = Recognition.objects.get(badge=three)
    assert (recognition.state, recognition.kind) == ("awarded", "badge")
    assert recognition.awarded_at is not None
    assert recognition.volunteer == alice.volunteer


def test_only_whole_hours_of_confirmed_service_count(
    badge: MakeBadge, confirmed: Make, submitted: Make
) -> None:
    two_hours = badge("hours", 2)
    confirmed(119)
    submitted(600)
    follow()
    assert holders(two_hours) == set()

    confirmed(1)
    follow()
    assert len(holders(two_hours)) == 1


def test_hours_under_objection_count_and_unsettled_ones_do_not(
    badge: MakeBadge, confirmed: Make, alice: User
) -> None:
    once, twice = badge("times", 1), badge("times", 2)
    record = confirmed(60)
    follow()
    raise_objection(record=record, by=alice, reason="是两小时")
    confirmed(60)
    counts = count_towards(badges=[once, twice], volunteer_ids=[alice.volunteer.pk])

    assert counts == {alice.volunteer.pk: {once.pk: 1, twice.pk: 1}}


def test_a_correction_and_a_void_take_the_badge_back(
    badge: MakeBadge, confirmed: Make, bao: User
) -> None:
    hours, times = badge("hours", 2), badge("times", 1)
    record = confirmed(130)
    follow()
    assert len(holders(hours)) == len(holders(times)) == 1

    correct_record(record=record, by=bao, credited_minutes=60, reason="早退")
    follow()
    assert (len(holders(hours)), len(holders(times))) == (0, 1)

    void_record(record=record, by=bao, reason="没有到场")
    follow()
    assert len(holders(times)) == 0
    withdrawn = Recognition.objects.filter(badge__isnull=False)
    assert set(withdrawn.values_list("state", flat=True)) == {"withdrawn"}


def test_a_badge_that_comes_back_is_a_new_row(badge: MakeBadge, confirmed: Make, bao: User) -> None:
    once = badge("times", 1)
    void_me = confirmed(60)
    follow()
    void_record(record=void_me, by=bao, reason="重复")
    follow()
    confirmed(60)
    follow()

    states = Recognition.objects.filter(badge=once).order_by("pk").values_list("state", flat=True)
    assert list(states) == ["withdrawn", "awarded"]


def test_only_the_kind_the_organisation_and_the_campaign_asked_for_count(
    badge: MakeBadge,
    confirmed: Make,
    category: Category,
    organisation: Organisation,
    other_organisation: Organisation,
    alice: User,
    dai: User,
) -> None:
    coast = Category.objects.create(slug="coast", name="护海")
    badges = [
        badge("times", 1, category=coast),
        badge("times", 1, organisation=other_organisation),
        badge("times", 1, campaign_number=77),
    ]
    confirmed(60)
    follow()
    assert [holders(each) for each in badges] == [set(), set(), set()]

    confirmed(60, category=coast)
    confirmed(60, organisation=other_organisation)
    confirmed(60, campaign_number=77)
    follow()
    assert [holders(each) for each in badges] == [{alice.volunteer}] * 3


@pytest.mark.parametrize(
    ("clock", "counts"),
    [
        (time(20, 59), False),
        (time(21, 0), True),
        (time(23, 59), True),
        (time(0, 0), True),
        (time(5, 0), True),
        (time(5, 1), False),
        (time(12, 0), False),
    ],
)
def test_a_night_goes_across_midnight_by_the_citys_clock(
    badge: MakeBadge, confirmed: Make, clock: time, counts: bool
) -> None:
    night = badge("times", 1, begins_from=time(21), begins_until=time(5))
    day = timezone.localdate() - timedelta(days=3)
    confirmed(60, served_on=day, checked_in_at=at_local(day, clock))
    follow()

    assert bool(holders(night)) is counts


def test_a_morning_lies_between_its_two_ends_and_hours_by_hand_have_no_time_of_day(
    badge: MakeBadge, confirmed: Make
) -> None:
    morning = badge("times", 1, begins_from=time(6), begins_until=time(9))
    day = timezone.localdate() - timedelta(days=3)
    confirmed(60, served_on=day)
    confirmed(60, served_on=day, checked_in_at=at_local(day, time(10)))
    follow()
    assert holders(morning) == set()

    confirmed(60, served_on=day, checked_in_at=at_local(day, time(7)))
    follow()
    assert len(holders(morning)) == 1


def test_a_year_without_a_no_show_runs_from_the_first_service_to_the_latest(
    badge: MakeBadge, confirmed: Make
) -> None:
    year = badge("reliable_days", 365)
    today = timezone.localdate()
    confirmed(60, served_on=today - timedelta(days=400))
    confirmed(60, served_on=today - timedelta(days=36))
    follow()
    assert holders(year) == set()

    confirmed(60, served_on=today - timedelta(days=35))
    follow()
    assert len(holders(year)) == 1


def test_a_no_show_starts_the_days_anew_and_takes_the_badge_back(
    badge: MakeBadge, confirmed: Make, alice: User, organisation: Organisation
) -> None:
    month = badge("reliable_days", 30)
    today = timezone.localdate()
    confirmed(60, served_on=today - timedelta(days=60))
    confirmed(60, served_on=today - timedelta(days=20))
    follow()
    assert len(holders(month)) == 1

    note_no_shows(
        missed={"sign_up:1": alice.volunteer.pk},
        organisation=organisation,
        missed_on=today - timedelta(days=40),
    )
    follow()
    assert holders(month) == set()
    assert progress_of(volunteer=alice.volunteer, badges=[month])[0].count == 20


def test_an_excused_no_show_takes_no_badge(
    badge: MakeBadge, confirmed: Make, alice: User, bao: User, organisation: Organisation
) -> None:
    month = badge("reliable_days", 30)
    today = timezone.localdate()
    confirmed(60, served_on=today - timedelta(days=60))
    confirmed(60, served_on=today - timedelta(days=20))
    note_no_shows(
        missed={"sign_up:1": alice.volunteer.pk},
        organisation=organisation,
        missed_on=today - timedelta(days=40),
    )
    follow()
    assert holders(month) == set()

    excuse_no_show(no_show=NoShow.objects.get(), reason="发烧", by=bao)
    follow()
    assert len(holders(month)) == 1


def test_a_no_show_elsewhere_does_not_touch_an_organisations_own_badge(
    badge: MakeBadge,
    confirmed: Make,
    alice: User,
    organisation: Organisation,
    other_organisation: Organisation,
) -> None:
    own = badge("reliable_days", 30, organisation=organisation)
    today = timezone.localdate()
    confirmed(60, served_on=today - timedelta(days=60))
    confirmed(60, served_on=today)
    note_no_shows(
        missed={"sign_up:1": alice.volunteer.pk},
        organisation=other_organisation,
        missed_on=today - timedelta(days=10),
    )
    follow()

    assert len(holders(own)) == 1


def test_a_new_badge_comes_to_those_who_have_earned_it_long_since(
    badge: MakeBadge, confirmed: Make
) -> None:
    confirmed(60)
    follow()
    late = badge("times", 1)
    assert evaluate_recognition() == 1

    assert len(holders(late)) == 1


def test_a_changed_threshold_gives_and_takes(badge: MakeBadge, confirmed: Make) -> None:
    each = badge("times", 2)
    confirmed(60)
    follow()
    assert holders(each) == set()

    change_badge(badge=each, by=None, threshold=1)
    follow()
    assert len(holders(each)) == 1

    change_badge(badge=each, by=None, threshold=5)
    follow()
    assert holders(each) == set()


def test_a_new_name_concerns_nobodys_records(badge: MakeBadge, confirmed: Make) -> None:
    each = badge("times", 1)
    confirmed(60)
    follow()
    change_badge(badge=each, by=None, name="新名字")

    assert evaluate_recognition() == 0


def test_a_badge_off_offer_stays_but_follows_its_records_and_comes_to_nobody_new(
    badge: MakeBadge, confirmed: Make, territory: Territory, bao: User
) -> None:
    each = badge("times", 1)
    record = confirmed(60)
    follow()
    change_badge(badge=each, by=None, is_offered=False)
    newcomer = make_volunteer(user=None, name="新来的", community=territory)
    confirmed(60, volunteer=newcomer)
    follow()
    assert holders(each) == {record.volunteer}

    void_record(record=record, by=bao, reason="没有到场")
    follow()
    assert holders(each) == set()


def test_a_batch_is_looked_at_in_the_same_number_of_queries_however_many_people_and_badges(
    badge: MakeBadge,
    confirmed: Make,
    territory: Territory,
    django_assert_num_queries: DjangoAssertNumQueries,
    django_assert_max_num_queries: Any,
) -> None:
    for number in range(12):
        person = make_volunteer(user=None, name=f"邻居{number}", community=territory)
        confirmed(60, volunteer=person)
        badge("times", number + 2)
        badge("reliable_days", number + 2)
    settle_all()
    people = list(Volunteer.objects.values_list("pk", flat=True))
    badges = list(Badge.objects.all())
    with django_assert_num_queries(2):
        count_towards(badges=badges, volunteer_ids=people)
    with django_assert_max_num_queries(20):
        assert evaluate_recognition() == 12


@pytest.mark.django_db(transaction=True)
def test_workers_side_by_side_give_each_badge_once(
    badge: MakeBadge, confirmed: Make, territory: Territory
) -> None:
    badge("times", 1)
    badge("hours", 1)
    for number in range(10):
        person = make_volunteer(user=None, name=f"邻居{number}", community=territory)
        confirmed(60, volunteer=person)
    settle_all()
    Standing.objects.update(revision=5, evaluated_revision=0)

    def work() -> int:
        looked_at = 0
        for _ in range(20):
            looked_at += evaluate_recognition(limit=3)
        return looked_at

    assert sum(run_together(work, work, work)) == 10
    assert Recognition.objects.filter(kind="badge").count() == 20


@pytest.mark.django_db(transaction=True)
def test_a_rule_changed_while_workers_settle_and_evaluate_is_followed_to_the_end(
    badge: MakeBadge, submitted: Make, territory: Territory, bao: User
) -> None:
    each = badge("times", 9)
    people = [
        make_volunteer(user=None, name=f"邻居{number}", community=territory) for number in range(8)
    ]
    records = [submitted(60, volunteer=person) for person in people for _ in range(3)]

    def organise() -> None:
        from volunteers.actions.records import confirm_record

        for record in records:
            confirm_record(record=record, by=bao)

    def work() -> None:
        for _ in range(15):
            settle_all()
            evaluate_recognition(limit=3)

    def change() -> None:
        for threshold in (5, 4, 7, 3):
            change_badge(badge=each, by=None, threshold=threshold)

    run_together(organise, work, work, change)
    follow()
    assert holders(each) == set(people)


def test_the_public_page_says_what_earns_a_badge_and_who_gives_it(
    badge: MakeBadge, client: Client, organisation: Organisation
) -> None:
    badge("times", 10, name="夜巡十次", begins_from=time(21), begins_until=time(5))
    badge("times", 10, name="旧徽章", is_offered=False)
    page = client.get(reverse("badges")).content.decode()

    assert "夜巡十次" in page
    assert organisation.name in page
    assert "21:00" in page
    assert "05:00" in page
    assert "旧徽章" not in page


def test_without_badges_the_public_page_says_so(client: Client, db: None) -> None:
    assert "empty-title" in client.get(reverse("badges")).content.decode()


def test_my_honours_show_what_i_have_and_how_far_i_am(
    badge: MakeBadge, confirmed: Make, client: Client, alice: User
) -> None:
    badge("times", 1, name="第一枚")
    badge("times", 5, name="第五枚")
    for _ in range(3):
        confirmed(60)
    follow()
    client.force_login(alice)
    page = client.get(reverse("my_honours"), headers={"accept-language": "en"}).content.decode()

    assert "第一枚" in page
    assert "3 of 5" in page
    assert '<progress value="3" max="5"' in page


def test_a_badge_taken_back_is_told_in_plain_words(
    badge: MakeBadge, confirmed: Make, client: Client, alice: User, bao: User
) -> None:
    badge("times", 1, name="第一枚")
    record = confirmed(60)
    follow()
    void_record(record=record, by=bao, reason="没有到场")
    follow()
    client.force_login(alice)
    page = client.get(reverse("my_honours"), headers={"accept-language": "en"}).content.decode()

    assert "The badge “第一枚” was taken back" in page


def test_who_missed_a_shift_reads_it_and_how_to_set_it_right(
    client: Client, alice: User, organisation: Organisation
) -> None:
    day = timezone.localdate() - timedelta(days=2)
    note_no_shows(
        missed={"sign_up:1": alice.volunteer.pk}, organisation=organisation, missed_on=day
    )
    client.force_login(alice)
    page = client.get(reverse("my_honours"), headers={"accept-language": "en"}).content.decode()

    assert f"{day}, {organisation.name}: you had a place" in page
    data = copy_data(volunteer=alice.volunteer)
    assert data["no_shows"] == [
        {"day": day.isoformat(), "organisation": organisation.name, "excused": ""}
    ]


def test_a_copy_of_my_data_names_my_badges(badge: MakeBadge, confirmed: Make, alice: User) -> None:
    badge("times", 1, name="第一枚")
    confirmed(60)
    follow()
    copied = copy_data(volunteer=alice.volunteer)["points"]["recognitions"]

    assert {
        "kind": "badge",
        "level": 0,
        "badge": "第一枚",
        "state": "awarded",
        "reason": "",
        "credential": None,  # not signed yet
    } in copied


def test_the_summary_of_my_points_names_the_badge(
    badge: MakeBadge, confirmed: Make, client: Client, alice: User
) -> None:
    badge("times", 1, name="第一枚")
    confirmed(60)
    follow()
    client.force_login(alice)
    page = client.get(reverse("my_points")).content.decode()

    assert "第一枚" in page
    assert reverse("my_honours") in page
    assert reverse("my_honours") in client.get(reverse("me")).content.decode()


# The office


def badge_data(organisation: Organisation, **changes: Any) -> dict[str, Any]:
    return {
        "name": "夜巡十次",
        "slug": "night-ten",
        "about": "夜里走了十趟。",
        "icon": "moon",
        "issuer": organisation.pk,
        "criterion": "times",
        "threshold": 1,
        "is_offered": "on",
        "position": 0,
    } | changes


def test_the_office_makes_a_badge_and_it_comes_to_those_who_have_earned_it(
    confirmed: Make, client: Client, city_staff: User, organisation: Organisation
) -> None:
    confirmed(60)
    follow()
    client.force_login(city_staff)
    answer = client.post(reverse("badges:add"), badge_data(organisation))
    assert answer.status_code == 302
    made = Badge.objects.get()
    follow()
    assert len(holders(made)) == 1

    answer = client.post(
        reverse("badges:edit", args=[made.pk]), badge_data(organisation, threshold=9)
    )
    assert answer.status_code == 302
    follow()
    assert holders(made) == set()


def test_the_office_is_told_what_is_wrong_with_a_badge(
    client: Client, city_staff: User, organisation: Organisation
) -> None:
    client.force_login(city_staff)
    for changes in (
        {"begins_from": "21:00"},
        {"begins_from": "21:00", "begins_until": "21:00"},
        {"threshold": 0},
        {"icon": "no-such-picture"},
    ):
        answer = client.post(reverse("badges:add"), badge_data(organisation, **changes))
        assert answer.status_code == 200
    assert not Badge.objects.exists()


def test_nobody_else_makes_badges(client: Client, bao: User, organisation: Organisation) -> None:
    client.force_login(bao)
    client.post(reverse("badges:add"), badge_data(organisation))

    assert not Badge.objects.exists()


def test_the_campaign_of_a_badge_is_chosen_and_named_by_its_title(
    client: Client, city_staff: User, organisation: Organisation, campaign: CampaignPage
) -> None:
    client.force_login(city_staff)
    form = {
        "name": "夜巡人", "slug": "night", "about": "走过夜路", "icon": "moon",
        "issuer": organisation.pk, "criterion": "times", "threshold": 1, "campaign": campaign.pk,
        "position": 1, "is_offered": "on",
    }  # fmt: skip
    assert client.post(reverse("badges:add"), form).status_code == 302

    assert Badge.objects.get(slug="night").campaign_number == campaign.pk
    page = client.get(reverse("badges"), headers={"accept-language": "en"}).content.decode()
    assert campaign.title_en in page
    index = campaign.get_parent()
    wrong = client.post(reverse("badges:add"), form | {"slug": "x", "campaign": index.pk})
    assert wrong.status_code == 200
