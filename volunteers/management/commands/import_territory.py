import csv
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from volunteers.actions.territory import import_territory

SHIPPED = Path(__file__).resolve().parent.parent.parent / "data" / "qingdao_divisions.csv"
ERRORS_SHOWN = 20


class Command(BaseCommand):
    help = "Import a city's districts, streets, communities and grids from a CSV file."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", default=str(SHIPPED), help="default: Qingdao")
        parser.add_argument("--code-system", default="stats")
        parser.add_argument("--code-version", default="2023-06-30")
        parser.add_argument(
            "--city",
            metavar="CODE=NAME[=ENGLISH]",
            help="the city itself, for a file that begins with its districts",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            text = Path(options["file"]).read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{options['file']}: {error}") from error
        rows: list[dict[str, str]] = list(csv.DictReader(text.splitlines()))
        first_line = 2
        if options["city"]:
            rows.insert(0, _city_row(options["city"], rows))
            first_line = 1
        result = import_territory(
            rows=rows,
            code_system=options["code_system"],
            code_version=options["code_version"],
            first_line=first_line,
        )
        for refused in result.errors[:ERRORS_SHOWN]:
            self.stderr.write(f"line {refused.line}: {refused.reason}")
        if len(result.errors) > ERRORS_SHOWN:
            self.stderr.write(f"… and {len(result.errors) - ERRORS_SHOWN} more")
        self.stdout.write(
            f"{result.added} added, {result.changed} changed, {result.unchanged} as they were, "
            f"{len(result.errors)} refused"
        )
        if result.errors:
            raise CommandError("Some rows were refused; the others are kept.")


def _city_row(city: str, rows: list[dict[str, str]]) -> dict[str, str]:
    code, _equals, names = city.partition("=")
    name, _equals, name_en = names.partition("=")
    if not code or not name:
        raise CommandError("--city wants CODE=NAME, for example 3701=济南市=Jinan")
    for row in rows:
        if row.get("level") == "3" and not row.get("parent"):
            row["parent"] = code
    return {"code": code, "level": "2", "name": name, "parent": "", "name_en": name_en}
