"""Fields that keep a personal number unreadable at rest (P6)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import models


def encrypt_text(plain: str) -> bytes:
    """AES-256-GCM, a fresh 12-byte nonce in front. settings.LINLI_ID_KEY: 32 bytes in base64."""
    nonce = os.urandom(12)
    return nonce + AESGCM(_id_key()).encrypt(nonce, plain.encode(), None)


def decrypt_text(cipher: bytes) -> str:
    return AESGCM(_id_key()).decrypt(bytes(cipher[:12]), bytes(cipher[12:]), None).decode()


def keyed_hash(plain: str) -> str:
    """HMAC-SHA256 hex of the normalised number: finds equals without revealing them."""
    key = base64.urlsafe_b64decode(settings.LINLI_ID_HASH_KEY)
    return hmac.new(key, plain.strip().upper().encode(), hashlib.sha256).hexdigest()


def _id_key() -> bytes:
    return base64.urlsafe_b64decode(settings.LINLI_ID_KEY)


if TYPE_CHECKING:
    _StoredAsBytes = models.TextField
else:
    _StoredAsBytes = models.BinaryField


class EncryptedTextField(_StoredAsBytes):
    """Text to Python, ciphertext in the database. An empty string is stored as NULL."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.update(null=True, blank=True, editable=True)
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        for key in ("null", "blank", "editable"):
            kwargs.pop(key, None)
        return name, path, args, kwargs

    def from_db_value(self, value: Any, _expression: Any, _connection: Any) -> str:
        return "" if value is None else decrypt_text(bytes(value))

    def get_prep_value(self, value: Any) -> Any:
        return encrypt_text(value) if value else None

    def to_python(self, value: Any) -> str:
        return value or ""

    def value_to_string(self, _obj: Any) -> str:
        return ""


class NullableEmailField(models.EmailField):
    """An address or nothing. Nothing is NULL, so that any number of people may have none."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.update(null=True, blank=True)
        super().__init__(*args, **kwargs)

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return value.lower() if value else None
