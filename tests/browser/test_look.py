"""The look in a real Chromium: nothing scrolls sideways on any screen, what one presses is large
enough for a thumb, the switches work with and without JavaScript (P-9)."""

from __future__ import annotations

from itertools import product
from typing import Any

from django.test import Client
from django.urls import reverse

from campaigns.models import CampaignPage, Shift
from volunteers.models import User

OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
SMALL_TARGETS = """least => [...document.querySelectorAll(
    "a.button, button, summary, .tabbar a, .field input:not([type=hidden]), .field select, .choice"
  )].filter(element => {
    const is_tick = element.matches("[type=checkbox], [type=radio]");
    const box = (is_tick && element.closest("label")) || element;
    const { width, height } = box.getBoundingClientRect();
    return width > 1 && height > 1 && height < least - 0.5;
  }).map(element => `${element.tagName} ${element.className} ${element.textContent.trim()}`)"""


def pages_of(campaign: CampaignPage, shift: Shift) -> dict[str, list[str]]:
    named = [
        "me",
        "my_card",
        "my_shifts",
        "my_profile",
        "my_records",
        "my_points",
        "my_honours",
        "mfa_index",
    ]
    return {
        "stranger": [
            "/",
            "/campaigns/",
            campaign.get_url(),
            *(reverse(name) for name in ("account_login", "account_signup", "design_system")),
        ],
        "alice": [reverse(name) for name in named],
        "bao": [
            reverse("desk"),
            reverse("desk_records"),
            reverse("desk_shift", args=[shift.pk]),
            reverse("console", args=[shift.pk]),
        ],
    }


def session_of(user: User | None, *, address: str) -> list[dict[str, Any]]:
    if user is None:
        return []
    client = Client()
    client.force_login(user)
    return [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": address}]


def choose(address: str, **choices: str) -> list[dict[str, Any]]:
    return [
        {"name": f"linli_{name}", "value": value, "url": address} for name, value in choices.items()
    ]


MODES: list[tuple[int, dict[str, str], int]] = [
    (320, {"language": "zh-hans"}, 40),
    (390, {"language": "en", "elder": "on"}, 60),
    (1160, {"language": "en"}, 40),
]


def test_pages_fit_every_screen_and_can_be_pressed(
    live_site: str, open_page: Any, campaign: CampaignPage, shift: Shift, alice: User, bao: User
) -> None:
    people = {"stranger": None, "alice": alice, "bao": bao}
    wrong: dict[str, Any] = {}
    for (width, choices, least), (who, urls) in product(MODES, pages_of(campaign, shift).items()):
        page = open_page(viewport={"width": width, "height": 780})
        page.context.add_cookies(
            session_of(people[who], address=live_site) + choose(live_site, **choices)
        )
        for url in urls:
            response = page.goto(live_site + url)
            assert response.status == 200, url
            if sideways := page.evaluate(OVERFLOW):
                wrong[f"{url} scrolls at {width}"] = sideways
            if small := page.evaluate(SMALL_TARGETS, least):
                wrong[f"{url} is hard to press at {width}"] = small
    assert not wrong


def test_the_switches_work_without_javascript_and_a_lost_press_is_said_aloud_with_it(
    live_site: str, open_page: Any, campaign: CampaignPage, shift: Shift, alice: User
) -> None:
    page = open_page(java_script_enabled=False, viewport={"width": 390, "height": 780})
    page.goto(live_site + "/campaigns/")
    page.locator(".site-tools button[name=elder]").click()
    assert page.url == live_site + "/campaigns/"
    assert page.locator("html[data-elder]").count() == 1
    page.locator("details.menu > summary").click()
    page.locator(".menu-sheet button[name=theme]").click()
    assert page.locator('html[data-theme="dark"]').count() == 1
    page.locator("details.menu > summary").click()
    page.locator(".menu-sheet button[name=language]").click()
    assert page.locator('html[lang="en"]').count() == 1

    page = open_page()
    page.context.add_cookies(session_of(alice, address=live_site))
    page.goto(live_site + campaign.get_url())
    page.route("**/sign-up/", lambda route: route.abort())
    page.locator(f"#shift-{shift.pk} button[type=submit]").click()
    page.locator("[data-toasts] .alert-error").wait_for()
