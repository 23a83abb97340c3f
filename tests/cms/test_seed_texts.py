"""The demo's words, pictures and people, before anything is written to a database."""

import csv
from collections import Counter

import pytest
from django.conf import settings

from campaigns.models import Activity, CampaignPage
from cms.demo.logins import LOGINS, login_table
from cms.demo.people import RARE_NAMES, demo_phone, standard_id_number
from cms.demo.pictures import SCENES, draw_scene
from cms.demo.pictures.light import LIGHTS
from cms.demo.pictures.paper import as_jpeg
from cms.demo.texts import campaigns, organisations, pages, words
from volunteers.identity import read_id_number
from volunteers.models import Organisation, Volunteer
from volunteers.phones import normalise_phone

R18_TEXTS = ("role", "place", "do", "conditions", "risks", "protection", "insurance")


@pytest.fixture(scope="module")
def places():
    """The shipped territory list: names of districts and streets, and (street, community) names."""
    with (settings.BASE_DIR / "volunteers/data/qingdao_divisions.csv").open(
        encoding="utf-8-sig"
    ) as file:
        rows = list(csv.DictReader(file))
    names = {row["code"]: row["name"] for row in rows}
    upper = Counter(row["name"] for row in rows if row["level"] in "234")
    lower = [(names[row["parent"]], row["name"]) for row in rows if row["level"] == "5"]
    return upper, lower


def stands_in(places, path):
    upper, lower = places
    first, _slash, second = path.partition("/")
    if not second:
        return upper[first] == 1
    return upper[first] == 1 and any(
        street == first and community.startswith(second) for street, community in lower
    )


def test_there_are_forty_organisations_and_sixty_campaigns_and_no_two_alike():
    assert len(organisations()) == 40
    assert len(campaigns()) == 60
    for field in ("slug", "title", "title_en", "summary", "story", "story_en"):
        assert len({row[field] for row in campaigns()}) == 60, field
    for field in ("slug", "name", "name_en", "about"):
        assert len({row[field] for row in organisations()}) == 40, field


def test_every_place_named_is_in_the_shipped_territory_list(places):
    for row in [*organisations(), *campaigns()]:
        assert stands_in(places, row["territory"]), row["slug"]


def test_every_campaign_belongs_to_an_organisation_a_category_and_a_scene():
    slugs = {row["slug"] for row in organisations()}
    categories = {row["slug"] for row in words()["category"]}
    skills = {row["slug"] for row in words()["skill"]}
    for row in campaigns():
        assert row["organisation"] in slugs
        assert row["category"] in categories
        assert row["picture"]["scene"] in SCENES
        assert row["picture"]["time"] in LIGHTS
        assert all(skills.issuperset(activity.get("skills", [])) for activity in row["activity"])
    for row in organisations():
        assert row.get("parent") in {None, *slugs}
        assert row["kind"] in Organisation.Kind.values


def test_every_activity_says_what_a_recruitment_must_say_in_both_languages():
    for campaign in campaigns():
        for activity in campaign["activity"]:
            for text in R18_TEXTS:
                assert activity[text].strip(), (campaign["slug"], text)
                assert activity[f"{text}_en"].strip(), (campaign["slug"], text)
            assert activity["age"] >= 6
            assert activity["capacity"] >= 1
            assert not activity.get("dangerous") or activity["age"] >= 18


def test_the_texts_fit_their_columns():
    limits = {"title": CampaignPage, "summary": CampaignPage, "summary_en": CampaignPage}
    for row in campaigns():
        for field, model in limits.items():
            assert len(row[field]) <= model._meta.get_field(field).max_length, row["slug"]
        for activity in row["activity"]:
            for field in ("role", "role_en", "place", "place_en", "insurance", "insurance_en"):
                assert len(activity[field]) <= Activity._meta.get_field(field).max_length


def test_no_text_holds_what_copy_takes_for_the_end_of_a_column():
    for row in campaigns():
        texts = [row["title"], row["title_en"]]
        texts += [activity[key] for activity in row["activity"] for key in ("role", "place")]
        assert not any(character in text for text in texts for character in "\t\n\\")


def test_eight_articles_and_three_standing_pages_are_in_both_languages():
    assert len(pages()["article"]) == 8
    for article in pages()["article"]:
        assert article["body"].startswith("<p>")
        assert article["body_en"].startswith("<p>")
    for page in pages()["page"]:
        assert len(page["body"]) == len(page["body_en"])


def test_every_scene_can_be_drawn_at_every_hour_small_enough_for_a_phone():
    for number, name in enumerate(sorted(SCENES)):
        time = list(LIGHTS)[number % len(LIGHTS)]
        picture = draw_scene(name, time=time, seed=number)
        assert picture.size == (1200, 675)
        assert len(as_jpeg(picture)) <= 80_000, (name, time)


def test_the_same_seed_draws_the_same_picture_and_another_one_another():
    first = draw_scene("patrol", time="night", seed=1)
    assert draw_scene("patrol", time="night", seed=1).tobytes() == first.tobytes()
    assert draw_scene("patrol", time="night", seed=2).tobytes() != first.tobytes()


@pytest.mark.parametrize("number", [1, 1000, 1_000_000, 5_899_999])
def test_demo_telephone_numbers_are_accepted_by_the_sign_in_form(number):
    assert normalise_phone(demo_phone(number).removeprefix("+86")) == demo_phone(number)


@pytest.mark.parametrize("sequence", [0, 2, 61, 999])
def test_demo_id_numbers_are_of_the_test_series_and_carry_a_right_check_digit(sequence):
    identity = read_id_number(id_type=Volunteer.IdType.RESIDENT, text=standard_id_number(sequence))
    assert identity.number.startswith("11010519491231")
    assert standard_id_number(2) == "11010519491231002X"


def test_there_are_names_that_try_the_fonts():
    assert any(ord(character) > 0xFFFF for name in RARE_NAMES for character in name)
    assert any(len(name) > 8 for name in RARE_NAMES)


def test_the_printed_table_names_a_way_in_for_everybody():
    table = login_table()
    for login in LOGINS:
        assert login.name in table
        assert (login.email or login.phone.removeprefix("+86")) in table
