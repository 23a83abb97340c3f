"""The public face: pages anyone may read, and the navigation around all of them.

These pages stand in one tree a language, Chinese first. A page nobody has translated yet is
served in Chinese (HomePage.route), for a page in the wrong language beats no page.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.http import Http404, HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel
from wagtail.contrib.settings.models import BaseSiteSetting, register_setting
from wagtail.fields import RichTextField, StreamField
from wagtail.images import get_image_model_string
from wagtail.models import Locale, Page
from wagtail.search import index

from cms.blocks import BodyBlock, LinkBlock

BODY_FEATURES = ["h2", "h3", "bold", "link", "ol", "ul", "hr", "image", "document-link"]


# On the city page; all of them stand at /ledger/chain.json.
DIGESTS_SHOWN = 12


class HomePage(Page):
    headline = models.CharField(_("headline"), max_length=60, blank=True)
    lede = models.CharField(_("opening words"), max_length=200, blank=True)
    body: StreamField = StreamField(BodyBlock(), blank=True, verbose_name=_("body"))

    template = "cms/home.html"
    parent_page_types = ["wagtailcore.Page"]
    content_panels = [
        *Page.content_panels,
        FieldPanel("headline"),
        FieldPanel("lede"),
        FieldPanel("body"),
    ]

    class Meta:
        verbose_name = _("home page")

    def route(self, request: HttpRequest, path_components: list[str]) -> Any:
        try:
            return super().route(request, path_components)
        except Http404:
            source = self.get_translation_or_none(Locale.get_default())
            if source is None or source.pk == self.pk:
                raise
            return source.specific.route(request, path_components)

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        from cms.totals import city_totals

        context: dict[str, Any] = super().get_context(request, *args, **kwargs)
        context["totals"] = city_totals()
        return context


class StandardPage(Page):
    introduction = models.CharField(_("introduction"), max_length=250, blank=True)
    body: StreamField = StreamField(BodyBlock(), verbose_name=_("body"))

    template = "cms/standard.html"
    parent_page_types = ["cms.HomePage", "cms.StandardPage"]
    subpage_types = ["cms.StandardPage"]
    content_panels = [*Page.content_panels, FieldPanel("introduction"), FieldPanel("body")]
    search_fields = [
        *Page.search_fields,
        index.SearchField("introduction"),
        index.SearchField("body"),
    ]

    class Meta:
        verbose_name = _("page")


class NewsIndexPage(Page):
    template = "cms/news_index.html"
    parent_page_types = ["cms.HomePage"]
    subpage_types = ["cms.NewsPage"]

    class Meta:
        verbose_name = _("news index")

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        from django.core.paginator import Paginator

        context: dict[str, Any] = super().get_context(request, *args, **kwargs)
        news = NewsPage.objects.child_of(self).live().public().select_related("picture")
        paginator = Paginator(news.order_by("-published_on", "-pk"), 12)
        context["page_obj"] = paginator.get_page(request.GET.get("page"))
        return context


class NewsPage(Page):
    published_on = models.DateField(_("date"), default=timezone.localdate)
    summary = models.CharField(_("summary"), max_length=200)
    picture = models.ForeignKey(
        get_image_model_string(),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("picture"),
    )
    body = RichTextField(_("body"), features=BODY_FEATURES)

    template = "cms/news.html"
    parent_page_types = ["cms.NewsIndexPage"]
    subpage_types: list[str] = []
    content_panels = [
        *Page.content_panels,
        FieldPanel("published_on"),
        FieldPanel("summary"),
        FieldPanel("picture"),
        FieldPanel("body"),
    ]
    search_fields = [
        *Page.search_fields,
        index.SearchField("summary"),
        index.SearchField("body"),
    ]

    class Meta:
        verbose_name = _("news")
        verbose_name_plural = _("news")
        indexes = [models.Index(fields=["-published_on"], name="news_newest")]


class CityPage(Page):
    introduction = models.CharField(_("introduction"), max_length=250, blank=True)

    template = "cms/city.html"
    max_count_per_parent = 1
    parent_page_types = ["cms.HomePage"]
    subpage_types: list[str] = []
    content_panels = [*Page.content_panels, FieldPanel("introduction")]

    class Meta:
        verbose_name = _("city page")

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        from cms.totals import category_totals, city_totals, district_totals
        from points.models import LedgerDigest

        context: dict[str, Any] = super().get_context(request, *args, **kwargs)
        context["totals"] = city_totals()
        context["districts"] = district_totals()
        context["categories"] = category_totals()
        context["digests"] = LedgerDigest.objects.all()[:DIGESTS_SHOWN]
        return context


@register_setting(icon="list-ul")
class SiteNavigation(BaseSiteSetting):
    """The links at the head and the foot of every page, edited in the admin."""

    header: StreamField = StreamField(
        [("link", LinkBlock())], blank=True, verbose_name=_("navigation")
    )
    footer: StreamField = StreamField([("link", LinkBlock())], blank=True, verbose_name=_("footer"))
    footer_note = models.CharField(_("line at the foot"), max_length=200, blank=True)
    footer_note_en = models.CharField(_("line at the foot, in English"), max_length=250, blank=True)

    panels = [
        FieldPanel("header"),
        FieldPanel("footer"),
        FieldPanel("footer_note"),
        FieldPanel("footer_note_en"),
    ]

    class Meta:
        verbose_name = _("navigation and footer")
