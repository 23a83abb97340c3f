"""`python -m cms.bench RESULTS small|large [figure …]`: measure on the environment's database.

`manage.py bench` makes that database and calls this. Each module beside this one that
measures has `NAME` and `measure() -> Figure`; `LARGE = True` where it wants the large ledger.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import django

from cms.bench import figures


def main(wanted: list[str], *, results: Path, large: bool) -> int:
    django.setup()
    modules = figures(large=large)
    # What was measured before and not now is kept.
    measured = json.loads(results.read_text()) if results.exists() else {}
    print(f"{'figure':<20}{'value':>12}{'limit':>12}  {'unit':<14}{'ratio':>6}", flush=True)
    for name in wanted or list(modules):
        figure = modules[name].measure()
        measured[name] = figure.as_json()
        print(
            f"{name:<20}{figure.value:>12,.0f}{figure.limit:>12,.0f}  {figure.unit:<14}"
            f"{figure.ratio:>6.2f}  {figure.note}",
            flush=True,
        )
        results.write_text(json.dumps(measured, indent=2, ensure_ascii=False) + "\n")
    print(f"Written to {results}.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[3:], results=Path(sys.argv[1]), large=sys.argv[2] == "large"))
