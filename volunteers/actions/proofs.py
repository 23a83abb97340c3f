"""Codes that prove a phone or a mailbox the account does not own yet.

Tries are counted on the row, under its lock: neither a new session nor many requests at once bring
more of them.
"""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.core.mail import send_mail
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from volunteers.fields import keyed_hash
from volunteers.models import ProofCode, Volunteer
from volunteers.sms import send_sms

PAUSE = timedelta(seconds=30)
MAX_SENT_AN_HOUR = 5
MAX_WRONG_A_DAY = 15


class ProofRefused(Exception):
    """The code was not sent, or not accepted; the message says why."""


def send_proof_code(
    *, volunteer: Volunteer, purpose: str, sent_to: str, subject: str = ""
) -> ProofCode:
    """Send a six-digit code to a phone (`+…`) or an e-mail address.

    Raises ProofRefused when too many were sent there or guessed at there lately, and SmsNotSent.
    """
    code = f"{secrets.randbelow(10**6):06d}"
    with transaction.atomic():
        Volunteer.objects.select_for_update(no_key=True).get(pk=volunteer.pk)
        _refuse_flood(sent_to)
        _refuse_flood_by(volunteer)
        proof = ProofCode.objects.create(
            volunteer=volunteer,
            purpose=purpose,
            sent_to=sent_to,
            subject=subject,
            code_hash=_code_hash(volunteer, code),
        )
    # Outside the transaction: a slow gateway must not hold the row.
    text = _text(purpose, code)
    if sent_to.startswith("+"):
        send_sms(phone=sent_to, text=text)
    else:
        send_mail(_("Your Linli code"), text, None, [sent_to])
    return proof


def use_proof_code(*, volunteer: Volunteer, purpose: str, code: str, subject: str = "") -> str:
    """Return where the code had been sent; it works once.

    Raises ProofRefused for a wrong code, and for any code once MAX_TRIES wrong ones were typed.
    The try is counted even when this raises: the transaction commits before that.
    """
    with transaction.atomic():
        proof = (
            ProofCode.objects.select_for_update(no_key=True)
            .filter(volunteer=volunteer, purpose=purpose, subject=subject)
            .order_by("-sent_at", "-id")
            .first()
        )
        if proof is None or not proof.is_open:
            raise ProofRefused(_("This code no longer works. Please ask for a new one."))
        typed = "".join(character for character in code if character.isdigit())
        is_right = secrets.compare_digest(proof.code_hash, _code_hash(volunteer, typed))
        if is_right:
            proof.used_at = timezone.now()
        else:
            proof.tries += 1
        proof.save(update_fields=["used_at", "tries"])
    if not is_right:
        raise ProofRefused(_("That is not the code we sent."))
    return proof.sent_to


def _refuse_flood(sent_to: str) -> None:
    now = timezone.now()
    there = ProofCode.objects.filter(sent_to=sent_to)
    if there.filter(sent_at__gt=now - PAUSE).exists():
        raise ProofRefused(gettext_lazy("A code was sent a moment ago. Please wait half a minute."))
    if there.filter(sent_at__gt=now - timedelta(hours=1)).count() >= MAX_SENT_AN_HOUR:
        raise ProofRefused(gettext_lazy("Too many codes were sent there. Please try in an hour."))
    wrong = sum(there.filter(sent_at__gt=now - timedelta(days=1)).values_list("tries", flat=True))
    if wrong >= MAX_WRONG_A_DAY:
        raise ProofRefused(gettext_lazy("Too many wrong codes. Please try again tomorrow."))


def _refuse_flood_by(volunteer: Volunteer) -> None:
    """One account cannot write to many strangers: ten codes a day, wherever to."""
    since = timezone.now() - timedelta(days=1)
    if ProofCode.objects.filter(volunteer=volunteer, sent_at__gt=since).count() >= 10:
        raise ProofRefused(gettext_lazy("Too many codes for one day. Please try again tomorrow."))


def _code_hash(volunteer: Volunteer, code: str) -> str:
    return keyed_hash(f"{volunteer.pk}:{code}")


def _text(purpose: str, code: str) -> str:
    if purpose == ProofCode.Purpose.MERGE:
        return _(
            "%(code)s is the code with which your Linli registration is joined to another account. "
            "If that was not you, tell nobody this code."
        ) % {"code": code}
    if purpose == ProofCode.Purpose.GUARDIAN:
        return _(
            "%(code)s is the code with which you agree, as a guardian, that the minor volunteers "
            "with Linli. Give it to the minor only if you agree."
        ) % {"code": code}
    return _("%(code)s is your Linli code. It works for ten minutes.") % {"code": code}
