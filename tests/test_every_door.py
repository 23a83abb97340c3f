"""Every address of the site, tried by every one of the cast.

`DOORS` names, for each address, who may go in. Everyone else must meet a closed door: not found,
forbidden, or led to log in or to join. A new address that is not in the table fails the test.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse
from django.utils import timezone

from campaigns import urls as campaigns_urls
from campaigns.actions.devices import register_device
from campaigns.actions.patrol import add_check_point
from campaigns.codes import check_point_token, poster_token
from campaigns.models import (
    Attendance,
    CampaignPage,
    CheckPoint,
    ConsoleDevice,
    Evidence,
    Shift,
    SignUp,
    Team,
)
from cms import urls as cms_urls
from cms.models import HomePage
from foundations import urls as foundations_urls
from points import urls as points_urls
from points.actions.accounts import ensure_account, get_system_account, move_points
from points.actions.credentials import issue_credentials
from points.actions.projects import create_points_project
from points.actions.rewards import redeem_reward
from points.models import (
    Account,
    Badge,
    Movement,
    Partner,
    PointsProject,
    Recognition,
    Redemption,
    Reward,
    YearlyHonour,
)
from tests.cast import make_card, make_volunteer
from tests.doors import (
    ACCOUNTS,
    ALICE,
    CITY,
    DESKS,
    EVERYONE,
    NOBODY,
    ORGANISERS,
    STAFF,
    Door,
    get,
    post,
)
from tests.foundations.doors import DOORS_OF_FOUNDATIONS, Charity, furnish
from volunteers import urls as volunteers_urls
from volunteers.actions.merges import ask_merge
from volunteers.actions.records import draft_record, submit_record
from volunteers.models import Membership, MergeRequest, Organisation, StudentAffiliation, User


def of_shift(house: Any) -> int:
    return house.shift.pk


def of_record(house: Any) -> int:
    return house.record.pk


def point_of(house: Any) -> CheckPoint:
    return house.shift.activity.check_points.get()


DOORS: dict[str, Door] = {
    # volunteers
    "me": get(ALICE),
    "join": get(ACCOUNTS),
    "my_profile": get(ALICE),
    "my_id_number": get(ALICE),
    "my_guardian": get(ALICE),
    "my_consents": get(ALICE),
    "change_consent": post(ALICE, kind=lambda _: "ranking"),
    "my_data": get(ALICE),
    "close_account": get(ACCOUNTS),
    "my_card": get(ALICE),
    "reissue_my_card": post(ALICE),
    "my_card_keys": get(ALICE),
    "card_worker": get(EVERYONE),
    "my_card_pdf": get(ALICE),
    "my_student": get(ALICE),
    "prove_student": post(ALICE),
    "my_claims": get(ALICE),
    "claim_entered": post(NOBODY, volunteer_id=lambda house: house.entered.pk),
    "send_claim_code": post(ALICE, request_id=lambda house: house.merge.pk),
    "prove_claim": post(ALICE, request_id=lambda house: house.merge.pk),
    "card_public": get(EVERYONE, token=lambda house: house.alice.volunteer.cards.get().token),
    "notice": get(EVERYONE, kind=lambda _: "privacy"),
    "communities": get(EVERYONE),
    "demo_messages": get(EVERYONE),
    "entered_volunteers": get(DESKS),
    "edit_entered": get(ORGANISERS, volunteer_id=lambda house: house.entered.pk),
    "entered_card_pdf": get(ORGANISERS, volunteer_id=lambda house: house.entered.pk),
    "issue_entered_card": post(ORGANISERS, volunteer_id=lambda house: house.entered.pk),
    "reissue_entered_card": post(ORGANISERS, volunteer_id=lambda house: house.entered.pk),
    "student_roster": get(CITY),
    "take_back_proof": post(CITY, student_id=lambda house: house.student.pk),
    "merge_requests": get(STAFF),
    "decide_merge_request": post(CITY, request_id=lambda house: house.merge.pk),
    "my_records": get(ALICE),
    "my_record": get(ALICE, record_id=of_record),
    # campaigns
    "shift_sign_up": post(ALICE, shift_id=of_shift),  # the others are led to /me/join/ first
    "shift_cancel": post(ALICE, shift_id=of_shift),
    "shift_leave": post(ALICE, shift_id=of_shift),
    "my_shifts": get(ACCOUNTS),
    "my_shifts_next": get(ACCOUNTS),
    "venue_scan": get(ACCOUNTS, token=lambda house: poster_token(shift=house.shift)),
    "desk": get(DESKS),
    "desk_campaign": get(ORGANISERS, campaign_id=lambda house: house.campaign.pk),
    "desk_shift_new": get(ORGANISERS, campaign_id=lambda house: house.campaign.pk),
    "desk_campaign_wall": get(ORGANISERS, campaign_id=lambda house: house.campaign.pk),
    "desk_shift_wall": get(ORGANISERS, shift_id=of_shift),
    "desk_shift": get(ORGANISERS, shift_id=of_shift),
    "desk_shift_edit": get(ORGANISERS, shift_id=of_shift),
    "desk_shift_call_off": get(ORGANISERS, shift_id=of_shift),
    "desk_check_out_everybody": get(ORGANISERS, shift_id=of_shift),
    "desk_evidence_photo": get(ORGANISERS, evidence_id=lambda house: house.evidence.pk),
    "desk_attendance": post(
        ORGANISERS, shift_id=of_shift, sign_up_id=lambda house: house.attendance.sign_up_id
    ),
    "desk_new_codes": post(ORGANISERS, shift_id=of_shift),
    "venue_screen": get(ORGANISERS, shift_id=of_shift),
    "venue_code": get(ORGANISERS, shift_id=of_shift),
    "venue_poster": get(ORGANISERS, shift_id=of_shift),
    # The shell and its worker hold nothing of anybody's; what is private needs a device's token.
    "console_app": get(EVERYONE),
    "console_worker": get(EVERYONE),
    "console_manifest": get(EVERYONE),
    "console_prepare": get(DESKS),
    "console": get(ORGANISERS, shift_id=of_shift),
    "console_scan": post(ORGANISERS, shift_id=of_shift),
    "check_point": get(
        ACCOUNTS, token=lambda house: check_point_token(check_point=point_of(house))
    ),
    "desk_check_points": get(ORGANISERS, activity_id=lambda house: house.shift.activity_id),
    "check_point_posters": get(ORGANISERS, activity_id=lambda house: house.shift.activity_id),
    "desk_check_point_rename": post(ORGANISERS, check_point_id=lambda house: point_of(house).pk),
    "desk_check_point_change": post(ORGANISERS, check_point_id=lambda house: point_of(house).pk),
    "desk_patrol": get(ORGANISERS, shift_id=of_shift),
    "desk_teams": get(ORGANISERS, shift_id=of_shift),
    "desk_team_rename": post(
        ORGANISERS, shift_id=of_shift, team_id=lambda house: house.shift.teams.get().pk
    ),
    "desk_team_dissolve": post(
        ORGANISERS, shift_id=of_shift, team_id=lambda house: house.shift.teams.get().pk
    ),
    "desk_scans": get(DESKS),
    "desk_no_shows": get(DESKS),
    "desk_devices": get(DESKS),
    "desk_device_revoke": post(ORGANISERS, device_id=lambda house: house.device.pk),
    "desk_records": get(DESKS),
    "desk_record_new": get(DESKS),
    "desk_record": get(ORGANISERS, record_id=of_record),
    # points
    "my_points": get(ALICE),
    "my_points_csv": get(ALICE),
    "my_year": get(ALICE, year=lambda _: timezone.localdate().year),
    "my_year_picture": get(ALICE, year=lambda _: timezone.localdate().year),
    "my_points_summary": get(ALICE),
    "rewards": get(EVERYONE),
    "redeem_reward": post(ALICE, reward_id=lambda house: house.reward.pk),
    "my_redemption": get(ALICE, redemption_id=lambda house: house.redemption.pk),
    "give_back_redemption": post(ALICE, redemption_id=lambda house: house.redemption.pk),
    "partner_desk": get(EVERYONE, token=lambda house: house.partner.token),  # a secret link
    "find_pick_up": get(EVERYONE),
    # The same page for everybody who is not the owner, and for every code.
    "pick_up": get(EVERYONE, code=lambda house: house.redemption.code),
    "give_points": get(EVERYONE),
    "points_project": get(EVERYONE, project_id=lambda house: house.project.pk),
    "give_to_project": post(ALICE, project_id=lambda house: house.project.pk),
    "spend_project_points": post(
        frozenset({"rui", "chen", "city_staff"}), project_id=lambda house: house.project.pk
    ),
    "close_points_project": post(
        frozenset({"rui", "chen", "city_staff"}), project_id=lambda house: house.project.pk
    ),
    # Off by default: these addresses do not exist.
    "my_family": get(NOBODY),
    "found_family": post(NOBODY),
    "invite_to_family": post(NOBODY),
    "answer_family_invitation": post(NOBODY, invitation_id=lambda _: 1),
    "leave_family": post(NOBODY),
    "send_family_points": post(NOBODY),
    "rankings": get(EVERYONE),
    "star_notice": get(EVERYONE),
    "object_to_star": get(ACCOUNTS, recognition_id=lambda house: house.star.pk),
    "my_honours": get(ALICE),
    "show_honour_name": post(ALICE, honour_id=lambda house: house.honour.pk),
    "honours": get(EVERYONE),
    "honours_of_year": get(EVERYONE, year=lambda house: house.honour.year),
    "nominate_honour": get(DESKS),
    "badges": get(EVERYONE),
    "award_rules": get(EVERYONE),
    "ledger_chain": get(EVERYONE),
    "badge_page": get(EVERYONE, public_id=lambda house: house.badge.public_id),
    "badge_credential": get(EVERYONE, public_id=lambda house: house.badge.public_id),
    "badge_issuer": get(EVERYONE, slug=lambda house: house.organisation.slug),
    "badge_issuer_did": get(EVERYONE, organisation_id=lambda house: house.organisation.pk),
    "badge_status": get(EVERYONE, key_id=lambda house: house.badge.credential.key_id),
    "badge_achievement": get(EVERYONE, slug=lambda house: house.badge.badge.slug),
    **DOORS_OF_FOUNDATIONS,
    # cms
    "set_language": post(EVERYONE),
    "set_display": post(EVERYONE),
    "search": get(EVERYONE),
    "design_system": get(EVERYONE),
    "demo_time": get(ACCOUNTS),
}


@dataclass
class House:
    """Alice's and Bao's things that the walk tries to reach."""

    alice: User
    shift: Shift
    campaign: CampaignPage
    organisation: Organisation
    attendance: Attendance
    device: ConsoleDevice
    evidence: Evidence
    record: Any
    reward: Reward
    redemption: Redemption
    partner: Partner
    project: PointsProject
    entered: Any
    merge: MergeRequest
    student: StudentAffiliation
    index: Any
    badge: Recognition
    star: Recognition
    honour: YearlyHonour
    charity: Charity


@pytest.fixture
def house(
    alice: User,
    bao: User,
    chen: User,
    dai: User,
    organisation: Organisation,
    university: Organisation,
    shift: Shift,
    campaign: CampaignPage,
    campaign_index: Any,
) -> House:
    volunteer = alice.volunteer
    sign_up = SignUp.objects.create(
        shift=shift, volunteer=volunteer, during=(shift.starts_at, shift.ends_at)
    )
    Shift.objects.filter(pk=shift.pk).update(taken=1)
    attendance = Attendance.objects.create(
        sign_up=sign_up, volunteer=volunteer, checked_in_at=timezone.now(), check_in_door="desk"
    )
    record = draft_record(
        volunteer=volunteer,
        organisation=organisation,
        source="test:1",
        activity_name="夜巡",
        category=campaign.category,
        served_on=timezone.localdate() - timedelta(days=1),
        credited_minutes=90,
        by=None,
    )
    entered = make_volunteer(
        user=None, name="刘大爷", community=volunteer.community, phone="+8613800000099",
        entered_by=bao, entered_for=organisation,
    )  # fmt: skip
    make_card(entered, number="LL0000000026")
    other = make_volunteer(user=None, name="林爱丽", community=None, phone="+8613800000098")
    add_check_point(activity=shift.activity, name="北门", by=bao)
    Team.objects.create(shift=shift, name="一队", leader=volunteer)
    move_points(
        debit=get_system_account(Account.Kind.ISSUE),
        credit=ensure_account(volunteer=volunteer),
        points=10,
        kind=Movement.Kind.AWARD,
        reference="test:1",
        by=None,
    )
    umbrella = Reward.objects.create(name="雨伞", price_points=10, stock=5)
    return House(
        alice=alice,
        shift=shift,
        campaign=campaign,
        organisation=organisation,
        attendance=attendance,
        device=register_device(by=bao, organisation=organisation, shifts=[shift], name="一号门")[0],
        evidence=Evidence.objects.create(
            shift=shift, text="合影", left_at=timezone.now(), by=bao,
            photo=ContentFile(b"", name="a.jpg"),
        ),
        record=submit_record(record=record, by=None),
        reward=umbrella,
        redemption=redeem_reward(
            reward=umbrella, volunteer=volunteer, nonce=uuid.uuid4(), by=alice
        ),
        partner=Partner.objects.create(name="红瓦小屋"),
        project=create_points_project(
            name="老人食堂", about="一百分一顿热饭。", organisation=organisation, by=None
        ),
        entered=entered,
        merge=ask_merge(kept=volunteer, merged=other, reason="还是我", by=alice),
        student=StudentAffiliation.objects.create(
            volunteer=volunteer,
            university=university,
            student_number="S1",
            proof="roster",
            verified_at=timezone.now(),
        ),
        index=campaign_index,
        badge=award_badge(volunteer=volunteer, organisation=organisation),
        star=Recognition.objects.create(
            volunteer=entered, kind="star", level=1, state="in_notice",
            notice_until=timezone.now() + timedelta(days=3),
        ),
        honour=YearlyHonour.objects.create(
            year=2025, volunteer=volunteer, organisation=organisation, title="热心邻居",
            citation="每晚都在。", state="approved", nominated_by=bao,
        ),
        charity=furnish(alice=alice, chen=chen, dai=dai),
    )  # fmt: skip


def award_badge(*, volunteer: Any, organisation: Organisation) -> Recognition:
    badge = Badge.objects.create(
        slug="ten-patrols", name="十次夜巡", about="夜里走了十趟。", issuer=organisation,
        criterion="times", threshold=10,
    )  # fmt: skip
    recognition = Recognition.objects.create(
        volunteer=volunteer, kind="badge", badge=badge, state="awarded", awarded_at=timezone.now()
    )
    issue_credentials()
    return recognition


@pytest.fixture
def everyone(
    alice: User, bao: User, rui: User, chen: User, dai: User, city_staff: User
) -> dict[str, User | None]:
    return {
        "stranger": None, "alice": alice, "bao": bao, "rui": rui, "chen": chen, "dai": dai,
        "city_staff": city_staff,
    }  # fmt: skip


def names_of(module: Any) -> Iterator[str]:
    for pattern in module.urlpatterns:
        assert isinstance(pattern, URLPattern)
        assert pattern.name, f"{pattern} has no name"
        yield pattern.name


def all_names() -> list[str]:
    return [
        name
        for module in (volunteers_urls, campaigns_urls, points_urls, foundations_urls, cms_urls)
        for name in names_of(module)
    ]


def try_door(*, name: str, house: House, user: User | None) -> tuple[int, str]:
    """(status, where it leads to), and everything it changed undone."""
    door = DOORS[name]
    client = Client(raise_request_exception=False)
    if user is not None:
        client.force_login(user)
    address = reverse(name, kwargs={key: value(house) for key, value in door.values.items()})
    with transaction.atomic():
        response = getattr(client, door.method)(address, door.sends)
        transaction.set_rollback(True)
    return response.status_code, response.get("Location", "")


def is_shut(status: int, leads_to: str) -> bool:
    # Who has no account is asked for the mail address under which something was given.
    elsewhere = (reverse("account_login"), reverse("join"), reverse("find_gifts"))
    led_away = leads_to.startswith(elsewhere)
    return status in {401, 403, 404} or (status == 302 and led_away)


def test_every_address_is_in_the_table() -> None:
    assert sorted(set(all_names()) ^ set(DOORS)) == []


@pytest.mark.parametrize("role", sorted(EVERYONE))
def test_doors_open_for_those_who_may_and_for_nobody_else(
    role: str, house: House, everyone: dict[str, User | None]
) -> None:
    wrong = []
    for name, door in DOORS.items():
        status, leads_to = try_door(name=name, house=house, user=everyone[role])
        assert status < 500, f"{name} answered {status} to {role}"
        if is_shut(status, leads_to) == (role in door.may):
            wrong.append(f"{name}: {status} {leads_to}")
    assert not wrong, "\n".join(wrong)


def test_wagtails_own_addresses_never_answer_500_and_are_shut_for_residents(
    house: House, everyone: dict[str, User | None]
) -> None:
    """Every address of the admin that needs no argument, and the pages of another organisation."""
    addresses = sorted(
        "/" + str(pattern).strip("^$") for pattern in admin_patterns() if "<" not in str(pattern)
    )
    assert len(addresses) > 30
    for role in ("stranger", "alice", "dai", "bao"):
        client = Client(raise_request_exception=False)
        if everyone[role] is not None:
            client.force_login(everyone[role])
        for address in addresses:
            status = client.get(address).status_code
            assert status < 500, f"{address} answered {status} to {role}"
            if role in {"stranger", "alice"}:
                assert status in {302, 403, 404} or address in OPEN_IN_ADMIN, address


OPEN_IN_ADMIN = {"/admin/jsi18n/", "/admin/sprite/"}


def admin_patterns() -> Iterator[str]:
    admin = next(
        resolver for resolver in get_resolver().url_patterns if str(resolver.pattern) == "admin/"
    )

    def walk(patterns: list[Any], prefix: str) -> Iterator[str]:
        for pattern in patterns:
            route = prefix + str(pattern.pattern).lstrip("^")
            if hasattr(pattern, "url_patterns"):
                yield from walk(pattern.url_patterns, route)
            elif "(" not in route and "logout" not in route and "failwhale" not in route:
                yield route

    yield from walk(admin.url_patterns, "admin/")


def test_the_home_page_is_open_to_everyone(house: House, everyone: dict[str, User | None]) -> None:
    assert HomePage.objects.exists()
    for user in everyone.values():
        client = Client()
        if user:
            client.force_login(user)
        assert client.get("/").status_code == 200


def test_roles_of_the_cast_are_as_the_table_thinks(everyone: dict[str, User | None]) -> None:
    held = set(Membership.objects.values_list("user__name", "role"))
    assert ("陈会计", "finance") in held
    assert ("戴外人", "organiser") in held
