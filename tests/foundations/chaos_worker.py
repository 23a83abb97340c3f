"""The product's Celery application, whose Stripe is the fake one of the chaos run."""

from __future__ import annotations

import os

from django.conf import settings

from config.celery import app
from tests.fake_stripe import KEY

settings.LINLI_STRIPE_KEY = KEY
settings.LINLI_STRIPE_URL = os.environ["LINLI_CHAOS_STRIPE_URL"]

__all__ = ["app"]
