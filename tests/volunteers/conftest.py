from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client

from volunteers.models import PhoneMessage, Territory

SignUp = Callable[..., Any]


@pytest.fixture(autouse=True)
def _fresh_limits() -> None:
    """Limits live in the cache: no test may eat another's tries."""
    cache.clear()


def newest_code(phone: str) -> str:
    """The code in the newest text message to a number."""
    message = PhoneMessage.objects.filter(phone=phone).first()
    assert message is not None, f"no message to {phone}"
    found = re.search(r"\b\d{6}\b", message.text)
    assert found, message.text
    return found[0]


def newest_mail_code(address: str) -> str:
    sent = [message for message in mail.outbox if message.to == [address]]
    found = re.search(r"\b\d{6}\b", str(sent[-1].body))
    assert found, sent[-1].body
    return found[0]


def write_sign_up(
    client: Client,
    *,
    phone: str = "13911110001",
    name: str = "周小满",
    community: Territory | None = None,
    **more: str,
) -> Any:
    data = {"phone": phone, "name": name, "agree": "on", "with": "phone", **more}
    if community:
        data["community"] = str(community.pk)
    return client.post("/accounts/signup/", data)


def sign_up(client: Client, *, phone: str = "13911110001", **more: Any) -> Any:
    """The whole sign-up: form, then the code that came by text message."""
    write_sign_up(client, phone=phone, **more)
    code = newest_code(f"+86{phone}")
    return client.post("/accounts/phone/verify/", {"action": "verify", "code": code})
