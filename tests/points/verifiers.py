"""Two verifiers of Open Badges that other people wrote, asked without a network.

- `@digitalcredentials/verifier-core` (npm), the Digital Credentials Consortium's, in JavaScript:
  the whole way, with the issuer's document, the proof, and the status list with its own proof.
- `openbadgeslib` (PyPI), in Python: besides, that no member of the JSON escapes the signature.

Each gets what our pages publish as `documents`: {address: document}, and nothing else.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SOURCE = Path(__file__).resolve().parent / "openbadges_verifier"

SCHEMA = "ob_v3p0_achievementcredential_schema.json"
SCHEMA_ADDRESS = f"https://purl.imsglobal.org/spec/ob/v3p0/schema/json/{SCHEMA}"

Document = dict[str, Any]


def find_node_verifier() -> Path:
    """Where `make test` has installed it. Where there is no npm: skips, or fails in CI."""
    folder = Path(sys.prefix) / "openbadges_verifier"
    if not (folder / "node_modules").is_dir() or shutil.which("node") is None:
        if os.environ.get("CI") == "true" or os.environ.get("LINLI_REQUIRE_BROWSER") == "1":
            pytest.fail("CI needs the independent verifier of Open Badges: node, npm, `make test`.")
        pytest.skip("no independent verifier of Open Badges here (`make test` installs it by npm)")
    return folder


def ask_node_verifier(
    folder: Path, *, credential: Document, documents: dict[str, Document]
) -> Document:
    """{"errors", "log", "additionalInformation", "asked"}: its own words."""
    schema = json.loads((SOURCE / "schemas" / SCHEMA).read_text(encoding="utf-8"))
    documents = documents | {SCHEMA_ADDRESS: schema}
    answer = subprocess.run(
        ["node", "verify.mjs"],
        cwd=folder,
        input=json.dumps({"credential": credential, "documents": documents}),
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return json.loads(answer.stdout)


def node_verifies(folder: Path, **asked: Any) -> bool:
    """Every step that makes a badge good: signature, dates, and not revoked."""
    answer = ask_node_verifier(folder, **asked)
    passed = {step["id"] for step in answer["log"] if step.get("valid") is True}
    return not answer["errors"] and passed >= {
        "valid_signature",
        "expiration",
        "revocation_status",
    }


def python_verifies(*, credential: Document, documents: dict[str, Document]) -> bool:
    """Proof and status bit by openbadgeslib; the status list's proof by its building block.

    (It checks a list's own proof by itself only where that is a JWT.)
    """
    from openbadgeslib.ob3 import OB3VerificationError
    from openbadgeslib.ob3.did import resolve_verification_method
    from openbadgeslib.ob3.ldp import OB3LdpVerifier, verify_data_integrity_proof

    def download(address: str, *_more: Any, **_options: Any) -> bytes:
        return json.dumps(documents[address]).encode()

    try:
        verifier = OB3LdpVerifier.for_issuer_did(credential["issuer"]["id"])
        verifier.verify(credential, download=download, check_status=True, verify_status_list=False)
        status_list = documents[credential["credentialStatus"]["statusListCredential"]]
        method = status_list["proof"]["verificationMethod"]
        if method.partition("#")[0] != credential["issuer"]["id"]:
            return False
        key = resolve_verification_method(method, download=download)
        verify_data_integrity_proof(status_list, key)
    except OB3VerificationError:
        return False
    return True
