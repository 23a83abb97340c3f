import logging
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from cms.seeding import (
    foundations,
    ground,
    honours,
    life,
    office,
    patrol,
    people,
    rewards,
    site,
    today,
)

DAYS = 42
RESIDENTS = 2000
CAMPAIGNS = 60


class Command(BaseCommand):
    help = (
        "Fill the demo city, or bring it up to today: shifts that run now and that are to come."
        " Running it again harms nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--residents", type=int, default=RESIDENTS)
        parser.add_argument("--campaigns", type=int, default=CAMPAIGNS)
        parser.add_argument("--days", type=int, default=DAYS, help="days of shifts gone by")
        parser.add_argument("--processes", type=int, default=2, help="at once, where it pays")

    def handle(self, *_args: Any, **options: Any) -> None:
        if not settings.LINLI_DEMO:
            raise CommandError("Only a demo is filled with invented people (LINLI_DEMO=1).")
        # Wagtail tells of every page it writes; nobody has to read it two thousand times.
        for name in ("wagtail", "django_tasks"):
            logging.getLogger(name).setLevel(logging.WARNING)
        began = time.monotonic()
        self._step("territory, kinds, rules", _seed_ground)
        self._step("pages", site.seed_site)
        self._step("organisations", ground.seed_organisations)
        users = self._step("accounts", ground.seed_accounts)
        self._step("rewards", rewards.seed_rewards)
        self._step("badges", honours.seed_badges)
        self._step("campaigns", lambda: site.seed_campaigns(how_many=options["campaigns"]))
        self._step("cast", lambda: people.seed_cast(users))
        self._step("foundations", lambda: foundations.seed_foundations(users))
        residents, days, processes = options["residents"], options["days"], options["processes"]
        self._step("residents", lambda: people.seed_residents(how_many=residents, days=days))
        self._step(
            "weeks gone by", lambda: life.live(days=days, alice=users["alice"], processes=processes)
        )
        self._step("honours", lambda: honours.seed_honours(users))
        self._step("today and what is to come", lambda: today.refresh(alice=users["alice"]))
        self._step("the patrol's way", patrol.seed_patrol)
        self._step("what the office sees", office.look_after_the_ledger)
        self.stdout.write(f"Demo city ready in {time.monotonic() - began:.0f} s")

    def _step(self, name: str, do: Callable[[], Any]) -> Any:
        began = time.monotonic()
        result = do()
        self.stdout.write(f"  {name}: {time.monotonic() - began:.1f} s")
        return result


def _seed_ground() -> None:
    ground.seed_territory()
    ground.seed_kinds()
    ground.seed_rules()
