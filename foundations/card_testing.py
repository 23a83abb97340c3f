"""Keeps away who tries stolen cards on a giving form (docs/decisions/card-testing.md).

A visitor's browser proves a little work for each form; one without JavaScript waits some seconds
instead. Then starts are counted by address, mail and fund. Who is signed in is only counted.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from redis.exceptions import RedisError

from foundations.models import Fund
from volunteers.actions.security import address_of
from volunteers.limits import LockedOut, take_code

logger = logging.getLogger(__name__)

SALT = "linli.giving.challenge"
WAIT_SALT = "linli.giving.wait"
# Somebody may think about an amount over a cup of tea.
LASTS_SECONDS = 2 * 3600
WAIT_SECONDS = 10
MAIL_AN_HOUR = 6
FUND_AN_HOUR = 300
ACCOUNT_AN_HOUR = 20
# Without JavaScript nothing is computed, so it is counted more closely.
WAITED_ADDRESS_AN_HOUR = 3
WAITED_AN_HOUR = 30


class NotLetThrough(Exception):
    """No page at the payment service is opened; `str()` says what helps."""

    sentence: str | Promise = ""

    def __str__(self) -> str:
        return str(self.sentence)


class NotProven(NotLetThrough):
    sentence = _(
        "A short check that keeps card thieves away did not run in your browser. Nothing you wrote"
        " is lost: please wait ten seconds and press again, or sign in."
    )


class NotWaited(NotLetThrough):
    sentence = _("A few seconds more, please. Then press again.")


class TooManyStarts(NotLetThrough):
    sentence = _(
        "Many gifts were begun from here within the hour, more than we let through unseen. Please"
        " sign in to go on, or come back in an hour."
    )


class TooManyOfOwn(NotLetThrough):
    sentence = _("You have begun many gifts within the hour. Please come back in an hour.")


@dataclass(frozen=True)
class Challenge:
    """`target` is the SHA-256 of `salt` and a number below `most`, which the browser finds.

    The token carries both, signed, with the form's nonce and fund: it is good for that form only,
    and a nonce begins one payment, so a proof cannot be used twice.
    """

    token: str
    salt: str
    target: str
    most: int


def new_challenge(*, nonce: UUID | str, fund: Fund) -> Challenge:
    most = settings.LINLI_GIVING_PROOF_WORK
    salt = secrets.token_hex(12)
    target = _digest(salt, secrets.randbelow(most))
    said = {"nonce": str(nonce), "fund": fund.pk, "salt": salt, "target": target}
    return Challenge(signing.dumps(said, salt=SALT), salt, target, most)


def new_wait(*, nonce: UUID | str, fund: Fund) -> str:
    """For a browser that computes nothing: a word that is good in some seconds."""
    return signing.dumps({"nonce": str(nonce), "fund": fund.pk}, salt=WAIT_SALT)


def let_through(
    request: HttpRequest, *, fund: Fund, nonce: UUID, email: str, challenge: str, proof: str,
    wait: str,
) -> None:  # fmt: skip
    """Who is let through is counted. Raises NotLetThrough."""
    if request.user.is_authenticated:
        try:
            _take(who=f"account:{request.user.pk}", an_hour=ACCOUNT_AN_HOUR)
        except TooManyStarts as too_many:
            raise TooManyOfOwn from too_many
        return
    address = address_of(request) or "none"
    if not is_proven(token=challenge, proof=proof, nonce=nonce, fund=fund):
        _let_wait(wait, nonce=nonce, fund=fund)
        _take(who=f"waited:{address}", an_hour=WAITED_ADDRESS_AN_HOUR)
        _take(who="waited", an_hour=WAITED_AN_HOUR)
    _take(who=f"address:{address}", an_hour=settings.LINLI_GIFTS_PER_ADDRESS_AN_HOUR)
    _take(who=f"fund:{fund.pk}", an_hour=FUND_AN_HOUR)
    if email:
        _take(who=f"mail:{email.lower()}", an_hour=MAIL_AN_HOUR)


def is_proven(*, token: str, proof: str, nonce: UUID, fund: Fund) -> bool:
    said = _said(token, salt=SALT, nonce=nonce, fund=fund)
    if said is None or not (proof.isascii() and proof.isdigit() and len(proof) <= 9):
        return False
    return constant_time_compare(_digest(str(said["salt"]), int(proof)), str(said["target"]))


def _let_wait(wait: str, *, nonce: UUID, fund: Fund) -> None:
    if _said(wait, salt=WAIT_SALT, nonce=nonce, fund=fund) is None:
        raise NotProven
    try:
        signing.loads(wait, salt=WAIT_SALT, max_age=WAIT_SECONDS)
    except signing.SignatureExpired:
        return
    raise NotWaited


def _said(token: str, *, salt: str, nonce: UUID, fund: Fund) -> dict[str, Any] | None:
    try:
        said: dict[str, Any] = signing.loads(token, salt=salt, max_age=LASTS_SECONDS)
    except signing.BadSignature:
        return None
    return said if (said["nonce"], said["fund"]) == (str(nonce), fund.pk) else None


def _take(*, who: str, an_hour: int) -> None:
    try:
        take_code(who=who, what="give", an_hour=an_hour)
    except LockedOut as too_many:
        raise TooManyStarts from too_many
    except RedisError:
        # Neighbours go on giving; the proof still costs whoever comes in a crowd.
        logger.warning("The cache is away: starts of gifts are not counted.")


def _digest(salt: str, number: int) -> str:
    return hashlib.sha256(f"{salt}{number}".encode()).hexdigest()
