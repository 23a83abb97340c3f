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

from cms.bench import names_of

SCRATCH = "linli_bench"
# The large ledger takes a quarter of an hour to make, so it is kept for the next time.
LARGE = "linli_large"
LARGE_MOVEMENTS = 10_000_000
RECORDS_EACH = 10
# The queue and the cache of the bench: numbers that neither the demo nor the tests use.
REDIS_DATABASE = "60"


class Command(BaseCommand):
    help = (
        "Measure settlement, check-in and public pages on a scratch database of their own, and the"
        " ledger on one with ten million movements, which is made once and kept."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("figures", nargs="*", help="which figures (default: all)")
        parser.add_argument(
            "--movements",
            type=int,
            default=LARGE_MOVEMENTS,
            help="how long the large ledger is (0: leave its figures out)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        results = Path(settings.LINLI_DATA) / "bench.json"
        results.parent.mkdir(parents=True, exist_ok=True)
        wanted = options["figures"]
        small, large = names_of(large=False), names_of(large=True)
        if unknown := set(wanted) - set(small) - set(large):
            known = ", ".join([*small, *large])
            self.stderr.write(f"No such figure: {', '.join(sorted(unknown))}. There are: {known}.")
            sys.exit(2)
        if chosen := [name for name in small if name in wanted or not wanted]:
            self._measure_small(chosen, results)
        chosen = [name for name in large if name in wanted or not wanted]
        if chosen and options["movements"]:
            self._measure_large(chosen, results, movements=options["movements"])

    def _measure_small(self, figures: list[str], results: Path) -> None:
        environment = _environment(SCRATCH)
        self._drop(SCRATCH)
        self._create(SCRATCH)
        try:
            _manage(["migrate", "--verbosity=0"], environment)
            _bench([str(results), "small", *figures], environment)
        finally:
            self._drop(SCRATCH)

    def _measure_large(self, figures: list[str], results: Path, *, movements: int) -> None:
        name = f"{LARGE}_{movements}"
        environment = _environment(name)
        if name in self._databases():
            _manage(["migrate", "--verbosity=0"], environment)
        else:
            self._make_large(name, environment, movements=movements)
        _bench([str(results), "large", *figures], environment)

    def _make_large(self, name: str, environment: dict[str, str], *, movements: int) -> None:
        for other in self._databases():
            if other.startswith(f"{LARGE}_"):
                self._drop(other)
        draft = f"{name}_draft"
        self._create(draft)
        self.stdout.write(f"Making a ledger of {movements:,} movements, once ...")
        into = environment | {"DATABASE_URL": _database_url(connection.settings_dict, draft)}
        _manage(["migrate", "--verbosity=0"], into)
        volunteers = str(movements // RECORDS_EACH)
        _manage(["seed", "--volunteers", volunteers, "--records-each", str(RECORDS_EACH)], into)
        # Only a ledger that is whole gets the name: one broken off is made again.
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER DATABASE {draft} RENAME TO {name}")

    def _databases(self) -> list[str]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT datname FROM pg_database")
            return [name for (name,) in cursor.fetchall()]

    def _create(self, name: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {name}")

    def _drop(self, name: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _manage(arguments: list[str], environment: dict[str, str]) -> None:
    subprocess.run(  # noqa: S603 - our own interpreter and our own command
        [sys.executable, "manage.py", *arguments],
        cwd=Path(settings.BASE_DIR),
        env=environment,
        check=True,
    )


def _bench(arguments: list[str], environment: dict[str, str]) -> None:
    status = subprocess.run(  # noqa: S603 - our own interpreter and our own modules
        [sys.executable, "-m", "cms.bench", *arguments],
        cwd=Path(settings.BASE_DIR),
        env=environment,
        check=False,
    ).returncode
    if status:
        sys.exit(status)


def _environment(database: str) -> dict[str, str]:
    """This process's environment, pointed at another database on the same servers."""
    return os.environ | {
        "DATABASE_URL": _database_url(connection.settings_dict, database),
        "LINLI_REDIS_DATABASE": REDIS_DATABASE,
        "LINLI_LOG_LEVEL": "WARNING",
    }


def _database_url(server: dict[str, Any], database: str) -> str:
    from urllib.parse import quote, urlencode

    user = quote(server["USER"])
    if server["PASSWORD"]:
        user += ":" + quote(server["PASSWORD"])
    if server["HOST"].startswith("/"):
        return f"postgresql://{user}@/{database}?{urlencode({'host': server['HOST']})}"
    port = f":{server['PORT']}" if server["PORT"] else ""
    return f"postgresql://{user}@{server['HOST']}{port}/{database}"
