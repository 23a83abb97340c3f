"""What the figures of web requests share: a city to ask for, the server, clients that press."""

from __future__ import annotations

import http.client
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import connection

from campaigns.models import CampaignPage

CLIENTS = 8
START_TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    body: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    must_contain: bytes = b""


@dataclass(frozen=True)
class Load:
    """What one round came to: requests a second over all clients, milliseconds at the 95th."""

    per_second: float
    p95_ms: float


def median(loads: list[Load]) -> Load:
    return Load(
        per_second=statistics.median(load.per_second for load in loads),
        p95_ms=statistics.median(load.p95_ms for load in loads),
    )


def ensure_city() -> None:
    """The demo's organisations and campaigns, without people."""
    from cms.seeding import ground, site

    if CampaignPage.objects.exists():
        return
    ground.seed_territory()
    ground.seed_kinds()
    site.seed_site()
    ground.seed_organisations()
    ground.seed_accounts()
    site.seed_campaigns(how_many=60)


def press(port: int, requests: list[Request]) -> Load:
    """Send every request once, CLIENTS at a time, each client over its own kept connection.

    Raises RuntimeError at the first answer that is not what it must be.
    """
    shares = [requests[start::CLIENTS] for start in range(CLIENTS)]
    taken: list[float] = []
    wrong: list[str] = []
    gate = threading.Barrier(CLIENTS + 1)

    def client(share: list[Request]) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.connect()
        assert connection.sock is not None
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        gate.wait()
        own = []
        for request in share:
            began = time.perf_counter()
            connection.request(request.method, request.path, request.body, dict(request.headers))
            response = connection.getresponse()
            answer = response.read()
            own.append(time.perf_counter() - began)
            if response.status != 200 or request.must_contain not in answer:
                wrong.append(f"{request.path}: {response.status} {answer[:300]!r}")
                break
        taken.extend(own)
        connection.close()

    threads = [threading.Thread(target=client, args=[share]) for share in shares]
    for thread in threads:
        thread.start()
    gate.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    if wrong:
        raise RuntimeError(wrong[0])
    return Load(
        per_second=len(taken) / seconds, p95_ms=1000 * statistics.quantiles(taken, n=20)[-1]
    )


def alternate(rounds: int, *runs: Callable[[int], Load]) -> list[Load]:
    """The median of each run, taken in turns so that a slow minute hits all of them."""
    loads: list[list[Load]] = [[] for _run in runs]
    for number in range(rounds):
        for kept, run in zip(loads, runs, strict=True):
            kept.append(run(number))
    return [median(kept) for kept in loads]


@contextmanager
def server() -> Iterator[int]:
    """granian as the Procfile starts it, on a free port of this machine alone; yields the port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    connection.close()
    with tempfile.TemporaryFile("w+b") as log:
        process = subprocess.Popen(
            [
                sys.executable, "-m", "granian", "--interface", "wsgi", "--http", "1", "--no-ws",
                "--host", "127.0.0.1", "--port", str(port), "--log-level", "warning",
                "--workers", os.environ.get("WEB_WORKERS", "2"),
                "--blocking-threads", os.environ.get("WEB_THREADS", "4"),
                "cms.bench.server:application",
            ],
            cwd=Path(settings.BASE_DIR), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip
        try:
            _wait_for(port, process)
            yield port
        except RuntimeError:
            log.seek(0)
            sys.stderr.buffer.write(log.read()[-3000:])
            raise
        finally:
            process.terminate()
            process.wait(30)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            client.request("GET", "/bare/select/")
            client.getresponse().read()
        except OSError:
            time.sleep(0.1)
        else:
            return
        finally:
            client.close()
    raise RuntimeError("The web server did not start.")
