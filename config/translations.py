"""Translations without gettext's programs: compiling them, and checking that none is missing.

python -m config.translations compile   locale/**/*.po to .mo, where the .mo is older
python -m config.translations check     every text in the source is translated (needs xgettext)
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import polib

PROJECT = Path(__file__).resolve().parent.parent
LOCALE = PROJECT / "locale"
PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[sdif]|\{\w*\}")
SOURCES = ("cms", "campaigns", "foundations", "points", "volunteers", "config", "templates")


def compile_all() -> int:
    """Write each .mo that is older than its .po; returns how many were written."""
    written = 0
    for po in sorted(LOCALE.glob("**/LC_MESSAGES/*.po")):
        mo = po.with_suffix(".mo")
        if mo.exists() and mo.stat().st_mtime >= po.stat().st_mtime:
            continue
        draft = mo.with_suffix(f".{os.getpid()}")
        polib.pofile(str(po)).save_as_mofile(str(draft))
        draft.replace(mo)  # a server that reads it now sees the old file or the new one, whole
        written += 1
    return written


def problems_of(po: polib.POFile) -> list[str]:
    """What is wrong inside one file: untranslated, fuzzy, or placeholders that do not match."""
    found = []
    for entry in po:
        if entry.obsolete:
            continue
        texts = list(entry.msgstr_plural.values()) or [entry.msgstr]
        if not all(texts):
            found.append(f"not translated: {entry.msgid!r}")
        elif entry.fuzzy:
            found.append(f"fuzzy: {entry.msgid!r}")
        else:
            asked = set(PLACEHOLDER.findall(entry.msgid)) | set(
                PLACEHOLDER.findall(entry.msgid_plural)
            )
            found += [
                f"other placeholders than {entry.msgid!r}: {text!r}"
                for text in texts
                if not set(PLACEHOLDER.findall(text)) <= asked
                or (not entry.msgid_plural and set(PLACEHOLDER.findall(text)) != asked)
            ]
    return found


def keys(po: polib.POFile) -> set[tuple[str, str, str]]:
    return {(e.msgctxt or "", e.msgid, e.msgid_plural) for e in po if not e.obsolete}


def extract() -> polib.POFile:
    """Every text of the source, as `manage.py makemessages` finds it, in a scratch folder."""
    with tempfile.TemporaryDirectory() as scratch:
        for name in SOURCES:
            shutil.copytree(
                PROJECT / name,
                Path(scratch) / name,
                ignore=shutil.ignore_patterns("__pycache__", "migrations", "*.mo"),
            )
        (Path(scratch) / "locale").mkdir()
        done = subprocess.run(
            [sys.executable, "-m", "django", "makemessages", "--locale=zh_Hans", "--no-wrap"],
            cwd=scratch, capture_output=True, text=True, check=False,
            env={
                **{k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"},
                "PYTHONPATH": "",
            },
        )  # fmt: skip
        if done.returncode:
            raise SystemExit(f"makemessages failed:\n{done.stdout}{done.stderr}")
        return polib.pofile(str(Path(scratch) / "locale/zh_Hans/LC_MESSAGES/django.po"))


def check() -> int:
    """Print what is missing, unused or broken; returns the exit code."""
    found: list[str] = []
    files = sorted(LOCALE.glob("*/LC_MESSAGES/django.po"))
    if not files:
        found.append("locale/ has no django.po")
    for path in sorted(LOCALE.glob("**/LC_MESSAGES/*.po")):
        found += [
            f"{path.relative_to(PROJECT)}: {text}" for text in problems_of(polib.pofile(path))
        ]
    if shutil.which("xgettext"):
        wanted = keys(extract())
        for path in files:
            there = keys(polib.pofile(path))
            name = path.relative_to(PROJECT)
            found += [f"{name}: missing {key[1]!r}" for key in sorted(wanted - there)]
            found += [f"{name}: no longer used {key[1]!r}" for key in sorted(there - wanted)]
    elif os.environ.get("CI"):
        found.append("xgettext is needed here (Debian's package is called gettext)")
    else:
        print("translations: xgettext is not installed, so new texts were not looked for")
    print("\n".join(found) if found else "translations: complete")
    return 1 if found else 0


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["compile"]:
            print(f"translations: {compile_all()} compiled")
        case ["check"]:
            sys.exit(check())
        case _:
            sys.exit(__doc__)
