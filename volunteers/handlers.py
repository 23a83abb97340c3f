"""The security log listens to allauth; joining by e-mail goes on when the mailbox is proven."""

from __future__ import annotations

from typing import Any

from allauth.account import signals as account_signals
from allauth.mfa import signals as mfa_signals
from django.contrib.auth.signals import user_logged_in

from volunteers.actions.security import address_of, log_security_event
from volunteers.models import SecurityEvent, User

Kind = SecurityEvent.Kind


def connect() -> None:
    user_logged_in.connect(note_logged_in, dispatch_uid="volunteers.note_logged_in")
    account_signals.login_code_rejected.connect(
        note_wrong_code, dispatch_uid="volunteers.note_wrong_code"
    )
    account_signals.email_confirmed.connect(join_by_email, dispatch_uid="volunteers.join_by_email")
    for signal in (
        account_signals.password_set,
        account_signals.password_changed,
        account_signals.password_reset,
    ):
        signal.connect(note_password, dispatch_uid="volunteers.note_password")
    for signal in (mfa_signals.authenticator_added, mfa_signals.authenticator_removed):
        signal.connect(note_second_factor, dispatch_uid="volunteers.note_second_factor")


def note_logged_in(*, request: Any, user: User, **_kwargs: Any) -> None:
    log_security_event(kind=Kind.LOGGED_IN, user=user, by=user, address=_address(request))


def note_wrong_code(*, request: Any, user: User, last_attempt: bool, **_kwargs: Any) -> None:
    log_security_event(
        kind=Kind.LOGIN_FAILED,
        user=user,
        address=_address(request),
        detail="wrong code, the last try" if last_attempt else "wrong code",
    )


def note_password(*, request: Any, user: User, **_kwargs: Any) -> None:
    log_security_event(kind=Kind.PASSWORD_CHANGED, user=user, by=user, address=_address(request))


def note_second_factor(*, request: Any, user: User, authenticator: Any, **_kwargs: Any) -> None:
    log_security_event(
        kind=Kind.SECOND_FACTOR,
        user=user,
        by=user,
        address=_address(request),
        detail=str(authenticator.type),
    )


def join_by_email(*, request: Any, email_address: Any, **_kwargs: Any) -> None:
    from volunteers.accounts import finish_joining  # allauth's adapter needs the apps first

    finish_joining(request, email_address.user)


def _address(request: Any) -> str | None:
    """client.force_login() in tests, and management commands, have no address."""
    if request is None or not request.META.get("REMOTE_ADDR"):
        return None
    return address_of(request)
