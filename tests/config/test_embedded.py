"""The embedded servers, on data folders of their own; nothing here touches the suite's servers."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from config import embedded

PROJECT = embedded.PROJECT


@contextlib.contextmanager
def folder_of_its_own() -> Iterator[Path]:
    """Outside pytest's own folder, which root alone may enter."""
    folder = Path(tempfile.mkdtemp(prefix="linli-embedded-"))
    yield folder / "data"
    embedded.stop(folder / "data")
    shutil.rmtree(folder)


@pytest.fixture
def data():
    with folder_of_its_own() as data:
        yield data


@pytest.fixture(scope="module")
def shared():
    with folder_of_its_own() as data:
        yield data


@pytest.fixture
def up(shared):
    """Servers that run, shared by the tests that leave them running."""
    embedded.ensure_running(shared)
    return shared


def postgres(data: Path) -> psycopg.Connection:
    return psycopg.connect(embedded.addresses(data).database_url, autocommit=True)


def processes_of(data: Path) -> list[str]:
    marks = (str(data), str(embedded.socket_folder(data)))
    found = []
    for process in psutil.process_iter():
        try:
            command = " ".join(process.cmdline())
        except psutil.Error:
            continue
        if any(mark in command for mark in marks) and process.pid != os.getpid():
            found.append(command)
    return found


def test_both_servers_start_with_the_extensions_the_site_needs(up):
    with postgres(up) as connection:
        assert connection.info.server_version // 10000 == 18
        for extension in ("pg_trgm", "btree_gist", "ltree", "citext", "pg_stat_statements"):
            connection.execute(f"CREATE EXTENSION {extension}")
        trigrams = connection.execute("SELECT cardinality(show_trgm('邻里'))").fetchone()
        assert trigrams[0] > 0, "a search for Chinese would find nothing"
        assert connection.execute("SHOW fsync").fetchone() == ("on",)
    client = redis.Redis.from_url(embedded.addresses(up).redis_url)
    assert client.info("server")["valkey_version"].startswith("9.")
    assert client.ping()


def test_nobody_else_on_the_machine_reaches_the_servers(up):
    assert embedded.socket_folder(up).stat().st_mode & 0o077 == 0
    with postgres(up) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)


def test_two_processes_that_start_at_once_share_one_server(data):
    command = [sys.executable, "-m", "config.embedded", "start"]
    environment = os.environ | {"LINLI_DATA": str(data)}
    both = [
        subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = {process.communicate(timeout=60)[0] for process in both}
    assert [process.returncode for process in both] == [0, 0]
    assert len(said) == 1
    # They ended, the servers did not.
    with postgres(data) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    postmasters = [line for line in processes_of(data) if "/bin/postgres -D" in line]
    assert len(postmasters) == 1


def test_a_killed_postgres_comes_back_with_what_was_committed(up):
    with postgres(up) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 'hours' AS word")
    pid = int((up / "postgres/postmaster.pid").read_text().split()[0])
    os.kill(pid, signal.SIGKILL)
    embedded.ensure_running(up)
    with postgres(up) as connection:
        assert connection.execute("SELECT word FROM kept").fetchone() == ("hours",)


def test_a_killed_valkey_comes_back(up):
    address = embedded.ensure_running(up).redis_url
    os.kill(int((up / "valkey/valkey.pid").read_text()), signal.SIGKILL)
    time.sleep(0.2)
    embedded.ensure_running(up)
    assert redis.Redis.from_url(address).ping()


def test_a_pid_that_now_belongs_to_somebody_else_is_neither_believed_nor_killed(up):
    os.kill(int((up / "postgres/postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    bystander = subprocess.Popen(["sleep", "60"])
    try:
        path = up / "postgres/postmaster.pid"
        lines = path.read_text().splitlines()
        path.write_text("\n".join([str(bystander.pid), *lines[1:]]) + "\n")
        embedded.ensure_running(up)
        with postgres(up) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        embedded.stop(up)
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_an_interrupted_first_start_is_begun_again(data):
    (data / "postgres").mkdir(parents=True)
    (data / "postgres" / "half").write_text("initdb was killed here")
    embedded.ensure_running(data)
    with postgres(data) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_deleted_data_folder_starts_anew_although_its_old_server_still_runs(data):
    embedded.ensure_running(data)
    shutil.rmtree(data)
    embedded.ensure_running(data)
    with postgres(data) as connection:
        connection.execute("CREATE TABLE fresh ()")
    assert len([line for line in processes_of(data) if "/bin/postgres -D" in line]) == 1
    embedded.stop(data)
    assert processes_of(data) == []


def test_a_deep_folder_is_not_too_deep_for_a_socket(data):
    deep = data / ("很深的文件夹" * 8) / ("deep" * 30)
    address = embedded.ensure_running(deep).database_url
    try:
        with psycopg.connect(address) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    finally:
        embedded.stop(deep)


def test_stop_leaves_nothing_running_and_may_be_said_twice(data):
    embedded.ensure_running(data)
    embedded.stop(data)
    embedded.stop(data)
    assert processes_of(data) == []
    assert not embedded.socket_folder(data).exists()


def test_run_stops_the_servers_that_it_started(data):
    done = subprocess.run(
        [sys.executable, "-m", "config.embedded", "run", "sh", "-c", "exit 7"],
        cwd=PROJECT, env=os.environ | {"LINLI_DATA": str(data)}, check=False,
    )  # fmt: skip
    assert done.returncode == 7
    assert processes_of(data) == []


def test_run_leaves_servers_alone_that_were_there_before(up):
    subprocess.run(
        [sys.executable, "-m", "config.embedded", "run", "true"],
        cwd=PROJECT, env=os.environ | {"LINLI_DATA": str(up)}, check=True,
    )  # fmt: skip
    assert embedded.postgres_answers(up)
    assert embedded.valkey_answers(up)


def test_servers_in_use_by_another_process_stay_up(up, capsys):
    with postgres(up):
        embedded.stop_if_unused(up)
        assert embedded.postgres_answers(up)
    assert "another process" in capsys.readouterr().err


def test_each_data_folder_has_keys_of_its_own_that_only_its_owner_reads(data):
    first = embedded.secret_values(data)
    assert embedded.secret_values(data) == first
    assert len(set(first.values())) == len(embedded.SECRET_NAMES)
    assert (data / "secrets.json").stat().st_mode & 0o077 == 0
    assert embedded.secret_values(data.parent / "other")["SECRET_KEY"] != first["SECRET_KEY"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has another account run PostgreSQL")
def test_root_does_not_run_postgres_itself(up):
    pid = int((up / "postgres/postmaster.pid").read_text().split()[0])
    assert psutil.Process(pid).uids().real != 0
