from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from points.actions.ranking import owe_all_rankings


class Command(BaseCommand):
    help = "Has every month of the rankings reckoned anew by the next sweep of recognition."

    def handle(self, *_args: Any, **_options: Any) -> None:
        people = owe_all_rankings()
        self.stdout.write(f"{people} people are looked at again by the next sweep.")
