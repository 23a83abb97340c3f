"""A resident joins by phone number, code, name and community."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests.cast import make_volunteer
from volunteers.actions.leaving import forget_unproven_accounts
from volunteers.models import (
    Consent,
    ConsentNotice,
    Organisation,
    PhoneMessage,
    Territory,
    User,
    Volunteer,
)

from .conftest import newest_code, newest_mail_code, sign_up, write_sign_up

pytestmark = pytest.mark.django_db


def test_a_resident_joins_with_phone_code_name_and_community(
    client: Client, territory: Territory
) -> None:
    answer = sign_up(client, community=territory)

    assert answer.status_code == 302
    assert answer.url == "/me/"
    volunteer = Volunteer.objects.get()
    assert volunteer.name == "周小满"
    assert volunteer.community == territory
    assert volunteer.phone == "+8613911110001"
    assert volunteer.user is not None
    assert volunteer.user.phone == "+8613911110001"
    assert volunteer.user.pending_phone == ""
    assert client.get("/me/").status_code == 200


def test_joining_issues_the_card_and_logs_the_consent_that_was_ticked(client: Client) -> None:
    sign_up(client)

    volunteer = Volunteer.objects.get()
    assert volunteer.cards.filter(revoked_at=None).count() == 1
    consent = Consent.objects.get(volunteer=volunteer)
    assert consent.notice.kind == ConsentNotice.Kind.PRIVACY
    assert consent.notice.version == 1
    assert consent.entered_by == volunteer.user


def test_the_consent_is_not_ticked_for_you_and_not_joined_without(client: Client) -> None:
    page = client.get("/accounts/signup/").content.decode()
    assert 'name="agree"' in page
    assert "checked" not in page.split('name="agree"')[1].split(">")[0]

    answer = client.post(
        "/accounts/signup/", {"phone": "13911110001", "name": "周小满", "with": "phone"}
    )

    assert answer.status_code == 200
    assert "13911110001" in answer.content.decode(), "what was typed stays"
    assert not User.objects.exists()


def test_nobody_joins_before_the_code_came_back(client: Client, territory: Territory) -> None:
    answer = write_sign_up(client, community=territory)

    assert answer.url == "/accounts/phone/verify/"
    assert not Volunteer.objects.exists()
    assert client.get("/me/").status_code == 302
    user = User.objects.get()
    assert user.phone is None
    assert user.pending_phone == "+8613911110001"


def test_typing_a_strangers_number_takes_nothing_from_its_owner(client: Client) -> None:
    write_sign_up(client, name="冒名者")  # never proves it

    owner = Client()
    PhoneMessage.objects.all().delete()
    _pause()
    answer = sign_up(owner, name="周小满")

    assert answer.url == "/me/"
    assert User.objects.get(phone="+8613911110001").name == "周小满"
    assert Volunteer.objects.get().name == "周小满"


def test_a_number_with_an_account_gets_a_hint_by_message_and_no_second_account(
    client: Client, alice: User
) -> None:
    answer = write_sign_up(client, phone="13800000001", name="林爱丽")

    assert answer.url == "/accounts/phone/verify/", "the page looks the same as for a new number"
    assert "already" in PhoneMessage.objects.get(phone="+8613800000001").text or (
        "已" in PhoneMessage.objects.get(phone="+8613800000001").text
    )
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    "typed", ["139 1111 0001", "+86 139-1111-0001", "１３９１１１１０００１", "008613911110001"]
)
def test_a_number_is_understood_however_it_is_written(client: Client, typed: str) -> None:
    write_sign_up(client, phone=typed)

    assert User.objects.get().pending_phone == "+8613911110001"


@pytest.mark.parametrize("typed", ["1391111000", "0532-85911234", "hello", "+86110"])
def test_what_no_text_message_reaches_is_refused_with_a_sentence(
    client: Client, typed: str
) -> None:
    answer = write_sign_up(client, phone=typed)

    assert answer.status_code == 200
    assert answer.context["form"].errors["phone"]
    assert not User.objects.exists()


def test_a_number_of_another_country_may_join_with_its_plus(client: Client) -> None:
    write_sign_up(client, phone="+85251234567")

    assert User.objects.get().pending_phone == "+85251234567"


def test_part_of_a_communitys_name_is_enough(client: Client, territory: Territory) -> None:
    sign_up(client, community_name="浮山所")

    assert Volunteer.objects.get().community == territory


def test_several_communities_that_fit_come_back_to_be_ticked(
    client: Client, street: Territory, territory: Territory
) -> None:
    other = Territory.objects.create(
        code_system="stats", code_version="2023", code="370202001002", level=5,
        name="浮山后社区", parent=street, path=f"{street.path}370202001002/",
    )  # fmt: skip

    answer = write_sign_up(client, community_name="浮山")

    page = answer.content.decode()
    assert f'value="{other.pk}"' in page
    assert f'value="{territory.pk}"' in page
    assert 'value="浮山"' in page, "what was typed stays"

    sign_up(client, community_name="浮山", community=other)
    assert Volunteer.objects.get().community == other


def test_communities_are_offered_while_one_types(client: Client, territory: Territory) -> None:
    page = client.get("/communities/", {"community_name": "浮山所"}).content.decode()

    assert f'value="{territory.pk}"' in page
    assert "香港中路街道" in page


def test_a_registration_that_an_organisation_entered_is_taken_over(
    client: Client, organisation: Organisation, territory: Territory
) -> None:
    entered = make_volunteer(
        user=None, name="周 小满", community=territory, phone="+8613911110001",
        entered_for=organisation,
    )  # fmt: skip

    sign_up(client, name="周小满")

    entered.refresh_from_db()
    assert Volunteer.objects.count() == 1
    assert entered.user is not None
    assert entered.claimed_at is not None
    assert entered.community == territory


def test_one_entered_under_another_name_is_left_alone_and_asked_about(
    client: Client, organisation: Organisation, territory: Territory
) -> None:
    entered = make_volunteer(
        user=None, name="王大爷", community=territory, phone="+8613911110001",
        entered_for=organisation,
    )  # fmt: skip

    sign_up(client, name="周小满")

    entered.refresh_from_db()
    assert entered.user is None
    assert Volunteer.objects.count() == 2
    page = client.get("/me/claims/").content.decode()
    assert "王*" in page
    assert "王大爷" not in page


def test_who_prefers_e_mail_joins_by_a_code_to_the_mailbox(client: Client) -> None:
    answer = client.post(
        "/accounts/signup/?with=email",
        {"email": "anna@example.org", "name": "Anna Müller", "agree": "on", "with": "email"},
    )
    assert answer.status_code == 302
    assert not Volunteer.objects.exists()

    code = newest_mail_code("anna@example.org")
    answer = client.post(answer.url, {"action": "verify", "code": code})

    assert answer.url == "/me/"
    assert Volunteer.objects.get().name == "Anna Müller"


def test_signing_in_again_takes_a_number_and_a_code(client: Client, alice: User) -> None:
    answer = client.post("/accounts/login/code/", {"phone": "13800000001"})
    assert answer.status_code == 302

    answer = client.post(answer.url, {"code": newest_code("+8613800000001")})

    assert answer.url == "/me/"
    assert client.get("/me/").context["user"] == alice


def test_signing_in_by_e_mail_and_password(client: Client, bao: User) -> None:
    answer = client.post(
        "/accounts/login/", {"login": "bao@linli.example", "password": "lin-li-2026"}
    )

    assert answer.status_code == 302
    assert client.session["_auth_user_id"] == str(bao.pk)


def test_signing_in_by_number_and_password_however_it_is_written(client: Client, bao: User) -> None:
    client.post("/accounts/login/", {"login": "138 0000 0002", "password": "lin-li-2026"})

    assert client.session["_auth_user_id"] == str(bao.pk)


def test_an_unknown_number_is_told_by_message_how_to_join(client: Client) -> None:
    answer = client.post("/accounts/login/code/", {"phone": "13911110009"})

    assert answer.status_code == 302, "the page looks the same as for a known number"
    assert "/accounts/signup/" in PhoneMessage.objects.get(phone="+8613911110009").text


def test_sign_ups_never_proven_are_forgotten_after_a_day(client: Client, alice: User) -> None:
    write_sign_up(client)
    assert forget_unproven_accounts() == 0

    User.objects.filter(phone=None).update(date_joined=timezone.now() - timedelta(days=2))

    assert forget_unproven_accounts() == 1
    assert User.objects.get() == alice


def test_staff_without_a_volunteer_join_with_their_name(
    client: Client, bao: User, territory: Territory
) -> None:
    client.force_login(bao)
    answer = client.get("/me/card/")
    assert answer.url == "/me/join/?next=%2Fme%2Fcard%2F"

    answer = client.post(
        "/me/join/",
        {"name": "包组织", "community": territory.pk, "agree": "on", "next": "/me/card/"},
    )

    assert answer.url == "/me/card/"
    assert Volunteer.objects.get(user=bao).community == territory


def test_the_way_back_leads_to_our_own_pages_only(client: Client, bao: User) -> None:
    client.force_login(bao)

    answer = client.post(
        "/me/join/", {"name": "包组织", "agree": "on", "next": "https://evil.example/"}
    )

    assert answer.url == "/me/card/"


def _pause() -> None:
    """A number may be written to every half minute; half a minute passes."""
    from django.core.cache import cache

    cache.clear()
