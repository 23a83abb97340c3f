"""A gate in a stadium: the network goes, the phone itself goes; no scan does.

What happens when the server goes stands in test_stadium_server.py.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from playwright.sync_api import Error as PlaywrightError

from campaigns.models import Attendance, Scan, Shift, SignUp
from tests.browser.test_console_app import code_of, cut, go, open_console, scan
from tests.campaigns.test_attendance import sign_up_for
from tests.cast import make_card, make_volunteer
from tests.conftest import CHROMIUM_ARGUMENTS, address_at, chromium_path, free_port
from tests.journeys.gate import kill, shows, sync_now, waits
from volunteers.models import Territory, User, Volunteer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def neighbours(running: Shift, territory: Territory) -> list[Volunteer]:
    """Five who are expected."""
    people = [
        make_volunteer(user=None, name=name, community=territory, phone=f"+861390000000{number}")
        for number, name in enumerate(("王一", "李二", "赵三", "钱四", "孙五"))
    ]
    for number, person in enumerate(people):
        make_card(person, number=f"LL00000001{number}8")
        sign_up_for(running, person)
    return people


# The network goes


@pytest.mark.parametrize("first_back", ["一号门", "二号门"])
def test_two_consoles_without_a_network_decide_and_agree_whoever_is_back_first(
    live_site: str,
    open_page: Callable[..., Any],
    new_token: Callable[[str], str],
    neighbours: list[Volunteer],
    first_back: str,
) -> None:
    ann, ben, cat, dan, eve = neighbours
    one, two = (
        open_console(open_page(), f"{live_site}/console/#token={new_token(name)}")
        for name in ("一号门", "二号门")
    )
    for gate, person in ((one, ann), (one, ben), (two, cat)):
        assert scan(gate, number_of(person)) == ("ok", "checked_in")
    for gate in (one, two):
        waits(gate, 0)
    for gate in (one, two):
        sync_now(gate)
        shows(gate, expected=2, **{"in": 3})
        go(gate, "scan")
        cut(gate)

    # Between check-in and check-out nobody hears of anybody.
    for gate, person, kind, verdict in (
        (one, ann, "out", ("ok", "checked_out")),
        (one, ben, "out", ("ok", "checked_out")),
        (one, dan, "in", ("ok", "checked_in")),
        (two, ben, "out", ("ok", "checked_out")),
        (two, cat, "out", ("ok", "checked_out")),
        (two, dan, "out", ("warn", "not_in_yet")),
        (two, eve, "in", ("ok", "checked_in")),
        (one, eve, "in", ("ok", "checked_in")),
    ):
        assert scan(gate, code_of(person), kind=kind) == verdict
    for gate in (one, two):
        waits(gate, 4)
    assert Scan.objects.count() == 3

    for gate in (one, two) if first_back == "一号门" else (two, one):
        cut(gate, is_cut=False)
        waits(gate, 0)

    assert Scan.objects.count() == 11
    assert {person.name: gates_of(person) for person in neighbours} == {
        "王一": ("一号门", "一号门"),
        "李二": ("一号门", "一号门"),  # the earlier of two check-outs
        "赵三": ("二号门", "二号门"),
        "钱四": ("一号门", "二号门"),  # came at one gate and left by the other
        "孙五": ("二号门", None),  # the earlier of two check-ins
    }
    for gate in (one, two):
        sync_now(gate)
        shows(gate, expected=0, out=4, **{"in": 1})
    assert places_in(one, "in") == places_in(two, "in")
    assert places_in(one, "out") == places_in(two, "out")


def gates_of(person: Volunteer) -> tuple[str, str | None]:
    """Which device's scans made the attendance: of coming, and of going."""
    attendance = Attendance.objects.get(volunteer=person)
    scans = Scan.objects.select_related("device").filter(volunteer=person)
    came = scans.get(kind="in", made_at=attendance.checked_in_at)
    left = scans.filter(kind="out", made_at=attendance.checked_out_at).first()
    return came.device.name, left.device.name if left else None


def number_of(person: Volunteer) -> str:
    return str(person.cards.get().number)


def places_in(page: Any, state: str) -> list[str]:
    page.click(f"[data-show={state}]")
    rows = page.locator("[data-people] > li")
    return sorted(row.get_attribute("data-place") for row in rows.all())


# The phone goes


def test_a_phone_that_went_dark_still_has_its_scans_and_sends_them_when_it_can(
    start_site: Callable[[int], Any],
    open_phone: Phone,
    new_token: Callable[[str], str],
    place: SignUp,
    alice: User,
) -> None:
    port = free_port()
    console = f"{address_at(port)}/console/"
    server = start_site(port)
    page = open_console(open_phone(), f"{console}#token={new_token('一号门')}")
    # A new Chromium sends at once what waits; so here it is the server that is out of reach.
    kill(server)
    assert scan(page, code_of(alice.volunteer)) == ("ok", "checked_in")
    waits(page, 1)
    open_phone.goes_dark()

    page = open_phone()
    page.goto(console)
    page.wait_for_selector("body[data-screen=scan]")
    waits(page, 1)
    assert scan(page, code_of(alice.volunteer)) == ("warn", "already_in")
    waits(page, 2)
    start_site(port)
    sync_now(page)
    waits(page, 0)

    kept = Scan.objects.order_by("made_at").values_list("outcome", flat=True)
    assert list(kept) == ["checked_in", "already_in"]
    assert Attendance.objects.get(sign_up=place).is_in


class Phone:
    """The same phone each time it is opened, with all that its browser keeps."""

    def __init__(self, chromium: Any, folder: Path) -> None:
        self.chromium, self.folder, self.contexts = chromium, folder, []

    def __call__(self) -> Any:
        context = self.chromium.browser_type.launch_persistent_context(
            self.folder, executable_path=chromium_path(), args=CHROMIUM_ARGUMENTS,
            viewport={"width": 390, "height": 844}, locale="zh-CN", has_touch=True,
        )  # fmt: skip
        context.set_default_timeout(30_000)
        self.contexts.append(context)
        return context.pages[0]

    def goes_dark(self) -> None:
        """No goodbye: all processes of this browser end at once."""
        ours = f"--user-data-dir={self.folder}"
        for process in psutil.process_iter(["cmdline"]):
            if ours in (process.info["cmdline"] or []):
                with contextlib.suppress(psutil.NoSuchProcess):  # ended with its parent
                    process.kill()
        with contextlib.suppress(PlaywrightError):  # what is dead may have been noticed already
            self.contexts.pop().close()


@pytest.fixture
def open_phone(chromium: Any, tmp_path: Path) -> Iterator[Phone]:
    phone = Phone(chromium, tmp_path / "phone")
    yield phone
    for context in phone.contexts:
        context.close()


def test_the_browser_itself_sends_what_waits_once_the_page_is_closed_and_the_network_back(
    live_site: str,
    open_page: Callable[..., Any],
    new_token: Callable[[str], str],
    wait_until: Callable[..., None],
    place: SignUp,
    alice: User,
) -> None:
    page = open_console(open_page(), f"{live_site}/console/#token={new_token('一号门')}")
    cut(page)
    assert scan(page, code_of(alice.volunteer)) == ("ok", "checked_in")
    waits(page, 1)
    context = page.context
    page.close()
    assert context.pages == []
    context.set_offline(False)

    wait_until(lambda: Attendance.objects.filter(sign_up=place).exists())
    page = context.new_page()
    page.goto(f"{live_site}/console/")
    page.wait_for_selector("body[data-screen=scan]")
    waits(page, 0)
    assert Scan.objects.count() == 1
