"""A Stripe of our own for tests and the demo, spoken to by the official library.

    with FakeStripe() as fake:
        fake.client().v1.checkout.sessions.create({...})

Or as a process: `python -m tests.fake_stripe --port 12111`. See docs/decisions/fake-stripe.md.
"""

from tests.fake_stripe.fake import KEY, PLATFORM, FakeStripe
from tests.fake_stripe.webhooks import signature

__all__ = ["KEY", "PLATFORM", "FakeStripe", "signature"]
