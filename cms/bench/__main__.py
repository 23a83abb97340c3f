"""`python -m cms.bench [figure …]`: measure on the database that the environment names.

`manage.py bench` makes that database and calls this. Each module beside this one that
measures has `NAME` and `measure() -> Figure`.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import sys
from pathlib import Path
from types import ModuleType

import django


def main(wanted: list[str], *, results: Path) -> int:
    django.setup()
    modules = {module.NAME: module for module in _modules() if hasattr(module, "NAME")}
    if unknown := set(wanted) - modules.keys():
        print(f"No such figure: {', '.join(sorted(unknown))}. There are: {', '.join(modules)}.")
        return 2
    # What was measured before and not now is kept.
    figures = json.loads(results.read_text()) if results.exists() else {}
    print(f"{'figure':<20}{'value':>12}{'limit':>12}  {'unit':<12}{'ratio':>6}", flush=True)
    for name in wanted or list(modules):
        figure = modules[name].measure()
        figures[name] = figure.as_json()
        print(
            f"{name:<20}{figure.value:>12,.0f}{figure.limit:>12,.0f}  {figure.unit:<12}"
            f"{figure.ratio:>6.2f}  {figure.note}",
            flush=True,
        )
        results.write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n")
    print(f"Written to {results}.")
    return 0


def _modules() -> list[ModuleType]:
    import cms.bench

    return [
        importlib.import_module(f"cms.bench.{info.name}")
        for info in pkgutil.iter_modules(cms.bench.__path__)
        if info.name != "__main__"
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[2:], results=Path(sys.argv[1])))
