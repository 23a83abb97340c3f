"""`manage.py seed`: a measurement's people, settled by the settlement itself."""

import io

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Sum

from cms.seeding import ground
from points.models import Account, Movement, Standing
from volunteers.models import Consent, ServiceRecord, Volunteer, VolunteerCard

pytestmark = pytest.mark.django_db

PEOPLE = 60


@pytest.fixture(autouse=True)
def demo(settings, monkeypatch):
    """A demo with three organisations: forty take seconds to make and show nothing more here."""
    settings.LINLI_DEMO = True
    few = ground.organisations()[:3]
    monkeypatch.setattr(ground, "organisations", lambda: few)
    monkeypatch.setattr(ground, "LOGINS", ())


def seed(**options):
    out = io.StringIO()
    call_command("seed", volunteers=PEOPLE, processes=1, stdout=out, **options)
    return out.getvalue()


def test_the_ledger_of_seeded_people_holds_and_their_totals_agree():
    assert "records settled" in seed()

    call_command("check_ledger", stdout=io.StringIO())
    assert ServiceRecord.objects.count() == PEOPLE * 5
    assert not ServiceRecord.objects.owed().exists()
    given = ServiceRecord.objects.aggregate(minutes=Sum("credited_minutes"))["minutes"]
    assert Standing.objects.aggregate(minutes=Sum("served_minutes"))["minutes"] == given
    issue = Account.objects.get(kind=Account.Kind.ISSUE)
    moved = {
        side: Movement.objects.filter(**{side: issue}).aggregate(points=Sum("points"))["points"]
        for side in ("debit_account", "credit_account")
    }
    # Given for service, less what lay over the limits.
    assert -issue.balance_points == moved["debit_account"] - (moved["credit_account"] or 0)
    assert issue.balance_points < 0


def test_every_seeded_person_has_a_card_and_gave_consent():
    seed()
    people = Volunteer.objects.filter(user=None)
    assert people.count() == PEOPLE
    assert VolunteerCard.objects.valid().filter(volunteer__in=people).count() == PEOPLE
    assert Consent.objects.filter(volunteer__in=people, withdrawn_at=None).count() == PEOPLE


def test_seeding_again_adds_as_many_again():
    seed(records_each=2)
    seed(records_each=2)
    assert Volunteer.objects.filter(user=None).count() == 2 * PEOPLE
    assert Volunteer.objects.filter(user=None).values("phone").distinct().count() == 2 * PEOPLE
    call_command("check_ledger", stdout=io.StringIO())


def test_a_registration_made_by_the_site_afterwards_gets_a_number_of_its_own():
    seed()
    later = Volunteer.objects.create(name="后来人")
    assert later.pk > Volunteer.objects.exclude(pk=later.pk).latest("pk").pk


def test_nothing_is_invented_outside_a_demo(settings):
    settings.LINLI_DEMO = False
    with pytest.raises(CommandError, match="demo"):
        seed()
    assert not Volunteer.objects.exists()


@pytest.mark.parametrize("option", ["volunteers", "records_each", "processes"])
def test_less_than_one_of_anything_is_refused(option):
    with pytest.raises(CommandError, match="at least one"):
        call_command("seed", **{"volunteers": 1, option: 0})
