"""The files that the console keeps in the browser, so that it opens without a network."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from django.conf import settings
from django.templatetags.static import static

# What the page names itself: in production by an address with a digest of the content.
NAMED = [
    "css/tokens.css",
    "css/linli.css",
    "css/console.css",
    "js/console/app.js",
    "img/icons.svg",
    "img/favicon.svg",
    "img/console-192.png",
]
# What scripts fetch by a path beside their own: that has no digest, in production neither.
FETCHED = [
    "js/wake-lock.js",
    "vendor/barcode-detector/ponyfill.js",
    "vendor/barcode-detector/zxing-exported.js",
    "vendor/zxing-wasm/zxing_reader.wasm",
]


def kept_files() -> list[str]:
    """The addresses, each once."""
    named = [static(name) for name in NAMED]
    fetched = [f"{settings.STATIC_URL}{name}" for name in [*_modules(), *FETCHED]]
    return list(dict.fromkeys([*named, *fetched]))


def version_of(shell: str) -> str:
    """Changes whenever the shell or one of the files does, and only then."""
    digest = hashlib.sha256(shell.encode())
    for name in sorted({*NAMED, *_modules(), *FETCHED}):
        path = _root() / name
        about = path.stat()
        digest.update(_digest(path, about.st_mtime_ns, about.st_size))
    return digest.hexdigest()[:16]


def _modules() -> list[str]:
    return sorted(f"js/console/{path.name}" for path in (_root() / "js/console").glob("*.js"))


def _root() -> Path:
    return Path(settings.STATICFILES_DIRS[0])


@cache
def _digest(path: Path, _changed: int, _size: int) -> bytes:
    return hashlib.sha256(path.read_bytes()).digest()
