"""allauth's forms with our locks. Named in settings.ACCOUNT_FORMS; imported by nothing else."""

from __future__ import annotations

from typing import Any

from allauth.account import forms as allauth_forms
from allauth.account.internal.flows.password_reset_by_code import (
    PASSWORD_RESET_VERIFICATION_SESSION_KEY,
)
from allauth.account.internal.stagekit import unstash_login
from allauth.core import context
from allauth.socialaccount import forms as social_forms
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from volunteers.limits import LockedOut, forgive_guess, take_guess

WITH_EMAIL = "email"


class _OneOfTwo:
    """By phone, or by e-mail where somebody asks for that (`?with=email`): one of them, proven."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        request = context.request
        chosen = request and (request.POST.get("with") or request.GET.get("with"))
        kept, dropped = ("email", "phone") if chosen == WITH_EMAIL else ("phone", "email")
        self._has_phone_field = kept == "phone"
        for name in (dropped, "password1"):
            self.fields.pop(name, None)
        self.fields[kept].required = True
        self.fields[kept].widget.is_required = True
        self.fields["with"] = forms.CharField(
            required=False, widget=forms.HiddenInput, initial=kept
        )
        if kept == "email":
            self.fields["email"].label = _("E-mail")
        self.order_fields(self.field_order)


class SignupForm(_OneOfTwo, allauth_forms.SignupForm):
    pass


class SocialSignupForm(_OneOfTwo, social_forms.SignupForm):
    """WeChat or a campus vouches for somebody; the phone and the notice are still asked for."""


class RequestLoginCodeForm(allauth_forms.RequestLoginCodeForm):
    """A phone number first, an e-mail address otherwise."""

    field_order = ["phone", "email"]

    def clean(self) -> Any:
        data = super().clean()
        if not self.errors and not data.get("phone") and not data.get("email"):
            raise ValidationError(_("Please give your phone number or your e-mail address."))
        return data


class _Guarded:
    """Counts the guess before it is compared; the right code is refused too while locked out."""

    def guessed_at(self) -> str:
        raise NotImplementedError

    def clean_code(self) -> str:
        number = self.guessed_at()
        try:
            take_guess(context.request, number=number)
        except LockedOut as error:
            raise ValidationError(str(error), code="locked_out") from error
        code: str = super().clean_code()  # type: ignore[misc]
        forgive_guess(context.request, number=number)
        return code


class ConfirmLoginCodeForm(_Guarded, allauth_forms.ConfirmLoginCodeForm):
    def guessed_at(self) -> str:
        login = unstash_login(context.request, peek=True)
        stages = (login.state.get("stages") or {}) if login else {}
        state = (stages.get("login_by_code") or {}).get("data") or {}
        return str(state.get("phone") or state.get("email") or "unknown")


class VerifyPhoneForm(_Guarded, allauth_forms.VerifyPhoneForm):
    def guessed_at(self) -> str:
        return str(self.phone or "unknown")


class ConfirmEmailVerificationCodeForm(_Guarded, allauth_forms.ConfirmEmailVerificationCodeForm):
    def guessed_at(self) -> str:
        return str(self.email or "unknown")


class ConfirmPasswordResetCodeForm(_Guarded, allauth_forms.ConfirmPasswordResetCodeForm):
    def guessed_at(self) -> str:
        state = context.request.session.get(PASSWORD_RESET_VERIFICATION_SESSION_KEY) or {}
        return str(state.get("email") or "unknown")
