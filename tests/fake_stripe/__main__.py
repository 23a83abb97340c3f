"""`python -m tests.fake_stripe --port 12111`: a fake Stripe as a process of its own."""

import argparse
import signal
import threading

from tests.fake_stripe import KEY, PLATFORM, FakeStripe


def main() -> None:
    asked = _arguments()
    fake = FakeStripe(port=asked.port, keys={asked.key: PLATFORM})
    fake.world.outcomes.delayed_after = fake.world.outcomes.refund_after = asked.later
    for account in asked.account:
        fake.control.connect_account(platform=PLATFORM, account=account)
    for connect, url, secret in (
        (False, asked.endpoint, asked.secret),
        (True, asked.connect_endpoint, asked.connect_secret),
    ):
        if url:
            fake.control.register_endpoint(
                account=PLATFORM, url=url, secret=secret, connect_events=connect
            )
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    with fake:
        print(f"A fake Stripe answers on {fake.url}; no money moves.", flush=True)
        stopped.wait()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fake_stripe", description=__doc__)
    parser.add_argument("--port", type=int, default=12111)
    parser.add_argument("--key", default=KEY, help="the sk_test_ key it knows")
    parser.add_argument("--account", action="append", default=[], metavar="acct_...",
                        help="a connected account that is there from the start")  # fmt: skip
    parser.add_argument("--endpoint", help="where the platform's own events go")
    parser.add_argument("--secret", help="that endpoint's signing secret")
    parser.add_argument("--connect-endpoint", help="where connected accounts' events go")
    parser.add_argument("--connect-secret", help="that endpoint's signing secret")
    parser.add_argument("--later", type=int, default=15, metavar="SECONDS",
                        help="when bank transfers and pending refunds are decided")  # fmt: skip
    return parser.parse_args()


if __name__ == "__main__":
    main()
