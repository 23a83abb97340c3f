"""What the server gives the console's app: a shell without anything private, the worker that keeps
it, the manifest, and a device for an organiser's phone."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from campaigns.console_files import FETCHED, kept_files
from campaigns.device_views import _address_with
from campaigns.models import ConsoleDevice
from campaigns.outcomes import Outcome
from tests.cast import make_shift

APP = "/console/"
IMPORTED = re.compile(r"""(?:from|import)\s*\(?\s*["'](\.[^"']+)["']""")


def kept(client: Client, **headers: str) -> dict:
    """What the worker was told to keep."""
    script = client.get(reverse("console_worker"), **headers).content.decode()
    return json.loads(re.search(r"run\((\{.*\})\);", script)[1])


def test_the_shell_is_the_same_for_everybody(client, alice, bao, shift):
    shell = client.get(APP).content
    for user in (alice, bao):
        client.force_login(user)
        assert client.get(APP).content == shell
    assert bao.name.encode() not in shell


def test_the_shell_speaks_the_readers_language(client, db):
    chinese = client.get(APP, HTTP_ACCEPT_LANGUAGE="zh-CN")
    english = client.get(APP, HTTP_ACCEPT_LANGUAGE="en")
    assert b'lang="zh-Hans"' in chinese.content
    assert "签到".encode() in chinese.content
    assert b"Check out" in english.content
    assert b'"language": "en"' in english.content
    assert kept(client, HTTP_ACCEPT_LANGUAGE="en")["version"] != kept(client)["version"]


def test_the_worker_rules_over_the_console_only_and_is_never_stale(client, db):
    response = client.get(reverse("console_worker"))
    assert response["Content-Type"].startswith("text/javascript")
    assert response["Cache-Control"] == "no-cache"
    assert reverse("console_worker") == f"{APP}worker.js"
    assert kept(client)["shell"] == APP


def test_the_worker_keeps_every_file_that_the_app_needs(client, db):
    """What a module imports is kept too, or the app would not open without a network."""
    named = {address.removeprefix(settings.STATIC_URL) for address in kept_files()}
    root = Path(settings.STATICFILES_DIRS[0]).resolve()
    for name in sorted(name for name in named if name.endswith(".js")):
        for target in IMPORTED.findall((root / name).read_text()):
            path = ((root / name).parent / target).resolve().relative_to(root)
            assert str(path) in named, f"{name} needs {path}"
    assert set(FETCHED) <= named
    for name in named:
        assert (root / name).is_file(), name
    shell = client.get(APP).content.decode()
    for address in re.findall(r'(?:href|src)="(/static/[^"#]+)', shell):
        assert address in kept_files(), address


def test_in_production_every_address_that_is_kept_leads_to_a_file(tmp_path, settings):
    """There the page's own files carry a digest in their names, and what they import does not."""
    manifest = "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": manifest}}
    call_command("collectstatic", interactive=False, verbosity=0)
    addresses = kept_files()
    assert any(re.search(r"app\.[0-9a-f]{12}\.js$", address) for address in addresses)
    for address in addresses:
        assert (tmp_path / address.removeprefix(settings.STATIC_URL)).is_file(), address


def test_a_changed_file_makes_another_version(client, db, monkeypatch):
    before = kept(client)["version"]
    assert kept(client)["version"] == before
    monkeypatch.setattr("campaigns.console_files._digest", lambda *_: b"other")
    assert kept(client)["version"] != before


def test_the_manifest_lets_a_phone_install_it(client, db):
    response = client.get(reverse("console_manifest"))
    assert response["Content-Type"].startswith("application/manifest+json")
    manifest = response.json()
    assert (manifest["start_url"], manifest["scope"], manifest["display"]) == (
        APP, APP, "standalone",
    )  # fmt: skip
    assert {icon["sizes"] for icon in manifest["icons"]} == {"192x192", "512x512"}
    root = Path(settings.STATICFILES_DIRS[0])
    for icon in manifest["icons"]:
        assert (root / icon["src"].removeprefix(settings.STATIC_URL)).is_file()


def test_the_policy_lets_the_worker_and_the_manifest_be(client, db):
    policy = client.get(APP)["Content-Security-Policy"]
    assert "worker-src 'self'" in policy
    assert "default-src 'self'" in policy  # the manifest's too: nothing narrower is said


# Becoming a device


def prepare(client: Client, *shifts: int, name: str = "包的手机"):
    return client.post(reverse("console_prepare"), {"name": name, "shifts": list(shifts)})


def test_an_organiser_is_offered_the_shifts_to_come(client, bao, shift, activity):
    make_shift(activity, starts_in=timedelta(hours=-5))
    client.force_login(bao)
    offer = client.get(reverse("console_prepare")).json()
    assert [one["id"] for one in offer["shifts"]] == [shift.pk]
    assert offer["shifts"][0]["role"] == "巡逻员"
    assert bao.name in offer["name"]
    assert offer["csrf"]


def test_the_phone_becomes_a_device_in_the_organisers_name(client, bao, organisation, shift):
    client.force_login(bao)
    response = prepare(client, shift.pk)
    assert response.status_code == 201
    device = ConsoleDevice.objects.get()
    assert (device.account, device.created_by, device.organisation) == (bao, bao, organisation)
    assert list(device.shifts.all()) == [shift]
    assert response.json()["device"]["id"] == device.pk
    assert "no-store" in response["Cache-Control"]
    me = client.get("/api/v1/me", HTTP_AUTHORIZATION=f"Bearer {response.json()['token']}")
    assert me.json()["name"] == "包的手机"


@pytest.mark.parametrize("name", ["", "长" * 61])
def test_a_name_that_does_not_do_is_said_so(client, bao, shift, name):
    client.force_login(bao)
    response = prepare(client, shift.pk, name=name)
    assert response.status_code == 422
    assert response.json()["message"]
    assert not ConsoleDevice.objects.exists()


def test_no_shift_or_a_strangers_shift_makes_no_device(client, bao, dai, shift):
    client.force_login(bao)
    assert prepare(client).status_code == 422
    client.force_login(dai)
    assert prepare(client, shift.pk).status_code == 422
    assert not ConsoleDevice.objects.exists()


def test_who_runs_no_shifts_is_sent_away(client, alice, shift):
    assert prepare(client, shift.pk).status_code == 302
    client.force_login(alice)
    assert prepare(client, shift.pk).status_code == 403
    assert not ConsoleDevice.objects.exists()


def test_a_form_from_elsewhere_makes_no_device(bao, shift):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(bao)
    assert prepare(strict, shift.pk).status_code == 403
    csrf = strict.get(reverse("console_prepare")).json()["csrf"]
    sent = {"name": "包的手机", "shifts": [shift.pk]}
    response = strict.post(reverse("console_prepare"), sent, HTTP_X_CSRFTOKEN=csrf)
    assert response.status_code == 201


def test_a_helpers_phone_is_led_to_the_app_with_the_token_behind_the_hash(client, bao, shift):
    client.force_login(bao)
    page = client.post(reverse("desk_devices"), {"name": "一号门", "shifts": [shift.pk]})
    token = page.context["token"]

    assert _address_with(token) == f"{settings.LINLI_BASE_URL}{APP}#token={token}"


def test_the_desk_leads_to_the_app_with_its_shift(client, bao, shift):
    client.force_login(bao)
    for address in (reverse("desk"), reverse("desk_shift", args=[shift.pk])):
        assert f'href="{APP}#shift={shift.pk}"' in client.get(address).content.decode()


def test_the_app_knows_a_word_for_every_outcome_it_can_reach_by_itself(client, db):
    shell = client.get(APP, HTTP_ACCEPT_LANGUAGE="en").content.decode()
    words = json.loads(re.search(r'id="console-words"[^>]*>(.*?)</script>', shell, re.DOTALL)[1])
    rules = (Path(settings.STATICFILES_DIRS[0]) / "js/console/rules.js").read_text()
    named = set(re.findall(r'"([a-z]+(?:_[a-z]+)+)"', rules))
    assert named <= {outcome.value for outcome in Outcome}
    assert named <= set(words) | {"wrong_shift"}
