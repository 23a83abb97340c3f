"""The volunteer-service card: issued once, shown, printed, revoked, issued anew."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from tests.cast import make_card, make_user, make_volunteer
from volunteers.actions.cards import (
    CardNotIssued,
    card_number,
    is_card_number,
    issue_card,
    reissue_card,
    revoke_card,
)
from volunteers.card_codes import rotating_url, signed_url
from volunteers.models import Organisation, SecurityEvent, User, Volunteer, VolunteerCard

pytestmark = pytest.mark.django_db


@pytest.fixture
def newcomer(db: None) -> User:
    user = make_user(name="周小满", phone="+8613911110001")
    make_volunteer(user=user, name="周小满", community=None)
    return user


def test_one_press_issues_the_card_and_a_second_press_no_second_one(
    client: Client, newcomer: User
) -> None:
    client.force_login(newcomer)
    assert not VolunteerCard.objects.exists()

    client.post("/me/card/")
    client.post("/me/card/")

    card = VolunteerCard.objects.get()
    assert is_card_number(card.number)
    page = client.get("/me/card/").content.decode()
    assert card.number in page
    assert "<svg" in page
    assert "周小满" in page


def test_looking_at_the_page_issues_nothing(client: Client, newcomer: User) -> None:
    client.force_login(newcomer)

    client.get("/me/card/")

    assert not VolunteerCard.objects.exists()


def test_whoever_scans_a_card_sees_validity_masked_name_kind_and_level_only(
    client: Client, alice: User
) -> None:
    card = alice.volunteer.cards.get()

    answer = client.get(f"/c/{card.token}/")

    page = answer.content.decode()
    assert answer.status_code == 200
    assert "林*" in page
    for secret in ("林爱丽", "13800000001", card.number, "浮山所"):
        assert secret not in page
    assert answer["X-Robots-Tag"] == "noindex"
    assert "no-store" in answer["Cache-Control"]


def test_a_card_that_is_not_ours_is_said_to_be_none(client: Client, alice: User) -> None:
    answer = client.get("/c/not-a-card/")

    assert answer.status_code == 404
    assert "林" not in answer.content.decode().split("<main")[1].split("</main>")[0]


def main_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer["Referrer-Policy"] == "no-referrer"
    assert answer["X-Robots-Tag"] == "noindex"
    return answer.content.decode().split("<main")[1].split("</main>")[0]


@pytest.mark.parametrize(
    ("age", "verdict"), [(0, "good"), (50, "good"), (600, "warning"), (-600, "warning")]
)
def test_a_passer_by_is_told_what_the_shown_code_is_worth(
    client: Client, alice: User, age: int, verdict: str
) -> None:
    card = alice.volunteer.cards.get()
    shown_at = timezone.now() - timedelta(seconds=age)

    page = main_of(client, rotating_url(card.token, shown_at))

    assert f"verdict-{verdict}" in page
    assert ("林*" in page) == (verdict == "good")


def test_a_passer_by_is_told_of_a_false_code_and_of_no_name(client: Client, alice: User) -> None:
    card = alice.volunteer.cards.get()
    other = rotating_url("another", timezone.now()).partition("?")[2]

    page = main_of(client, f"/c/{card.token}/?{other}")

    assert "verdict-bad" in page
    assert "林*" not in page


def test_a_printed_code_shows_the_card_until_its_day(client: Client, alice: User) -> None:
    card = alice.volunteer.cards.get()
    yesterday = timezone.localdate() - timedelta(days=1)

    assert "林*" in main_of(client, signed_url(card.token, card.expires_on))
    assert "林*" not in main_of(client, signed_url(card.token, yesterday))


def test_the_right_code_of_a_revoked_card_shows_no_valid_card(client: Client, alice: User) -> None:
    card = alice.volunteer.cards.get()
    revoke_card(card=card, reason="lost", by=alice)

    for address in (
        rotating_url(card.token, timezone.now()), signed_url(card.token, card.expires_on),
    ):  # fmt: skip
        page = main_of(client, address)
        assert "verdict-bad" in page
        assert "林*" not in page


def test_the_open_page_is_given_the_keys_of_its_own_card_only(client: Client, alice: User) -> None:
    card = alice.volunteer.cards.get()
    assert client.get("/me/card/keys/").status_code == 302
    client.force_login(alice)

    answer = client.get("/me/card/keys/")

    assert card.token in answer.json()["address"]
    assert "no-store" in answer["Cache-Control"]
    revoke_card(card=card, reason="lost", by=alice)
    assert client.get("/me/card/keys/").json()["days"] == []


def test_the_pages_copy_may_be_kept_until_its_keys_run_out(client: Client, alice: User) -> None:
    client.force_login(alice)
    until = int(client.get("/me/card/")["X-Card-Until"])

    assert until == client.get("/me/card/keys/").json()["days"][-1]["to_step"] * 30
    alice.volunteer.cards.get().delete()
    assert "X-Card-Until" not in client.get("/me/card/")


def test_the_cards_worker_stands_before_the_card_only(client: Client) -> None:
    answer = client.get("/me/card/worker.js")

    assert answer["Content-Type"].startswith("text/javascript")
    assert "no-cache" in answer["Cache-Control"]
    assert "Service-Worker-Allowed" not in answer


def test_a_lost_phone_ends_the_old_code_at_once(client: Client, alice: User) -> None:
    old = alice.volunteer.cards.get()
    client.force_login(alice)

    client.post("/me/card/reissue/", {"reason": "手机丢了"})

    old.refresh_from_db()
    new = alice.volunteer.cards.get(revoked_at=None)
    assert old.revoke_reason == "手机丢了"
    assert new.token != old.token
    assert new.number != old.number
    assert "林*" not in Client().get(f"/c/{old.token}/").content.decode()
    assert "林*" in Client().get(f"/c/{new.token}/").content.decode()
    assert SecurityEvent.objects.filter(kind="card_revoked", user=alice).count() == 1


def test_an_expired_card_shows_as_such_and_is_renewed_with_one_press(
    client: Client, alice: User
) -> None:
    card = alice.volunteer.cards.get()
    card.expires_on = timezone.localdate() - timedelta(days=1)
    card.save()
    assert "林*" not in client.get(f"/c/{card.token}/").content.decode()
    client.force_login(alice)

    client.post("/me/card/")

    assert alice.volunteer.cards.get(revoked_at=None).is_valid


def test_the_pdf_is_the_holders_own(client: Client, alice: User) -> None:
    client.force_login(alice)

    answer = client.get("/me/card.pdf")

    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")


def test_without_a_card_the_pdf_leads_to_getting_one(client: Client, newcomer: User) -> None:
    client.force_login(newcomer)

    assert client.get("/me/card.pdf").url == "/me/card/"


def test_revoking_twice_is_harmless(alice: User) -> None:
    card = alice.volunteer.cards.get()

    first = revoke_card(card=card, reason="lost", by=alice)
    second = revoke_card(card=card, reason="again", by=alice)

    assert second.revoked_at == first.revoked_at
    assert second.revoke_reason == "lost"


def test_staff_end_a_card_with_a_reason_and_it_is_logged_who_did(
    client: Client, alice: User, city_staff: User
) -> None:
    card = alice.volunteer.cards.get()
    client.force_login(city_staff)
    address = reverse("cards:edit", args=[card.pk])
    listed = client.get(reverse("cards:index"), {"q": card.number}).content.decode()
    assert card.number in listed
    assert "林爱丽" not in listed

    client.post(address, {"reason": ""})
    card.refresh_from_db()
    assert card.revoked_at is None
    client.post(address, {"reason": "电话挂失"})
    client.post(address, {"reason": "again"})

    card.refresh_from_db()
    assert card.revoke_reason == "电话挂失"
    event = SecurityEvent.objects.get(kind="card_revoked")
    assert (event.user, event.by) == (alice, city_staff)


def test_a_lost_printed_card_is_replaced_where_the_organisation_looks_at_its_holder(
    client: Client, organisation: Organisation, bao: User, dai: User
) -> None:
    holder = make_volunteer(user=None, name="林阿姨", community=None, entered_for=organisation)
    old = make_card(holder, number="1000000091")
    replace = reverse("reissue_entered_card", args=[holder.pk])
    client.force_login(dai)
    assert client.post(replace).status_code == 404
    client.force_login(bao)
    assert replace in client.get(reverse("edit_entered", args=[holder.pk])).content.decode()

    client.post(replace, {"reason": "丢了"})

    old.refresh_from_db()
    assert (old.revoke_reason, old.revoked_by) == ("丢了", bao)
    assert holder.cards.get(revoked_at=None).number != old.number


def test_nobody_else_ends_somebodys_card(client: Client, alice: User, bao: User) -> None:
    card = alice.volunteer.cards.get()
    for user in (alice, bao):
        client.force_login(user)
        client.post(reverse("cards:edit", args=[card.pk]), {"reason": "spite"})

    card.refresh_from_db()
    assert card.revoked_at is None


def test_the_database_itself_keeps_one_card_in_force(alice: User) -> None:
    with pytest.raises(IntegrityError):
        make_card(alice.volunteer, number="0000000001")


def test_a_student_card_needs_a_proven_affiliation(alice: User) -> None:
    with pytest.raises(CardNotIssued):
        issue_card(volunteer=alice.volunteer, kind="student", by=alice)


def test_a_closed_registration_gets_no_card(alice: User) -> None:
    alice.volunteer.closed_at = timezone.now()
    alice.volunteer.save()

    with pytest.raises(CardNotIssued):
        reissue_card(volunteer=alice.volunteer, reason="", by=alice)


@given(st.integers(1, 999_999_999), st.integers(0, 9), st.integers(1, 9))
def test_a_mistyped_digit_of_a_card_number_is_noticed(
    sequence: int, place: int, shift: int
) -> None:
    number = card_number(sequence)
    wrong = f"{number[:place]}{(int(number[place]) + shift) % 10}{number[place + 1 :]}"

    assert is_card_number(number)
    assert not is_card_number(wrong)


@pytest.mark.parametrize("text", ["", "12345", "abcdefghij", "１２３４５６７８９０", "12345678901"])
def test_what_is_no_card_number_is_told_apart(text: str) -> None:
    assert not is_card_number(text)


@pytest.mark.django_db(transaction=True)
def test_two_presses_at_the_same_moment_issue_one_card() -> None:
    volunteer = Volunteer.objects.create(name="周小满")
    start = threading.Barrier(8)
    numbers: list[str] = []

    def press() -> None:
        try:
            start.wait()
            numbers.append(issue_card(volunteer=volunteer, by=None).number)
        finally:
            connection.close()

    threads = [threading.Thread(target=press) for _press in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(numbers) == 8
    assert len(set(numbers)) == 1
    assert VolunteerCard.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_losing_it_twice_at_the_same_moment_leaves_one_card_in_force() -> None:
    volunteer = Volunteer.objects.create(name="周小满")
    issue_card(volunteer=volunteer, by=None)
    start = threading.Barrier(6)

    def press() -> None:
        try:
            start.wait()
            reissue_card(volunteer=volunteer, reason="lost", by=None)
        finally:
            connection.close()

    threads = [threading.Thread(target=press) for _press in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert VolunteerCard.objects.count() == 7
    assert VolunteerCard.objects.filter(revoked_at=None).count() == 1
