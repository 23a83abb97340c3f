from __future__ import annotations

import uuid
from datetime import date
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from volunteers.fields import EncryptedTextField, NullableEmailField
from volunteers.language import in_language

from .organisations import Organisation
from .territory import Territory


class UserManager(BaseUserManager["User"]):
    def create_user(self, *, password: str | None = None, **fields: Any) -> User:
        user = self.model(**fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, *, password: str | None = None, **fields: Any) -> User:
        return self.create_user(password=password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """An account. A resident has a phone number, staff an e-mail address; either may have both.

    `phone` holds a proven number only.
    """

    # Editable, because Wagtail's account forms show USERNAME_FIELD.
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, blank=True)
    name = models.CharField(_("name"), max_length=60, blank=True)
    phone = models.CharField(_("phone number"), max_length=20, null=True, blank=True, unique=True)
    phone_verified_at = models.DateTimeField(null=True, blank=True)
    # Typed, not proven: it is nobody's yet, so typing a stranger's number takes nothing from them.
    pending_phone = models.CharField(max_length=20, blank=True, editable=False)
    email = NullableEmailField(_("e-mail"), unique=True, null=True, blank=True)
    language = models.CharField(
        _("language"), max_length=10, choices=settings.LANGUAGES, blank=True
    )
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(default=timezone.now)

    objects = UserManager()

    USERNAME_FIELD = "public_id"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")

    def __str__(self) -> str:
        return self.get_full_name()

    def get_full_name(self) -> str:
        return self.name or self.email or self.phone or str(self.public_id)

    def get_short_name(self) -> str:
        return self.get_full_name()

    def get_username(self) -> str:
        # Wagtail's side bar greets people by it, and cannot write a UUID.
        return self.get_full_name()


class Category(models.Model):
    """A kind of service: patrol, care for the elderly, environment…"""

    slug = models.SlugField(_("word in addresses"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=40, unique=True)
    name_en = models.CharField(_("name in English"), max_length=60, blank=True)
    position = models.PositiveSmallIntegerField(_("place in lists"), default=0)

    class Meta:
        ordering = ["position", "id"]
        verbose_name = _("service category")
        verbose_name_plural = _("service categories")

    def __str__(self) -> str:
        return in_language(self, "name")


class Skill(models.Model):
    slug = models.SlugField(_("word in addresses"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=40, unique=True)
    name_en = models.CharField(_("name in English"), max_length=60, blank=True)

    class Meta:
        ordering = ["id"]
        verbose_name = _("skill")
        verbose_name_plural = _("skills")

    def __str__(self) -> str:
        return in_language(self, "name")


class VolunteerQuerySet(models.QuerySet["Volunteer"]):
    def active(self) -> VolunteerQuerySet:
        return self.filter(merged_into=None, closed_at=None)


class Volunteer(models.Model):
    """A person who gives time (R1). Entered by the person, or by an organisation with consent (R2).

    Someone an organisation entered has no account until they claim it by their phone number.
    """

    class Sex(models.IntegerChoices):  # GB/T 2261.1
        UNKNOWN = 0, _("Unknown")
        MALE = 1, _("Male")
        FEMALE = 2, _("Female")
        UNSTATED = 9, _("Not stated")

    class IdType(models.TextChoices):
        NONE = "", _("Not given")
        RESIDENT = "resident", _("Resident identity card")
        PASSPORT = "passport", _("Passport")
        HK_MACAU = "hk_macau", _("Hong Kong / Macau permit")
        TAIWAN = "taiwan", _("Taiwan permit")
        FOREIGN_RESIDENT = "foreign_resident", _("Foreign permanent resident card")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="volunteer",
    )
    name = models.CharField(_("name"), max_length=60)
    sex = models.PositiveSmallIntegerField(_("sex"), choices=Sex.choices, default=Sex.UNSTATED)
    birth_on = models.DateField(_("birth date"), null=True, blank=True)
    id_type = models.CharField(
        _("ID document"), max_length=20, choices=IdType.choices, blank=True, default=IdType.NONE
    )
    id_number = EncryptedTextField(_("ID number"))
    id_number_hash = models.CharField(max_length=64, null=True, blank=True, editable=False)
    phone = models.CharField(_("phone number"), max_length=20, blank=True)
    community = models.ForeignKey(
        Territory,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="volunteers",
        verbose_name=_("community"),
    )
    skills = models.ManyToManyField(Skill, blank=True, related_name="volunteers")
    categories = models.ManyToManyField(Category, blank=True, related_name="volunteers")
    emergency_name = models.CharField(_("emergency contact"), max_length=60, blank=True)
    emergency_phone = models.CharField(_("emergency contact's phone"), max_length=20, blank=True)
    # R14: nobody appears in a ranking who did not ask to.
    is_ranked = models.BooleanField(_("show me, masked, in rankings"), default=False)
    # Kept by points (set_star_level): the card shows it and the card lives down here.
    star_level = models.PositiveSmallIntegerField(default=0)
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    entered_for = models.ForeignKey(
        Organisation,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="entered_volunteers",
    )
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="merged_from"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    claimed_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = VolunteerQuerySet.as_manager()

    class Meta:
        verbose_name = _("volunteer")
        verbose_name_plural = _("volunteers")
        constraints = [
            models.UniqueConstraint(
                fields=["id_number_hash"],
                condition=models.Q(merged_into=None),
                name="volunteer_id_number_once",
            ),
            models.CheckConstraint(
                condition=~models.Q(merged_into=models.F("id")), name="volunteer_not_merged_in_self"
            ),
            models.CheckConstraint(
                condition=models.Q(star_level__lte=5), name="volunteer_star_level_to_five"
            ),
        ]
        indexes = [
            models.Index(fields=["phone"], name="volunteer_phone", condition=~models.Q(phone="")),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def masked_name(self) -> str:
        """`张*`, `欧*`: the first character alone (R14, D7)."""
        return mask_name(self.name)

    @property
    def masked_phone(self) -> str:
        return mask_phone(self.phone)

    @property
    def masked_id_number(self) -> str:
        number = self.id_number
        if len(number) < 6:
            return "*" * len(number)
        return number[:2] + "*" * (len(number) - 4) + number[-2:]

    def age_on(self, day: date) -> int | None:
        """Whole years on a day, None while the birth date is not known."""
        if self.birth_on is None:
            return None
        before_birthday = (day.month, day.day) < (self.birth_on.month, self.birth_on.day)
        return day.year - self.birth_on.year - before_birthday


def mask_name(name: str) -> str:
    return f"{name[:1]}*" if name else "*"


def mask_phone(phone: str) -> str:
    """`*******0001`: enough for its owner to know it by, and for nobody else (P6)."""
    return "*" * max(len(phone) - 4, 0) + phone[-4:] if len(phone) > 4 else "*" * len(phone)


class Guardian(models.Model):
    """A minor's guardian (R20); under fourteen nothing is kept without this consent (P2)."""

    volunteer = models.OneToOneField(Volunteer, on_delete=models.CASCADE, related_name="guardian")
    name = models.CharField(_("guardian's name"), max_length=60)
    phone = models.CharField(_("guardian's phone"), max_length=20)
    relation = models.CharField(_("relation"), max_length=30)
    consented_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("guardian")
        verbose_name_plural = _("guardians")

    def __str__(self) -> str:
        return self.name


class MergeRequest(models.Model):
    """«I am already registered» (E4): two volunteers that one person says are both theirs."""

    class State(models.TextChoices):
        OPEN = "open", _("Waiting")
        MERGED = "merged", _("Merged")
        REFUSED = "refused", _("Refused")

    class Proof(models.TextChoices):
        PHONE_CODE = "phone_code", _("A code sent to the other phone")
        STAFF = "staff", _("A member of staff")

    kept = models.ForeignKey(Volunteer, on_delete=models.CASCADE, related_name="merges_asked")
    merged = models.ForeignKey(Volunteer, on_delete=models.CASCADE, related_name="merges_named")
    reason = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    proof = models.CharField(max_length=12, choices=Proof.choices, blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    asked_at = models.DateTimeField(auto_now_add=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = _("merge request")
        verbose_name_plural = _("merge requests")
        constraints = [
            models.UniqueConstraint(
                fields=["kept", "merged"],
                condition=models.Q(state="open"),
                name="merge_request_open_once",
            ),
            models.CheckConstraint(
                condition=~models.Q(kept=models.F("merged")), name="merge_request_of_two"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.merged} → {self.kept}"
