from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand

from points.actions.chain import verify_chain
from points.models import LedgerDigest


class Command(BaseCommand):
    help = (
        "Recompute the digest of every closed month from its movements and hold it against what"
        " was published. Exit code 1 when history is not what it was."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        mismatches = {mismatch.month: mismatch for mismatch in verify_chain()}
        for published in LedgerDigest.objects.order_by("month"):
            mismatch = mismatches.get(published.month)
            if mismatch is None:
                line = f"ok    {published.month:%Y-%m}  {published.digest}"
                self.stdout.write(self.style.SUCCESS(line))
                continue
            self.stdout.write(
                self.style.ERROR(
                    f"WRONG {published.month:%Y-%m}  published {mismatch.published}"
                    f"  recomputed {mismatch.recomputed}"
                )
            )
        if mismatches:
            sys.exit(1)
