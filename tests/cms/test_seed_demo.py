"""The demo city: a small one, lived through the site's own actions."""

import io
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import override_settings
from django.utils import timezone

from campaigns.models import Attendance, CampaignPage, Scan, Shift, SignUp
from campaigns.models.attendance import Door
from cms.demo.logins import LOGINS, PASSWORD
from cms.models import HomePage, NewsPage
from cms.seeding.clock import lived_time
from points.models import (
    AwardRule,
    Badge,
    Movement,
    Recognition,
    Standing,
    StarObjection,
    YearlyHonour,
)
from volunteers.models import Membership, Organisation, RecordChange, ServiceRecord, User, Volunteer

pytestmark = pytest.mark.django_db


def seed():
    call_command(
        "seed_demo", residents=120, campaigns=6, days=14, processes=1, stdout=io.StringIO()
    )


@pytest.fixture(scope="module")
def city(django_db_setup, django_db_blocker, tmp_path_factory):
    """A small demo city, built once for this file and taken back at its end."""
    media = tmp_path_factory.mktemp("media")
    demo = override_settings(LINLI_DEMO=True, MEDIA_ROOT=str(media))
    with django_db_blocker.unblock(), demo, transaction.atomic():
        seed()
        yield
        transaction.set_rollback(True)


def home_shifts():
    return Shift.objects.filter(activity__campaign__organisation__slug="badaguan-station")


@pytest.mark.usefixtures("city")
def test_every_record_of_the_demo_city_came_in_by_a_door_or_by_hand_and_was_settled():
    assert ServiceRecord.objects.counted().count() > 20
    by_doors = ServiceRecord.objects.filter(is_by_hand=False)
    for record in by_doors.select_related("attendance__sign_up__shift"):
        attendance = record.attendance
        assert record.source == f"attendance:{attendance.pk}"
        assert attendance.sign_up.signed_up_at < attendance.checked_in_at
        assert Scan.objects.filter(attendance=attendance, kind=Scan.Kind.IN).count() == 1
        assert attendance.check_out_door in Door.values
    kinds = set(RecordChange.objects.values_list("kind", flat=True))
    assert {"drafted", "submitted", "confirmed"} <= kinds
    assert not ServiceRecord.objects.owed().exists()
    call_command("check_ledger", stdout=io.StringIO())


@pytest.mark.usefixtures("city")
def test_what_happened_in_the_demo_city_happened_at_its_own_time():
    record = (
        ServiceRecord.objects.counted()
        .filter(is_by_hand=False)
        .select_related("attendance__sign_up__shift")
        .earliest("served_on")
    )
    shift = record.attendance.sign_up.shift
    assert shift.created_at < shift.starts_at < record.attendance.checked_out_at < shift.closed_at
    assert record.created_at < record.confirmed_at < timezone.now() - timedelta(hours=1)
    moved = Movement.objects.filter(record=record).earliest("pk")
    assert moved.happened_at == record.confirmed_at


@pytest.mark.usefixtures("city")
def test_alice_finds_a_shift_to_press_for_and_bao_one_that_runs():
    now = timezone.now()
    assert home_shifts().filter(starts_at__lte=now, ends_at__gt=now).count() >= 1
    soon = (
        home_shifts()
        .with_places()
        .filter(starts_at__gt=now, starts_at__lte=now + timedelta(hours=1))
    )
    alice = Volunteer.objects.get(user__phone=LOGINS[0].phone)
    from campaigns.eligibility import reasons_against

    assert [reasons_against(volunteer=alice, shift=shift) for shift in soon] == [[]] * len(soon)
    assert len(soon) == 1
    assert Attendance.objects.filter(checked_out_at=None).exists()
    assert Standing.objects.get(volunteer=alice).served_minutes > 0


@pytest.mark.usefixtures("city")
def test_seeding_again_on_the_same_day_changes_nothing_and_a_week_later_opens_shifts_anew():
    before = {
        model: model.objects.count()
        for model in (
            User,
            Volunteer,
            CampaignPage,
            NewsPage,
            SignUp,
            ServiceRecord,
            Movement,
            AwardRule,
        )
    }
    shifts = Shift.objects.count()
    seed()
    assert {model: model.objects.count() for model in before} == before
    assert Shift.objects.count() == shifts

    later = timezone.now() + timedelta(days=7)
    with lived_time(later):
        seed()
        running = home_shifts().filter(starts_at__lte=later, ends_at__gt=later)
        assert running.exists()
        assert Shift.objects.filter(starts_at__gt=later).count() > 6


@pytest.mark.usefixtures("city")
def test_everybody_in_the_table_can_sign_in_and_holds_the_role_it_names():
    for login in LOGINS:
        user = User.objects.get(phone=login.phone)
        assert user.phone_verified_at
        assert user.is_superuser == login.is_city_staff
        if login.email:
            assert user.check_password(PASSWORD)
        if login.membership:
            assert Membership.objects.filter(
                user=user, role=login.membership, organisation__slug=login.organisation
            ).exists()


@pytest.mark.usefixtures("city")
def test_the_public_pages_are_there_in_both_languages(client):
    assert HomePage.objects.live().count() == 2
    assert Organisation.objects.count() == 40
    for language, words in (
        ("zh-hans", "邻里之间，一步就到"),
        ("en", "Neighbours are one step away"),
    ):
        page = client.get("/", HTTP_ACCEPT_LANGUAGE=language, HTTP_HOST="localhost")
        assert page.status_code == 200
        assert words in page.content.decode()
    for path in ("/about/", "/how-points-work/", "/privacy/", "/news/", "/city/", "/campaigns/",
                 "/campaigns/badaguan-station/badaguan-evening-walk/"):  # fmt: skip
        for language in ("zh-hans", "en"):
            answer = client.get(path, HTTP_ACCEPT_LANGUAGE=language, HTTP_HOST="localhost")
            assert answer.status_code == 200, (path, language)


def test_no_demo_city_is_built_outside_a_demo(settings):
    settings.LINLI_DEMO = False
    before = Volunteer.objects.count(), CampaignPage.objects.count()
    with pytest.raises(CommandError, match="demo"):
        seed()
    assert (Volunteer.objects.count(), CampaignPage.objects.count()) == before


@pytest.mark.usefixtures("city")
def test_somebody_has_a_badge_a_list_of_honours_is_there_and_an_objection_waits():
    assert Badge.objects.offered().count() >= 6
    assert Recognition.objects.awarded().filter(kind="badge").exists()
    states = set(YearlyHonour.objects.values_list("state", flat=True))
    assert states == {"approved", "nominated"}
    assert StarObjection.objects.filter(state="open").count() == 1
