from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from wagtail.models import ModelLogEntry

from volunteers.actions.calendar import (
    HolidayKnownAlready,
    HolidayNotInFuture,
    add_public_holiday,
    load_public_holidays,
    remove_public_holiday,
)
from volunteers.models import PublicHoliday, User

NATIONAL_DAY = date(2025, 10, 1)


@pytest.fixture
def no_calendar(db: None) -> None:
    """A city before its first migrate; the trigger keeps every other city's past."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE volunteers_publicholiday")


@pytest.fixture
def today() -> date:
    return timezone.localdate()


def test_a_new_city_knows_the_holidays_also_of_the_past(no_calendar: None) -> None:
    assert load_public_holidays() > 60

    day = PublicHoliday.objects.get(day=NATIONAL_DAY)
    assert (day.name, day.name_en) == ("国庆节", "National Day")
    assert not PublicHoliday.objects.filter(day__year__lt=2024).exists()


def test_loading_again_changes_nothing(no_calendar: None) -> None:
    load_public_holidays()

    assert load_public_holidays() == 0


def test_a_year_that_becomes_known_late_brings_no_days_that_have_passed(
    no_calendar: None, today: date
) -> None:
    PublicHoliday.objects.create(day=date(2024, 1, 1), name="元旦")
    load_public_holidays()

    assert not PublicHoliday.objects.filter(day__gt=date(2024, 1, 1), day__lte=today).exists()


def test_the_office_adds_the_days_of_next_year_and_takes_one_away(
    client: Client, city_staff: User, today: date
) -> None:
    client.force_login(city_staff)
    day = today + timedelta(days=400)
    form = {"day": day.isoformat(), "name": "春节", "name_en": "Spring Festival"}
    assert client.post(reverse("public-holidays:add"), form).status_code == 302
    assert "春节" in client.get(reverse("public-holidays:index")).content.decode()
    assert ModelLogEntry.objects.get(action="wagtail.create").user == city_staff

    url = reverse("public-holidays:delete", args=[day.isoformat()])
    assert client.post(url).status_code == 302
    assert not PublicHoliday.objects.filter(day=day).exists()


def test_no_day_is_added_that_has_begun(client: Client, city_staff: User, today: date) -> None:
    client.force_login(city_staff)
    form = {"day": today.isoformat(), "name": "补一天", "name_en": ""}
    page = client.post(
        reverse("public-holidays:add"), form, headers={"accept-language": "en"}
    ).content.decode()

    assert "Only days from tomorrow on can change" in page
    assert "补一天" in page
    with pytest.raises(HolidayNotInFuture):
        add_public_holiday(day=today, name="补一天", by=city_staff)


def test_no_day_of_the_past_is_taken_away(
    client: Client, city_staff: User, no_calendar: None
) -> None:
    load_public_holidays()
    holiday = PublicHoliday.objects.get(day=NATIONAL_DAY)
    client.force_login(city_staff)
    client.post(reverse("public-holidays:delete", args=[NATIONAL_DAY.isoformat()]))
    assert PublicHoliday.objects.filter(day=NATIONAL_DAY).exists()

    with pytest.raises(HolidayNotInFuture):
        remove_public_holiday(holiday=holiday, by=city_staff)
    with pytest.raises(DatabaseError, match="has passed already"), transaction.atomic():
        holiday.delete()


def test_the_database_asks_what_day_it_is_in_the_city(no_calendar: None, today: date) -> None:
    holiday = PublicHoliday.objects.create(day=today, name="国庆节")
    with connection.cursor() as cursor:
        # A day behind the city at every hour, as UTC is until eight in the morning.
        cursor.execute("SET LOCAL timezone = '<far>+24'")

    with pytest.raises(DatabaseError, match="has passed already"), transaction.atomic():
        holiday.delete()


def test_a_day_is_a_holiday_once(city_staff: User, today: date) -> None:
    day = today + timedelta(days=400)
    add_public_holiday(day=day, name="春节", by=city_staff)

    with pytest.raises(HolidayKnownAlready):
        add_public_holiday(day=day, name="元旦", by=city_staff)


def test_the_calendar_is_the_citys_alone(client: Client, bao: User) -> None:
    client.force_login(bao)

    assert client.get(reverse("public-holidays:index")).status_code in (302, 403)
