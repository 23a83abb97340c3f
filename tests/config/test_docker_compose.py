"""docker-compose.yml, Dockerfile and Procfile hold without a container engine to try them on."""

import os
import re
import shlex
import subprocess
import sys
from base64 import urlsafe_b64encode

import pytest
import yaml

from config.embedded import PROJECT

COMPOSE = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
DOCKERFILE = (PROJECT / "Dockerfile").read_text()
OURS = ["migrate", "web", "worker", "beat"]
VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


def key() -> str:
    return urlsafe_b64encode(os.urandom(32)).decode()


def answers() -> dict[str, str]:
    """What an operator writes into .env for each variable marked `:?`."""
    return {
        "SECRET_KEY": key() + key(),
        "LINLI_ID_KEY": key(),
        "LINLI_ID_HASH_KEY": key(),
        "LINLI_CODE_KEY": key(),
        "LINLI_BASE_URL": "https://linli.example",
        "ALLOWED_HOSTS": "linli.example",
        "POSTGRES_PASSWORD": "correcthorse",
        "LINLI_SMS_URL": "https://sms.example/send",
        "LINLI_SMS_SECRET": key(),
        "EMAIL_HOST": "mail.example",
        "DEFAULT_FROM_EMAIL": "linli@linli.example",
    }


def environment_of(service: str) -> dict[str, str]:
    """As compose would give it to the container."""
    given = answers()

    def value(match: re.Match[str]) -> str:
        name, kind, rest = match.groups()
        return given.get(name, rest if kind == "-" else "")

    declared = SERVICES[service]["environment"]
    return {name: VARIABLE.sub(value, str(text)) for name, text in declared.items()}


def start(service: str, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        cwd=PROJECT,
        env=environment_of(service) | {"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_every_part_of_the_site_is_there_with_official_servers():
    assert set(SERVICES) == {"postgres", "redis", *OURS}
    assert SERVICES["postgres"]["image"] == "postgres:18"
    assert SERVICES["redis"]["image"] == "redis:8"


def test_variables_that_have_no_default_are_the_ones_an_operator_is_told_to_write():
    required = {name for name, kind, _ in VARIABLE.findall(str(COMPOSE)) if kind == "?"}
    assert required == set(answers())


@pytest.mark.parametrize("service", ["postgres", "redis", "web", "worker", "beat"])
def test_whatever_keeps_running_is_watched(service):
    check = SERVICES[service]["healthcheck"]
    assert check["test"][0] in {"CMD", "CMD-SHELL"}
    assert check["interval"]
    assert check["retries"] >= 3


@pytest.mark.parametrize("service", OURS)
def test_a_service_waits_for_healthy_servers_or_for_the_tables(service):
    conditions = {name: wait["condition"] for name, wait in SERVICES[service]["depends_on"].items()}
    assert conditions.get("redis", "service_healthy") == "service_healthy"
    if service == "migrate":
        assert conditions["postgres"] == "service_healthy"
    else:
        assert conditions["migrate"] == "service_completed_successfully"


def test_the_declared_environment_is_enough_for_production_to_start():
    done = start("web", "manage.py", "check", "--fail-level", "WARNING")
    assert done.returncode == 0, done.stderr


def test_the_web_command_serves_an_application_that_can_be_imported():
    command = SERVICES["web"]["command"]
    module, _, name = command[-1].partition(":")
    done = start("web", "-c", f"import {module}; assert callable({module}.{name})")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("service", ["worker", "beat"])
def test_the_celery_commands_find_the_application_and_every_scheduled_task(service):
    command = SERVICES[service]["command"]
    assert command[:4] == ["celery", "-A", "config", service]
    done = start(
        service,
        "-c",
        "from config.celery import app; app.loader.import_default_modules();"
        "missing = {e['task'] for e in app.conf.beat_schedule.values()} - set(app.tasks);"
        "assert not missing, missing",
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("service", "options"), [("web", 1), ("worker", 3), ("beat", 3)])
def test_the_commands_take_the_options_they_are_given(service, options):
    """`--help` behind the options: the parser reads all of them before it says anything."""
    program, *rest = SERVICES[service]["command"]
    if service == "web":
        rest = [str(PROJECT) if word == "/app/media/images" else word for word in rest]
    done = start(service, "-m", program, *rest, "--help")
    assert done.returncode == 0, done.stderr
    assert "Usage:" in done.stdout


@pytest.mark.parametrize("service", ["web", "worker", "beat"])
def test_the_health_checks_fail_when_nothing_runs(service):
    command = SERVICES[service]["healthcheck"]["test"]
    assert command[:4] == ["CMD", "python", "-m", "config.health"]
    done = subprocess.run(
        [sys.executable, "-m", "config.health", command[4]],
        cwd=PROJECT,
        env=os.environ | {"PORT": "9", "REDIS_URL": "redis://127.0.0.1:9"},
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode != 0


def test_the_demo_runs_the_same_programs_as_production():
    lines = dict(
        line.split(": ", 1) for line in (PROJECT / "Procfile").read_text().splitlines() if line
    )
    assert set(lines) == {"web", "worker", "beat"}
    for service, line in lines.items():
        words = shlex.split(line.removeprefix("exec "))
        command = SERVICES[service]["command"]
        assert words[0] == command[0]
        if service == "web":
            assert words[-1] == command[-1]
        else:
            assert [word for word in words if word != "--quiet"][:4] == command[:4]


def test_uploaded_pictures_are_kept_and_served_from_one_volume():
    for service in ("web", "worker"):
        assert "media:/app/media" in SERVICES[service]["volumes"]
    assert "LINLI_MEDIA=/app/media" in DOCKERFILE
    command = SERVICES["web"]["command"]
    route = command[command.index("--static-path-route") + 1]
    mount = command[command.index("--static-path-mount") + 1]
    # Not the folder above: documents are given out by a view that asks for permission.
    assert (route, mount) == ("/media/images", "/app/media/images")


def test_the_image_runs_as_an_ordinary_user_from_locked_requirements():
    assert "--require-hashes --requirement requirements/base.txt" in DOCKERFILE
    assert DOCKERFILE.rstrip().rpartition("\nUSER ")[2].startswith("linli")
    assert "config.settings.production" in DOCKERFILE


def test_the_database_is_reachable_from_this_machine_only_through_the_site():
    assert "ports" not in SERVICES["postgres"]
    assert "ports" not in SERVICES["redis"]
    assert SERVICES["web"]["ports"] == ["127.0.0.1:8000:8000"]


def test_static_files_collect_under_the_build_settings(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "django", "collectstatic", "--no-input", "--dry-run"],
        cwd=PROJECT,
        env=os.environ
        | {"DJANGO_SETTINGS_MODULE": "config.settings.build", "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
