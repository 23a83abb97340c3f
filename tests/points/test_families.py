"""Points within a family: off by default, invited and accepted, and never above the limit."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from points.actions.families import (
    AlreadyInFamily,
    FamilyFull,
    FamilyLimitReached,
    FamilyPointsOff,
    InvitedAlready,
    NoSuchCard,
    NotInFamily,
    NotOfTheFamily,
    TooFewToSend,
    accept_invitation,
    found_family,
    invite_to_family,
    leave_family,
    points_left_to_send,
    refuse_invitation,
    send_family_points,
)
from points.models import Bucket, Family, FamilyMember, Movement
from tests.cast import make_card, make_user, make_volunteer
from tests.points.conftest import balance_of
from tests.points.rewards_cast import give
from tests.points.test_settlement_races import run_together
from volunteers.actions.leaving import close_account, copy_data
from volunteers.actions.merges import merge_volunteers
from volunteers.models import Territory, User, Volunteer

ENGLISH = {"accept-language": "en"}
GRANDMA_CARD = "LL0000000034"


@pytest.fixture
def families_on(settings: Any) -> None:
    settings.LINLI_FAMILY_POINTS_A_MONTH = 50


@pytest.fixture
def grandma(territory: Territory) -> User:
    user = make_user(name="林奶奶", phone="+8613800000071")
    volunteer = make_volunteer(user=user, name="林奶奶", community=territory)
    make_card(volunteer, number=GRANDMA_CARD)
    return user


@pytest.fixture
def family(families_on: None, alice: User, grandma: User) -> Family:
    """Alice and her grandmother; Alice has 100 points."""
    give(alice.volunteer, 100)
    family = found_family(volunteer=alice.volunteer, name="林家", by=alice)
    invitation = invite_to_family(volunteer=alice.volunteer, card_number=GRANDMA_CARD, by=alice)
    accept_invitation(invitation=invitation, by=grandma)
    return family


def send(sender: User, receiver: Volunteer, points: int) -> Movement:
    return send_family_points(
        sender=sender.volunteer, receiver=receiver, points=points, nonce=uuid.uuid4(), by=sender
    )


def test_where_the_city_keeps_it_off_nothing_of_it_exists(
    client: Client, alice: User, grandma: User
) -> None:
    client.force_login(alice)
    assert client.get(reverse("my_family")).status_code == 404
    assert client.post(reverse("found_family"), {"name": "林家"}).status_code == 404
    with pytest.raises(FamilyPointsOff):
        found_family(volunteer=alice.volunteer, name="林家", by=alice)
    with pytest.raises(FamilyPointsOff):
        send(alice, grandma.volunteer, 1)


def test_from_founding_to_sending_by_the_pages(
    client: Client, families_on: None, alice: User, grandma: User, sound_ledger: None
) -> None:
    give(alice.volunteer, 100)
    client.force_login(alice)
    client.post(reverse("found_family"), {"name": "林家"})
    typed = f"{GRANDMA_CARD[:6]} {GRANDMA_CARD[6:]}".lower()
    client.post(reverse("invite_to_family"), {"card_number": typed})
    page = client.get(reverse("my_family"), headers=ENGLISH).content.decode()
    assert "Invited" in page
    assert "林奶奶" not in page  # masked until she has said yes

    hers = Client(headers=ENGLISH)
    hers.force_login(grandma)
    assert "林家" in hers.get(reverse("my_family")).content.decode()
    invitation = FamilyMember.objects.get(volunteer=grandma.volunteer)
    hers.post(reverse("answer_family_invitation", args=[invitation.pk]), {"answer": "yes"})

    sent = {"receiver": invitation.pk, "points": 20, "nonce": uuid.uuid4()}
    for _ in range(2):
        client.post(reverse("send_family_points"), sent)
    assert (balance_of(alice.volunteer), balance_of(grandma.volunteer)) == (80, 20)
    movement = Movement.objects.get(kind="family")
    assert movement.by == alice
    page = client.get(reverse("my_family"), headers=ENGLISH).content.decode()
    assert "You can send 30 more this month." in page


def test_nobody_answers_for_another(
    families_on: None, alice: User, grandma: User, dai: User, territory: Territory
) -> None:
    make_volunteer(user=dai, name="戴外人", community=territory)
    found_family(volunteer=alice.volunteer, name="林家", by=alice)
    invitation = invite_to_family(volunteer=alice.volunteer, card_number=GRANDMA_CARD, by=alice)
    for user in (dai, alice):
        client = Client()
        client.force_login(user)
        address = reverse("answer_family_invitation", args=[invitation.pk])
        assert client.post(address, {"answer": "yes"}).status_code == 404
    invitation.refresh_from_db()
    assert invitation.joined_at is None


def test_invitations_are_for_members_to_make_and_valid_cards_to_get(
    family: Family, alice: User, grandma: User, dai: User, territory: Territory
) -> None:
    stranger = make_volunteer(user=dai, name="戴外人", community=territory)
    with pytest.raises(NotInFamily):
        invite_to_family(volunteer=stranger, card_number=GRANDMA_CARD, by=dai)
    with pytest.raises(NoSuchCard):
        invite_to_family(volunteer=alice.volunteer, card_number="LL9999999999", by=alice)
    with pytest.raises(InvitedAlready):
        invite_to_family(volunteer=alice.volunteer, card_number=GRANDMA_CARD, by=alice)
    with pytest.raises(AlreadyInFamily):
        found_family(volunteer=grandma.volunteer, name="另一家", by=grandma)
    for number in range(6):
        one = make_volunteer(user=None, name=f"林{number}", community=territory)
        make_card(one, number=f"LL000000010{number}")
        invite_to_family(volunteer=alice.volunteer, card_number=f"LL000000010{number}", by=alice)
    make_card(stranger, number="LL0000000200")
    with pytest.raises(FamilyFull):
        invite_to_family(volunteer=alice.volunteer, card_number="LL0000000200", by=alice)


def test_trying_out_card_numbers_comes_to_an_end(
    client: Client, family: Family, alice: User
) -> None:
    client.force_login(alice)
    answers = [
        client.post(
            reverse("invite_to_family"), {"card_number": f"LL55555555{number:02d}"}, headers=ENGLISH
        ).content.decode()
        for number in range(21)
    ]

    assert "No valid card" in answers[19]
    assert "Too many tries" in answers[20]


def test_a_refused_invitation_is_gone(families_on: None, alice: User, grandma: User) -> None:
    found_family(volunteer=alice.volunteer, name="林家", by=alice)
    invitation = invite_to_family(volunteer=alice.volunteer, card_number=GRANDMA_CARD, by=alice)
    refuse_invitation(invitation=invitation, by=grandma)

    assert not FamilyMember.objects.filter(volunteer=grandma.volunteer).exists()
    with pytest.raises(NotOfTheFamily):
        send(alice, grandma.volunteer, 1)


def test_only_within_the_family_and_only_what_is_there(
    family: Family, alice: User, grandma: User, territory: Territory, sound_ledger: None
) -> None:
    stranger = make_volunteer(user=None, name="戴外人", community=territory)
    with pytest.raises(NotOfTheFamily):
        send(alice, stranger, 1)
    with pytest.raises(NotOfTheFamily):
        send(alice, alice.volunteer, 1)
    with pytest.raises(TooFewToSend):
        send(grandma, alice.volunteer, 1)


def test_the_limit_is_the_senders_and_the_months(
    family: Family, alice: User, grandma: User, sound_ledger: None
) -> None:
    send(alice, grandma.volunteer, 40)
    with pytest.raises(FamilyLimitReached, match="10"):
        send(alice, grandma.volunteer, 11)
    send(grandma, alice.volunteer, 40)  # hers is another

    assert points_left_to_send(volunteer=alice.volunteer) == 10
    assert balance_of(alice.volunteer) == 100


def test_the_limit_begins_anew_with_the_citys_month(
    family: Family, alice: User, grandma: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(alice, grandma.volunteer, 50)
    next_month = (timezone.localdate().replace(day=1) + timedelta(days=32)).replace(day=1)
    midnight = timezone.make_aware(datetime.combine(next_month, datetime.min.time()))
    monkeypatch.setattr(timezone, "now", lambda: midnight - timedelta(minutes=1))
    assert points_left_to_send(volunteer=alice.volunteer) == 0
    monkeypatch.setattr(timezone, "now", lambda: midnight)
    assert points_left_to_send(volunteer=alice.volunteer) == 50


def test_points_keep_the_days_on_which_they_lapse(
    families_on: None, alice: User, grandma: User, sound_ledger: None
) -> None:
    today = timezone.localdate()
    soon, later = today + timedelta(days=10), today + timedelta(days=300)
    give(alice.volunteer, 10, lapses_on=soon)
    give(alice.volunteer, 30, lapses_on=later)
    found_family(volunteer=alice.volunteer, name="林家", by=alice)
    invitation = invite_to_family(volunteer=alice.volunteer, card_number=GRANDMA_CARD, by=alice)
    accept_invitation(invitation=invitation, by=grandma)
    send(alice, grandma.volunteer, 15)

    rows = Bucket.objects.filter(account__volunteer=grandma.volunteer)
    assert dict(rows.values_list("lapses_on", "remaining_points")) == {soon: 10, later: 5}


def test_the_last_to_leave_takes_the_family_along(
    family: Family, alice: User, grandma: User
) -> None:
    leave_family(volunteer=alice.volunteer, by=alice)
    assert Family.objects.filter(pk=family.pk).exists()
    with pytest.raises(NotOfTheFamily):
        send(alice, grandma.volunteer, 1)
    leave_family(volunteer=grandma.volunteer, by=grandma)

    assert not Family.objects.exists()


def test_whoever_closes_the_account_is_in_no_family(
    family: Family, alice: User, grandma: User
) -> None:
    assert copy_data(volunteer=alice.volunteer)["points"]["families"] == [
        {"name": "林家", "joined": True}
    ]
    close_account(user=alice, by=alice)

    assert list(family.members.values_list("volunteer__name", flat=True)) == ["林奶奶"]


def test_two_registrations_of_one_person_have_one_family_and_one_limit(
    family: Family, alice: User, grandma: User, territory: Territory, sound_ledger: None
) -> None:
    send(alice, grandma.volunteer, 30)
    new_self = make_volunteer(user=None, name="林爱丽", community=territory)
    alice_before = alice.volunteer
    with transaction.atomic():
        merge_volunteers(kept=new_self, merged=alice_before, by=None)

    family.refresh_from_db()
    assert family.founded_by == new_self
    members = family.members.filter(joined_at__isnull=False)
    assert set(members.values_list("volunteer", flat=True)) == {new_self.pk, grandma.volunteer.pk}
    assert points_left_to_send(volunteer=new_self) == 20

    # However often the person's registrations become one.
    newest_self = make_volunteer(user=None, name="林爱丽", community=territory)
    with transaction.atomic():
        merge_volunteers(kept=newest_self, merged=new_self, by=None)
    assert points_left_to_send(volunteer=newest_self) == 20


def test_of_two_families_the_kept_registrations_counts(
    family: Family, alice: User, territory: Territory
) -> None:
    old_self = make_volunteer(user=None, name="林爱丽", community=territory)
    old = found_family(volunteer=old_self, name="旧家", by=alice)
    with transaction.atomic():
        merge_volunteers(kept=alice.volunteer, merged=old_self, by=None)

    assert FamilyMember.objects.get(volunteer=alice.volunteer).family == family
    assert not Family.objects.filter(pk=old.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_however_many_send_at_once_the_limit_holds(
    family: Family, alice: User, grandma: User
) -> None:
    give(grandma.volunteer, 100)

    def try_to(sender: User, receiver: Volunteer) -> Callable[[], int]:
        def press() -> int:
            try:
                return send(sender, receiver, 20).points
            except FamilyLimitReached:
                return 0

        return press

    there = [try_to(alice, grandma.volunteer)] * 4
    back = [try_to(grandma, alice.volunteer)] * 4
    outcomes = run_together(*there, *back)

    assert sum(outcomes[:4]) == sum(outcomes[4:]) == 40
    assert balance_of(alice.volunteer) == balance_of(grandma.volunteer) == 100
    call_command("check_ledger", verbosity=0)
