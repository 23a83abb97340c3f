from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from points.actions.proof import Finding, prove_ledger


class Command(BaseCommand):
    help = "Prove that balances are what the movements say. Exit code 1 and the rows otherwise."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--rows", type=int, default=20, help="how many rows of each kind to print"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        findings = prove_ledger(rows=options["rows"])
        if options["verbosity"]:
            for finding in findings:
                self._report(finding)
        if any(finding.rows for finding in findings):
            if not options["verbosity"]:
                for finding in findings:
                    if finding.rows:
                        self._report(finding)
            sys.exit(1)

    def _report(self, finding: Finding) -> None:
        if not finding.rows:
            self.stdout.write(self.style.SUCCESS(f"ok    {finding.claim}"))
            return
        self.stdout.write(self.style.ERROR(f"WRONG {finding.claim}"))
        for row in finding.rows:
            self.stdout.write("      " + "  ".join(f"{k}={v}" for k, v in row.items()))
