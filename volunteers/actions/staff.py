"""The city's own staff, who are above the organisations."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from volunteers.models import User


@transaction.atomic
def create_chief(*, email: str, name: str, password: str) -> User:
    """An account that may do everything, signing in by e-mail; the address counts as proven.

    Raises ValidationError for an address that is none or is taken and for a weak password.
    """
    email = email.strip().lower()
    validate_email(email)
    if User.objects.filter(email__iexact=email).exists():
        raise ValidationError(_("There is an account with this e-mail address already."))
    validate_password(password, user=User(email=email, name=name))
    user = User.objects.create_superuser(email=email, name=name, password=password)
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user
