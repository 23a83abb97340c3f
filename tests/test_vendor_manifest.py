"""The third-party browser files are exactly those that static/vendor/manifest.json names."""

import hashlib
import json
import re
from pathlib import Path

import pytest

VENDOR = Path(__file__).resolve().parent.parent / "static" / "vendor"
PACKAGES = json.loads((VENDOR / "manifest.json").read_text(encoding="utf-8"))["packages"]
FILES = [entry for package in PACKAGES for entry in package["files"]]
OWN_FILES = {"README.md", "manifest.json"}


def package_named(name: str) -> dict:
    return next(package for package in PACKAGES if package["name"] == name)


@pytest.mark.parametrize("entry", FILES, ids=lambda entry: entry["path"])
def test_a_vendored_file_is_byte_for_byte_the_one_listed(entry):
    content = (VENDOR / entry["path"]).read_bytes()

    assert hashlib.sha256(content).hexdigest() == entry["sha256"]


def test_no_file_lies_in_the_vendor_folder_unlisted():
    present = {p.relative_to(VENDOR).as_posix() for p in VENDOR.rglob("*") if p.is_file()}

    assert present - OWN_FILES == {entry["path"] for entry in FILES}


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package["name"])
def test_a_vendored_package_names_its_source_and_carries_its_licence(package):
    assert package["licence"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", package["version"])
    assert package["package"]
    assert package["registry"] == "npm"
    assert package["licence_files"]
    listed = {entry["path"] for entry in package["files"]}
    for path in package["licence_files"]:
        assert path in listed
        assert len((VENDOR / path).read_text(encoding="utf-8")) > 300


def test_the_reader_is_the_one_that_barcode_detector_was_built_for():
    reader = next(e for e in package_named("zxing-wasm")["files"] if e["path"].endswith(".wasm"))
    ponyfill = (VENDOR / "barcode-detector" / "zxing-exported.js").read_text(encoding="utf-8")

    assert reader["sha256"] in ponyfill
    assert f"zxing-wasm@{package_named('zxing-wasm')['version']}/" in ponyfill


def test_imports_between_vendored_modules_stay_inside_the_vendor_folder():
    for entry in FILES:
        if not entry["path"].endswith(".js"):
            continue
        module = VENDOR / entry["path"]
        text = module.read_text(encoding="utf-8")
        for target in re.findall(
            r'^(?:import|export)\b[^;\n]*\bfrom "([^"]+)"', text, re.MULTILINE
        ):
            assert target.startswith("./")
            assert (module.parent / target).is_file()
