"""The pages of giving: index → one page a foundation → its funds → what became of each.

What stands in the books or in the foundation's own facts is taken from there and never typed a
second time. Wagtail's permissions hold for a branch: a foundation's bookkeepers write in its own,
its treasurers publish there.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import models
from django.forms import Textarea
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from wagtail.admin.panels import (
    CommentPanel,
    FieldPanel,
    FieldRowPanel,
    InlinePanel,
    ObjectList,
    PublishingPanel,
    TabbedInterface,
)
from wagtail.documents import get_document_model_string
from wagtail.fields import RichTextField
from wagtail.images import get_image_model_string
from wagtail.models import Collection, Orderable, Page

from foundations.page_forms import BranchForm, FundPageForm
from volunteers.language import in_language

from .foundations import Foundation, Fund

STORY_FEATURES = ["h2", "h3", "bold", "italic", "ol", "ul", "hr", "blockquote", "link"]

SETTINGS_TAB = ObjectList(
    [FieldPanel("slug"), PublishingPanel(), CommentPanel()], heading=_("Settings")
)


def picture_field() -> Any:
    return models.ForeignKey(
        get_image_model_string(),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("picture"),
    )


class KeepsItsRow(Page):
    """A revision tells what the page says; whose page it is, is not a revision's to say."""

    KEPT: tuple[str, ...] = ()

    class Meta:
        abstract = True

    def with_content_json(self, content: dict[str, Any]) -> Any:
        page = super().with_content_json(content)
        for name in self.KEPT:
            setattr(page, name, getattr(self, name))
        return page


class FoundationIndexPage(Page):
    title_en = models.CharField(_("title in English"), max_length=255, blank=True)
    introduction = models.TextField(_("introduction"), blank=True)
    introduction_en = models.TextField(_("introduction in English"), blank=True)

    template = "foundations/foundation_index_page.html"
    max_count = 1
    edit_handler = TabbedInterface(
        [
            ObjectList([FieldPanel("title"), FieldPanel("introduction")], heading="中文"),
            ObjectList([FieldPanel("title_en"), FieldPanel("introduction_en")], heading="English"),
            SETTINGS_TAB,
        ]
    )
    subpage_types = ["foundations.FoundationPage"]

    class Meta:
        verbose_name = _("index of foundations")

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        from foundations.views.pages import index_context

        context: dict[str, Any] = super().get_context(request, *args, **kwargs)
        return context | index_context(request, index=self)


class FoundationPage(KeepsItsRow):
    """A foundation's branch of the tree, and its public page.

    Made by `open_foundation_branch`, with two groups and a collection of its own.
    """

    KEPT = ("foundation_id", "editors_id", "publishers_id", "collection_id")

    foundation = models.OneToOneField(
        Foundation, on_delete=models.PROTECT, related_name="page", editable=False
    )
    editors = models.OneToOneField(
        Group, null=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    publishers = models.OneToOneField(
        Group, null=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    collection = models.OneToOneField(
        Collection, null=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    introduction = models.TextField(_("introduction"), max_length=400, blank=True)
    introduction_en = models.TextField(_("introduction in English"), max_length=600, blank=True)
    story = RichTextField(_("who we are"), blank=True, features=STORY_FEATURES)
    story_en = RichTextField(_("who we are, in English"), blank=True, features=STORY_FEATURES)
    image = picture_field()
    # D9: the charter and who sits on the board are published.
    charter = models.ForeignKey(
        get_document_model_string(),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("charter"),
    )

    template = "foundations/foundation_page.html"
    is_creatable = False  # open_foundation_branch makes it together with its groups
    base_form_class = BranchForm
    edit_handler = TabbedInterface(
        [
            ObjectList(
                [FieldPanel("introduction"), FieldPanel("story"), FieldPanel("image")],
                heading="中文",
            ),
            ObjectList([FieldPanel("introduction_en"), FieldPanel("story_en")], heading="English"),
            ObjectList(
                [
                    InlinePanel("board", heading=_("Board"), label=_("Member")),
                    FieldPanel("charter"),
                    InlinePanel("reports", heading=_("Annual reports"), label=_("Report")),
                ],
                heading=_("Board, charter, reports"),
            ),
            SETTINGS_TAB,
        ]
    )
    parent_page_types = ["foundations.FoundationIndexPage"]
    subpage_types = ["foundations.FundPage"]

    class Meta:
        verbose_name = _("page of a foundation")
        verbose_name_plural = _("pages of foundations")

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        from foundations.views.pages import foundation_context

        context: dict[str, Any] = super().get_context(request, *args, **kwargs)
        return context | foundation_context(request, page=self)


class BoardMember(Orderable):
    page = ParentalKey(FoundationPage, on_delete=models.CASCADE, related_name="board")
    name = models.CharField(_("name"), max_length=60)
    name_en = models.CharField(_("name in English"), max_length=80, blank=True)
    post = models.CharField(_("post"), max_length=60)
    post_en = models.CharField(_("post in English"), max_length=80, blank=True)
    since = models.DateField(_("since"))

    panels = [
        FieldRowPanel([FieldPanel("name"), FieldPanel("name_en")]),
        FieldRowPanel([FieldPanel("post"), FieldPanel("post_en"), FieldPanel("since")]),
    ]

    class Meta(Orderable.Meta):
        verbose_name = _("member of the board")
        verbose_name_plural = _("members of the board")

    def __str__(self) -> str:
        return in_language(self, "name")


class AnnualReport(Orderable):
    page = ParentalKey(FoundationPage, on_delete=models.CASCADE, related_name="reports")
    year = models.PositiveSmallIntegerField(_("year"))
    document = models.ForeignKey(
        get_document_model_string(),
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("document"),
    )

    panels = [FieldRowPanel([FieldPanel("year"), FieldPanel("document")])]

    class Meta(Orderable.Meta):
        verbose_name = _("annual report")
        verbose_name_plural = _("annual reports")

    def __str__(self) -> str:
        return str(self.year)


class FundPage(KeepsItsRow):
    """What a fund is for and how far it has come. Its figures and its plan are the books'."""

    KEPT = ("fund_id",)

    fund = models.OneToOneField(
        Fund, on_delete=models.PROTECT, related_name="page", verbose_name=_("fund")
    )
    title_en = models.CharField(_("title in English"), max_length=255, blank=True)
    summary = models.CharField(_("summary"), max_length=200)
    summary_en = models.CharField(_("summary in English"), max_length=300, blank=True)
    story = RichTextField(_("story"), blank=True, features=STORY_FEATURES)
    story_en = RichTextField(_("story in English"), blank=True, features=STORY_FEATURES)
    image = picture_field()

    template = "foundations/fund_page.html"
    base_form_class = FundPageForm
    edit_handler = TabbedInterface(
        [
            ObjectList(
                [
                    FieldPanel("fund"),
                    FieldPanel(
                        "title", help_text=_("Left empty, the page is named like its fund.")
                    ),
                    FieldPanel("summary", widget=Textarea(attrs={"rows": 2})),
                    FieldPanel("image"),
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
            SETTINGS_TAB,
        ]
    )
    parent_page_types = ["foundations.FoundationPage"]
    subpage_types = ["foundations.FundUpdatePage"]

    class Meta:
        verbose_name = _("page of a fund")
        verbose_name_plural = _("pages of funds")

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        from foundations.views.pages import fund_context

        context: dict[str, Any] = super().get_context(request, *args, **kwargs)
        return context | fund_context(request, page=self)

    def clean(self) -> None:
        super().clean()
        if not (self.path and self.fund_id):
            return
        branch = FoundationPage.objects.ancestor_of(self).first()
        if branch is not None and branch.foundation_id != self.fund.foundation_id:
            raise ValidationError({"fund": _("This fund belongs to another foundation.")})


class FundUpdatePage(Page):
    """What became of the money so far: told to the donors and to everybody."""

    title_en = models.CharField(_("title in English"), max_length=255, blank=True)
    happened_on = models.DateField(_("day"), default=timezone.localdate)
    text = RichTextField(_("text"), features=STORY_FEATURES)
    text_en = RichTextField(_("text in English"), blank=True, features=STORY_FEATURES)

    template = "foundations/fund_update_page.html"
    base_form_class = BranchForm
    edit_handler = TabbedInterface(
        [
            ObjectList(
                [
                    FieldPanel("title"),
                    FieldPanel("happened_on"),
                    FieldPanel("text"),
                    InlinePanel("pictures", heading=_("Pictures"), label=_("Picture")),
                ],
                heading="中文",
            ),
            ObjectList([FieldPanel("title_en"), FieldPanel("text_en")], heading="English"),
            SETTINGS_TAB,
        ]
    )
    parent_page_types = ["foundations.FundPage"]
    subpage_types: list[str] = []

    class Meta:
        verbose_name = _("news of a fund")
        verbose_name_plural = _("news of funds")

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        from foundations.views.pages import update_context

        context: dict[str, Any] = super().get_context(request, *args, **kwargs)
        return context | update_context(request, page=self)


class UpdatePicture(Orderable):
    page = ParentalKey(FundUpdatePage, on_delete=models.CASCADE, related_name="pictures")
    image = models.ForeignKey(
        get_image_model_string(),
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name=_("picture"),
    )
    caption = models.CharField(_("caption"), max_length=160, blank=True)
    caption_en = models.CharField(_("caption in English"), max_length=200, blank=True)

    panels = [
        FieldPanel("image"),
        FieldRowPanel([FieldPanel("caption"), FieldPanel("caption_en")]),
    ]

    class Meta(Orderable.Meta):
        verbose_name = _("picture")
        verbose_name_plural = _("pictures")

    def __str__(self) -> str:
        return in_language(self, "caption")
