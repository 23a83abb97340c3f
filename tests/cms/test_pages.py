"""The public pages as a stranger reads them, in both languages."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from wagtail.models import Locale, Site

from campaigns.models import CampaignIndexPage, CampaignPage
from cms.models import CityPage, HomePage, NewsIndexPage, NewsPage, SiteNavigation, StandardPage
from volunteers.models import User


@pytest.fixture
def home(campaign_index: CampaignIndexPage) -> HomePage:
    home = HomePage.objects.get()
    home.headline = "远亲不如近邻"
    home.save()
    return home


@pytest.fixture
def about(home: HomePage) -> StandardPage:
    body = [{"type": "paragraph", "value": "<p>我们是一群邻居。</p>"}]
    return home.add_child(instance=StandardPage(title="关于邻里", slug="about", body=body))


@pytest.fixture
def english() -> Locale:
    return Locale.objects.get_or_create(language_code="en")[0]


@pytest.fixture
def english_home(home: HomePage, english: Locale) -> HomePage:
    copy = home.copy_for_translation(english)
    copy.headline = "A near neighbour"
    copy.save_revision().publish()
    return copy


def in_english(client: Client) -> Client:
    client.cookies["linli_language"] = "en"
    return client


def test_home_shows_the_headline_and_the_city_in_numbers(
    client: Client, home: HomePage, alice: User
) -> None:
    page = client.get("/").content.decode()
    assert "远亲不如近邻" in page
    assert "邻居在做志愿" in page or "Neighbours who volunteer" in page


def test_the_same_address_answers_in_the_readers_language(
    client: Client, english_home: HomePage
) -> None:
    assert "A near neighbour" in in_english(client).get("/").content.decode()
    assert "远亲不如近邻" in Client().get("/").content.decode()


def test_a_page_nobody_translated_is_served_in_chinese(
    client: Client, english_home: HomePage, about: StandardPage
) -> None:
    response = in_english(client).get("/about/")
    assert response.status_code == 200
    assert "我们是一群邻居" in response.content.decode()


def test_a_page_that_is_nowhere_is_not_found_in_either_language(
    client: Client, english_home: HomePage
) -> None:
    assert client.get("/nowhere/").status_code == 404
    assert in_english(client).get("/nowhere/").status_code == 404


def test_news_stand_newest_first(client: Client, home: HomePage) -> None:
    index = home.add_child(instance=NewsIndexPage(title="新闻", slug="news"))
    for day in ("2026-01-05", "2026-03-05"):
        index.add_child(
            instance=NewsPage(
                title=f"新闻 {day}", slug=day, summary="一句话", body="<p>x</p>", published_on=day
            )
        )
    page = client.get("/news/").content.decode()
    assert page.index("新闻 2026-03-05") < page.index("新闻 2026-01-05")


def test_the_city_page_counts_what_the_database_holds(
    client: Client, home: HomePage, alice: User, campaign: CampaignPage
) -> None:
    home.add_child(instance=CityPage(title="城市", slug="city"))
    response = client.get("/city/")
    assert response.context["totals"]["volunteers"] == 1
    assert response.context["totals"]["campaigns"] == 1
    assert [row["name"] for row in response.context["districts"]] == ["市南区"]
    assert response.context["districts"][0]["volunteers"] == 1


def test_navigation_follows_what_was_edited(
    client: Client, home: HomePage, about: StandardPage, english_home: HomePage
) -> None:
    navigation = SiteNavigation.for_site(home.get_site())
    link = {"label": "关于我们", "label_en": "About us", "page": about.pk, "address": ""}
    navigation.header = [{"type": "link", "value": link}]
    navigation.save()
    assert "关于我们" in client.get("/").content.decode()
    assert "About us" in in_english(client).get("/").content.decode()


def test_a_navigation_link_to_a_page_taken_down_disappears(
    client: Client, home: HomePage, about: StandardPage
) -> None:
    navigation = SiteNavigation.for_site(home.get_site())
    link = {"label": "消失的链接", "label_en": "", "page": about.pk, "address": ""}
    navigation.footer = [{"type": "link", "value": link}]
    navigation.save()
    about.delete()
    response = client.get("/")
    assert response.status_code == 200
    assert "消失的链接" not in response.content.decode()


def test_the_language_is_remembered_with_the_account(client: Client, alice: User) -> None:
    client.force_login(alice)
    client.post("/language/", {"language": "en", "next": "/"})
    alice.refresh_from_db()
    assert alice.language == "en"
    other_device = Client()
    other_device.force_login(alice)
    response = other_device.get("/search/")
    assert 'lang="en"' in response.content.decode()


def test_a_made_up_language_changes_nothing(client: Client, alice: User) -> None:
    client.force_login(alice)
    assert client.post("/language/", {"language": "xx"}).status_code in {204, 302}
    alice.refresh_from_db()
    assert alice.language == ""


@pytest.mark.parametrize("display", [{"theme": "dark"}, {"elder": "on"}])
def test_display_choices_are_remembered_by_a_plain_form(
    client: Client, home: HomePage, display: dict[str, str]
) -> None:
    client.post("/display/", display | {"next": "/search/"})
    (name, value), *_rest = display.items()
    assert client.cookies[f"linli_{name}"].value == value
    page = client.get("/search/").content.decode()
    assert ("data-elder" in page) if name == "elder" else ('data-theme="dark"' in page)


def test_display_never_sends_anyone_to_another_site(client: Client) -> None:
    response: Any = client.post("/display/", {"theme": "dark", "next": "https://evil.example/"})
    assert response["Location"] == "/"


def test_search_finds_two_characters_in_the_middle_of_a_title(
    client: Client, campaign: CampaignPage
) -> None:
    assert "浮山所平安夜巡" in client.get("/search/", {"q": "夜巡"}).content.decode()


def test_search_with_nothing_found_says_so_and_keeps_the_words(
    client: Client, home: HomePage
) -> None:
    page = client.get("/search/", {"q": "<b>蓝鲸</b>"}).content.decode()
    assert "&lt;b&gt;蓝鲸" in page
    assert "<b>蓝鲸" not in page


def test_search_for_nothing_is_a_page_with_a_box(client: Client, home: HomePage) -> None:
    assert client.get("/search/", {"q": " \x00 "}).status_code == 200


def test_a_database_without_any_site_still_answers(client: Client, home: HomePage) -> None:
    Site.objects.all().delete()
    assert client.get("/search/").status_code == 200


def test_the_desk_is_offered_to_those_who_may_use_it(
    client: Client, home: HomePage, bao: User, chen: User
) -> None:
    client.force_login(bao)
    assert 'href="/desk/"' in client.get("/search/").content.decode()
    client.force_login(chen)
    assert 'href="/desk/"' not in client.get("/search/").content.decode()
