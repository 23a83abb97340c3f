"""How allauth's accounts are ours: phone numbers, text messages, joining, locks."""

from __future__ import annotations

import base64
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.stages import EmailVerificationStage
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.ratelimit import respond_429
from allauth.mfa.adapter import DefaultMFAAdapter
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from volunteers.actions.joining import Joining, join
from volunteers.actions.people import follow_phone
from volunteers.actions.security import address_of, log_security_event
from volunteers.fields import decrypt_text, encrypt_text
from volunteers.limits import LockedOut, take_message
from volunteers.models import SecurityEvent, User
from volunteers.phones import NoSuchNumber, PhoneField, normalise_phone
from volunteers.sms import SmsNotSent, send_sms

JOINING_SESSION_KEY = "linli_joining"


def keep_joining(request: HttpRequest, user: User, joining: Joining) -> None:
    """Remember in the session what was written at sign-up, for that account only."""
    request.session[JOINING_SESSION_KEY] = {"user_id": user.pk, **joining._asdict()}


def finish_joining(request: HttpRequest | None, user: User) -> None:
    """The phone or the mailbox is proven: who wrote the sign-up form in this browser joins."""
    kept = request.session.pop(JOINING_SESSION_KEY, None) if request else None
    if kept and kept.pop("user_id") == user.pk:
        join(user=user, joining=Joining(**kept))


class AccountAdapter(DefaultAccountAdapter):
    """A number typed at sign-up is only pending: it becomes the account's when a code proves it."""

    # The phone

    def phone_form_field(self, **kwargs: Any) -> PhoneField:
        kwargs.pop("label", None)
        return PhoneField(**kwargs)

    def get_phone(self, user: User) -> tuple[str, bool] | None:
        if user.phone:
            return user.phone, True
        if user.pending_phone:
            return user.pending_phone, False
        return None

    def set_phone(self, user: User, phone: str, verified: bool) -> None:
        if verified:
            self.set_phone_verified(user, phone)
            return
        user.pending_phone = phone
        user.save(update_fields=["pending_phone"])

    def set_phone_verified(self, user: User, phone: str) -> None:
        """The code came back: the number is this account's, and who was joining has joined."""
        old = user.phone
        user.phone, user.pending_phone, user.phone_verified_at = phone, "", timezone.now()
        try:
            with transaction.atomic():
                user.save(update_fields=["phone", "pending_phone", "phone_verified_at"])
        except IntegrityError:  # proved twice at the same moment: the first one has it
            raise ImmediateHttpResponse(self._say_log_in()) from None
        request = context.request
        if old and old != phone:
            follow_phone(user=user, old=old, address=address_of(request))
        finish_joining(request, user)

    def get_user_by_phone(self, phone: str) -> User | None:
        try:
            number = normalise_phone(phone)
        except NoSuchNumber:
            return None
        return User.objects.filter(phone=number, is_active=True).first()

    # Messages

    def send_verification_code_sms(self, *, phone: str, code: str, **_kwargs: Any) -> None:
        self._send(
            phone,
            _("%(code)s is your Linli code. It works for five minutes. Tell it to nobody.")
            % {"code": code},
        )

    def send_unknown_account_sms(self, phone: str, **_kwargs: Any) -> None:
        self._send(
            phone,
            _("There is no Linli account with this number yet. Join here: %(url)s")
            % {"url": self._absolute("account_signup")},
        )

    def send_account_already_exists_sms(self, phone: str) -> None:
        self._send(
            phone,
            _("This number has a Linli account already. Sign in here: %(url)s")
            % {"url": self._absolute("account_request_login_code")},
        )

    def _send(self, phone: str, text: str) -> None:
        """One door for every message, so that one limit holds for them all."""
        request = context.request
        try:
            take_message(request, number=phone)
            send_sms(phone=phone, text=text)
        except LockedOut:
            raise ImmediateHttpResponse(respond_429(request)) from None
        except SmsNotSent as error:
            messages.error(request, str(error))
            raise ImmediateHttpResponse(redirect(request.get_full_path())) from error

    def _absolute(self, name: str) -> str:
        return str(context.request.build_absolute_uri(reverse(name)))

    # Locks

    def _get_login_attempts_cache_key(self, _request: HttpRequest, **credentials: Any) -> str:
        """By the account that is tried: allauth's own key leaves out the phone number, which would
        count every phone number's failures together."""
        login = credentials.get("email") or credentials.get("phone") or ""
        try:
            return normalise_phone(login)
        except NoSuchNumber:
            return login.lower()

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        login = self._get_login_attempts_cache_key(request, **credentials)
        log_security_event(
            kind=SecurityEvent.Kind.LOGIN_FAILED,
            user=None,
            address=address_of(request),
            detail=f"…{login[-4:]}",
        )

    # After signing in

    def get_login_stages(self) -> list[str]:
        ours = {"allauth.account.stages.EmailVerificationStage": "volunteers.accounts.EmailStage"}
        return [ours.get(stage, stage) for stage in super().get_login_stages()]

    def _say_log_in(self) -> Any:
        messages.info(context.request, _("This number has an account already. Please sign in."))
        return redirect("account_request_login_code")


class EmailStage(EmailVerificationStage):
    """Who has proven a phone number need not prove an e-mail address as well."""

    def handle(self) -> Any:
        user = self.login.user
        if user and (user.phone or not user.email):
            return None, True
        return super().handle()


class MfaAdapter(DefaultMFAAdapter):
    """Secrets of second factors are unreadable at rest, like ID numbers."""

    def encrypt(self, text: str) -> str:
        return base64.b64encode(encrypt_text(text)).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return decrypt_text(base64.b64decode(encrypted_text))
