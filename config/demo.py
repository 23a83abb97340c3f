"""`make demo`: everything of the Procfile on the embedded servers, until Ctrl-C ends all of it.

What a first start does (migrations, translations, demo data) is remembered in the data folder by a
fingerprint of what it depends on, so that a second start goes straight to the web server, the
worker and beat, side by side.
"""

import contextlib
import hashlib
import os
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Iterable
from pathlib import Path

from honcho.environ import parse_procfile
from honcho.manager import Manager
from honcho.printer import Printer

from config import embedded, translations

PROJECT = embedded.PROJECT
READY_TIMEOUT_SECONDS = 120


class DemoCannotStart(Exception):
    """The sentence says what to do."""


def main() -> int:
    began = time.monotonic()
    host, port = os.environ.get("HOST") or "127.0.0.1", int(os.environ.get("PORT") or 8000)
    data = embedded.data_folder()
    # So that a `kill` or a closed terminal stops everything like Ctrl-C does.
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    own_servers = not (os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"))
    try:
        _refuse_taken_port(host, port)
        if own_servers:
            embedded.ensure_running(data)
        environment = _environment(data, host=host, port=port)
        prepare(data, environment)
        return _serve(data, environment, host=host, port=port, began=began)
    except DemoCannotStart as error:
        print(f"\n  {error}\n", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        print(f"\n  This step failed: {' '.join(error.cmd[1:])}\n", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # an impatient second Ctrl-C
        if own_servers:
            embedded.stop_if_unused(data)


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _refuse_taken_port(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            raise DemoCannotStart(
                f"Port {port} is taken on {host}. Try: PORT={port + 1} make demo"
            ) from None


def _environment(data: Path, *, host: str, port: int) -> dict[str, str]:
    media = data / "media"
    (media / "images").mkdir(parents=True, exist_ok=True)
    bin_folder = str(Path(sys.executable).parent)
    return (
        os.environ
        | _fake_stripe(data)
        | {
            "DJANGO_SETTINGS_MODULE": "config.settings.embedded",
            "HOST": host,
            "PORT": str(port),
            "LINLI_DATA": str(data),
            "LINLI_MEDIA": str(media),
            "PATH": f"{bin_folder}{os.pathsep}{os.environ.get('PATH', '')}",
            "PYTHONUNBUFFERED": "1",
        }
    )


# A Stripe of our own: gifts can be tried out, and no money moves


def _fake_stripe(data: Path) -> dict[str, str]:
    """Where it answers and how both sides know one another; nothing when a real key is given."""
    if os.environ.get("LINLI_STRIPE_KEY"):
        return {}
    secrets = embedded.secret_values(data)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return {
        "LINLI_STRIPE_URL": f"http://127.0.0.1:{port}",
        "LINLI_STRIPE_KEY": f"sk_test_{secrets['LINLI_STRIPE_KEY']}",
        "LINLI_STRIPE_WEBHOOK_SECRET": f"whsec_{secrets['LINLI_STRIPE_WEBHOOK_SECRET']}",
        "LINLI_STRIPE_CONNECT_SECRET": f"whsec_{secrets['LINLI_STRIPE_CONNECT_SECRET']}",
    }


def fake_stripe_command(environment: dict[str, str]) -> str:
    """The process beside the Procfile's: it knows the demo's foundations and tells the site."""
    told = tomllib.loads((PROJECT / "cms" / "demo" / "foundations.toml").read_text())
    accounts = [one["account"] for one in told["foundation"] if one.get("account")]
    site = f"http://127.0.0.1:{environment['PORT']}"
    arguments = [
        "--port", environment["LINLI_STRIPE_URL"].rsplit(":", 1)[1],
        "--key", environment["LINLI_STRIPE_KEY"],
        "--endpoint", f"{site}/gateways/stripe/",
        "--secret", environment["LINLI_STRIPE_WEBHOOK_SECRET"],
        "--connect-endpoint", f"{site}/gateways/stripe/connect/",
        "--connect-secret", environment["LINLI_STRIPE_CONNECT_SECRET"],
        *(word for account in accounts for word in ("--account", account)),
    ]  # fmt: skip
    return shlex.join(["exec", sys.executable, "-m", "tests.fake_stripe", *arguments])


# What only a first start, or a change, makes necessary


def prepare(data: Path, environment: dict[str, str]) -> None:
    """Bring translations, tables and demo data up to date; raises CalledProcessError."""
    translations.compile_all()
    stamp = data / "demo.stamp"
    tables, hour = fingerprint(data, environment), time.strftime("%Y-%m-%dT%H")
    done = stamp.read_text().split() if stamp.exists() else []
    if done == [tables, hour]:
        return
    if tables not in done:
        _manage("migrate", "--no-input", environment=environment)
        logins = _manage("demo_logins", environment=environment, stdout=subprocess.PIPE)
        (data / "demo-logins.txt").write_text(logins.stdout)
    _manage("seed_demo", environment=environment)  # shifts run now, whatever the hour
    stamp.write_text(f"{tables} {hour}")


def _manage(
    *arguments: str, environment: dict[str, str], stdout: int | None = None
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(
        command, cwd=PROJECT, env=environment, check=True, stdout=stdout, text=True
    )


def fingerprint(data: Path, environment: dict[str, str]) -> str:
    """Changes with the migrations, the demo data's source and the database."""
    digest = hashlib.sha256(environment.get("DATABASE_URL", "").encode())
    with contextlib.suppress(OSError):  # deleting the data folder deletes what was prepared
        digest.update(str((data / "postgres" / "PG_VERSION").stat().st_ctime_ns).encode())
    for path in sorted(_depends_on()):
        digest.update(f"{path.relative_to(PROJECT)} ".encode() + path.read_bytes())
    return digest.hexdigest()


def _depends_on() -> Iterable[Path]:
    yield from PROJECT.glob("*/migrations/*.py")
    yield from PROJECT.glob("*/demo/**/*.toml")
    yield from PROJECT.glob("*/demo/**/*.py")
    yield from PROJECT.glob("*/seeding/**/*.py")
    yield from PROJECT.glob("*/management/commands/*demo*.py")


# Running


def _serve(data: Path, environment: dict[str, str], *, host: str, port: int, began: float) -> int:
    manager = Manager(Printer(sys.stdout, colour=sys.stdout.isatty(), prefix=True))
    procfile = parse_procfile((PROJECT / "Procfile").read_text())
    for name, command in procfile.processes.items():
        manager.add_process(name, command, env=environment, cwd=str(PROJECT))
    if environment.get("LINLI_STRIPE_URL"):
        command = fake_stripe_command(environment)
        manager.add_process("stripe", command, env=environment, cwd=str(PROJECT))
    threading.Thread(
        target=_announce, args=(data, host, port, began), name="announce", daemon=True
    ).start()
    manager.loop()
    # Ctrl-C is how the demo is meant to end.
    return 0 if manager.returncode in {130, 143} else int(manager.returncode or 0)


def _announce(data: Path, host: str, port: int, began: float) -> None:
    """Wait for the web server's first answer, then say where everything is."""
    deadline = time.monotonic() + READY_TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        with (
            contextlib.suppress(OSError),
            socket.create_connection((host, port), timeout=60) as web,
        ):
            web.sendall(b"GET /healthz/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            if web.recv(12).startswith(b"HTTP/1.1 "):
                break
        time.sleep(0.1)
    shown = "127.0.0.1" if host == "0.0.0.0" else host  # noqa: S104
    path = data / "demo-logins.txt"
    logins = path.read_text().rstrip() if path.exists() else ""
    print(
        f"""
  邻里 Linli is open · {time.monotonic() - began:.0f} s

    http://{shown}:{port}/                 the site
    http://{shown}:{port}/demo/messages/   text messages: sign-in codes arrive here
    http://{shown}:{port}/desk/            the organiser's desk
    http://{shown}:{port}/admin/           writing campaigns and news
    http://{shown}:{port}/design/          the design system

{logins}

  Ctrl-C stops everything.
""",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
