"""Honours: stars, badges, the yearly list, and badges as Open Badges 3.0."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from volunteers.fields import EncryptedTextField
from volunteers.language import in_language
from volunteers.models import Category, Organisation, Volunteer


class BadgeQuerySet(models.QuerySet["Badge"]):
    def offered(self) -> BadgeQuerySet:
        return self.filter(is_offered=True)


class Badge(models.Model):
    """A badge and what earns it; the office writes both. Rules only ask what records show."""

    class Criterion(models.TextChoices):
        TIMES = "times", _("Times served")
        HOURS = "hours", _("Hours served")
        RELIABLE_DAYS = "reliable_days", _("Days of service without a no-show")

    slug = models.SlugField(_("word in addresses"), max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=60)
    name_en = models.CharField(_("name in English"), max_length=80, blank=True)
    about = models.CharField(_("about"), max_length=200)
    about_en = models.CharField(_("about, in English"), max_length=300, blank=True)
    icon = models.CharField(_("picture"), max_length=40, default="trophy")
    issuer = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        related_name="badges",
        verbose_name=_("issued by"),
    )
    criterion = models.CharField(_("what counts"), max_length=16, choices=Criterion.choices)
    threshold = models.PositiveIntegerField(_("how many"))
    # Which records count; empty: all.
    category = models.ForeignKey(
        Category,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("only this category"),
    )
    organisation = models.ForeignKey(
        Organisation,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("only service with"),
    )
    campaign_number = models.BigIntegerField(_("only this campaign"), null=True, blank=True)
    begins_from = models.TimeField(
        _("begun from"),
        null=True,
        blank=True,
        help_text=_("For night patrols: service that began between these two times of day."),
    )
    begins_until = models.TimeField(_("begun until"), null=True, blank=True)
    is_offered = models.BooleanField(_("can be earned"), default=True)
    position = models.PositiveSmallIntegerField(_("place in lists"), default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = BadgeQuerySet.as_manager()

    class Meta:
        ordering = ["position", "id"]
        verbose_name = _("badge")
        verbose_name_plural = _("badges")
        constraints = [
            models.CheckConstraint(condition=Q(threshold__gte=1), name="badge_asks_something"),
            models.CheckConstraint(
                condition=Q(begins_from=None, begins_until=None)
                | Q(begins_from__isnull=False, begins_until__isnull=False),
                name="badge_time_of_day_has_both_ends",
            ),
        ]

    def __str__(self) -> str:
        return in_language(self, "name")


class RecognitionQuerySet(models.QuerySet["Recognition"]):
    def in_force(self) -> RecognitionQuerySet:
        """In notice or awarded."""
        return self.exclude(state=Recognition.State.WITHDRAWN)

    def awarded(self) -> RecognitionQuerySet:
        return self.filter(state=Recognition.State.AWARDED)

    def in_notice(self) -> RecognitionQuerySet:
        return self.filter(state=Recognition.State.IN_NOTICE)

    def refused(self) -> RecognitionQuerySet:
        """Stars that an upheld objection stopped: the same hours do not bring them back."""
        return self.filter(refused_at__isnull=False)


class Recognition(models.Model):
    """A star level or a badge. A star stands in public notice before it is given (R6)."""

    class Kind(models.TextChoices):
        FIRST_SERVICE = "first_service", _("First service")
        STAR = "star", _("Star volunteer")
        BADGE = "badge", _("Badge")

    class State(models.TextChoices):
        IN_NOTICE = "in_notice", _("In public notice")
        AWARDED = "awarded", _("Awarded")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    public_id = models.UUIDField(default=uuid.uuid4, db_default=RandomUUID(), editable=False)
    volunteer = models.ForeignKey(Volunteer, on_delete=models.CASCADE, related_name="recognitions")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    level = models.PositiveSmallIntegerField(default=0)
    badge = models.ForeignKey(
        Badge, null=True, blank=True, on_delete=models.PROTECT, related_name="recognitions"
    )
    state = models.CharField(max_length=10, choices=State.choices)
    notice_until = models.DateTimeField(null=True, blank=True)
    awarded_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdraw_reason = models.CharField(max_length=200, blank=True)
    refused_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = RecognitionQuerySet.as_manager()

    class Meta:
        verbose_name = _("recognition")
        verbose_name_plural = _("recognitions")
        constraints = [
            models.UniqueConstraint(
                fields=["volunteer", "kind", "level", "badge"],
                condition=~Q(state="withdrawn"),
                nulls_distinct=False,
                name="recognition_in_force_once",
            ),
            models.CheckConstraint(
                condition=Q(kind="badge", badge__isnull=False) | (~Q(kind="badge") & Q(badge=None)),
                name="recognition_badge_is_named",
            ),
            models.UniqueConstraint(fields=["public_id"], name="recognition_public_id_once"),
        ]
        indexes = [
            models.Index(
                fields=["notice_until"],
                condition=Q(state="in_notice"),
                name="recognition_in_notice",
            )
        ]

    def __str__(self) -> str:
        return f"{self.badge or self.get_kind_display()} {self.level or ''}".strip()


class StarObjection(models.Model):
    """Somebody knows a reason against a star in public notice (R6); the office answers."""

    class State(models.TextChoices):
        OPEN = "open", _("Waiting for an answer")
        UPHELD = "upheld", _("Upheld: the star is not given")
        DISMISSED = "dismissed", _("Dismissed: the star is given")

    recognition = models.ForeignKey(
        Recognition, on_delete=models.CASCADE, related_name="objections", verbose_name=_("star")
    )
    reason = models.CharField(_("reason"), max_length=400)
    raised_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("raised by"),
    )
    raised_at = models.DateTimeField(_("raised at"), auto_now_add=True)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.OPEN)
    answer = models.CharField(_("answer"), max_length=400, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("decided by"),
    )
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        verbose_name = _("objection to a star")
        verbose_name_plural = _("objections to stars")
        constraints = [
            models.UniqueConstraint(
                fields=["recognition", "raised_by"],
                condition=Q(state="open"),
                name="star_objection_open_once",
            )
        ]

    def __str__(self) -> str:
        return self.reason[:40]


class YearlyHonour(models.Model):
    """A place on the year's list of honours: an organisation nominates, a reviewer approves.

    The list is public; the full name stands there only with the person's own yes (R14).
    """

    class State(models.TextChoices):
        NOMINATED = "nominated", _("Nominated")
        APPROVED = "approved", _("Approved")
        DECLINED = "declined", _("Declined")

    year = models.PositiveSmallIntegerField(_("year"))
    volunteer = models.ForeignKey(
        Volunteer, on_delete=models.CASCADE, related_name="honours", verbose_name=_("volunteer")
    )
    organisation = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        related_name="honours",
        verbose_name=_("nominated by"),
    )
    title = models.CharField(_("title"), max_length=60)
    citation = models.CharField(_("what for"), max_length=300)
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.NOMINATED
    )
    nominated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    nominated_at = models.DateTimeField(auto_now_add=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(_("answer"), max_length=300, blank=True)
    # The volunteer's own yes to the full name; until then it is masked.
    name_shown_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-year", "id"]
        verbose_name = _("yearly honour")
        verbose_name_plural = _("yearly honours")
        constraints = [
            models.UniqueConstraint(
                fields=["year", "volunteer"],
                condition=~Q(state="declined"),
                name="yearly_honour_once_a_year",
            )
        ]

    def __str__(self) -> str:
        return f"{self.year} {self.title}"


class BadgeKey(models.Model):
    """An organisation's Ed25519 key, by which its badges are signed; the public half is published.

    A key is never deleted: what it signed must verify for ever. `retired_at`: signs no more.
    """

    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="badge_keys"
    )
    # Raw 32 bytes each, base64url without padding; the private half encrypted at rest.
    public_key = models.CharField(max_length=60, unique=True)
    private_key = EncryptedTextField()
    created_at = models.DateTimeField(auto_now_add=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("badge key")
        verbose_name_plural = _("badge keys")
        constraints = [
            models.UniqueConstraint(
                fields=["organisation"], condition=Q(retired_at=None), name="badge_key_one_in_use"
            )
        ]

    def __str__(self) -> str:
        return self.public_key


class BadgeCredential(models.Model):
    """A badge as Open Badges 3.0, signed once; `status_index` is its bit in the issuer's list."""

    recognition = models.OneToOneField(
        Recognition, on_delete=models.CASCADE, related_name="credential"
    )
    key = models.ForeignKey(BadgeKey, on_delete=models.PROTECT, related_name="credentials")
    status_index = models.PositiveIntegerField()
    document = models.JSONField()
    issued_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("badge credential")
        verbose_name_plural = _("badge credentials")
        constraints = [
            models.UniqueConstraint(
                fields=["key", "status_index"], name="badge_credential_index_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.recognition_id}"
