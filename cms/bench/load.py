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
from dataclasses import dataclass, fields
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
    must_lack: bytes = b""


@dataclass(frozen=True)
class Load:
    """What one round came to: requests a second over all clients, and how many milliseconds half
    of them, 95 and 99 of a hundred took at most."""

    per_second: float
    p50_ms: float
    p95_ms: float
    p99_ms: float


def median(loads: list[Load]) -> Load:
    names = [field.name for field in fields(Load)]
    return Load(*(statistics.median(getattr(load, name) for load in loads) for name in names))


def beside(ours: Load, bare: Load) -> str:
    """For a figure's note: how long the slowest twentieth takes, and how many times the limit's."""
    ratio = ours.p95_ms / bare.p95_ms
    return f"p95 {ours.p95_ms:.0f} ms beside {bare.p95_ms:.0f} ms, {ratio:.1f} times"


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


def press(port: int, requests: list[Request], *, clients: int = CLIENTS) -> Load:
    """Send every request once; of so many clients each sends its share, one after the other.

    Raises RuntimeError at the first answer that is not what it must be.
    """
    return press_shares(port, [requests[start::clients] for start in range(clients)])


def press_shares(port: int, shares: list[list[Request]]) -> Load:
    """As `press`, with a client a share, each over its own kept connection."""
    taken: list[float] = []
    wrong: list[str] = []
    gate = threading.Barrier(len(shares) + 1)

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
            if response.status != 200 or not is_right(request, answer):
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
    return load_of(taken, seconds=seconds)


def is_right(request: Request, answer: bytes) -> bool:
    is_unwanted = bool(request.must_lack) and request.must_lack in answer
    return request.must_contain in answer and not is_unwanted


def load_of(taken: list[float], *, seconds: float) -> Load:
    hundredths = statistics.quantiles(taken, n=100, method="inclusive")
    p50, p95, p99 = (1000 * hundredths[share - 1] for share in (50, 95, 99))
    return Load(per_second=len(taken) / seconds, p50_ms=p50, p95_ms=p95, p99_ms=p99)


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
