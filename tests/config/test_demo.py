"""`make demo` as a process of its own, on a data folder of its own.

What the first start prepares is told as done already: here the question is what runs, and that
nothing runs afterwards.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

import psutil
import pytest

from config import demo, embedded


@pytest.fixture
def data():
    folder = Path(tempfile.mkdtemp(prefix="linli-demo-"))
    folder.chmod(0o755)
    yield folder
    embedded.stop(folder)
    shutil.rmtree(folder)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Demo:
    """A running `make demo` and what it has printed."""

    def __init__(self, data: Path, *, port: int | None = None) -> None:
        self.port = port or free_port()
        keep_out = {"DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "HOST", "LINLI_BASE_URL"}
        environment = {k: v for k, v in os.environ.items() if k not in keep_out}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "config.demo"],
            cwd=embedded.PROJECT,
            env=environment | {"LINLI_DATA": str(data), "PORT": str(self.port)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.said = ""
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.said += line

    def wait_for(self, *patterns: str) -> None:
        deadline = time.monotonic() + 120
        while not all(re.search(pattern, self.said) for pattern in patterns):
            if self.process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"never said {patterns}:\n{self.said}")
            time.sleep(0.05)


def processes_of(data: Path) -> list[str]:
    """Everything that was started with this data folder, by its environment or command line."""
    marks = (str(data), str(embedded.socket_folder(data)))
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
                continue
            command = " ".join(process.cmdline())
            folder = process.environ().get("LINLI_DATA")
        except psutil.Error:
            continue
        if folder == str(data) or any(mark in command for mark in marks):
            found.append(command)
    return found


def mark_prepared(data: Path) -> None:
    embedded.ensure_running(data)
    (data / "demo-logins.txt").write_text("  Alice 13800000001\n")
    (data / "demo.stamp").write_text(f"{demo.fingerprint(data, {})} {time.strftime('%Y-%m-%dT%H')}")
    embedded.stop(data)


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGHUP])
def test_the_demo_runs_everything_and_ctrl_c_leaves_nothing_behind(data, ending):
    mark_prepared(data)
    running = Demo(data)
    running.wait_for(r"Linli is open", r"worker.*ready\.", r"beat.*started")
    assert "Alice 13800000001" in running.said
    with urllib.request.urlopen(f"http://127.0.0.1:{running.port}/healthz/", timeout=10) as answer:
        assert answer.read() == b"ok"
    assert embedded.postgres_answers(data)
    assert embedded.valkey_answers(data)

    if ending == signal.SIGINT:
        os.killpg(running.process.pid, ending)  # a terminal tells the whole group
    else:
        running.process.send_signal(ending)
    code = running.process.wait(30)

    assert processes_of(data) == []
    assert code == 0
    assert "Traceback" not in running.said


def test_a_taken_port_is_said_in_words_and_nothing_is_started(data):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        running = Demo(data, port=port)
        assert running.process.wait(60) == 1
    time.sleep(0.1)
    assert f"Port {port} is taken" in running.said
    assert f"PORT={port + 1} make demo" in running.said
    assert processes_of(data) == []


@pytest.mark.parametrize(
    ("stamp", "steps"),
    [
        ("{tables} {today}", []),
        ("{tables} 2020-01-01", ["seed_demo"]),
        ("other {today}", ["migrate", "demo_logins", "seed_demo"]),
        (None, ["migrate", "demo_logins", "seed_demo"]),
    ],
)
def test_only_what_is_not_done_yet_is_prepared(data, monkeypatch, stamp, steps):
    said = []

    def note(step, *_arguments, **_more):
        said.append(step)
        return subprocess.CompletedProcess([], 0, stdout="")

    monkeypatch.setattr(demo, "_manage", note)
    monkeypatch.setattr(demo, "fingerprint", lambda *_: "tables")
    if stamp:
        today = time.strftime("%Y-%m-%dT%H")
        (data / "demo.stamp").write_text(stamp.format(tables="tables", today=today))
    demo.prepare(data, {})
    assert said == steps
    demo.prepare(data, {})
    assert said == steps, "the second time nothing is left to do"


def test_a_changed_migration_or_another_database_is_prepared_again(data, monkeypatch):
    embedded.ensure_running(data)
    first = demo.fingerprint(data, {})
    assert demo.fingerprint(data, {}) == first
    assert demo.fingerprint(data, {"DATABASE_URL": "postgresql://elsewhere/linli"}) != first
    extra = data / "0099_new.py"
    extra.write_text("")
    monkeypatch.setattr(demo, "PROJECT", data)
    monkeypatch.setattr(demo, "_depends_on", lambda: [extra])
    with_new = demo.fingerprint(data, {})
    extra.write_text("changed")
    assert demo.fingerprint(data, {}) != with_new
