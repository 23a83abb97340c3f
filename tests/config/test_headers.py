"""What every answer says to the browser, whoever wrote the page."""

import re

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


def policy(answer) -> dict[str, str]:
    directives = answer.headers["Content-Security-Policy"].split(";")
    return dict(part.strip().partition(" ")[::2] for part in directives)


def test_a_page_may_load_scripts_from_this_host_only(client):
    found = policy(client.get("/accounts/login/"))
    assert set(found["script-src"].split()) == {"'self'", "'wasm-unsafe-eval'"}
    assert found["style-src"] == "'self'"
    assert found["object-src"] == "'none'"
    assert found["frame-ancestors"] == "'self'"


@pytest.mark.parametrize("path", ["/accounts/login/", "/accounts/signup/", "/nothing-here/"])
def test_our_own_pages_hold_nothing_that_their_policy_forbids(client, path):
    text = client.get(path).content.decode()
    assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/)", text)
    assert not re.search(r"<style[\s>]", text)
    assert not re.search(r"\son[a-z]+=\"", text)


def test_wagtails_admin_goes_without_the_policy(client):
    assert "Content-Security-Policy" not in client.get("/admin/").headers


def test_an_answer_is_not_guessed_at_framed_elsewhere_or_told_to_other_sites(client):
    headers = client.get("/accounts/login/").headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "SAMEORIGIN"
    assert headers["Referrer-Policy"] == "same-origin"


def test_the_admin_signs_in_through_the_sites_own_page(client):
    answer = client.get("/admin/")
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/accounts/login/")


def test_there_is_no_other_admin(client):
    assert client.get("/django-admin/").status_code == 404


def test_healthz_says_ok_when_the_database_answers(client):
    answer = client.get("/healthz/")
    assert (answer.status_code, answer.content) == (200, b"ok")


def test_a_form_from_elsewhere_gets_a_page_of_ours():
    answer = Client(enforce_csrf_checks=True).post("/language/", {"language": "en"})
    assert answer.status_code == 403
    assert "django" not in answer.content.decode().lower()


@pytest.mark.parametrize(
    ("asked", "shown"), [("en-GB,en;q=0.8", "en"), ("zh-CN", "zh-hans"), ("fr", "zh-hans")]
)
def test_a_newcomer_is_spoken_to_in_the_browsers_language(client, asked, shown):
    answer = client.get("/accounts/login/", headers={"accept-language": asked})
    assert answer.headers["Content-Language"] == shown
    assert f'<html lang="{shown}"' in answer.content.decode() or shown == "zh-hans"


def test_uploaded_pictures_are_given_out_and_documents_are_not(client, settings):
    # In the folder that the addresses were made for: another one would be empty to them.
    for folder in ("images", "documents"):
        (settings.MEDIA_ROOT / folder).mkdir(parents=True, exist_ok=True)
        (settings.MEDIA_ROOT / folder / "headers.png").write_bytes(b"x")
    assert client.get("/media/images/headers.png").status_code == 200
    assert client.get("/media/documents/headers.png").status_code == 404
    for way in ("images/..", "images/x/../..", "original_images/..", "images/%2e%2e"):
        assert client.get(f"/media/{way}/documents/headers.png").status_code in {400, 404}, way
