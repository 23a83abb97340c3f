from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from points.actions.increments import (
    check_increment,
    last_checked_movement,
    record_whole_check,
    settled_horizon,
)
from points.actions.proof import Finding, prove_ledger
from points.models import LedgerCheck


class Command(BaseCommand):
    help = (
        "Prove that balances, buckets and records are what the movements say: the whole ledger,"
        " or with --increment what was written since the last look."
        " Exit code 1 and the rows otherwise."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--rows", type=int, default=20, help="how many rows of each kind to print"
        )
        parser.add_argument(
            "--increment", action="store_true", help="only what is new since the last increment"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["increment"]:
            self._check_increments(rows=options["rows"], verbosity=options["verbosity"])
            return
        findings = prove_ledger(rows=options["rows"])
        record_whole_check(findings=findings)
        if options["verbosity"]:
            for finding in findings:
                self._report(finding)
        if any(finding.rows for finding in findings):
            if not options["verbosity"]:
                for finding in findings:
                    if finding.rows:
                        self._report(finding)
            sys.exit(1)

    def _check_increments(self, *, rows: int, verbosity: int) -> None:
        wrong = False
        while (check := check_increment(rows=rows)) is not None:
            wrong = wrong or bool(check.findings)
            self._report_increment(check, verbosity=verbosity)
            if last_checked_movement() >= settled_horizon():
                break
        else:
            self.stdout.write("Another check is at it.")
        if wrong:
            sys.exit(1)

    def _report_increment(self, check: LedgerCheck, *, verbosity: int) -> None:
        for claim, rows in check.findings.items():
            self._report(Finding(claim, rows))
        if verbosity and not check.findings:
            self.stdout.write(
                self.style.SUCCESS(
                    f"ok    movements {check.first_movement:,} to {check.last_movement:,}"
                )
            )

    def _report(self, finding: Finding) -> None:
        if not finding.rows:
            self.stdout.write(self.style.SUCCESS(f"ok    {finding.claim}"))
            return
        self.stdout.write(self.style.ERROR(f"WRONG {finding.claim}"))
        for row in finding.rows:
            self.stdout.write("      " + "  ".join(f"{k}={v}" for k, v in row.items()))
