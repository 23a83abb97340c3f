import os
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from cms.seeding.scale import Timing, seed_volunteers

RECORDS_EACH = 5


class Command(BaseCommand):
    help = "Add invented volunteers with confirmed, settled records, for measuring at scale."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--volunteers", type=int, required=True)
        parser.add_argument("--records-each", type=int, default=RECORDS_EACH)
        parser.add_argument(
            "--processes", type=int, default=min(4, os.cpu_count() or 1), help="at once"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        if not settings.LINLI_DEMO:
            raise CommandError("Only a demo is filled with invented people (LINLI_DEMO=1).")
        if options["volunteers"] < 1 or options["records_each"] < 1 or options["processes"] < 1:
            raise CommandError("Volunteers, records and processes: at least one of each.")
        timings = seed_volunteers(
            how_many=options["volunteers"],
            records_each=options["records_each"],
            processes=options["processes"],
            say=self._say,
        )
        total = sum(timing.seconds for timing in timings)
        self.stdout.write(f"{options['volunteers']:,} volunteers in {total:.1f} s")

    def _say(self, timing: Timing) -> None:
        rate = f" · {timing.rows:,} rows · {timing.rate:,.0f}/s" if timing.rows else ""
        self.stdout.write(f"  {timing.what}: {timing.seconds:.1f} s{rate}")
