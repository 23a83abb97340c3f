"""One shift as Bao runs it from a phone: from getting it ready to signing it off, in Chinese."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import expect

from campaigns.models import Attendance, Scan, Shift, SignUp, Team
from tests.browser.test_console_app import code_of, go, scan, shown, sign_in, waits
from tests.campaigns.test_attendance import sign_up_for
from tests.cast import make_card, make_volunteer
from tests.journeys.test_points_story import fits
from volunteers.card_codes import card_url
from volunteers.models import Territory, User, Volunteer

pytestmark = pytest.mark.django_db(transaction=True)

REASON = "手机没电，王主任认识本人"
EVIDENCE = "东门合影，王主任清点"


@pytest.fixture
def neighbours(territory: Territory) -> dict[str, Volunteer]:
    names = ("王一", "李二", "赵三", "钱四", "孙五", "周路过")
    people = {}
    for number, name in enumerate(names):
        phone = f"+861390000000{number}"
        people[name] = make_volunteer(user=None, name=name, community=territory, phone=phone)
        make_card(people[name], number=f"LL00000001{number}8")
    return people


@pytest.fixture
def expected(running: Shift, alice: User, neighbours: dict[str, Volunteer]) -> Shift:
    """All but the passer-by have signed up; three of them are a team."""
    for person in (alice.volunteer, *neighbours.values()):
        if person.name != "周路过":
            sign_up_for(running, person)
    team = Team.objects.create(shift=running, name="东门组", leader=neighbours["李二"])
    mates = SignUp.objects.filter(volunteer__name__in=["李二", "赵三", "钱四"])
    assert mates.update(team=team) == 3
    running.refresh_from_db()
    return running


def speak_chinese(page: Any, *, site: str) -> None:
    """As the switch of every page does: Playwright's `locale` does not reach service workers."""
    cookie = {"name": settings.LANGUAGE_COOKIE_NAME, "value": "zh-hans", "url": site}
    page.context.add_cookies([cookie])


def is_well(page: Any) -> None:
    """Nothing sticks out at the side, and no English word is left."""
    assert fits(page)
    assert re.findall(r"[A-Za-z]{3,}", page.inner_text("body")) == []


def test_bao_runs_a_shift_from_a_phone(
    live_site: str,
    open_page: Callable[..., Any],
    expected: Shift,
    neighbours: dict[str, Volunteer],
    alice: User,
    bao: User,
) -> None:
    page = open_page()
    sign_in(page, user=bao, address=live_site)
    speak_chinese(page, site=live_site)
    get_ready(page, site=live_site, shift=expected)

    by_number(page, alice.volunteer)
    by_name(page, neighbours["王一"])
    by_team(page, leader=neighbours["李二"])
    as_walk_in(page, neighbours["周路过"])
    with_a_reason(page, neighbours["孙五"])
    waits(page, 0)
    assert {one.volunteer.name for one in Attendance.objects.all() if one.is_in} == {
        "林爱丽", *neighbours,
    }  # fmt: skip

    assert scan(page, code_of(alice.volunteer), kind="out") == ("ok", "checked_out")
    waits(page, 0)
    end_the_shift(page, expected)
    sees_who_is_missing(page, 6)
    checks_out_together(page, 6)
    assert not Attendance.objects.filter(checked_out_at=None).exists()
    looks_at_the_latest(page)
    signs_off(page)

    assert doors() == {
        "林爱丽": ("number", "console"),
        "王一": ("name", "bulk"),
        "李二": ("rotating", "bulk"),
        "赵三": ("name", "bulk"),
        "钱四": ("name", "bulk"),
        "周路过": ("rotating", "bulk"),
        "孙五": ("", "bulk"),  # let in on the organiser's word
    }
    assert SignUp.objects.get(is_walk_in=True).volunteer.name == "周路过"
    let_through = Scan.objects.get(is_override=True)
    assert (let_through.volunteer.name, let_through.reason) == ("孙五", REASON)
    refused = Scan.objects.filter(attendance=None).order_by("made_at")
    assert [(one.volunteer.name, one.outcome) for one in refused] == [
        ("周路过", "not_signed_up"),
        ("孙五", "code_missing"),
    ]
    assert set(Scan.objects.values_list("by__name", flat=True)) == {bao.name}


def get_ready(page: Any, *, site: str, shift: Shift) -> None:
    page.goto(f"{site}/desk/shifts/{shift.pk}/")
    page.click(f"a[href='/console/#shift={shift.pk}']")
    expect(page.locator(f"[data-shift-choices] input[value='{shift.pk}']")).to_be_checked()
    is_well(page)
    page.click("[data-prepare] button[type=submit]")
    page.wait_for_selector("body[data-screen=scan]")
    page.wait_for_selector("[data-synced]:not([data-at=''])")
    is_well(page)


def by_number(page: Any, person: Volunteer) -> None:
    assert scan(page, person.cards.get().number) == ("ok", "checked_in")
    assert "签到成功" in page.inner_text("[data-result]")
    assert person.masked_name in page.inner_text("[data-result]")
    assert person.name not in page.inner_text("body")
    is_well(page)


def by_name(page: Any, person: Volunteer) -> None:
    place = SignUp.objects.get(volunteer=person)
    page.fill("[data-type] input[name=text]", person.name[:1])
    expect(page.locator("[data-found] > li")).to_have_count(1)
    is_well(page)
    page.click(f"[data-found] [data-take='{place.pk}']")
    says(page, person, outcome="ok")


def by_team(page: Any, *, leader: Volunteer) -> None:
    assert scan(page, code_of(leader)) == ("ok", "checked_in")
    is_well(page)
    page.click("[data-act=team]")
    expect(page.locator("[data-members] input:checked")).to_have_count(2)
    is_well(page)
    page.click("[data-dialog-of=team] [type=submit]")
    expect(page.locator("[data-act=team]")).to_be_hidden()


def as_walk_in(page: Any, person: Volunteer) -> None:
    assert scan(page, code_of(person)) == ("refused", "not_signed_up")
    is_well(page)
    page.click("[data-act=walk-in]")
    says(page, person, outcome="ok")
    is_well(page)


def with_a_reason(page: Any, person: Volunteer) -> None:
    assert scan(page, card_url(person.cards.get().token)) == ("refused", "code_missing")
    page.click("[data-act=override]")
    is_well(page)
    page.fill("#override-reason", REASON)
    page.click("[data-dialog-of=override] [type=submit]")
    says(page, person, outcome="ok")
    is_well(page)


def says(page: Any, person: Volunteer, *, outcome: str) -> None:
    result = page.locator("[data-result]")
    expect(result.locator("[data-name]")).to_have_text(person.masked_name)
    expect(result).to_have_attribute("data-outcome", outcome)
    assert shown(page)[1] == "checked_in"


def end_the_shift(page: Any, shift: Shift) -> None:
    Shift.objects.filter(pk=shift.pk).update(ends_at=timezone.now())
    page.click("[data-open-menu]")
    is_well(page)
    page.click("[data-sync-now]")


def sees_who_is_missing(page: Any, count: int) -> None:
    go(page, "people")
    expect(page.locator("[data-missing]")).to_be_visible()
    assert f"{count} 位没有签退" in page.inner_text("[data-missing]")
    page.click("[data-show=in]")
    expect(page.locator("[data-people] > li")).to_have_count(count)
    is_well(page)


def checks_out_together(page: Any, count: int) -> None:
    page.click("[data-check-out-all]")
    page.fill("#together-evidence", EVIDENCE)
    page.click("[data-together-submit]")
    expect(page.locator("[data-sure]")).to_be_visible()
    is_well(page)
    page.click("[data-together-submit]")
    expect(page.locator("[data-count-of=in]")).to_have_text("0")
    expect(page.locator("[data-count-of=out]")).to_have_text(str(count + 1))
    expect(page.locator("[data-missing]")).to_be_hidden()
    waits(page, 0)
    together = Scan.objects.filter(door="bulk", outcome="checked_out")
    assert [one.reason for one in together] == [EVIDENCE] * count
    is_well(page)


def looks_at_the_latest(page: Any) -> None:
    go(page, "recent")
    expect(page.locator("[data-recent] > li[data-sent=true]")).to_have_count(Scan.objects.count())
    is_well(page)


def signs_off(page: Any) -> None:
    page.click("[data-open-menu]")
    page.click("[data-log-out]")
    is_well(page)
    page.click("[data-just-go]")
    page.wait_for_selector("body[data-screen=pair]")
    is_well(page)
    assert page.evaluate("indexedDB.databases().then((all) => all.length)") <= 1
    page.reload()
    page.wait_for_selector("body[data-screen=pair]")


def doors() -> dict[str, tuple[str, str]]:
    """Of everybody: what they showed on coming, and by which door they left."""
    return {
        one.volunteer.name: (proof_of(one), one.check_out_door)
        for one in Attendance.objects.select_related("volunteer")
    }


def proof_of(attendance: Attendance) -> str:
    came = Scan.objects.get(
        volunteer=attendance.volunteer, kind="in", made_at=attendance.checked_in_at
    )
    return str(came.proof)
