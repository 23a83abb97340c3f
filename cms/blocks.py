"""What an editor may put on a page."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.blocks.struct_block import StructBlockValidationError
from wagtail.images.blocks import ImageChooserBlock

PARAGRAPH_FEATURES = ["h3", "bold", "link", "ol", "ul", "document-link"]


class StepBlock(blocks.StructBlock):
    title = blocks.CharBlock(label=_("step"), max_length=40)
    text = blocks.CharBlock(label=_("text"), max_length=160)


class QuestionBlock(blocks.StructBlock):
    question = blocks.CharBlock(label=_("question"), max_length=120)
    answer = blocks.RichTextBlock(label=_("answer"), features=["bold", "link", "ul"])


class PictureBlock(blocks.StructBlock):
    picture = ImageChooserBlock(label=_("picture"))
    caption = blocks.CharBlock(label=_("caption"), max_length=120, required=False)

    class Meta:
        template = "cms/blocks/picture.html"
        icon = "image"
        label = _("Picture")


class SoonBlock(blocks.StructBlock):
    """Shifts that begin soon and still have places: always live, never typed in."""

    title = blocks.CharBlock(label=_("title"), max_length=40)
    how_many = blocks.IntegerBlock(label=_("how many"), min_value=2, max_value=12, default=6)

    class Meta:
        template = "cms/blocks/soon.html"
        icon = "calendar"
        label = _("Shifts with free places")

    def get_context(self, value: Any, parent_context: Any = None) -> dict[str, Any]:
        from campaigns.permissions import get_public_shifts

        context: dict[str, Any] = super().get_context(value, parent_context=parent_context)
        shifts = (
            get_public_shifts()
            .filter(starts_at__gt=timezone.now())  # at one that runs nobody can sign up
            .with_places()
            .select_related("activity__campaign__organisation", "activity__campaign__image")
            .order_by("starts_at")[: value["how_many"] * 8]
        )
        # One shift a campaign, the next one: a daily patrol must not fill the page by itself.
        next_of_campaign: dict[int, Any] = {}
        for shift in shifts:
            next_of_campaign.setdefault(shift.activity.campaign_id, shift)
        context["shifts"] = list(next_of_campaign.values())[: value["how_many"]]
        return context


class NewestBlock(blocks.StructBlock):
    title = blocks.CharBlock(label=_("title"), max_length=40)

    class Meta:
        template = "cms/blocks/newest.html"
        icon = "doc-full"
        label = _("Newest news")

    def get_context(self, value: Any, parent_context: Any = None) -> dict[str, Any]:
        from wagtail.models import Locale

        from cms.models import NewsPage

        context: dict[str, Any] = super().get_context(value, parent_context=parent_context)
        news = NewsPage.objects.live().public().filter(locale=Locale.get_active())
        context["news"] = news.select_related("picture").order_by("-published_on", "-pk")[:3]
        return context


class BodyBlock(blocks.StreamBlock):
    heading = blocks.CharBlock(
        label=_("Heading"), max_length=80, icon="title", template="cms/blocks/heading.html"
    )
    paragraph = blocks.RichTextBlock(
        label=_("Text"), features=PARAGRAPH_FEATURES, template="cms/blocks/paragraph.html"
    )
    picture = PictureBlock()
    callout = blocks.CharBlock(
        label=_("Callout"), max_length=300, icon="info-circle", template="cms/blocks/callout.html"
    )
    steps = blocks.ListBlock(
        StepBlock(), label=_("Steps"), icon="list-ol", template="cms/blocks/steps.html"
    )
    questions = blocks.ListBlock(
        QuestionBlock(), label=_("Questions"), icon="help", template="cms/blocks/questions.html"
    )
    soon = SoonBlock()
    newest = NewestBlock()


class LinkBlock(blocks.StructBlock):
    label = blocks.CharBlock(label=_("label"), max_length=30)
    label_en = blocks.CharBlock(label=_("label in English"), max_length=40, required=False)
    page = blocks.PageChooserBlock(label=_("page"), required=False)
    address = blocks.CharBlock(
        label=_("or an address"),
        required=False,
        max_length=200,
        help_text=_("For example /rankings/ or https://…"),
    )

    class Meta:
        icon = "link"
        label = _("Link")

    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        if bool(cleaned["page"]) == bool(cleaned["address"]):
            error = ValidationError(_("Choose a page, or type an address: one of the two."))
            raise StructBlockValidationError(block_errors={"page": error})
        address = cleaned["address"]
        if address and not address.startswith(("/", "https://")):
            error = ValidationError(_("An address begins with / or https://."))
            raise StructBlockValidationError(block_errors={"address": error})
        return cleaned


def link_title(link: Any) -> str:
    english = (get_language() or "").startswith("en")
    return (link["label_en"] if english else "") or link["label"]
