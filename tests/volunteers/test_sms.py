"""Text messages: kept in the demo, signed and posted in production."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from volunteers.models import PhoneMessage, User
from volunteers.sms import HttpBackend, SmsNotSent, send_sms

pytestmark = pytest.mark.django_db


class Gateway(BaseHTTPRequestHandler):
    """A message gateway of the test's own, on a real socket."""

    requests: list[tuple[dict[str, str], bytes]] = []
    status = 200
    location = ""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        Gateway.requests.append((dict(self.headers), body))
        self.send_response(Gateway.status)
        if Gateway.location:
            self.send_header("Location", Gateway.location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_args: Any) -> None:
        pass


@pytest.fixture
def gateway(settings: Any) -> Iterator[type[Gateway]]:
    server = HTTPServer(("127.0.0.1", 0), Gateway)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    Gateway.requests, Gateway.status, Gateway.location = [], 200, ""
    settings.LINLI_SMS_BACKEND = "volunteers.sms.HttpBackend"
    settings.LINLI_SMS_URL = f"http://127.0.0.1:{server.server_port}/send"
    settings.LINLI_SMS_SECRET = "gateway-secret"
    yield Gateway
    server.shutdown()
    server.server_close()


def test_the_gateway_gets_a_signed_message(gateway: type[Gateway]) -> None:
    send_sms(phone="+8613800000001", text="123456 是你的邻里验证码")

    headers, body = gateway.requests[0]
    data = json.loads(body)
    assert (data["phone"], data["text"]) == ("+8613800000001", "123456 是你的邻里验证码")
    signed = headers["X-Linli-Timestamp"].encode() + b"." + body
    expected = hmac.new(b"gateway-secret", signed, hashlib.sha256).hexdigest()
    assert headers["X-Linli-Signature"] == expected


def test_every_message_has_a_number_of_its_own(gateway: type[Gateway]) -> None:
    send_sms(phone="+8613800000001", text="a")
    send_sms(phone="+8613800000001", text="a")

    numbers = {json.loads(body)["id"] for _headers, body in gateway.requests}
    assert len(numbers) == 2


@pytest.mark.parametrize("status", [400, 401, 500, 503])
def test_a_refusal_is_a_sentence_and_no_stack_trace(gateway: type[Gateway], status: int) -> None:
    gateway.status = status

    with pytest.raises(SmsNotSent) as refusal:
        send_sms(phone="+8613800000001", text="a")

    assert str(refusal.value)


def test_a_signed_code_is_not_carried_to_another_address(gateway: type[Gateway]) -> None:
    gateway.status, gateway.location = 307, "http://127.0.0.1:1/elsewhere"

    with pytest.raises(SmsNotSent):
        send_sms(phone="+8613800000001", text="a")

    assert len(gateway.requests) == 1


def test_a_gateway_that_is_away_costs_seconds_not_minutes(
    settings: Any, gateway: type[Gateway]
) -> None:
    settings.LINLI_SMS_URL = "http://127.0.0.1:9/send"

    with pytest.raises(SmsNotSent):
        send_sms(phone="+8613800000001", text="a")

    assert HttpBackend.TIMEOUT_SECONDS <= 10


def test_the_log_names_neither_the_number_nor_the_code(
    gateway: type[Gateway], caplog: pytest.LogCaptureFixture
) -> None:
    gateway.status = 500

    with pytest.raises(SmsNotSent):
        send_sms(phone="+8613800000001", text="123456")

    assert caplog.text
    assert "13800000001" not in caplog.text
    assert "123456" not in caplog.text


def test_without_an_address_and_a_secret_it_does_not_start(settings: Any) -> None:
    settings.LINLI_SMS_URL = settings.LINLI_SMS_SECRET = ""

    with pytest.raises(ImproperlyConfigured):
        HttpBackend()


def test_who_waits_for_a_code_reads_that_none_went_out(
    client: Client, alice: User, gateway: type[Gateway]
) -> None:
    gateway.status = 503

    answer = client.post("/accounts/login/code/", {"phone": "13800000001"}, follow=True)

    assert answer.status_code == 200
    assert [str(message) for message in answer.context["messages"]]


def test_the_demo_shows_its_messages(client: Client) -> None:
    send_sms(phone="+8613800000001", text="654321 是你的验证码")

    page = client.get("/demo/messages/").content.decode()

    assert "654321" in page
    assert "654321" not in client.get("/demo/messages/?phone=139").content.decode()


def test_outside_the_demo_there_is_no_such_page(client: Client, settings: Any) -> None:
    PhoneMessage.objects.create(phone="+8613800000001", text="654321")
    settings.LINLI_DEMO = False

    answer = client.get("/demo/messages/")

    assert answer.status_code == 404
    assert "654321" not in answer.content.decode()
