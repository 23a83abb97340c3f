"""How a text message leaves the house. `settings.LINLI_SMS_BACKEND` names the class.

A backend is `send(*, phone, text)` and nothing else; SmsNotSent says that it did not go out.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import secrets
import time
import urllib.error
import urllib.request
from abc import ABC, abstractmethod

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from volunteers.models import PhoneMessage

logger = logging.getLogger(__name__)


class SmsNotSent(Exception):
    """The message did not go out; the text is for the person who waits for it."""

    def __init__(self) -> None:
        super().__init__(
            _("We could not send a text message just now. Please try again in a minute.")
        )


class SmsBackend(ABC):
    @abstractmethod
    def send(self, *, phone: str, text: str) -> None:
        """Hand over one message to a number in E.164 form (`+86…`). Raises SmsNotSent."""


class DatabaseBackend(SmsBackend):
    """Keeps messages as PhoneMessage rows, for the demo (/demo/messages/) and the tests."""

    def send(self, *, phone: str, text: str) -> None:
        PhoneMessage.objects.create(phone=phone, text=text)


class HttpBackend(SmsBackend):
    """POSTs `{"id", "phone", "text", "at"}` to the city's message gateway.

    Headers: `X-Linli-Timestamp` (Unix seconds) and `X-Linli-Signature`, the hex HMAC-SHA256 of
    `<timestamp>.<body>` under LINLI_SMS_SECRET. `id` lets the gateway drop a message sent twice.
    Anything but a 2xx answer within TIMEOUT_SECONDS is a failure; redirects are not followed.
    """

    TIMEOUT_SECONDS = 5

    def __init__(self) -> None:
        if not settings.LINLI_SMS_URL or not settings.LINLI_SMS_SECRET:
            raise ImproperlyConfigured("HttpBackend needs LINLI_SMS_URL and LINLI_SMS_SECRET.")

    def send(self, *, phone: str, text: str) -> None:
        timestamp = str(int(time.time()))
        body = json.dumps(
            {"id": secrets.token_hex(16), "phone": phone, "text": text, "at": timestamp},
            ensure_ascii=False,
        ).encode()
        # The address is the operator's own setting, never anything a visitor can write.
        request = urllib.request.Request(  # noqa: S310
            settings.LINLI_SMS_URL,
            data=body,
            method="POST",
            headers={
                "Content-Type": "application/json; charset=utf-8",
                "X-Linli-Timestamp": timestamp,
                "X-Linli-Signature": sign(timestamp=timestamp, body=body),
            },
        )
        try:
            with _opener.open(request, timeout=self.TIMEOUT_SECONDS):
                pass
        except (OSError, urllib.error.HTTPError) as error:
            # Neither the number nor the text, which holds a code, belongs into a log.
            logger.warning("SMS gateway did not take a message: %s", error)
            raise SmsNotSent from error


def sign(*, timestamp: str, body: bytes) -> str:
    """What X-Linli-Signature holds."""
    message = timestamp.encode() + b"." + body
    return hmac.new(settings.LINLI_SMS_SECRET.encode(), message, hashlib.sha256).hexdigest()


def send_sms(*, phone: str, text: str) -> None:
    """Send by the backend that the settings name. Raises SmsNotSent."""
    backend: SmsBackend = import_string(settings.LINLI_SMS_BACKEND)()
    backend.send(phone=phone, text=text)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: object, **kwargs: object) -> None:
        """A signed body with somebody's code in it goes to the address that was configured only."""


_opener = urllib.request.build_opener(_NoRedirect)
