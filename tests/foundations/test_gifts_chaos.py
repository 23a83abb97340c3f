"""Every event five times, out of order, a tenth lost, the door shut, workers killed: after the
back-fill the books are the fake Stripe's to the cent. On servers of their own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config import embedded

GIFTS, REFUNDS = 60, 20


@pytest.fixture
def servers() -> Iterator[dict[str, str]]:
    """The environment of processes that use these servers; a migrated database is on them."""
    folder = Path(tempfile.mkdtemp(prefix="linli-gifts-chaos-"))
    data = folder / "data"
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in {"DATABASE_URL", "REDIS_URL"} and not name.startswith("PYTEST_")
    } | {"LINLI_DATA": str(data), "DJANGO_SETTINGS_MODULE": "config.settings.embedded"}
    try:
        embedded.ensure_running(data)
        subprocess.run(
            [sys.executable, "manage.py", "migrate", "--verbosity=0"],
            cwd=embedded.PROJECT, env=environment, check=True,
        )  # fmt: skip
        yield environment
    finally:
        embedded.stop(data)
        shutil.rmtree(folder)


@pytest.mark.slow
def test_whatever_goes_wrong_the_books_are_stripes_to_the_cent(servers: dict[str, str]) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "tests.foundations.chaos", str(GIFTS), str(REFUNDS)],
        cwd=embedded.PROJECT, env=servers, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr[-3000:]
    told: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])

    assert told["killed"] == 3
    assert told["lost"] > 0
    assert told["back_filled"] > told["lost"]  # and what came while the door was shut
    assert (told["gifts"], told["confirmations"], told["refunds"]) == (GIFTS, GIFTS, REFUNDS)
    assert told["refunded_minor"] == told["refunds_minor"]
    assert told["ours_minor"] == told["theirs_minor"]
    assert told["set_aside"] == 0
    assert told["is_sound"]
