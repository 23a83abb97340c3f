"""Gifts and refunds at a fake Stripe while everything goes wrong: what is left at the end, as JSON.

`python -m tests.foundations.chaos GIFTS REFUNDS`, on a database of its own (LINLI_DATA). Every
delivery comes five times, late and out of order, a tenth never; the door is shut for a while; the
worker is killed in the middle of its work, again and again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import django

PROJECT = Path(__file__).resolve().parents[2]
ACCOUNT = "acct_of_the_foundation"
CONNECT_SECRET = "whsec_of_connect"
SEED = 20261124
COPIES, DROPPED = 5, 0.1
KILLS = 3
MEASURED = 40
WAIT_SECONDS = 900


def main(gifts: int, refunds: int) -> None:
    os.environ["LINLI_DEMO"] = "0"
    django.setup()
    from django.conf import settings

    from tests.fake_stripe import KEY, PLATFORM, FakeStripe

    began = time.monotonic()
    with FakeStripe(retry_after=(0.2, 0.5), seed=SEED) as fake:
        settings.LINLI_STRIPE_KEY, settings.LINLI_STRIPE_URL = KEY, fake.url
        settings.LINLI_STRIPE_CONNECT_SECRET = CONNECT_SECRET
        fake.control.connect_account(platform=PLATFORM, account=ACCOUNT)
        fund = _books()
        with _door() as door:
            fake.control.register_endpoint(
                account=PLATFORM, url=door.url, secret=CONNECT_SECRET, connect_events=True
            )
            fake.control.duplicate(copies=COPIES)
            fake.control.shuffle()
            told = _live(fake, fund, door, gifts=gifts, refunds=refunds)
            told |= _speed(fake, fund)
        print(json.dumps(told | {"seconds": round(time.monotonic() - began, 1)}))


def _books() -> Any:
    from foundations.actions.books import create_foundation, create_fund
    from volunteers.models import Organisation, Territory

    territory = Territory.objects.create(
        code_system="chaos", code_version="1", code="1", level=5, name="测试社区", path="/1/"
    )
    organisation = Organisation.objects.create(
        name="测试基金会", slug="chaos", kind="foundation", territory=territory
    )
    foundation = create_foundation(
        organisation=organisation, by=None, mode="own_name", kind="public"
    )
    foundation.stripe_account = ACCOUNT
    foundation.save(update_fields=["stripe_account"])
    return create_fund(foundation=foundation, name="老人食堂", purpose="热饭", by=None)


def _live(fake: Any, fund: Any, door: _Door, *, gifts: int, refunds: int) -> dict[str, Any]:
    dice = random.Random(SEED)
    amounts = [dice.randrange(400, 200_000) for _gift in range(gifts)]
    with _Workers(fake.url) as workers, ThreadPoolExecutor(8) as donors:
        some, many = gifts // 4, gifts // 2
        begun = list(donors.map(lambda amount: _give(fake, fund, amount), amounts[:many]))
        workers.kill()
        fake.control.wait_until_idle(seconds=WAIT_SECONDS)
        door.shut()
        begun += donors.map(lambda amount: _give(fake, fund, amount), amounts[many:-some])
        # Half of the refunds for payments of which nobody here has heard yet.
        list(donors.map(lambda gift: _pay_back(fake, gift, dice), begun[-(refunds // 2) :]))
        # Stripe has tried again and given up by now.
        fake.control.wait_until_idle(seconds=WAIT_SECONDS)
        door.open()
        begun += donors.map(lambda amount: _give(fake, fund, amount), amounts[-some:])
        paid = begun[: refunds - refunds // 2]
        list(donors.map(lambda gift: _pay_back(fake, gift, dice), paid))
        for _kill in range(KILLS - 1):
            time.sleep(1)
            workers.kill()
        fake.control.wait_until_idle(seconds=WAIT_SECONDS)
        _back_fill()
        _wait_until_nothing_is_owed()
    return _found(fake, fund) | {"killed": workers.killed, "lost": len(door.lost)}


def _give(fake: Any, fund: Any, amount_minor: int) -> str:
    from django.db import connection

    from tests.foundations.gateway_cast import begin_gift

    gift = begin_gift(fund, amount_minor)
    method = ("card", "alipay", "wechat_pay")[amount_minor % 3]
    fake.control.pay(session=gift.session_ref, method=method)
    connection.close()
    return str(gift.session_ref)


def _pay_back(fake: Any, session: str, dice: random.Random) -> None:
    client = fake.client()
    found = client.v1.checkout.sessions.retrieve(session, None, {"stripe_account": ACCOUNT})
    part = found.amount_total // dice.choice((1, 2, 3))
    fake.control.refund(payment=found.payment_intent, amount=part)


def _back_fill() -> None:
    from foundations.actions.checking import back_fill

    back_fill()


def _wait_until_nothing_is_owed() -> None:
    from django.utils import timezone

    from foundations.models import WebhookEvent

    until = time.monotonic() + WAIT_SECONDS
    while (owed := WebhookEvent.objects.filter(state="owed")).exists():
        if time.monotonic() > until:
            raise TimeoutError("notifications are still owed")
        # What a killed worker had promised itself would be due in three minutes: not for this.
        soon = timezone.now() + timedelta(minutes=2)
        owed.filter(next_try_at__gt=soon).update(next_try_at=None)
        _send_task()
        time.sleep(2)


def _send_task() -> None:
    from foundations.tasks import work_on_notifications

    work_on_notifications.delay()


def _found(fake: Any, fund: Any) -> dict[str, Any]:
    from django.core.management import CommandError, call_command
    from django.db.models import Sum

    from foundations.models import Confirmation, Gift, MoneyAccount, Refund, WebhookEvent

    page = fake.client().v1.balance_transactions.list({"limit": 100}, {"stripe_account": ACCOUNT})
    theirs = list(page.auto_paging_iter())
    ours = MoneyAccount.objects.get(
        foundation=fund.foundation, kind="processor", currency="CNY"
    ).balance_minor
    try:
        call_command("check_money", verbosity=0)
        is_sound = True
    except (CommandError, SystemExit):
        is_sound = False
    refunds = Refund.objects.aggregate(sum=Sum("amount_minor"))["sum"]
    return {
        "gifts": Gift.objects.paid().count(),
        "confirmations": Confirmation.objects.count(),
        "refunds": Refund.objects.filter(state="paid").count(),
        "refunded_minor": Gift.objects.aggregate(sum=Sum("refunded_minor"))["sum"],
        "refunds_minor": refunds,
        "ours_minor": ours,
        "theirs_minor": sum(line.net for line in theirs),
        "lines": len(theirs),
        "back_filled": WebhookEvent.objects.filter(is_back_filled=True).count(),
        "events": WebhookEvent.objects.count(),
        "set_aside": WebhookEvent.objects.filter(state="quarantined").count(),
        "is_sound": is_sound,
    }


def _speed(fake: Any, fund: Any) -> dict[str, float]:
    """In this process alone, in calm: so many events asked about, then as many also booked."""
    from foundations.actions.notifications import receive_notifications, work_on_next_notification
    from foundations.gateway import get_gateway

    gateway = get_gateway("stripe")
    fake.control.calm()
    fake.control.hold()
    since = datetime.now(UTC)
    for _number in range(MEASURED):
        _give(fake, fund, 10_000)
    told = [
        one
        for one in gateway.list_notifications(foundation=fund.foundation, since=since)
        if one.happened_at >= since.replace(microsecond=0)
    ]
    began = time.perf_counter()
    for one in told:
        gateway.read(notification=one)
    asked = time.perf_counter() - began
    new = receive_notifications(gateway="stripe", told=told)
    began = time.perf_counter()
    while work_on_next_notification():
        pass
    booked = time.perf_counter() - began
    return {"asked_a_second": len(told) / asked, "booked_a_second": new / booked}


# The door: the product's own view behind a plain server that can be shut


class _Door:
    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.url = f"http://127.0.0.1:{server.server_address[1]}/"
        self.is_shut = False
        self.lost: set[str] = set()

    def loses(self, event: str) -> bool:
        """All copies of a tenth of the events: taken in with a smile, and gone."""
        if int.from_bytes(hashlib.sha256(event.encode()).digest()[:4]) >= DROPPED * 2**32:
            return False
        self.lost.add(event)
        return True

    def shut(self) -> None:
        self.is_shut = True

    def open(self) -> None:
        self.is_shut = False


@contextlib.contextmanager
def _door() -> Iterator[_Door]:
    from django.db import connection
    from django.test import RequestFactory

    from foundations.views.webhooks import stripe_connect_webhook

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = 502
            if door.loses(json.loads(body)["id"]):
                status = 200
            elif not door.is_shut:
                signed = {"Stripe-Signature": self.headers["Stripe-Signature"]}
                request = RequestFactory().post(
                    "/", body, content_type="application/json", headers=signed
                )
                status = stripe_connect_webhook(request).status_code
                connection.close()
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_said: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    door = _Door(server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield door
    server.shutdown()
    server.server_close()


class _Workers:
    """A real Celery worker with two processes; killed whole, and another comes at once."""

    def __init__(self, url: str) -> None:
        self.killed = 0
        self._environment = os.environ | {"LINLI_CHAOS_STRIPE_URL": url}
        self._log = tempfile.TemporaryFile("w+b")  # noqa: SIM115 - closed with the workers

    def __enter__(self) -> _Workers:
        self._start()
        return self

    def _start(self) -> None:
        self._process = subprocess.Popen(
            [
                sys.executable, "-m", "celery", "-A", "tests.foundations.chaos_worker", "worker",
                "--loglevel=WARNING", "--concurrency=2", f"--hostname=chaos-{self.killed}",
                "--without-gossip", "--without-mingle",
            ],
            cwd=PROJECT, env=self._environment, stdin=subprocess.DEVNULL, stdout=self._log,
            stderr=self._log, start_new_session=True,
        )  # fmt: skip

    def kill(self) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self.killed += 1
        self._start()

    def __exit__(self, *_trouble: object) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._log.seek(0)
        sys.stderr.buffer.write(self._log.read()[-3000:])
        self._log.close()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
