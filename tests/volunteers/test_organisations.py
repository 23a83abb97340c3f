"""Organisations, roles, the people an organisation enters, and what staff's pages ask for."""

from __future__ import annotations

import time
from datetime import date
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from tests.cast import make_user
from volunteers.actions.consents import ConsentNeeded
from volunteers.actions.organisations import (
    AlreadyMember,
    add_member,
    appoint_city_staff,
    close_organisation,
    create_organisation,
    dismiss_city_staff,
    remove_member,
)
from volunteers.actions.people import enter_volunteer
from volunteers.models import (
    Category,
    Consent,
    Membership,
    Organisation,
    SecurityEvent,
    Territory,
    User,
    Volunteer,
)
from volunteers.permissions import (
    can_manage_organisation,
    get_entered_volunteers_for,
    get_organisations_for,
    get_volunteer_for,
    has_staff_role,
    is_city_staff,
    is_member,
)
from volunteers.signals import membership_changed, organisation_created

pytestmark = pytest.mark.django_db


def hear(signal: Any) -> list[dict[str, Any]]:
    heard: list[dict[str, Any]] = []

    def listen(**kwargs: Any) -> None:
        heard.append(kwargs)

    signal.connect(listen, weak=False)
    return heard


def test_a_new_organisation_is_told_to_the_rooms_above(territory: Territory) -> None:
    heard = hear(organisation_created)

    made = create_organisation(
        name="新队", slug="new-team", kind="volunteer_team", territory=territory, by=None
    )

    assert [one["organisation"] for one in heard] == [made]


def test_roles_are_given_once_and_logged_and_told(
    organisation: Organisation, alice: User, bao: User
) -> None:
    heard = hear(membership_changed)

    membership = add_member(organisation=organisation, user=alice, role="organiser", by=bao)
    with pytest.raises(AlreadyMember):
        add_member(organisation=organisation, user=alice, role="organiser", by=bao)
    remove_member(membership=membership, by=bao)

    assert [one["user"] for one in heard] == [alice, alice]
    log = SecurityEvent.objects.filter(user=alice, by=bao).order_by("id")
    assert [event.kind for event in log] == ["role_given", "role_taken"]


def test_who_holds_which_role_where(
    organisation: Organisation, other_organisation: Organisation, alice: User, bao: User,
    rui: User, dai: User, city_staff: User,
) -> None:  # fmt: skip
    assert is_member(bao, organisation)
    assert is_member(bao, organisation, roles=["organiser"])
    assert not is_member(bao, organisation, roles=["reviewer", "finance"])
    assert not is_member(dai, organisation)
    assert list(get_organisations_for(bao)) == [organisation]
    assert list(get_organisations_for(dai)) == [other_organisation]
    assert not get_organisations_for(bao, roles=["finance"])
    assert set(get_organisations_for(city_staff)) == {organisation, other_organisation}
    assert can_manage_organisation(rui, organisation)
    assert not can_manage_organisation(bao, organisation)
    assert not can_manage_organisation(rui, other_organisation)
    assert [has_staff_role(user) for user in (alice, bao, city_staff)] == [False, True, True]


def test_a_closed_organisation_gives_nobody_a_role(organisation: Organisation, bao: User) -> None:
    close_organisation(organisation=organisation, on=date(2026, 1, 1), by=None)

    assert not get_organisations_for(bao)
    assert not has_staff_role(bao)


def test_an_account_that_was_closed_may_do_nothing(bao: User, alice: User) -> None:
    for user in (bao, alice):
        user.is_active = False
        user.save()

    assert not has_staff_role(bao)
    assert not get_organisations_for(bao)
    assert get_volunteer_for(alice) is None


def test_city_staff_reach_the_administration_and_leave_it(client: Client, alice: User) -> None:
    client.force_login(alice)
    assert client.get("/admin/organisations/").status_code == 302

    appoint_city_staff(user=alice, by=None)
    assert is_city_staff(alice)
    assert client.get("/admin/organisations/").status_code == 200

    dismiss_city_staff(user=alice, by=None)
    assert client.get("/admin/organisations/").status_code == 302


@pytest.mark.parametrize(
    "path",
    ["organisations", "memberships", "categories", "skills", "notices", "security-log"],
)
def test_only_the_citys_staff_keep_organisations_and_lists(
    client: Client, bao: User, city_staff: User, path: str
) -> None:
    client.force_login(bao)
    assert client.get(f"/admin/{path}/").status_code == 302

    client.force_login(city_staff)
    assert client.get(f"/admin/{path}/").status_code == 200


def test_a_role_is_given_in_the_administration_by_phone_or_e_mail(
    client: Client, city_staff: User, organisation: Organisation, alice: User, bao: User
) -> None:
    client.force_login(city_staff)

    for account, role in [("138 0000 0001", "finance"), ("BAO@linli.example", "reviewer")]:
        answer = client.post(
            "/admin/memberships/new/",
            {"organisation": organisation.pk, "role": role, "account": account},
        )
        assert answer.status_code == 302, answer.content.decode()

    assert is_member(alice, organisation, roles=["finance"])
    assert is_member(bao, organisation, roles=["reviewer"])
    unknown = client.post(
        "/admin/memberships/new/",
        {"organisation": organisation.pk, "role": "finance", "account": "13999999999"},
    )
    assert unknown.status_code == 200


def test_a_role_taken_in_the_administration_is_logged(
    client: Client, city_staff: User, organisation: Organisation, bao: User
) -> None:
    client.force_login(city_staff)
    membership = Membership.objects.get(user=bao)

    client.post(f"/admin/memberships/delete/{membership.pk}/")

    assert not is_member(bao, organisation)
    assert SecurityEvent.objects.get(kind="role_taken").by == city_staff


def test_an_organisation_made_in_the_administration_is_told_to_the_rooms_above(
    client: Client, city_staff: User, territory: Territory, organisation: Organisation
) -> None:
    heard = hear(organisation_created)
    client.force_login(city_staff)

    answer = client.post(
        "/admin/organisations/new/",
        {
            "name": "崂山护海队", "slug": "laoshan-sea", "kind": "volunteer_team",
            "registration": "none", "territory": territory.pk, "email_domains": "",
        },
    )  # fmt: skip

    assert answer.status_code == 302, answer.content.decode()
    assert [one["organisation"].name for one in heard] == ["崂山护海队"]


def test_categories_are_kept_in_the_administration(
    client: Client, city_staff: User, category: Category
) -> None:
    client.force_login(city_staff)

    client.post(
        "/admin/categories/new/",
        {"name": "助老", "name_en": "Elder care", "slug": "elders", "position": 2},
    )

    assert Category.objects.filter(slug="elders").exists()


# People whom an organisation enters (R2)


def test_an_organiser_enters_somebody_with_their_consent(
    client: Client, bao: User, organisation: Organisation, territory: Territory
) -> None:
    client.force_login(bao)

    answer = client.post(
        "/desk/volunteers/",
        {
            "organisation": organisation.pk, "name": "王大爷", "phone": "13700001234",
            "community_name": "浮山所", "evidence": "签字表 12 号",
        },
    )  # fmt: skip

    assert answer.status_code == 302
    entered = Volunteer.objects.get(name="王大爷")
    assert (entered.user, entered.entered_by, entered.entered_for) == (None, bao, organisation)
    assert entered.community == territory
    consent = Consent.objects.get(volunteer=entered)
    assert (consent.evidence, consent.entered_by) == ("签字表 12 号", bao)


def test_nobody_is_entered_without_saying_how_they_agreed(
    client: Client, bao: User, organisation: Organisation
) -> None:
    client.force_login(bao)

    answer = client.post("/desk/volunteers/", {"organisation": organisation.pk, "name": "王大爷"})

    assert answer.status_code == 200
    assert "王大爷" in answer.content.decode(), "what was typed stays"
    assert not Volunteer.objects.exists()
    with pytest.raises(ConsentNeeded):
        enter_volunteer(
            name="王", phone="", community=None, organisation=organisation, evidence=" ", by=bao
        )


def test_nobody_is_entered_for_another_organisation(
    client: Client, dai: User, organisation: Organisation
) -> None:
    client.force_login(dai)

    answer = client.post(
        "/desk/volunteers/", {"organisation": organisation.pk, "name": "王", "evidence": "x"}
    )

    assert answer.context["form"].errors["organisation"]
    assert not Volunteer.objects.exists()


def test_entering_the_same_person_twice_makes_one(bao: User, organisation: Organisation) -> None:
    entered = [
        enter_volunteer(
            name=name, phone="+8613700001234", community=None, organisation=organisation,
            evidence="签字表", by=bao,
        )
        for name in ("王大爷", "王 大爷")
    ]  # fmt: skip

    assert entered[0] == entered[1]


def test_each_organisation_sees_those_it_entered_until_they_claim_it(
    client: Client, bao: User, dai: User, alice: User, organisation: Organisation
) -> None:
    entered = enter_volunteer(
        name="王大爷", phone="+8613700001234", community=None, organisation=organisation,
        evidence="签字表", by=bao,
    )  # fmt: skip
    client.force_login(dai)
    assert "王大爷" not in client.get("/desk/volunteers/").content.decode()
    assert client.post(f"/desk/volunteers/{entered.pk}/card/").status_code == 404
    client.force_login(alice)
    assert client.get("/desk/volunteers/").status_code == 403

    client.force_login(bao)
    page = client.get("/desk/volunteers/").content.decode()
    assert "王大爷" in page
    assert "13700001234" not in page
    client.post(f"/desk/volunteers/{entered.pk}/card/")
    assert entered.cards.count() == 1
    paper = client.get(f"/desk/volunteers/{entered.pk}/card.pdf")
    assert paper.content.startswith(b"%PDF")
    client.force_login(dai)
    assert client.get(f"/desk/volunteers/{entered.pk}/card.pdf").status_code == 404

    entered.user = make_user(name="王大爷", phone="+8613700001234")
    entered.save()
    assert not get_entered_volunteers_for(bao)


def test_an_organisation_corrects_what_it_entered_and_that_is_logged(
    client: Client, bao: User, dai: User, organisation: Organisation
) -> None:
    entered = enter_volunteer(
        name="王大业",
        phone="",
        community=None,
        organisation=organisation,
        evidence="签字表",
        by=bao,
    )
    data = {"name": "王大爷", "phone": "13700001234", "birth_on": "1950-01-01"}
    client.force_login(dai)
    assert client.post(f"/desk/volunteers/{entered.pk}/", data).status_code == 404
    client.force_login(bao)
    assert client.get(f"/desk/volunteers/{entered.pk}/").status_code == 200

    client.post(f"/desk/volunteers/{entered.pk}/", data)

    entered.refresh_from_db()
    assert (entered.name, entered.phone) == ("王大爷", "+8613700001234")
    assert SecurityEvent.objects.get(kind="profile_changed_for").by == bao


# Staff's pages (P8)


def test_staff_add_a_second_factor_before_their_pages_open(
    client: Client, bao: User, alice: User, settings: Any
) -> None:
    settings.LINLI_STAFF_TWO_FACTOR = True
    client.force_login(bao)

    assert client.get("/desk/volunteers/").url == "/accounts/2fa/"
    assert client.get("/admin/").url == "/accounts/2fa/"
    assert client.get("/").status_code != 302, "the public pages stay open"

    Authenticator.objects.create(user=bao, type=Authenticator.Type.TOTP, data={"secret": "x"})
    assert client.get("/desk/volunteers/").status_code == 200


def test_the_demo_asks_for_one_factor_only(client: Client, bao: User) -> None:
    client.force_login(bao)

    assert client.get("/desk/volunteers/").status_code == 200


def test_an_idle_staff_session_ends_by_itself(client: Client, bao: User, settings: Any) -> None:
    client.force_login(bao)
    client.get("/desk/volunteers/")
    session = client.session
    session["linli_staff_seen"] = int(time.time()) - settings.LINLI_STAFF_IDLE_SECONDS - 1
    session.save()

    answer = client.get("/desk/volunteers/")

    assert answer.url == "/accounts/login/?next=/desk/volunteers/"
    assert "_auth_user_id" not in client.session


def test_staffs_sessions_are_written_once_a_minute_at_most(
    client: Client, bao: User, django_assert_num_queries: Any
) -> None:
    client.force_login(bao)
    client.get("/desk/volunteers/")
    seen = client.session["linli_staff_seen"]

    client.get("/desk/volunteers/")

    assert client.session["linli_staff_seen"] == seen


def test_the_secret_of_a_second_factor_is_unreadable_in_the_database() -> None:
    from allauth.mfa.adapter import get_adapter

    secret = "JBSWY3DPEHPK3PXP"
    kept = get_adapter().encrypt(secret)

    assert secret not in kept
    assert get_adapter().decrypt(kept) == secret
