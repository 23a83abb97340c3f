"""The server goes in the middle of a batch, or right after it: each scan is kept once at last."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from campaigns.models import Attendance, Scan, Shift, SignUp
from tests.browser.test_console_app import cut, open_console
from tests.conftest import address_at, free_port
from tests.journeys.gate import kill, shows, waits
from volunteers.models import Territory, Volunteer, VolunteerCard

pytestmark = pytest.mark.django_db(transaction=True)

# As a hand scanner types: one number after the other, each once the one before is decided.
TYPE_ALL = """
async (numbers) => {
  const form = document.querySelector("[data-type]");
  const result = document.querySelector("[data-result]");
  for (const number of numbers) {
    const before = result.dataset.nonce;
    form.elements.text.value = number;
    form.requestSubmit();
    while (result.dataset.nonce === before) await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
"""


@pytest.fixture
def crowd(running: Shift, territory: Territory) -> list[str]:
    """220 who are expected: their cards' numbers."""
    people = Volunteer.objects.bulk_create(
        Volunteer(name=f"志愿者{number}", community=territory) for number in range(220)
    )
    cards = VolunteerCard.objects.bulk_create(
        VolunteerCard(
            volunteer=person,
            number=f"LL{number:07}338",
            expires_on=timezone.localdate() + timedelta(days=1000),
        )
        for number, person in enumerate(people)
    )
    SignUp.objects.bulk_create(
        SignUp(
            shift=running,
            volunteer=person,
            during=(running.starts_at, running.ends_at),
            signed_up_at=running.starts_at - timedelta(days=1),
        )
        for person in people
    )
    Shift.objects.filter(pk=running.pk).update(taken=len(people))
    return [card.number for card in cards]


def test_a_server_killed_in_the_middle_of_a_batch_has_every_scan_once_in_the_end(
    start_site: Callable[[int], Any],
    open_page: Callable[..., Any],
    new_token: Callable[[str], str],
    wait_until: Callable[..., None],
    crowd: list[str],
) -> None:
    port = free_port()
    server = start_site(port)
    page = open_console(open_page(), f"{address_at(port)}/console/#token={new_token('一号门')}")
    cut(page)
    # The last is somebody's second: it has to look at the first, and so waits for us below.
    page.evaluate(TYPE_ALL, [*crowd, crowd[0]])
    waits(page, 221)

    with transaction.atomic():
        hold(number=crowd[0])
        cut_back(page)
        wait_until(lambda: Scan.objects.count() == 220)
        kill(server)
    waits(page, 221)

    start_site(port)
    waits(page, 0)
    everybody_came_once(crowd)
    assert Scan.objects.count() == 221
    shows(page, expected=0, **{"in": 220})


def test_an_answer_lost_after_the_server_kept_the_scans_doubles_nothing(
    start_site: Callable[[int], Any],
    open_page: Callable[..., Any],
    new_token: Callable[[str], str],
    wait_until: Callable[..., None],
    line: Callable[[int], ThinLine],
    crowd: list[str],
) -> None:
    port = free_port()
    server = start_site(port)
    thin = line(port)
    page = open_console(
        open_page(), f"{address_at(thin.port)}/console/#token={new_token('一号门')}"
    )
    cut(page)
    page.evaluate(TYPE_ALL, crowd)
    waits(page, 220)

    thin.swallows = True
    cut_back(page)
    wait_until(lambda: Scan.objects.count() == 220)
    kill(server)
    thin.swallows = False
    waits(page, 220)

    start_site(port)
    waits(page, 0)
    everybody_came_once(crowd)
    assert Scan.objects.count() == 220
    shows(page, expected=0, **{"in": 220})


def everybody_came_once(numbers: list[str]) -> None:
    came = Scan.objects.filter(outcome="checked_in").values_list("volunteer__cards__number")
    assert sorted(number for (number,) in came) == sorted(numbers)
    assert Attendance.objects.count() == len(numbers)


def hold(*, number: str) -> None:
    """Whoever has to decide about this person waits for the end of our transaction."""
    Volunteer.objects.select_for_update(of=("self",), no_key=True).get(cards__number=number)


def cut_back(page: Any) -> None:
    """The network is there again; the server need not answer."""
    page.context.set_offline(False)


class ThinLine:
    """A line to the server. While it `swallows`, questions arrive and no answer comes back."""

    def __init__(self, *, to: int) -> None:
        self.to, self.swallows = to, False
        self.door = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.door.getsockname()[1]
        threading.Thread(target=self._take_calls, daemon=True).start()

    def _take_calls(self) -> None:
        while True:
            try:
                caller = self.door.accept()[0]
            except OSError:
                return  # the test is over
            try:
                server = socket.create_connection(("127.0.0.1", self.to))
            except OSError:
                caller.close()
                continue
            for pair in ((caller, server), (server, caller)):
                threading.Thread(
                    target=self._carry, args=pair, kwargs={"asks": pair[1] is server}, daemon=True
                ).start()

    def _carry(self, source: socket.socket, target: socket.socket, *, asks: bool) -> None:
        try:
            while piece := source.recv(65536):
                if asks or not self.swallows:
                    target.sendall(piece)
        except OSError:
            pass
        finally:
            for end in (source, target):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)  # wakes up who carries the other way
                end.close()


@pytest.fixture
def line() -> Iterator[Callable[[int], ThinLine]]:
    lines: list[ThinLine] = []

    def lay(to: int) -> ThinLine:
        lines.append(ThinLine(to=to))
        return lines[-1]

    yield lay
    for one in lines:
        one.door.close()
