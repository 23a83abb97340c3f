"""The servers, the browser and the worker that tests use; the cast stands below."""

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test import TransactionTestCase

from tests.cast import *  # noqa: F403 - the cast: alice, bao, rui, chen, dai and what they work with
from tests.fake_stripe.fixtures import *  # noqa: F403 - a fake Stripe, its client, an endpoint

PROJECT = Path(__file__).resolve().parent.parent
START_SECONDS = 120  # a busy machine takes its time to import what a worker or a server needs

# Playwright's own loop runs in this thread; Django would take it for an asynchronous view.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

CHROMIUM_ARGUMENTS = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--accept-lang=zh-CN",  # a context's `locale` does not reach its service workers
]  # fmt: skip


# Chromium


def chromium_path() -> str | None:
    """$CHROMIUM, else a Chromium or Chrome on the path."""
    named = os.environ.get("CHROMIUM")
    if named:
        return named
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next((found for name in names if (found := shutil.which(name))), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A Playwright browser; one for the whole run. Skips, or fails where it is required."""
    path = chromium_path()
    if path is None:
        if os.environ.get("LINLI_REQUIRE_BROWSER") == "1":
            pytest.fail("Chromium is required here and was not found (set CHROMIUM)")
        pytest.skip("no Chromium on this machine (set CHROMIUM to its path)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Any) -> Iterator[Callable[..., Any]]:
    """`open_page(**context options)`: a page of a browser of its own, phone-sized by default.

    Fails the test at its end when a page raised an error or broke its own security policy.
    """
    contexts: list[Any] = []
    problems: list[str] = []

    def make(**options: Any) -> Any:
        options = {
            "viewport": {"width": 390, "height": 844}, "locale": "zh-CN", "has_touch": True,
        } | options  # fmt: skip
        context = chromium.new_context(**options)
        context.set_default_timeout(30_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on(
            "console",
            lambda message: (
                problems.append(message.text) if "Content Security Policy" in message.text else None
            ),
        )
        return page

    yield make
    for context in contexts:
        context.close()
    assert problems == []


@pytest.fixture
def open_camera_page(chromium: Any) -> Iterator[Callable[..., Any]]:
    """`open_camera_page(film, **context options)`: a page of a Chromium of its own, whose camera
    shows the film (MJPEG); phone-sized by default."""
    browsers: list[Any] = []

    def make(film: Path, **options: Any) -> Any:
        camera = [
            "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-video-capture={film}",
        ]  # fmt: skip
        browser = chromium.browser_type.launch(
            executable_path=chromium_path(), args=[*CHROMIUM_ARGUMENTS, *camera]
        )
        browsers.append(browser)
        phone = {"viewport": {"width": 390, "height": 844}, "locale": "zh-CN", "has_touch": True}
        context = browser.new_context(**phone | options)
        context.set_default_timeout(30_000)
        return context.new_page()

    yield make
    for browser in browsers:
        browser.close()


# The Celery worker, as its own process


@pytest.fixture
def start_worker(transactional_db: None, live_environment: dict[str, str], tmp_path: Path) -> Any:
    """`start_worker()` starts a real worker on the test's database and returns its Popen.

    Waits until the worker listens; may be called again after the worker was killed.
    """
    started: list[subprocess.Popen[bytes]] = []

    def start(*, concurrency: int = 1, beat: bool = False) -> subprocess.Popen[bytes]:
        log = tmp_path / f"worker-{len(started)}.log"
        command = [
            sys.executable, "-m", "celery", "-A", "config", "worker", "--loglevel=INFO",
            f"--concurrency={concurrency}", f"--hostname=test-{os.getpid()}-{len(started)}",
            "--without-gossip", "--without-mingle",
        ]  # fmt: skip
        if beat:
            command += ["--beat", f"--schedule={tmp_path / 'beat'}"]
        with log.open("wb") as output:
            process = subprocess.Popen(
                command, cwd=PROJECT, env=live_environment, stdin=subprocess.DEVNULL,
                stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        started.append(process)
        _wait_until(
            lambda: " ready." in log.read_text(),
            seconds=START_SECONDS,
            process=process,
            log=log,
        )
        return process

    yield start
    for process in started:
        _end_group(process)


@pytest.fixture
def worker(start_worker: Any) -> subprocess.Popen[bytes]:
    """A running worker, for tests that need one and never ask which."""
    process: subprocess.Popen[bytes] = start_worker()
    return process


@pytest.fixture
def live_environment() -> dict[str, str]:
    """The environment of a process that is to share this test's database and Valkey numbers."""
    database = connection.settings_dict
    location = f"{database['HOST']}:{database['PORT']}" if database["PORT"] else ""
    password = f":{database['PASSWORD']}" if database["PASSWORD"] else ""
    query = "" if location else f"?host={database['HOST']}"
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
        "DATABASE_URL": (
            f"postgresql://{database['USER']}{password}@{location}/{database['NAME']}{query}"
        ),
        "REDIS_URL": settings.LINLI_REDIS_URL,
        "LINLI_TEST_REDIS_DATABASE": str(settings.LINLI_TEST_REDIS_DATABASE),
        "LINLI_TEST_MEDIA": str(settings.MEDIA_ROOT),
    }


@pytest.fixture
def start_site(transactional_db: None, live_environment: dict[str, str], tmp_path: Path) -> Any:
    """`start_site(port)` starts the real web server, granian, on the test's database and returns
    its Popen: the leader of a process group of its own.

    Waits until the server answers; may be called again after the server was killed.
    """
    started: list[subprocess.Popen[bytes]] = []

    def start(port: int) -> subprocess.Popen[bytes]:
        log = tmp_path / f"web-{len(started)}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [
                    sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1",
                    "--port", str(port), "--workers", "1", "--blocking-threads", "4",
                    "config.wsgi:application",
                ],
                cwd=PROJECT, env=live_environment | {"LINLI_BASE_URL": address_at(port)},
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                start_new_session=True,
            )  # fmt: skip
        started.append(process)
        _wait_until(lambda: _answers(port), seconds=START_SECONDS, process=process, log=log)
        return process

    yield start
    for process in started:
        _end_group(process)


@pytest.fixture
def live_site(start_site: Callable[[int], Any]) -> str:
    """The address of the real web server, as its own process on the test's database."""
    port = free_port()
    start_site(port)
    return address_at(port)


def address_at(port: int) -> str:
    return f"http://127.0.0.1:{port}"


def free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@pytest.fixture
def wait_until() -> Callable[..., None]:
    """`wait_until(condition, seconds=15)`: for what another process does in its own time."""
    return _wait_until


def _wait_until(
    condition: Callable[[], Any],
    *,
    seconds: float = 30,
    process: subprocess.Popen[bytes] | None = None,
    log: Path | None = None,
) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        ended = process is not None and process.poll() is not None
        if ended or time.monotonic() > deadline:
            said = log.read_text(errors="replace")[-3000:] if log else ""
            pytest.fail(f"{'the process ended' if ended else f'not within {seconds} s'}\n{said}")
        time.sleep(0.05)


def _answers(port: int) -> bool:
    import urllib.error
    import urllib.request

    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz/", timeout=10).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def _end_group(process: subprocess.Popen[bytes]) -> None:
    import signal

    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)
    process.wait(5)


# The database: migrated once per set of migrations, copied for every run, and copied again after
# every test with real transactions. Emptying the tables instead would lose what migrations put into
# them, would be slower, and the ledger would refuse it.


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, django_db_blocker: Any
) -> None:
    with django_db_blocker.unblock():
        template = _migrated_template()
    connection.settings_dict["TEST"] |= {"TEMPLATE": template, "MIGRATE": False}


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    name = connection.settings_dict["NAME"]
    with django_db_blocker.unblock(), _administration() as cursor:
        connection.close()
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}_pristine"')
        cursor.execute(f'CREATE DATABASE "{name}_pristine" TEMPLATE "{name}"')
    yield
    with django_db_blocker.unblock(), _administration() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}_pristine"')


def _restore_database(_test_case: TransactionTestCase) -> None:
    name = connection.settings_dict["NAME"]
    connection.close()
    with _administration() as cursor:
        cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{name}_pristine"')


TransactionTestCase._fixture_teardown = _restore_database  # type: ignore[method-assign]


def _migrated_template() -> str:
    """The name of a database that has all migrations; made when they have changed."""
    digest = hashlib.sha256((PROJECT / "requirements/base.txt").read_bytes())
    for path in sorted(PROJECT.glob("*/migrations/*.py")):
        digest.update(str(path.relative_to(PROJECT)).encode() + path.read_bytes())
    name = f"linli_template_{digest.hexdigest()[:12]}"
    with _administration() as cursor:
        cursor.execute("SELECT pg_advisory_lock(20260210)")  # xdist: one makes it, the rest wait
        cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE 'linli_template_%'")
        found = {row[0] for row in cursor.fetchall()}
        if name in found:
            return name
        for old in found:
            cursor.execute(f'DROP DATABASE "{old}"')
        cursor.execute(f'CREATE DATABASE "{name}_draft"')
        usual = connection.settings_dict["NAME"]
        connection.close()
        connection.settings_dict["NAME"] = f"{name}_draft"
        call_command("migrate", interactive=False, verbosity=0)
        connection.close()
        connection.settings_dict["NAME"] = usual
        cursor.execute(f'ALTER DATABASE "{name}_draft" RENAME TO "{name}"')
    return name


@contextlib.contextmanager
def _administration() -> Iterator[psycopg.Cursor[Any]]:
    """A connection past Django's, because a database is not made inside a transaction."""
    database = connection.settings_dict
    with psycopg.connect(
        dbname="postgres", user=database["USER"], password=database["PASSWORD"],
        host=database["HOST"], port=database["PORT"] or None, autocommit=True,
    ) as administration, administration.cursor() as cursor:  # fmt: skip
        yield cursor


# Every test starts with an empty cache and an empty queue


@pytest.fixture(autouse=True)
def _empty_valkey(request: pytest.FixtureRequest) -> None:
    if {"db", "transactional_db"} & set(request.fixturenames):
        cache.clear()


@pytest.fixture
def broker() -> Any:
    """A client of the queue's Valkey database, emptied: to look at it, or to flush it mid-way."""
    import redis

    from config import environment

    client = redis.Redis.from_url(
        environment.redis(settings.LINLI_REDIS_URL, database=settings.LINLI_TEST_REDIS_DATABASE)
    )
    client.flushdb()
    yield client
    client.flushdb()
    client.close()
