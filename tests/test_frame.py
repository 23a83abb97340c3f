"""The frame around every page: how it looks by choice, what it says when shared, how it fails."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.urls import NoReverseMatch, get_resolver, reverse

from campaigns.models import CampaignPage, Shift
from volunteers.models import User


def head_of(html: str) -> str:
    return html.split("</head>", maxsplit=1)[0]


def test_large_text_and_evening_colours_stand_in_the_page_itself(client: Client, db: Any) -> None:
    url = reverse("account_login")
    assert "data-elder" not in head_of(client.get(url).content.decode())
    client.post(reverse("set_display"), {"elder": "on", "theme": "dark", "next": url})
    head = head_of(client.get(url).content.decode())
    assert "<html" in head
    assert "data-elder" in head
    assert 'data-theme="dark"' in head
    client.post(reverse("set_display"), {"elder": "off", "theme": "auto", "next": url})
    head = head_of(client.get(url).content.decode())
    assert "data-elder" not in head
    assert "data-theme" not in head


def test_a_theme_nobody_made_is_not_written_into_the_page(client: Client, db: Any) -> None:
    client.cookies["linli_theme"] = '"><script>'
    assert "data-theme" not in head_of(client.get(reverse("account_login")).content.decode())


def test_a_shared_campaign_shows_its_own_words_and_an_absolute_picture(
    client: Client, campaign: CampaignPage, shift: Shift
) -> None:
    head = head_of(client.get(campaign.get_url()).content.decode())
    assert f'<meta property="og:title" content="{campaign.title}">' in head
    assert campaign.summary in head
    assert re.search(r'<meta property="og:image" content="https?://[^"]+">', head)
    assert re.search(r'<link rel="canonical" href="https?://[^"]+">', head)
    assert '<script type="application/ld+json">' in head


def test_a_page_with_nothing_of_its_own_is_shared_with_the_sites_picture(
    client: Client, db: Any
) -> None:
    head = head_of(client.get(reverse("account_login")).content.decode())
    assert re.search(r'og:image" content="http://testserver/static/img/share[^"]*\.png"', head)


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_what_is_not_there_is_said_warmly_in_the_readers_language(
    client: Client, campaign: CampaignPage, language: str
) -> None:
    client.cookies["linli_language"] = language
    response = client.get("/no/such/page/")
    html = response.content.decode()
    assert response.status_code == 404
    assert 'class="site-header"' in html
    assert f'lang="{"en" if language == "en" else "zh-Hans"}"' in html
    if language == "en":
        assert "There is no door here" in html


def test_a_form_from_yesterday_is_refused_with_a_way_on(db: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    response = client.post(reverse("set_display"), {"theme": "dark"})
    assert response.status_code == 403
    assert 'class="site-header"' in response.content.decode()


def test_the_page_for_our_own_mistakes_needs_neither_request_nor_database() -> None:
    html = render_to_string("500.html")
    assert "我们这边出了点问题" in html
    assert "Something broke on our side" in html
    assert "css/tokens" in html


ACCOUNT_PAGES = {
    name
    for name in get_resolver("allauth.urls").reverse_dict
    if isinstance(name, str) and name.startswith(("account_", "mfa_", "usersessions_"))
}


def test_no_account_page_shows_the_librarys_own_face(
    client: Client, campaign: CampaignPage, alice: User
) -> None:
    seen = 0
    for someone in (None, alice):
        if someone:
            client.force_login(someone)
        for name in sorted(ACCOUNT_PAGES):
            try:
                response = client.get(reverse(name), follow=True)
            except NoReverseMatch:  # it wants an argument
                continue
            if "text/html" not in response.headers["Content-Type"]:
                continue
            html = response.content.decode()
            seen += 1
            assert "css/tokens" in html, name
            assert "<strong>Menu:" not in html, name
            assert "菜单：" not in html, name
    assert seen > 20
