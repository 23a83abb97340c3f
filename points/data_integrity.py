"""Signing a document as W3C Data Integrity asks, with the cryptosuite eddsa-rdfc-2022.

What is signed is not the text but what it says: the RDF that the JSON-LD stands for, in its
canonical form. Pure functions; the contexts lie in points/data/contexts/ and the network is never
asked.
"""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

CONTEXTS = Path(__file__).resolve().parent / "data" / "contexts"
# What stands before an Ed25519 public key in a Multikey (the multicodec 0xed, as a varint).
ED25519_PREFIX = b"\xed\x01"
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

Document = dict[str, Any]

# The library keeps what it made of the contexts in dictionaries that threads must not share.
_one_at_a_time = Lock()


class UnknownContext(Exception):
    """A document names a context that is not among those kept here."""


def new_key() -> tuple[str, str]:
    """A fresh Ed25519 key: (public, private), 32 bytes each in base64url without padding."""
    private = Ed25519PrivateKey.generate()
    return (
        to_base64url(private.public_key().public_bytes_raw()),
        to_base64url(private.private_bytes_raw()),
    )


def multikey(public_key: str) -> str:
    """The public key as verifiers read it: `z6Mk…`."""
    return "z" + to_base58(ED25519_PREFIX + from_base64url(public_key))


def sign(
    document: Document, *, private_key: str, verification_method: str, created: datetime
) -> Document:
    """The document with its proof. Raises UnknownContext."""
    if unknown := set(document["@context"]) - _contexts().keys():
        raise UnknownContext(*unknown)
    proof = {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-rdfc-2022",
        "created": in_utc(created),
        "verificationMethod": verification_method,
        "proofPurpose": "assertionMethod",
    }
    options = {"@context": document["@context"], **proof}
    key = Ed25519PrivateKey.from_private_bytes(from_base64url(private_key))
    signature = key.sign(_digest(options) + _digest(document))
    return {**document, "proof": {**proof, "proofValue": "z" + to_base58(signature)}}


def in_utc(moment: datetime) -> str:
    """`2026-03-01T08:30:00Z`: whole seconds, which every verifier reads alike."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def to_base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def to_base58(raw: bytes) -> str:
    number, digits = int.from_bytes(raw), ""
    while number:
        number, digit = divmod(number, 58)
        digits = BASE58[digit] + digits
    leading_zeros = len(raw) - len(raw.lstrip(b"\0"))
    return BASE58[0] * leading_zeros + digits


def _digest(document: Document) -> bytes:
    # Slow to import: only who signs pays for it.
    from pyld import jsonld

    options = {
        "algorithm": "URDNA2015",
        "format": "application/n-quads",
        "documentLoader": _load_context,
    }
    with _one_at_a_time:
        canonical = jsonld.normalize(document, options)
    return hashlib.sha256(canonical.encode()).digest()


def _load_context(address: str, _options: Any = None) -> Document:
    known = _contexts()
    if address not in known:
        raise UnknownContext(address)
    return {
        "contextUrl": None,
        "documentUrl": address,
        "contentType": "application/ld+json",
        "document": known[address],
    }


@cache
def _contexts() -> dict[str, Document]:
    listed = json.loads((CONTEXTS / "manifest.json").read_text(encoding="utf-8"))["contexts"]
    return {
        entry["address"]: json.loads((CONTEXTS / entry["file"]).read_text(encoding="utf-8"))
        for entry in listed
    }
