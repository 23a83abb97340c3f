"""Nobody guesses a code: neither at one number from many browsers, nor from one address at many
numbers, nor by sending many guesses at the same moment."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.client import RequestFactory
from django.utils import timezone

from tests.cast import make_user
from volunteers import limits
from volunteers.actions.security import log_security_event
from volunteers.limits import LockedOut, forgive_guess, take_guess, take_message
from volunteers.models import PhoneMessage, SecurityEvent, User

from .conftest import newest_code, write_sign_up

pytestmark = pytest.mark.django_db

ALICE = "13800000001"


def ask_for_code(client: Client, phone: str = ALICE, address: str = "192.0.2.1") -> None:
    """allauth's own pauses between two messages are another test's matter."""
    for key in list(cache._cache.get_client(None).scan_iter("*allauth*")):  # type: ignore[attr-defined]
        cache._cache.get_client(None).delete(key)  # type: ignore[attr-defined]
    answer = client.post("/accounts/login/code/", {"phone": phone}, REMOTE_ADDR=address)
    assert answer.status_code == 302, answer.content.decode()[:500]


def guess(client: Client, code: str, address: str = "192.0.2.1") -> bool:
    """True when the code let the client in."""
    client.post("/accounts/login/code/confirm/", {"code": code}, REMOTE_ADDR=address)
    return "_auth_user_id" in client.session


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def test_three_wrong_codes_end_the_try(client: Client, alice: User) -> None:
    ask_for_code(client)
    code = newest_code("+8613800000001")

    for _try in range(3):
        assert not guess(client, wrong(code))

    assert not guess(client, code), "the right code comes too late"


def test_a_number_is_locked_out_however_many_browsers_guess_at_it(alice: User) -> None:
    guesses = 0
    while guesses < limits.WRONG_GUESSES_PER_NUMBER_AN_HOUR:
        thief = Client()
        address = f"192.0.2.{guesses + 1}"  # every browser from another address
        PhoneMessage.objects.all().delete()
        ask_for_code(thief, address=address)
        code = newest_code("+8613800000001")
        for _try in range(2):
            assert not guess(thief, wrong(code), address=address)
            guesses += 1
        if guesses % 4 == 0:  # the limit on messages is another test's matter
            _forget_messages()

    honest = Client()
    _forget_messages()
    ask_for_code(honest, address="192.0.2.200")

    assert not guess(honest, newest_code("+8613800000001"), address="192.0.2.200")
    event = SecurityEvent.objects.get(kind=SecurityEvent.Kind.LOCKED_OUT)
    assert event.detail == "…0001", "the log names no full number"


def test_another_number_is_not_locked_out_with_it(client: Client, alice: User) -> None:
    make_user(name="邻居", phone="+8613800000077")
    request = RequestFactory().post("/", REMOTE_ADDR="198.51.100.7")
    for _try in range(limits.WRONG_GUESSES_PER_NUMBER_AN_HOUR):
        take_guess(request, number="+8613800000001")
    with pytest.raises(LockedOut):
        take_guess(request, number="+8613800000001")

    ask_for_code(client, phone="13800000077")

    assert guess(client, newest_code("+8613800000077"))


def test_an_address_is_locked_out_however_many_numbers_it_guesses_at(alice: User) -> None:
    request = RequestFactory().post("/", REMOTE_ADDR="192.0.2.66")
    for number in range(limits.WRONG_GUESSES_PER_ADDRESS_AN_HOUR):
        take_guess(request, number=f"+86139{number:08d}")

    thief = Client()
    ask_for_code(thief, address="192.0.2.66")
    assert not guess(thief, newest_code("+8613800000001"), address="192.0.2.66")

    neighbour = Client()
    PhoneMessage.objects.all().delete()
    ask_for_code(neighbour, address="192.0.2.67")
    assert guess(neighbour, newest_code("+8613800000001"), address="192.0.2.67")


def test_right_codes_do_not_count_against_a_whole_campus_behind_one_address() -> None:
    request = RequestFactory().post("/", REMOTE_ADDR="192.0.2.50")

    for student in range(limits.WRONG_GUESSES_PER_ADDRESS_AN_HOUR * 2):
        take_guess(request, number=f"+86137{student:08d}")
        forgive_guess(request, number=f"+86137{student:08d}")

    take_guess(request, number="+8613800000001")


def test_a_code_at_sign_up_is_guarded_by_the_same_lock(client: Client) -> None:
    write_sign_up(client)
    request = RequestFactory().post("/", REMOTE_ADDR="192.0.2.9")
    for _try in range(limits.WRONG_GUESSES_PER_NUMBER_AN_HOUR):
        take_guess(request, number="+8613911110001")

    client.post(
        "/accounts/phone/verify/", {"action": "verify", "code": newest_code("+8613911110001")}
    )

    assert User.objects.get().phone is None


def test_guesses_sent_at_the_same_moment_are_counted_one_by_one() -> None:
    """The session's own counter would be read by all of them before any of them writes it."""
    allowed: list[bool] = []
    start = threading.Barrier(20)

    def one_guess() -> None:
        request = RequestFactory().post("/", REMOTE_ADDR="192.0.2.10")
        start.wait()
        try:
            take_guess(request, number="+8613800000001")
            allowed.append(True)
        except LockedOut:
            allowed.append(False)
        finally:
            connection.close()

    cache.add(limits._cache_key("logged:+8613800000001"), 1, 60)  # threads see no test transaction
    threads = [threading.Thread(target=one_guess) for _guess in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(allowed) == limits.WRONG_GUESSES_PER_NUMBER_AN_HOUR


def test_a_number_gets_so_many_messages_an_hour_and_no_more() -> None:
    request = RequestFactory().post("/", REMOTE_ADDR="192.0.2.1")
    for _message in range(limits.MESSAGES_PER_NUMBER_AN_HOUR):
        take_message(request, number="+8613800000001")

    with pytest.raises(LockedOut):
        take_message(request, number="+8613800000001")


def test_an_address_cannot_write_to_everybody(settings: object) -> None:
    request = RequestFactory().post("/", REMOTE_ADDR="192.0.2.1")
    settings.LINLI_MESSAGES_PER_ADDRESS = 5  # type: ignore[attr-defined]
    for number in range(5):
        take_message(request, number=f"+86138{number:08d}")

    with pytest.raises(LockedOut):
        take_message(request, number="+8613899999999")


def test_a_second_message_right_after_the_first_is_refused_politely(client: Client) -> None:
    write_sign_up(client)
    again = Client()

    answer = write_sign_up(again)

    assert answer.status_code == 429
    assert PhoneMessage.objects.count() == 1


def test_a_flood_of_messages_ends_in_a_page_that_says_so(client: Client, alice: User) -> None:
    request = RequestFactory().post("/", REMOTE_ADDR="127.0.0.1")
    for _message in range(limits.MESSAGES_PER_NUMBER_AN_HOUR):
        take_message(request, number="+8613800000001")

    answer = client.post("/accounts/login/code/", {"phone": ALICE})

    assert answer.status_code == 429
    assert not PhoneMessage.objects.exists()


def test_wrong_passwords_lock_out_the_number_they_were_tried_at(client: Client, bao: User) -> None:
    for _try in range(5):
        client.post("/accounts/login/", {"login": "13800000002", "password": "wrong-wrong"})

    client.post("/accounts/login/", {"login": "+86 138 0000 0002", "password": "lin-li-2026"})

    assert "_auth_user_id" not in client.session


def test_wrong_passwords_at_one_number_lock_out_no_other(
    client: Client, bao: User, rui: User
) -> None:
    """allauth's own key leaves the number out: five wrong tries would lock out everyone."""
    for _try in range(5):
        client.post("/accounts/login/", {"login": "13800000002", "password": "wrong-wrong"})

    client.post("/accounts/login/", {"login": "13800000003", "password": "lin-li-2026"})

    assert client.session["_auth_user_id"] == str(rui.pk)


def test_the_security_log_keeps_log_ins_and_failures(client: Client, bao: User) -> None:
    client.post("/accounts/login/", {"login": "bao@linli.example", "password": "wrong-wrong"})
    client.post("/accounts/login/", {"login": "bao@linli.example", "password": "lin-li-2026"})

    kinds = list(
        SecurityEvent.objects.filter(
            kind__in=[SecurityEvent.Kind.LOGGED_IN, SecurityEvent.Kind.LOGIN_FAILED]
        )
        .order_by("id")
        .values_list("kind", "address")
    )
    assert kinds == [("login_failed", "127.0.0.1"), ("logged_in", "127.0.0.1")]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE volunteers_securityevent SET detail = 'nothing happened'",
        "UPDATE volunteers_securityevent SET at = now() - interval '2 years'",
        "DELETE FROM volunteers_securityevent",
    ],
)
def test_the_database_lets_nobody_edit_the_security_log(alice: User, statement: str) -> None:
    log_security_event(kind=SecurityEvent.Kind.LOGGED_IN, user=alice)

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_the_log_stays_when_its_account_is_deleted() -> None:
    user = make_user(name="路人", phone="+8613800000088")
    log_security_event(kind=SecurityEvent.Kind.LOGGED_IN, user=user, by=user)

    user.delete()

    assert SecurityEvent.objects.get().user is None


def test_after_half_a_year_the_log_may_be_cleared(alice: User) -> None:
    SecurityEvent.objects.create(
        kind=SecurityEvent.Kind.LOGGED_IN, user=alice, at=timezone.now() - timedelta(days=200)
    )

    SecurityEvent.objects.all().delete()

    assert not SecurityEvent.objects.exists()


def _forget_messages() -> None:
    for phone in ("+8613800000001",):
        for window in ("hour", "day"):
            cache.delete(limits._cache_key(f"message-{window}:{phone}"))
