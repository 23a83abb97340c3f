"""Twenty rounds with workers killed, queues flushed, messages doubled and shuffled and the database
restarted end where twenty undisturbed rounds end. On servers of their own: nothing of the suite's
is restarted."""

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


@pytest.fixture
def servers() -> Iterator[dict[str, str]]:
    """The environment of processes that use these servers; a migrated database is on them."""
    folder = Path(tempfile.mkdtemp(prefix="linli-chaos-"))
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
def test_whatever_goes_wrong_on_the_way_the_end_is_the_same(servers: dict[str, str]) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "tests.points.chaos"],
        cwd=embedded.PROJECT, env=servers, capture_output=True, text=True, timeout=400, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr[-3000:]
    told: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])

    undisturbed, disturbed = told["undisturbed"], told["disturbed"]
    assert told["disturbances"]["killed"] == 20
    assert told["disturbances"]["flushed"] == 7
    assert told["disturbances"]["restarted"] == 3
    assert len(undisturbed["records"]) > 2000
    assert undisturbed["findings"] == disturbed["findings"] == []
    for what, expected in undisturbed.items():
        assert disturbed[what] == expected, what
