"""What the stories of the console do and look at, beside tests.browser.test_console_app."""

from __future__ import annotations

import os
import signal
from typing import Any

from playwright.sync_api import expect

from tests.browser.test_console_app import go


def waits(page: Any, count: int) -> None:
    """So many scans in this phone; it tries again by itself, with growing pauses."""
    waiting = page.locator("[data-waiting]")
    expect(waiting).to_have_attribute("data-count", str(count), timeout=60_000)


def sync_now(page: Any) -> None:
    page.click("[data-open-menu]")
    page.click("[data-sync-now]")


def shows(page: Any, **counts: int) -> None:
    """On the list of people, once the console has heard of all that happened."""
    go(page, "people")
    for state, count in counts.items():
        expect(page.locator(f"[data-count-of={state}]")).to_have_text(str(count))


def kill(server: Any) -> None:
    """No goodbye, to nobody: all its processes end at once."""
    os.killpg(server.pid, signal.SIGKILL)
    server.wait()
