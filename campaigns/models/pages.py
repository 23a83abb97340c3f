"""The pages of a campaign: index → one page an organisation → its campaigns.

Wagtail's page permissions hold for a branch of the tree; an organisation's branch is what its
organisers may write in and its reviewers may publish.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib.auth.models import Group
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.forms import CheckboxSelectMultiple, Textarea
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey, ParentalManyToManyField
from modelcluster.models import ClusterableModel
from wagtail.admin.panels import (
    CommentPanel,
    FieldPanel,
    FieldRowPanel,
    MultiFieldPanel,
    ObjectList,
    PublishingPanel,
    TabbedInterface,
)
from wagtail.fields import RichTextField
from wagtail.images import get_image_model_string
from wagtail.models import Collection, Orderable, Page

from campaigns.page_forms import ActivitiesPanel, CampaignForm
from volunteers.language import in_language
from volunteers.models import Category, Organisation, Skill, Territory

STORY_FEATURES = ["h2", "h3", "bold", "italic", "ol", "ul", "hr", "blockquote", "link"]

SETTINGS_TAB = ObjectList(
    [FieldPanel("slug"), PublishingPanel(), CommentPanel()], heading=_("Settings")
)


class CampaignIndexPage(Page):
    title_en = models.CharField(_("title in English"), max_length=255, blank=True)
    introduction = models.TextField(_("introduction"), blank=True)
    introduction_en = models.TextField(_("introduction in English"), blank=True)

    template = "campaigns/campaign_index.html"
    max_count = 1
    edit_handler = TabbedInterface(
        [
            ObjectList([FieldPanel("title"), FieldPanel("introduction")], heading="中文"),
            ObjectList([FieldPanel("title_en"), FieldPanel("introduction_en")], heading="English"),
            SETTINGS_TAB,
        ]
    )
    subpage_types = ["campaigns.OrganisationCampaignsPage"]

    class Meta:
        verbose_name = _("campaign index")

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        from campaigns.views import campaign_list_context

        context: dict[str, Any] = super().get_context(request, *args, **kwargs)
        return context | campaign_list_context(request)


class OrganisationCampaignsPage(Page):
    """An organisation's branch of the tree, and its public page.

    Made by `open_branch`, with two groups and a picture collection of its own.
    """

    # What belongs to the branch and never to one revision of its page.
    KEPT = ("organisation_id", "organisers_id", "reviewers_id", "collection_id")

    organisation = models.OneToOneField(
        Organisation, on_delete=models.PROTECT, related_name="campaigns_page", editable=False
    )
    organisers = models.OneToOneField(
        Group, null=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    reviewers = models.OneToOneField(
        Group, null=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    collection = models.OneToOneField(
        Collection, null=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    introduction = models.TextField(_("introduction"), blank=True)
    introduction_en = models.TextField(_("introduction in English"), blank=True)

    template = "campaigns/organisation_campaigns.html"
    is_creatable = False  # open_branch makes it together with its groups
    edit_handler = TabbedInterface(
        [
            ObjectList([FieldPanel("introduction")], heading="中文"),
            ObjectList([FieldPanel("introduction_en")], heading="English"),
            SETTINGS_TAB,
        ]
    )
    parent_page_types = ["campaigns.CampaignIndexPage"]
    subpage_types = ["campaigns.CampaignPage"]

    class Meta:
        verbose_name = _("organisation's campaigns")

    def with_content_json(self, content: dict[str, Any]) -> OrganisationCampaignsPage:
        page: OrganisationCampaignsPage = super().with_content_json(content)
        for name in self.KEPT:
            setattr(page, name, getattr(self, name))
        return page

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        from campaigns.views import campaign_list_context

        context: dict[str, Any] = super().get_context(request, *args, **kwargs)
        return context | campaign_list_context(request, organisation=self.organisation)


class CampaignPage(Page):
    """What an organisation invites people to (R18). Its shifts are not part of the page:
    a revision published late must never touch capacities or sign-ups."""

    # Service records name such a page by its number, so award rules can choose it.
    earns_service = True

    title_en = models.CharField(_("title in English"), max_length=255, blank=True)
    summary = models.CharField(_("summary"), max_length=200)
    summary_en = models.CharField(_("summary in English"), max_length=300, blank=True)
    story = RichTextField(_("story"), features=STORY_FEATURES)
    story_en = RichTextField(_("story in English"), blank=True, features=STORY_FEATURES)
    image = models.ForeignKey(
        get_image_model_string(),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("picture"),
    )
    # Follows the branch the page stands in; kept on the row for the list's filters.
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="campaigns", editable=False
    )
    territory = models.ForeignKey(
        Territory, on_delete=models.PROTECT, related_name="campaigns", verbose_name=_("area")
    )
    category = models.ForeignKey(
        Category, on_delete=models.PROTECT, related_name="campaigns", verbose_name=_("category")
    )
    starts_on = models.DateField(_("first day"))
    ends_on = models.DateField(_("last day"))
    # What a search looks through, lower-case, and every pair of neighbouring characters in it:
    # the index over the pairs finds two Chinese characters as fast as a long word.
    search_text = models.TextField(editable=False, blank=True, default="")
    search_pairs = ArrayField(
        models.CharField(max_length=2), editable=False, blank=True, default=list
    )

    template = "campaigns/campaign.html"
    base_form_class = CampaignForm
    edit_handler = TabbedInterface(
        [
            ObjectList(
                [
                    FieldPanel("title"),
                    FieldPanel("summary", widget=Textarea(attrs={"rows": 2})),
                    FieldPanel("image"),
                    MultiFieldPanel(
                        [
                            FieldRowPanel([FieldPanel("category"), FieldPanel("territory")]),
                            FieldRowPanel([FieldPanel("starts_on"), FieldPanel("ends_on")]),
                        ],
                        heading=_("Where and when"),
                    ),
                    FieldPanel("story"),
                ],
                heading="中文",
            ),
            ObjectList(
                [
                    FieldPanel("title_en"),
                    FieldPanel("summary_en", widget=Textarea(attrs={"rows": 2})),
                    FieldPanel("story_en"),
                ],
                heading="English",
            ),
            ObjectList(
                [
                    ActivitiesPanel(
                        "activities", heading=_("Activities"), label=_("Activity"), min_num=1
                    )
                ],
                heading=_("Activities"),
            ),
            SETTINGS_TAB,
        ]
    )
    parent_page_types = ["campaigns.OrganisationCampaignsPage"]
    subpage_types: list[str] = []

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_on__gte=models.F("starts_on")),
                name="campaign_ends_after_start",
                violation_error_message=_("The last day is before the first."),
            )
        ]
        indexes = [
            models.Index(fields=["ends_on"], name="campaign_by_last_day"),
            GinIndex(fields=["search_pairs"], name="campaign_search_pairs"),
        ]

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        from campaigns.views import campaign_context

        context: dict[str, Any] = super().get_context(request, *args, **kwargs)
        return context | campaign_context(request, campaign=self)

    def full_clean(self, *args: Any, **kwargs: Any) -> None:
        self._let_columns_follow()
        super().full_clean(*args, **kwargs)

    def minimal_clean(self) -> None:
        """Wagtail calls this at every save of a draft, `full_clean` at every other."""
        self._let_columns_follow()
        super().minimal_clean()
        self.validate_constraints()

    def _let_columns_follow(self) -> None:
        if self.path:
            branch = OrganisationCampaignsPage.objects.parent_of(self).first()
            if branch is not None:
                self.organisation_id = branch.organisation_id
        self.search_text = self._text_to_search()
        self.search_pairs = sorted(pairs_of(self.search_text))

    def serializable_data(self) -> dict[str, Any]:
        """What can be derived from a revision is not kept in it."""
        data: dict[str, Any] = super().serializable_data()
        del data["search_text"], data["search_pairs"]
        return data

    def _text_to_search(self) -> str:
        texts = [self.title, self.title_en, self.summary, self.summary_en]
        for activity in self.activities.all():
            texts += [activity.role, activity.role_en, activity.place, activity.place_en]
        return "\n".join(filter(None, texts)).lower()

    def with_content_json(self, content: dict[str, Any]) -> CampaignPage:
        """A revision says what the page tells; which activities people signed up for is not
        its to say. An activity is known by its key, so that one which a revision wrote without
        a number, or an older revision does not know, is still the row that the shifts hang on."""
        page: CampaignPage = super().with_content_json(content)
        page.organisation_id = self.organisation_id
        stored = {activity.key: activity for activity in self._stored_activities()}
        for activity in page.activities.get_object_list():
            twin = stored.pop(activity.key, None)
            activity.pk = twin.pk if twin else None
        for activity in stored.values():
            if activity.is_needed:
                page.activities.add(activity)
        return page

    def _stored_activities(self) -> models.QuerySet[Activity]:
        """With whether shifts or check points hang on them."""
        needed_by = [
            models.Exists(
                Activity._meta.get_field(name).related_model.objects.filter(
                    activity_id=models.OuterRef("pk")
                )
            )
            for name in ("shifts", "check_points")
        ]
        return Activity.objects.filter(campaign_id=self.pk).annotate(
            is_needed=models.Q(needed_by[0]) | models.Q(needed_by[1])
        )


def new_activity_key() -> str:
    return uuid.uuid4().hex


def pairs_of(text: str) -> set[str]:
    """Every two characters of `text` that stand side by side; none across a space."""
    return {word[at : at + 2] for word in text.split() for at in range(len(word) - 1)}


class Activity(ClusterableModel, Orderable):
    """One kind of work in a campaign (R18): the role, where, what one does, what it asks."""

    campaign = ParentalKey(CampaignPage, on_delete=models.CASCADE, related_name="activities")
    # The same through all revisions of the page, also before the row has a number.
    key = models.CharField(max_length=32, blank=True, default=new_activity_key)
    role = models.CharField(_("role"), max_length=80)
    role_en = models.CharField(_("role in English"), max_length=120, blank=True)
    place = models.CharField(_("place"), max_length=160)
    place_en = models.CharField(_("place in English"), max_length=200, blank=True)
    what_you_do = models.TextField(_("what you do"))
    what_you_do_en = models.TextField(_("what you do, in English"), blank=True)
    conditions = models.TextField(_("conditions"), blank=True)
    conditions_en = models.TextField(_("conditions in English"), blank=True)
    risks = models.TextField(_("risks"), blank=True)
    risks_en = models.TextField(_("risks in English"), blank=True)
    protection = models.TextField(_("protection"), blank=True)
    protection_en = models.TextField(_("protection in English"), blank=True)
    insurance = models.CharField(_("insurance"), max_length=160, blank=True)
    insurance_en = models.CharField(_("insurance in English"), max_length=200, blank=True)
    skills = ParentalManyToManyField(
        Skill, blank=True, related_name="activities", verbose_name=_("skills needed")
    )
    minimum_age = models.PositiveSmallIntegerField(
        _("minimum age"), null=True, blank=True, validators=[MinValueValidator(6)]
    )
    # R20: minors are barred from dangerous service, whatever the minimum age says.
    is_dangerous = models.BooleanField(_("dangerous work"), default=False)
    contact_name = models.CharField(_("contact"), max_length=60)
    contact_phone = models.CharField(_("contact's telephone"), max_length=40)
    # Where the place is, as degrees (WGS 84): how far a scan was made from it is a signal (E5).
    latitude = models.DecimalField(
        _("latitude"),
        max_digits=8,
        decimal_places=5,
        null=True,
        blank=True,
        validators=[MinValueValidator(-90), MaxValueValidator(90)],
    )
    longitude = models.DecimalField(
        _("longitude"),
        max_digits=8,
        decimal_places=5,
        null=True,
        blank=True,
        validators=[MinValueValidator(-180), MaxValueValidator(180)],
    )

    panels = [
        FieldPanel("key", classname="w-hidden"),
        FieldRowPanel([FieldPanel("role"), FieldPanel("role_en")]),
        FieldRowPanel([FieldPanel("place"), FieldPanel("place_en")]),
        FieldRowPanel([FieldPanel("latitude"), FieldPanel("longitude")]),
        FieldPanel("what_you_do"),
        FieldPanel("what_you_do_en"),
        FieldRowPanel([FieldPanel("conditions"), FieldPanel("conditions_en")]),
        FieldRowPanel([FieldPanel("risks"), FieldPanel("risks_en")]),
        FieldRowPanel([FieldPanel("protection"), FieldPanel("protection_en")]),
        FieldRowPanel([FieldPanel("insurance"), FieldPanel("insurance_en")]),
        FieldPanel("skills", widget=CheckboxSelectMultiple),
        FieldRowPanel([FieldPanel("minimum_age"), FieldPanel("is_dangerous")]),
        FieldRowPanel([FieldPanel("contact_name"), FieldPanel("contact_phone")]),
    ]

    class Meta(Orderable.Meta):
        verbose_name = _("activity")
        verbose_name_plural = _("activities")
        constraints = [
            models.UniqueConstraint(fields=["campaign", "key"], name="activity_key_once")
        ]

    def clean(self) -> None:
        super().clean()
        if not self.key:  # a row just added in the form
            self.key = new_activity_key()
        if self.is_dangerous and not (self.insurance and self.protection and self.risks):
            # R19: insurance before risky service.
            raise ValidationError(
                _("Dangerous work needs its risks, protection and insurance written down.")
            )

    def __str__(self) -> str:
        return in_language(self, "role")
