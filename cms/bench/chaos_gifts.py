"""Gifts booked in a second while everything goes wrong, and whether every cent is there after.

500 gifts and 150 refunds at a fake Stripe: see tests/foundations/chaos.py. Beside it the same
notifications only asked about, one after the other: what Stripe's answers alone would take.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from django.conf import settings

from cms.bench import Figure

NAME = "gifts_in_chaos"

GIFTS, REFUNDS = 500, 150


def measure() -> Figure:
    """Raises RuntimeError when a cent is missing, or a gift has two confirmations."""
    told = _run()
    if (told["gifts"], told["confirmations"], told["refunds"]) != (GIFTS, GIFTS, REFUNDS):
        raise RuntimeError(f"Something was lost or doubled: {told}")
    if told["ours_minor"] != told["theirs_minor"] or not told["is_sound"] or told["set_aside"]:
        raise RuntimeError(f"The books are not Stripe's: {told}")
    return Figure(
        name=NAME, value=told["booked_a_second"], unit="events/s", limit=told["asked_a_second"],
        note=(
            f"{told['events']} events, {told['lost']} lost, {told['back_filled']} back-filled,"
            f" {told['killed']} workers killed: {told['lines']} lines of Stripe's ledger, equal to"
            f" the cent; one process, booked beside only asked"
        ),
    )  # fmt: skip


def _run() -> dict[str, Any]:
    run = subprocess.run(
        [sys.executable, "-m", "tests.foundations.chaos", str(GIFTS), str(REFUNDS)],
        cwd=Path(settings.BASE_DIR), env=os.environ.copy(), capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    if run.returncode:
        sys.stderr.write(run.stderr[-3000:])
        raise RuntimeError("The chaos did not end.")
    told: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return told
