"""What a machine can tell about accessibility (P-9), on every page a person meets: one headline,
names for every field, button and picture, no identifier twice, nothing pointing nowhere."""

from __future__ import annotations

from collections import Counter
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from campaigns.models import Activity, CampaignPage, Shift
from volunteers.models import User

FIELDS = {"input", "select", "textarea"}
VOID = {"input", "img", "br", "hr", "meta", "link", "use", "path", "circle", "rect", "source"}
SILENT_INPUTS = {"hidden", "submit", "button"}


class Page(HTMLParser):
    """Collects what the checks below ask for."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.language = ""
        self.headings: list[int] = []
        self.ids: Counter[str] = Counter()
        self.referred: set[str] = set()
        self.labelled: set[str] = set()
        self.fields: list[dict[str, str]] = []
        self.nameless: list[str] = []
        self.pictures_without_alt: list[str] = []
        self._open: list[tuple[str, dict[str, str]]] = []
        self._speaking: list[list[str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        a = {name: value or "" for name, value in attrs}
        if tag == "html":
            self.language = a.get("lang", "")
        if tag in {"h1", "h2", "h3", "h4", "h5", "h6"}:
            self.headings.append(int(tag[1]))
        if "id" in a:
            self.ids[a["id"]] += 1
        for name in ("aria-describedby", "aria-labelledby"):
            self.referred.update(a.get(name, "").split())
        self._note_form(tag, a)
        if tag == "img":
            if "alt" not in a:
                self.pictures_without_alt.append(a.get("src", ""))
            self._say(a.get("alt", ""))
        if tag in VOID:
            return
        self._open.append((tag, a))
        if tag in {"a", "button", "summary"}:
            self._speaking.append([a.get("aria-label", "")])

    def _note_form(self, tag: str, a: dict[str, str]) -> None:
        if tag == "label" and a.get("for"):
            self.labelled.add(a["for"])
            self.referred.add(a["for"])
        if tag in FIELDS and a.get("type") not in SILENT_INPUTS and not self._is_hidden():
            a["wrapped"] = "yes" if any(name == "label" for name, _ in self._open) else ""
            self.fields.append(a)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        while self._open:
            name, attrs = self._open.pop()
            if name in {"a", "button", "summary"}:
                words = self._speaking.pop()
                if not "".join(words).strip() and not self._is_hidden():
                    self.nameless.append(f"{name} {attrs}")
            if name == tag:
                return

    def handle_data(self, data: str) -> None:
        self._say(data)

    def _say(self, words: str) -> None:
        for speaking in self._speaking:
            speaking.append(words)

    def _is_hidden(self) -> bool:
        return any(a.get("aria-hidden") == "true" for _, a in self._open)


def check(html: str) -> None:
    page = Page(html)
    assert page.language in {"zh-Hans", "en"}
    assert page.headings.count(1) == 1, f"headlines: {page.headings}"
    jumps = [
        (one, next_)
        for one, next_ in zip(page.headings, page.headings[1:], strict=False)
        if next_ > one + 1
    ]
    assert not jumps, f"headings jump: {page.headings}"
    assert not [name for name, count in page.ids.items() if count > 1]
    assert page.referred <= set(page.ids), f"point nowhere: {page.referred - set(page.ids)}"
    unnamed = [
        field.get("name") or field.get("id")
        for field in page.fields
        if not field["wrapped"]
        and field.get("id") not in page.labelled
        and not field.get("aria-label")
        and not field.get("aria-labelledby")
    ]
    assert not unnamed, f"fields without a name: {unnamed}"
    assert not page.nameless, f"nothing to read out: {page.nameless}"
    assert not page.pictures_without_alt
    assert 'href="#content"' in html
    assert '<main id="content"' in html


def page(client: Client, url: str) -> str:
    response = client.get(url, follow=True)
    assert response.status_code == 200, f"{url}: {response.status_code}"
    return response.content.decode()


def wrong_with(client: Client, urls: list[str]) -> dict[str, str]:
    """What is wrong, by address: all of it at once, for a page tree costs a second to make."""
    wrong = {}
    for url in urls:
        try:
            check(page(client, url))
        except AssertionError as error:
            wrong[url] = str(error)
    return wrong


PUBLIC = [
    "account_login",
    "account_signup",
    "account_request_login_code",
    "account_reset_password",
    "design_system",
    "search",
    "star_notice",
    "badges",
    "honours",
    "console_app",
]
OWN = [
    "me",
    "my_card",
    "my_profile",
    "my_student",
    "my_claims",
    "my_shifts",
    "my_honours",
    "my_consents",
    "mfa_index",
    "account_email",
    "account_change_phone",
    "account_set_password",
    "usersessions_list",
]
DESK = ["desk", "desk_records", "desk_scans", "desk_no_shows", "nominate_honour"]


def test_public_pages_are_accessible(
    client: Client, campaign: CampaignPage, activity: Activity, shift: Shift
) -> None:
    named = [reverse(name) for name in PUBLIC]
    assert not wrong_with(client, [*named, "/", "/campaigns/", campaign.get_url()])


def test_a_volunteers_own_pages_are_accessible(
    client: Client, campaign: CampaignPage, alice: User
) -> None:
    client.force_login(alice)
    assert not wrong_with(client, [reverse(name) for name in OWN])


def test_the_desk_and_the_console_are_accessible(client: Client, shift: Shift, bao: User) -> None:
    client.force_login(bao)
    of_the_shift = [reverse(name, args=[shift.pk]) for name in ("desk_shift", "console")]
    assert not wrong_with(client, [*(reverse(name) for name in DESK), *of_the_shift])


def test_a_refused_form_is_accessible_and_keeps_what_was_written(
    client: Client, campaign: CampaignPage
) -> None:
    html = client.post(
        reverse("account_signup"), {"phone": "12", "name": "张秀英", "with": "phone"}
    ).content.decode()
    check(html)
    assert 'value="张秀英"' in html
    assert 'aria-invalid="true"' in html
    assert "field-errors" in html


def test_the_check_itself_finds_what_is_wrong() -> None:
    good = '<html lang="en"><a href="#content">x</a><main id="content"><h1>x</h1></main></html>'
    check(good)
    for bad in (
        good.replace("<h1>x</h1>", ""),
        good.replace("</main>", "<h3>deep</h3></main>"),
        good.replace("</main>", '<input name="q"></main>'),
        good.replace("</main>", "<button><svg></svg></button></main>"),
        good.replace("</main>", '<img src="x.png"></main>'),
        good.replace("</main>", '<p id="content">twice</p></main>'),
        good.replace("</main>", '<p aria-describedby="nowhere"></p></main>'),
    ):
        with pytest.raises(AssertionError):
            check(bad)
