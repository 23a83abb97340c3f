"""`python -m config.health web | worker | beat`: exit code 0 while that process does its work."""

import os
import socket
import sys
import time
import urllib.request
from pathlib import Path

from config import environment

BEAT_SILENCE_SECONDS = 600  # beat writes its schedule file every three minutes


def web() -> bool:
    """The database answers through the web server."""
    port = environment.number("PORT", 8000)
    host = next(iter(environment.words("ALLOWED_HOSTS")), "localhost").lstrip(".")
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/healthz/",
        headers={"Host": host},
    )
    with urllib.request.urlopen(request, timeout=8) as answer:  # noqa: S310
        return bool(answer.status == 200)


def worker() -> bool:
    """This machine's worker answers a ping that went through the broker."""
    from config.celery import app

    return bool(app.control.ping([f"celery@{socket.gethostname()}"], timeout=10, limit=1))


def beat() -> bool:
    """The schedule file was written lately."""
    folder = Path(os.environ.get("LINLI_BEAT_FOLDER", "/app/state"))
    written = [path.stat().st_mtime for path in folder.glob("beat*")]
    return bool(written) and time.time() - max(written) < BEAT_SILENCE_SECONDS


if __name__ == "__main__":
    checks = {"web": web, "worker": worker, "beat": beat}
    try:
        healthy = checks[sys.argv[1]]()
    except (OSError, LookupError) as error:
        sys.exit(f"not healthy: {error}")
    sys.exit(0 if healthy else "not healthy")
