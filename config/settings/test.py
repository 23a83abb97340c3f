"""The test suite: the embedded servers, a database and Valkey numbers of its own.

Each run that goes on at the same time on the same servers takes another place, so that one does not
drop the other's database; what a run starts (its xdist workers, Celery, granian) shares its place.
"""

import fcntl
import os
import tempfile
from pathlib import Path
from typing import IO

from config import environment
from config.settings.embedded import *
from config.settings.embedded import _redis_url

LINLI_REDIS_URL = _redis_url

_held: list[IO[str]] = []  # an open file keeps its lock


def _take_place() -> int:
    """The first number that no other run holds; the operating system frees it with the process."""
    for place in range(7):
        held = (LINLI_DATA / f"test-{place}.lock").open("w")
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            held.close()
            continue
        os.environ["LINLI_TEST_PLACE"] = str(place)
        _held.append(held)
        return place
    raise RuntimeError("seven test runs go on already")


_place = environment.number("LINLI_TEST_PLACE", -1)
if _place < 0:
    _place = _take_place()
# pytest-xdist numbers its workers gw0, gw1, ...: each has its own two Valkey databases.
_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw") or 0)
LINLI_TEST_REDIS_DATABASE = environment.number(
    "LINLI_TEST_REDIS_DATABASE", 2 + 8 * _place + 2 * _worker
)

DEBUG = False
LINLI_DEMO = True
LINLI_BASE_URL = environment.text("LINLI_BASE_URL", "http://testserver")
WAGTAILADMIN_BASE_URL = LINLI_BASE_URL
CSRF_TRUSTED_ORIGINS = [LINLI_BASE_URL]
DATABASES["default"] |= {"CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": False}
DATABASES["default"]["TEST"] = {"NAME": f"test_linli_{_place}"}
DATABASES["default"]["OPTIONS"] |= {"options": "-c synchronous_commit=off"}
CACHES["default"]["LOCATION"] = environment.redis(
    _redis_url, database=LINLI_TEST_REDIS_DATABASE + 1
)
CELERY_BROKER_URL = environment.broker(_redis_url, database=LINLI_TEST_REDIS_DATABASE)
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
MEDIA_ROOT = Path(
    os.environ.setdefault(
        "LINLI_TEST_MEDIA", f"{tempfile.gettempdir()}/linli-test-media-{os.getpid()}"
    )
)
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True  # the middleware is made per client: do not list every file each time
LOGGING["root"]["level"] = "WARNING"
