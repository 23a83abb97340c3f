"""The year in one page and one picture."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from points.year import sum_up_year
from points.year_picture import COLOURS, draw_year
from tests.cast import make_volunteer
from tests.points.conftest import settle_all
from volunteers.actions.records import void_record
from volunteers.models import ServiceRecord, User

Make = Callable[..., ServiceRecord]
pytestmark = pytest.mark.usefixtures("per_hour")

THIS_YEAR = timezone.localdate().year


@pytest.fixture
def served(confirmed: Make) -> list[ServiceRecord]:
    """Three times in this year, once in the one before."""
    records = [
        confirmed(90, served_on=date(THIS_YEAR, 1, 10)),
        confirmed(60, served_on=date(THIS_YEAR, 1, 10)),
        confirmed(120, served_on=date(THIS_YEAR, 3, 5)),
        confirmed(240, served_on=date(THIS_YEAR - 1, 12, 31)),
    ]
    settle_all()
    return records


def get_picture(client: Client, year: int = THIS_YEAR, **query: str) -> Image.Image:
    response = client.get(reverse("my_year_picture", args=[year]), query)
    assert response["Content-Type"] == "image/png"
    return Image.open(io.BytesIO(response.content))


def test_a_year_is_summed_up_from_what_counts_in_it(
    served: list[ServiceRecord], alice: User, bao: User
) -> None:
    summary = sum_up_year(volunteer=alice.volunteer, year=THIS_YEAR)
    assert (summary.minutes, summary.times, summary.days, summary.organisations) == (270, 3, 2, 1)
    assert (summary.months[0], sum(summary.months)) == (150, 270)
    assert (summary.favourite, summary.favourite_times) == ("浮山所平安夜巡", 3)
    # All four were confirmed this year, and points are of the year in which they came.
    assert summary.points == 85

    void_record(record=served[2], by=bao, reason="代签")
    assert sum_up_year(volunteer=alice.volunteer, year=THIS_YEAR).minutes == 150


def test_the_page_tells_the_year(client: Client, served: list[Any], alice: User) -> None:
    client.force_login(alice)
    page = client.get(reverse("my_year", args=[THIS_YEAR]), headers={"accept-language": "en"})

    assert "4.5" in page.content.decode()
    assert reverse("my_year_picture", args=[THIS_YEAR]) in page.content.decode()
    assert str(THIS_YEAR - 1) in page.content.decode()


def test_the_picture_is_drawn_for_a_phone_and_masks_the_name_unless_asked(
    client: Client, served: list[Any], alice: User
) -> None:
    client.force_login(alice)
    masked, named = get_picture(client), get_picture(client, name="shown")

    assert masked.size == named.size == (1080, 1440)
    assert masked.tobytes() != named.tobytes()
    assert masked.tobytes() == get_picture(client, name="anything").tobytes()


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_an_empty_year_and_a_long_name_are_drawn_too(
    client: Client, alice: User, language: str
) -> None:
    client.force_login(alice)
    assert get_picture(client).size == (1080, 1440)
    page = client.get(reverse("my_year", args=[THIS_YEAR]), headers={"accept-language": language})
    assert page.status_code == 200

    long_name = "买买提·吐尔逊江·阿卜杜热合曼·努尔麦麦提" * 2
    summary = sum_up_year(volunteer=alice.volunteer, year=THIS_YEAR)
    assert draw_year(summary=summary, name=long_name, site="linli.example").startswith(b"\x89PNG")


@pytest.mark.parametrize("year", [1999, THIS_YEAR + 1, 99999])
def test_years_that_never_were_are_not_found(client: Client, alice: User, year: int) -> None:
    client.force_login(alice)

    assert client.get(reverse("my_year", args=[year])).status_code == 404
    assert client.get(reverse("my_year_picture", args=[year])).status_code == 404


def test_the_year_costs_the_same_queries_however_much_was_served(
    served: list[Any], alice: User, confirmed: Make, django_assert_num_queries: Any
) -> None:
    other = make_volunteer(user=None, name="林小小", community=alice.volunteer.community)
    for _ in range(12):
        confirmed(30, volunteer=other)
    settle_all()
    for volunteer in (alice.volunteer, other):
        with django_assert_num_queries(4):
            sum_up_year(volunteer=volunteer, year=THIS_YEAR)


def test_the_picture_has_the_colours_of_the_site_by_daylight() -> None:
    sheet = (settings.BASE_DIR / "static" / "css" / "tokens.css").read_text(encoding="utf-8")
    daylight = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", sheet.partition("@media")[0]))

    assert {name: daylight.get(name) for name in COLOURS} == COLOURS
