from __future__ import annotations

import os
import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connection

SCRATCH = "linli_bench"
# The queue and the cache of the bench: numbers that neither the demo nor the tests use.
REDIS_DATABASE = "60"


class Command(BaseCommand):
    help = "Measure settlement, check-in and public pages on a scratch database of their own."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("figures", nargs="*", help="which figures (default: all)")

    def handle(self, *args: Any, **options: Any) -> None:
        results = Path(settings.LINLI_DATA) / "bench.json"
        results.parent.mkdir(parents=True, exist_ok=True)
        environment = _scratch_environment()
        self._drop()
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {SCRATCH}")
        try:
            manage = [sys.executable, "manage.py", "migrate", "--verbosity=0"]
            _run(manage, environment)
            status = _run(
                [sys.executable, "-m", "cms.bench", str(results), *options["figures"]],
                environment,
                check=False,
            )
        finally:
            self._drop()
        if status:
            sys.exit(status)

    def _drop(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {SCRATCH} WITH (FORCE)")


def _run(command: list[str], environment: dict[str, str], *, check: bool = True) -> int:
    return subprocess.run(  # noqa: S603 - our own interpreter and our own modules
        command, cwd=Path(settings.BASE_DIR), env=environment, check=check
    ).returncode


def _scratch_environment() -> dict[str, str]:
    """This process's environment, pointed at the scratch database on the same servers."""
    database = connection.settings_dict
    return os.environ | {
        "DATABASE_URL": _database_url(database),
        "LINLI_REDIS_DATABASE": REDIS_DATABASE,
        "LINLI_LOG_LEVEL": "WARNING",
    }


def _database_url(database: dict[str, Any]) -> str:
    from urllib.parse import quote, urlencode

    user = quote(database["USER"])
    if database["PASSWORD"]:
        user += ":" + quote(database["PASSWORD"])
    if database["HOST"].startswith("/"):
        return f"postgresql://{user}@/{SCRATCH}?{urlencode({'host': database['HOST']})}"
    port = f":{database['PORT']}" if database["PORT"] else ""
    return f"postgresql://{user}@{database['HOST']}{port}/{SCRATCH}"
