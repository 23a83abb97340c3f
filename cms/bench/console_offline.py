"""How long a console without a network takes to verify a card, with 5,000 people on its roster."""

from __future__ import annotations

import mimetypes
import os
import shutil
import statistics
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from cms.bench import Figure
from volunteers.card_codes import (
    STEP_SECONDS,
    card_token_hash,
    city_day,
    day_key,
    encoded_key,
    public_key_bytes,
    rotating_url,
    signed_url,
    steps_of_day,
)

NAME = "console_offline"
PEOPLE = 5000
SCANS = 200
PROMISED_MS = 50
ORIGIN = "http://localhost/"

# The modules of the app itself, the roster read out of the locked store, every scan written down.
PAGE = "<!DOCTYPE html><meta charset=utf-8><title>Bench</title>"
SCRIPT = """
async ({ roster, shift, rules, timeZone, texts }) => {
  const { openStore } = await import("/static/js/console/store.js");
  const { Gate } = await import("/static/js/console/gate.js");
  const store = await openStore();
  const far = Date.now() + 1e9;
  await store.put("roster-1", roster, { until: far });
  const opening = performance.now();
  const kept = await store.get("roster-1");
  const gate = new Gate({
    shift, rules, timeZone, roster: kept, scans: [], token: "", goneAt: far, sendBy: far,
  });
  const opened = performance.now() - opening;
  const [verified, written, outcomes] = [[], [], []];
  for (const card of texts) {
    const began = performance.now();
    const scan = await gate.decide({ card, kind: "in" });
    gate.roster.take(scan);
    verified.push(performance.now() - began);
    await store.putScans([scan]);
    written.push(performance.now() - began);
    outcomes.push(scan.outcome);
  }
  return { opened, verified, written, outcomes };
}
"""


def measure() -> Figure:
    path = chromium_path()
    if path is None:
        return Figure(NAME, 0, "ms", PROMISED_MS, "not measured: no Chromium here (set CHROMIUM)")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return Figure(NAME, 0, "ms", PROMISED_MS, "not measured: Playwright is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--headless=new", "--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page()
        page.route("**/*", _answer)
        page.goto(ORIGIN)
        taken = page.evaluate(SCRIPT, _gate())
        browser.close()
    wrong = set(taken["outcomes"]) - {"checked_in"}
    if wrong:
        raise RuntimeError(f"Scans were decided otherwise: {wrong}.")
    verified, written = taken["verified"], taken["written"]
    return Figure(
        name=NAME,
        value=_p95(verified),
        unit="ms",
        limit=PROMISED_MS,
        note=(
            f"p95 of {SCANS} with {PEOPLE:,} people beside the promise: {_p95(verified):.1f} ms,"
            f" median {statistics.median(verified):.1f} ms; written down too"
            f" {_p95(written):.1f} ms; opening the roster {taken['opened']:.0f} ms"
        ),
    )


def chromium_path() -> str | None:
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    found = (shutil.which(name) for name in names)
    return os.environ.get("CHROMIUM") or next((path for path in found if path), None)


def _gate() -> dict[str, Any]:
    """What the API would have sent, and cards held before the camera now: one in four printed."""
    now = timezone.now()
    tokens = [f"bench-card-{number:05}" for number in range(PEOPLE)]
    days = [city_day(now) + timedelta(days=number) for number in (0, 1)]
    steps = [steps_of_day(day) for day in days]
    spread = tokens[:: PEOPLE // SCANS]
    return {
        "roster": {
            "shift": 1,
            "public_key": encoded_key(public_key_bytes()),
            "days": [{"from_step": first, "to_step": last} for first, last in steps],
            "free_places": 0,
            "places": [_place(number, token, days) for number, token in enumerate(tokens)],
        },
        "shift": {
            "id": 1,
            "state": "open",
            "starts_at": (now - timedelta(minutes=30)).isoformat(),
            "ends_at": (now + timedelta(hours=2)).isoformat(),
            "closed_at": None,
        },
        "rules": {
            "opens_minutes": settings.LINLI_CHECK_IN_OPENS_MINUTES,
            "grace_minutes": settings.LINLI_GRACE_MINUTES,
            "skew_seconds": 60,
            "step_seconds": STEP_SECONDS,
        },
        "timeZone": settings.TIME_ZONE,
        "texts": [
            signed_url(token, days[1]) if number % 4 == 0 else rotating_url(token, now)
            for number, token in enumerate(spread)
        ],
    }


def _place(number: int, token: str, days: list[Any]) -> dict[str, Any]:
    return {
        "place": number + 1,
        "name": "张*",
        "number": f"LL{number:010}",
        "card": card_token_hash(token),
        "keys": [encoded_key(day_key(token, day)) for day in days],
        "state": "expected",
        "at": None,
        "team": "",
    }


def _answer(route: Any) -> None:
    """The app's own files, without a server that would take a share of the two cores."""
    name = route.request.url.removeprefix(ORIGIN)
    if not name.startswith("static/"):
        route.fulfill(body=PAGE, content_type="text/html")
        return
    file = Path(settings.STATICFILES_DIRS[0]) / name.removeprefix("static/")
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    route.fulfill(body=file.read_bytes(), content_type=kind)


def _p95(taken: list[float]) -> float:
    return statistics.quantiles(taken, n=20)[-1]
