"""The year's list of honours: nominated by organisations, decided by the city, masked until yes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from points.actions.honours import (
    AnswerMissing,
    HonourDecided,
    HonouredAlready,
    NotOnTheList,
    NotServedThere,
    NotYoursToApprove,
    OwnHonour,
    YearNotOpen,
    decide_honour,
    nominate_honour,
    show_name,
)
from points.models import YearlyHonour
from tests.cast import make_user, make_volunteer
from tests.points.test_settlement_races import run_together
from volunteers.actions.records import void_record
from volunteers.models import Organisation, ServiceRecord, Territory, User

Make = Callable[..., ServiceRecord]


@pytest.fixture
def year(confirmed: Make) -> int:
    """The year of Alice's one confirmed service, with Bao's organisation."""
    return confirmed(90).served_on.year


@pytest.fixture
def nominate(organisation: Organisation, alice: User, bao: User, year: int) -> Any:
    def make(**fields: Any) -> YearlyHonour:
        return nominate_honour(
            **{
                "year": year,
                "volunteer": alice.volunteer,
                "organisation": organisation,
                "title": "年度热心邻居",
                "citation": "一年里没有缺过一次夜巡。",
                "by": bao,
            }
            | fields
        )

    return make


@pytest.fixture
def approved(nominate: Any, city_staff: User) -> YearlyHonour:
    return decide_honour(honour=nominate(), approve=True, answer="", by=city_staff)


def test_an_organisation_nominates_whom_it_knows_from_that_year(
    nominate: Any, organisation: Organisation, bao: User
) -> None:
    honour = nominate()
    assert (honour.state, honour.nominated_by) == ("nominated", bao)


def test_nobody_is_nominated_who_did_not_serve_there_that_year(
    nominate: Any,
    organisation: Organisation,
    other_organisation: Organisation,
    territory: Territory,
    year: int,
    bao: User,
) -> None:
    stranger = make_volunteer(user=None, name="没来过的人", community=territory)
    with pytest.raises(NotServedThere):
        nominate(volunteer=stranger)
    with pytest.raises(NotServedThere):
        nominate(organisation=other_organisation)
    with pytest.raises(YearNotOpen):
        nominate(year=timezone.localdate().year - 2)
    with pytest.raises(YearNotOpen):
        nominate(year=timezone.localdate().year + 1)
    void_record(record=ServiceRecord.objects.get(), by=bao, reason="重复")
    with pytest.raises(NotServedThere):
        nominate()


def test_nobody_nominates_themselves(nominate: Any, alice: User) -> None:
    with pytest.raises(OwnHonour):
        nominate(by=alice)


def test_one_honour_a_year_and_person_unless_the_first_was_declined(
    nominate: Any, city_staff: User
) -> None:
    first = nominate()
    with pytest.raises(HonouredAlready):
        nominate(title="另一个称号")
    decide_honour(honour=first, approve=False, answer="请写具体一些。", by=city_staff)

    assert nominate(title="另一个称号").state == "nominated"


def test_who_decides_is_somebody_else_and_decides_once(
    nominate: Any, bao: User, alice: User, city_staff: User
) -> None:
    honour = nominate(by=city_staff)
    for person in (city_staff, alice):
        with pytest.raises(NotYoursToApprove):
            decide_honour(honour=honour, approve=True, answer="", by=person)
    other = make_user(name="另一位", phone="+8613800000077", is_staff=True)
    with pytest.raises(AnswerMissing):
        decide_honour(honour=honour, approve=False, answer=" ", by=other)
    decided = decide_honour(honour=honour, approve=True, answer="", by=other)
    assert (decided.state, decided.decided_by) == ("approved", other)
    with pytest.raises(HonourDecided):
        decide_honour(honour=honour, approve=False, answer="改主意了。", by=other)


@pytest.mark.django_db(transaction=True)
def test_two_organisers_at_the_same_moment_make_one_nomination(nominate: Any) -> None:
    def try_it() -> bool:
        try:
            nominate()
        except HonouredAlready:
            return False
        return True

    assert sorted(run_together(try_it, try_it, try_it)) == [False, False, True]
    assert YearlyHonour.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_of_the_office_at_the_same_moment_decide_once(nominate: Any, city_staff: User) -> None:
    honour = nominate()

    def decide(approve: bool) -> bool:
        try:
            decide_honour(honour=honour, approve=approve, answer="好。", by=city_staff)
        except HonourDecided:
            return False
        return True

    assert sorted(run_together(lambda: decide(True), lambda: decide(False))) == [False, True]


# The public list


def test_the_list_shows_who_is_approved_masked_until_they_say_yes(
    approved: YearlyHonour, client: Client, alice: User
) -> None:
    for address in (reverse("honours"), reverse("honours_of_year", args=[approved.year])):
        page = client.get(address).content.decode()
        assert "林*" in page
        assert "林爱丽" not in page
        assert approved.citation in page

    mine = Client()
    mine.force_login(alice)
    assert approved.title in mine.get(reverse("my_honours")).content.decode()
    address = reverse("show_honour_name", args=[approved.pk])
    assert mine.post(address, {"shown": "1"}).status_code == 302
    assert "林爱丽" in client.get(reverse("honours")).content.decode()

    mine.post(address, {"shown": "0"})
    assert "林爱丽" not in client.get(reverse("honours")).content.decode()


def test_what_is_only_nominated_or_declined_stands_nowhere(
    nominate: Any, client: Client, alice: User, city_staff: User
) -> None:
    honour = nominate()
    client.force_login(alice)

    def stands_nowhere() -> bool:
        pages = [client.get(reverse(name)).content.decode() for name in ("honours", "my_honours")]
        of_year = client.get(reverse("honours_of_year", args=[honour.year]))
        return honour.title not in "".join(pages) and of_year.status_code == 404

    assert stands_nowhere()
    honour = decide_honour(honour=honour, approve=False, answer="明年再说。", by=city_staff)
    assert stands_nowhere()
    with pytest.raises(NotOnTheList):
        show_name(honour=honour, shown=True)


def test_only_the_person_decides_about_the_name(
    approved: YearlyHonour, client: Client, territory: Territory
) -> None:
    other = make_user(name="别人", phone="+8613800000078")
    make_volunteer(user=other, name="别人", community=territory)
    client.force_login(other)
    address = reverse("show_honour_name", args=[approved.pk])

    assert client.post(address, {"shown": "1"}).status_code == 404


def test_who_has_left_stands_on_no_list(
    approved: YearlyHonour, client: Client, alice: User
) -> None:
    alice.volunteer.closed_at = timezone.now()
    alice.volunteer.save()

    assert approved.citation not in client.get(reverse("honours")).content.decode()


# The organisation's page


def test_an_organiser_chooses_among_those_who_served_and_says_what_for(
    client: Client, bao: User, alice: User, organisation: Organisation, year: int
) -> None:
    client.force_login(bao)
    address = reverse("nominate_honour")
    page = client.get(address, {"year": year}).content.decode()
    assert alice.volunteer.name in page
    assert (
        alice.volunteer.name
        not in client.get(address, {"year": year, "q": "没有这个人"}).content.decode()
    )
    assert (
        alice.volunteer.name
        in client.get(address, {"year": year, "q": "ll0000000018"}).content.decode()
    )

    assert client.post(address, {"year": year, "q": "\x00", "volunteer": "1"}).status_code == 200

    sent = {
        "organisation": organisation.pk,
        "year": year,
        "volunteer": alice.volunteer.pk,
        "title": "年度热心邻居",
        "citation": "一年里没有缺过一次夜巡。",
    }
    assert client.post(address, sent | {"title": ""}).status_code == 200
    assert not YearlyHonour.objects.exists()
    answer = client.post(address, sent, follow=True)
    assert "年度热心邻居" in answer.content.decode()
    assert YearlyHonour.objects.get().nominated_by == bao

    twice = client.post(address, sent)
    assert twice.status_code == 200
    assert YearlyHonour.objects.count() == 1


def test_nobody_nominates_for_an_organisation_that_is_not_theirs(
    client: Client, dai: User, chen: User, alice: User, organisation: Organisation, year: int
) -> None:
    sent = {
        "organisation": organisation.pk, "year": year, "volunteer": alice.volunteer.pk,
        "title": "称号", "citation": "理由",
    }  # fmt: skip
    client.force_login(dai)
    client.post(reverse("nominate_honour"), sent)
    assert alice.volunteer.name not in client.get(reverse("nominate_honour")).content.decode()
    client.force_login(chen)
    assert client.post(reverse("nominate_honour"), sent).status_code == 404
    client.force_login(alice)
    assert client.post(reverse("nominate_honour"), sent).status_code == 404

    assert not YearlyHonour.objects.exists()


# The office


def test_the_office_approves_in_the_admin_what_others_nominated(
    nominate: Any, client: Client, city_staff: User
) -> None:
    honour = nominate()
    client.force_login(city_staff)
    assert honour.title in client.get(reverse("yearly-honours:index")).content.decode()
    address = reverse("yearly-honours:edit", args=[honour.pk])
    assert honour.citation in client.get(address).content.decode()
    assert client.post(address, {"decision": "decline", "answer": ""}).status_code == 200
    assert client.post(address, {"decision": "approve", "answer": ""}).status_code == 302
    honour.refresh_from_db()

    assert (honour.state, honour.decided_by) == ("approved", city_staff)


def test_the_office_does_not_approve_what_it_nominated_itself(
    nominate: Any, client: Client, city_staff: User
) -> None:
    honour = nominate(by=city_staff)
    client.force_login(city_staff)
    address = reverse("yearly-honours:edit", args=[honour.pk])
    answer = client.post(address, {"decision": "approve", "answer": "好。"})

    assert answer.status_code == 200
    honour.refresh_from_db()
    assert honour.state == "nominated"


def test_the_latest_year_is_shown_first_and_others_are_linked(
    approved: YearlyHonour, client: Client, organisation: Organisation, bao: User, alice: User
) -> None:
    before = YearlyHonour.objects.create(
        year=approved.year - 1, volunteer=alice.volunteer, organisation=organisation,
        title="去年的称号", citation="去年的事。", state="approved", nominated_by=bao,
    )  # fmt: skip
    page = client.get(reverse("honours")).content.decode()

    assert before.title not in page
    assert reverse("honours_of_year", args=[before.year]) in page
    assert (
        before.title in client.get(reverse("honours_of_year", args=[before.year])).content.decode()
    )
