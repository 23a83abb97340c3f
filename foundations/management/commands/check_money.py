from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from foundations.actions.proof import Finding, prove_money


class Command(BaseCommand):
    help = (
        "Prove that foundations' balances, funds, entries and closed months are what the movements"
        " say. Exit code 1 and the rows otherwise."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--rows", type=int, default=20, help="how many rows of each kind to print"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        findings = prove_money(rows=options["rows"])
        for finding in findings:
            if finding.rows or options["verbosity"]:
                self._report(finding)
        if any(finding.rows for finding in findings):
            sys.exit(1)

    def _report(self, finding: Finding) -> None:
        if not finding.rows:
            self.stdout.write(self.style.SUCCESS(f"ok    {finding.claim}"))
            return
        self.stdout.write(self.style.ERROR(f"WRONG {finding.claim}"))
        for row in finding.rows:
            self.stdout.write("      " + "  ".join(f"{k}={v}" for k, v in row.items()))
