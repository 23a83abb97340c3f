"""Objections to a star in public notice (R6): who may raise them, what they stop, who answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from points.actions.objections import (
    MOST_OPEN,
    AnswerMissing,
    DecidedAlready,
    NotInNotice,
    NotYoursToDecide,
    ObjectionOpen,
    ObjectionRefused,
    OwnStar,
    ReasonMissing,
    TooManyOpen,
    decide_star_objection,
    raise_star_objection,
)
from points.actions.recognition import award_noticed_recognition, evaluate_recognition
from points.models import Recognition, StarObjection
from tests.cast import make_volunteer
from tests.points.conftest import settle_all
from tests.points.test_settlement_races import run_together
from volunteers.actions.merges import merge_volunteers
from volunteers.actions.records import void_record
from volunteers.models import ServiceRecord, Territory, User, Volunteer

pytestmark = pytest.mark.usefixtures("per_hour")

Make = Callable[..., ServiceRecord]
State = Recognition.State


@pytest.fixture(autouse=True)
def _short_way(settings: Any) -> None:
    settings.LINLI_STAR_HOURS = [2, 4, 6, 8, 10]
    settings.LINLI_STAR_MIN_RATING = 3.5
    settings.LINLI_NOTICE_DAYS = 5
    settings.LINLI_STAR_AGAIN_HOURS = 3


def follow() -> None:
    settle_all()
    while evaluate_recognition():
        pass


def end_notices() -> int:
    Recognition.objects.in_notice().update(notice_until=timezone.now() - timedelta(minutes=1))
    return award_noticed_recognition()


def stars(volunteer: Volunteer, state: str) -> list[int]:
    found = Recognition.objects.filter(volunteer=volunteer, kind="star", state=state)
    return list(found.order_by("level", "pk").values_list("level", flat=True))


@pytest.fixture
def star(confirmed: Make) -> Recognition:
    """Alice's first star, in notice for two hours of yesterday."""
    confirmed(130, quality=5)
    follow()
    return Recognition.objects.get(kind="star")


@pytest.fixture
def objection(star: Recognition, dai: User) -> StarObjection:
    return raise_star_objection(recognition=star, reason="那天我没有看到她。", by=dai)


def test_a_star_with_an_open_objection_is_not_given_although_its_notice_has_ended(
    objection: StarObjection, alice: User
) -> None:
    assert end_notices() == 0
    assert stars(alice.volunteer, State.AWARDED) == []
    alice.volunteer.refresh_from_db()
    assert alice.volunteer.star_level == 0


def test_dismissed_the_star_is_given(
    objection: StarObjection, alice: User, city_staff: User
) -> None:
    end_notices()
    decided = decide_star_objection(
        objection=objection, uphold=False, answer="签到和照片都在。", by=city_staff
    )
    assert (decided.state, decided.decided_by) == ("dismissed", city_staff)
    assert decided.decided_at is not None

    assert award_noticed_recognition() == 1
    assert stars(alice.volunteer, State.AWARDED) == [1]


def test_upheld_the_star_is_refused_and_the_same_hours_do_not_bring_it_back(
    objection: StarObjection, confirmed: Make, alice: User, city_staff: User
) -> None:
    decide_star_objection(objection=objection, uphold=True, answer="照片是旧的。", by=city_staff)
    star = Recognition.objects.get(kind="star")
    assert (star.state, star.withdraw_reason) == ("withdrawn", "照片是旧的。")
    assert star.refused_at is not None

    # Older hours that are confirmed only now change nothing, however many.
    confirmed(600, quality=5, served_on=timezone.localdate() - timedelta(days=9))
    follow()
    assert end_notices() == 0
    assert stars(alice.volunteer, State.AWARDED) == []


def test_new_service_after_the_refusal_opens_the_way_again(
    objection: StarObjection, confirmed: Make, alice: User, city_staff: User
) -> None:
    decide_star_objection(objection=objection, uphold=True, answer="照片是旧的。", by=city_staff)
    long_ago = timezone.now() - timedelta(days=30)
    Recognition.objects.update(refused_at=long_ago, withdrawn_at=long_ago)
    day = timezone.localdate(long_ago)
    confirmed(600, quality=5, served_on=day)
    confirmed(100, quality=5, served_on=day + timedelta(days=1))
    follow()
    # 130 of yesterday and 100 are 230 minutes since: above the three hours asked.
    assert stars(alice.volunteer, State.IN_NOTICE) == [1, 2, 3, 4, 5]


def test_too_little_new_service_does_not(
    objection: StarObjection, confirmed: Make, alice: User, city_staff: User
) -> None:
    decide_star_objection(objection=objection, uphold=True, answer="照片是旧的。", by=city_staff)
    long_ago = timezone.now() - timedelta(days=30)
    Recognition.objects.update(refused_at=long_ago, withdrawn_at=long_ago)
    confirmed(49, quality=5, served_on=timezone.localdate())
    follow()

    assert stars(alice.volunteer, State.IN_NOTICE) == []


def test_the_office_may_lift_a_refusal_and_the_star_stands_in_notice_anew(
    objection: StarObjection, alice: User, city_staff: User
) -> None:
    decide_star_objection(objection=objection, uphold=True, answer="照片是旧的。", by=city_staff)
    lifted = decide_star_objection(
        objection=objection, uphold=False, answer="照片的日期查清了。", by=city_staff
    )
    assert lifted.state == "dismissed"
    follow()

    assert stars(alice.volunteer, State.IN_NOTICE) == [1]
    assert Recognition.objects.in_notice().get().notice_until > timezone.now()


def test_an_upheld_objection_refuses_the_higher_stars_of_the_same_notice_too(
    confirmed: Make, alice: User, dai: User, chen: User, city_staff: User
) -> None:
    confirmed(400, quality=5)
    follow()
    first, second, _third = Recognition.objects.in_notice().filter(kind="star").order_by("level")
    low = raise_star_objection(recognition=first, reason="不是本人。", by=dai)
    high = raise_star_objection(recognition=second, reason="也不是本人。", by=chen)
    decide_star_objection(objection=low, uphold=True, answer="属实。", by=city_staff)

    assert stars(alice.volunteer, State.IN_NOTICE) == []
    high.refresh_from_db()
    assert (high.state, high.answer, high.decided_by) == ("upheld", "属实。", city_staff)


def test_a_higher_star_waits_for_the_objection_to_a_lower_one_and_not_the_other_way(
    confirmed: Make, alice: User, dai: User
) -> None:
    confirmed(400, quality=5)
    follow()
    _first, second, _third = Recognition.objects.in_notice().filter(kind="star").order_by("level")
    raise_star_objection(recognition=second, reason="不是本人。", by=dai)
    end_notices()

    assert stars(alice.volunteer, State.AWARDED) == [1]
    assert stars(alice.volunteer, State.IN_NOTICE) == [2, 3]


def test_an_open_objection_holds_the_star_up_that_came_anew(
    objection: StarObjection, confirmed: Make, alice: User, bao: User
) -> None:
    void_record(record=ServiceRecord.objects.get(), by=bao, reason="重复")
    follow()
    confirmed(130, quality=5)
    follow()
    assert stars(alice.volunteer, State.WITHDRAWN) == stars(alice.volunteer, State.IN_NOTICE) == [1]

    assert end_notices() == 0


def test_who_may_not_object(star: Recognition, alice: User, dai: User) -> None:
    with pytest.raises(OwnStar):
        raise_star_objection(recognition=star, reason="不好意思。", by=alice)
    with pytest.raises(ReasonMissing):
        raise_star_objection(recognition=star, reason="  ", by=dai)
    raise_star_objection(recognition=star, reason="那天我没有看到她。", by=dai)
    with pytest.raises(ObjectionOpen):
        raise_star_objection(recognition=star, reason="再说一次。", by=dai)
    end = timezone.now() - timedelta(minutes=1)
    Recognition.objects.filter(pk=star.pk).update(notice_until=end)
    with pytest.raises(NotInNotice):
        raise_star_objection(recognition=star, reason="太晚了。", by=dai)


def test_nobody_holds_up_a_whole_list(star: Recognition, dai: User, territory: Territory) -> None:
    later = timezone.now() + timedelta(days=2)
    for number in range(MOST_OPEN):
        person = make_volunteer(user=None, name=f"邻居{number}", community=territory)
        other = Recognition.objects.create(
            volunteer=person, kind="star", level=1, state="in_notice", notice_until=later
        )
        raise_star_objection(recognition=other, reason="都不行。", by=dai)
    with pytest.raises(TooManyOpen):
        raise_star_objection(recognition=star, reason="都不行。", by=dai)


def test_who_may_not_decide(
    objection: StarObjection, alice: User, dai: User, city_staff: User
) -> None:
    for person in (alice, dai):
        with pytest.raises(NotYoursToDecide):
            decide_star_objection(objection=objection, uphold=False, answer="没事。", by=person)
    with pytest.raises(AnswerMissing):
        decide_star_objection(objection=objection, uphold=True, answer=" ", by=city_staff)
    decide_star_objection(objection=objection, uphold=False, answer="没事。", by=city_staff)
    with pytest.raises(DecidedAlready):
        decide_star_objection(objection=objection, uphold=True, answer="还是有事。", by=city_staff)


@pytest.mark.django_db(transaction=True)
def test_an_objection_raised_while_the_award_runs_is_either_in_time_or_refused(
    confirmed: Make, alice: User, dai: User, territory: Territory
) -> None:
    for number in range(12):
        person = make_volunteer(user=None, name=f"邻居{number}", community=territory)
        confirmed(130, quality=5, volunteer=person)
        follow()
        star = Recognition.objects.get(kind="star", volunteer=person)
        soon = timezone.now() + timedelta(milliseconds=25)
        Recognition.objects.filter(pk=star.pk).update(notice_until=soon)

        def object_to(star: Recognition = star) -> bool:
            try:
                raise_star_objection(recognition=star, reason="等等。", by=dai)
            except ObjectionRefused:
                return False
            return True

        def award(until: Any = soon) -> int:
            given = 0
            while timezone.now() < until + timedelta(milliseconds=30):
                given += award_noticed_recognition()
            return given

        objected, given, again = run_together(object_to, award, award)
        # Each may have passed over the star while the objection held it; nobody does any more.
        later = 0 if timezone.now() < soon else award_noticed_recognition()
        assert given + again + later + objected == 1
        star.refresh_from_db()
        assert (star.state == State.AWARDED) is not objected
        StarObjection.objects.update(state="dismissed")
        award_noticed_recognition()


@pytest.mark.django_db(transaction=True)
def test_an_objection_that_commits_between_looking_and_locking_is_seen(
    confirmed: Make, dai: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The award has chosen the star and not yet looked once more when the objection commits."""
    confirmed(130, quality=5)
    follow()
    star = Recognition.objects.get(kind="star")
    from points.actions import recognition

    looks = []
    first_look = recognition._open_objections

    def look() -> Any:
        # The second look comes under the lock; before it an objection is written past the lock.
        looks.append(1)
        if len(looks) == 2:
            StarObjection.objects.create(recognition=star, reason="等等。", raised_by=dai)
        return first_look()

    monkeypatch.setattr(recognition, "_open_objections", look)
    with transaction.atomic():
        assert end_notices() == 0
    star.refresh_from_db()
    assert star.state == State.IN_NOTICE


def merge(kept: Volunteer, merged: Volunteer) -> None:
    merge_volunteers(kept=kept, merged=merged, by=None)
    follow()


def test_a_refused_star_stays_refused_when_two_registrations_become_one(
    objection: StarObjection, alice: User, city_staff: User, territory: Territory
) -> None:
    decide_star_objection(objection=objection, uphold=True, answer="照片是旧的。", by=city_staff)
    kept = make_volunteer(user=None, name="林爱丽", community=territory)
    merge(kept, alice.volunteer)

    assert stars(kept, State.IN_NOTICE) == []


def test_an_objection_to_one_registrations_star_holds_up_the_others(
    objection: StarObjection, confirmed: Make, alice: User, territory: Territory
) -> None:
    kept = make_volunteer(user=None, name="林爱丽", community=territory)
    confirmed(130, quality=5, volunteer=kept)
    follow()
    merge(kept, alice.volunteer)

    assert end_notices() == 0
    assert stars(kept, State.AWARDED) == []


# Pages


def test_the_notice_page_offers_to_object_only_to_whom_may(
    star: Recognition, client: Client, alice: User, dai: User
) -> None:
    address = reverse("object_to_star", args=[star.pk])
    assert address not in client.get(reverse("star_notice")).content.decode()
    client.force_login(alice)
    assert address not in client.get(reverse("star_notice")).content.decode()
    assert client.get(address).status_code == 404
    client.force_login(dai)
    assert address in client.get(reverse("star_notice")).content.decode()

    answer = client.post(address, {"reason": "那天我没有看到她。"}, follow=True)
    page = answer.content.decode()
    assert address not in page
    assert "那天我没有看到她。" in page
    objection = StarObjection.objects.get()
    assert (objection.recognition, objection.raised_by) == (star, dai)


def test_who_has_left_stands_in_no_notice(star: Recognition, client: Client, alice: User) -> None:
    alice.volunteer.closed_at = timezone.now()
    alice.volunteer.save()

    assert not client.get(reverse("star_notice")).context["page_obj"].object_list


def test_an_objection_without_a_reason_is_asked_for_one(
    star: Recognition, client: Client, dai: User
) -> None:
    client.force_login(dai)
    answer = client.post(reverse("object_to_star", args=[star.pk]), {"reason": ""})
    assert answer.status_code == 200
    assert not StarObjection.objects.exists()


def test_the_person_concerned_reads_what_becomes_of_it_and_not_who_objected(
    objection: StarObjection, client: Client, alice: User, city_staff: User
) -> None:
    client.force_login(alice)
    english = {"accept-language": "en"}
    page = client.get(reverse("my_honours"), headers=english).content.decode()
    assert "Somebody has objected to star level 1" in page
    assert "戴外人" not in page
    assert objection.reason not in page

    decide_star_objection(objection=objection, uphold=True, answer="照片是旧的。", by=city_staff)
    page = client.get(reverse("my_honours"), headers=english).content.decode()
    assert "Star level 1 was not given: 照片是旧的。" in page
    assert "After 3 hours of new service" in page

    decide_star_objection(objection=objection, uphold=False, answer="查清了。", by=city_staff)
    follow()
    page = client.get(reverse("my_honours"), headers=english).content.decode()
    assert "An objection to star level 1 was dismissed: 查清了。" in page
    assert "was not given" not in page


# The office


def test_the_office_decides_in_the_admin_with_an_answer(
    objection: StarObjection, client: Client, city_staff: User, alice: User
) -> None:
    client.force_login(city_staff)
    index = client.get(reverse("star-objections:index")).content.decode()
    assert objection.reason in index
    assert alice.volunteer.name in index
    address = reverse("star-objections:edit", args=[objection.pk])
    page = client.get(address).content.decode()
    assert "戴外人" in page
    assert objection.reason in page

    assert client.post(address, {"decision": "uphold", "answer": ""}).status_code == 200
    objection.refresh_from_db()
    assert objection.state == "open"

    assert client.post(address, {"decision": "uphold", "answer": "属实。"}).status_code == 302
    objection.refresh_from_db()
    assert (objection.state, objection.decided_by) == ("upheld", city_staff)
    assert stars(alice.volunteer, State.WITHDRAWN) == [1]

    again = client.post(address, {"decision": "uphold", "answer": "还是。"})
    assert again.status_code == 200
    lifted = client.post(address, {"decision": "dismiss", "answer": "查清了。"})
    assert lifted.status_code == 302
    follow()
    assert stars(alice.volunteer, State.IN_NOTICE) == [1]


def test_only_the_citys_office_decides(objection: StarObjection, client: Client, rui: User) -> None:
    client.force_login(rui)
    address = reverse("star-objections:edit", args=[objection.pk])
    client.post(address, {"decision": "dismiss", "answer": "没事。"})
    objection.refresh_from_db()

    assert objection.state == "open"


def test_the_offices_overview_says_how_many_wait(
    objection: StarObjection, client: Client, city_staff: User
) -> None:
    client.force_login(city_staff)
    overview = client.get(reverse("points-overview:index"))

    assert overview.context["open_objections"] == 1
    waiting = reverse("star-objections:index") + "?state=open"
    assert waiting in overview.content.decode()
    assert objection.reason in client.get(waiting).content.decode()
    answered = reverse("star-objections:index") + "?state=upheld"
    assert objection.reason not in client.get(answered).content.decode()


def test_an_empty_list_says_what_will_come(client: Client, city_staff: User) -> None:
    client.force_login(city_staff)
    page = client.get(
        reverse("star-objections:index"), headers={"accept-language": "en"}
    ).content.decode()
    assert "Nobody has objected to a star." in page
