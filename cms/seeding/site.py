"""The pages: home, news, standing texts, the city, and every campaign with its picture."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone
from wagtail.images import get_image_model
from wagtail.models import Collection, Locale, Page, ReferenceIndex, Site
from wagtail.signal_handlers import disable_reference_index_auto_update

from campaigns.actions.pages import draft_campaign, open_missing_branches, publish_campaign
from campaigns.models import (
    Activity,
    CampaignIndexPage,
    CampaignPage,
    OrganisationCampaignsPage,
)
from cms.demo.pictures import draw_scene
from cms.demo.pictures.paper import as_jpeg
from cms.demo.texts import campaigns, foundations, pages, paragraphs
from cms.models import CityPage, HomePage, NewsIndexPage, NewsPage, SiteNavigation, StandardPage
from cms.seeding.ground import find_place, organiser_of, seed_bonus
from foundations.models import FoundationIndexPage
from volunteers.models import Category, Organisation, Skill

WITH_BONUS = "marathon-water-28k"
OPEN_SINCE_DAYS = 60
OPEN_FOR_DAYS = 150


def seed_site() -> HomePage:
    """The tree in both languages. What is there already stays as its editors left it."""
    home = _seed_home()
    texts = pages()
    for row in texts["page"]:
        _seed_both(home, row, _standard_page)
    _seed_both(home, texts["city"], _city_page)
    news = _seed_both(home, texts["news"], _news_index)
    for number, row in enumerate(texts["article"]):
        _seed_both(news, row, lambda row, number=number: _article(row, number=number))
    _seed_index(home, texts["campaigns"], CampaignIndexPage)
    _seed_index(home, foundations()["index"], FoundationIndexPage)
    open_missing_branches()
    _seed_navigation(home)
    return home


def seed_campaigns(*, how_many: int) -> int:
    """Write and publish those of the first `how_many` that are not there; returns how many."""
    known = set(CampaignPage.objects.values_list("slug", flat=True))
    made = 0
    with disable_reference_index_auto_update():
        for number, row in enumerate(campaigns()[:how_many]):
            if row["slug"] not in known:
                _seed_campaign(row, number=number)
                made += 1
    with_bonus = CampaignPage.objects.filter(slug=WITH_BONUS).first()
    if with_bonus is not None:
        seed_bonus(campaign_number=with_bonus.pk)
    return made


# Home and its children


def _seed_home() -> HomePage:
    chinese, _made = Locale.objects.get_or_create(language_code="zh-hans")
    english, _made = Locale.objects.get_or_create(language_code="en")
    home = HomePage.objects.filter(locale=chinese).first()
    if home is not None:
        return home
    root = Page.objects.get(depth=1)
    text = pages()["home"]
    home = root.add_child(
        instance=HomePage(
            title="邻里",
            slug="linli",
            locale=chinese,
            headline=text["headline"],
            lede=text["lede"],
            search_description=text["lede"],
            body=_home_body(text, ""),
        )
    )
    home.save_revision().publish()
    translated = home.copy_for_translation(english)
    translated.title, translated.headline = "Linli", text["headline_en"]
    translated.lede = translated.search_description = text["lede_en"]
    translated.body = _home_body(text, "_en")
    translated.save_revision().publish()
    address = urlsplit(settings.LINLI_BASE_URL)
    fields = {
        "hostname": address.hostname or "localhost",
        "port": address.port or (443 if address.scheme == "https" else 80),
        "root_page": home,
        "site_name": "邻里",
    }
    Site.objects.update_or_create(is_default_site=True, defaults=fields)
    _remove_welcome(root)
    return home


def _remove_welcome(root: Page) -> None:
    """Wagtail's own first page, which no site points at any more."""
    for page in root.get_children().exclude(pk__in=HomePage.objects.values("pk")):
        if page.specific_class in (None, Page):
            page.delete()


def _home_body(text: dict[str, Any], suffix: str) -> str:
    return _stream(
        [
            {"soon": {"title": text[f"soon{suffix}"], "how_many": 6}},
            {"heading": text[f"steps_heading{suffix}"]},
            {"steps": text[f"steps{suffix}"]},
            {"callout": text[f"callout{suffix}"]},
            {"newest": {"title": text[f"newest{suffix}"]}},
        ]
    )


def _seed_both(parent: Page, row: dict[str, Any], make: Any) -> Page:
    """A page and its translation below `parent` and its translation."""
    page = parent.get_children().filter(slug=row["slug"]).first()
    if page is not None:
        return page.specific
    page = parent.add_child(instance=make(row))
    page.save_revision().publish()
    translated = page.copy_for_translation(Locale.objects.get(language_code="en"))
    _turn_english(translated, row)
    translated.save_revision().publish()
    return page


def _turn_english(page: Page, row: dict[str, Any]) -> None:
    page.title = row["title_en"]
    page.slug = row["slug"]
    if isinstance(page, NewsPage):
        page.summary = page.search_description = row["summary_en"]
        page.body = row["body_en"]
    if isinstance(page, StandardPage | CityPage):
        page.introduction = page.search_description = row["introduction_en"]
    if isinstance(page, StandardPage):
        page.body = _standard_body(row, "_en", page.body)


def _standard_page(row: dict[str, Any]) -> StandardPage:
    return StandardPage(
        title=row["title"],
        slug=row["slug"],
        introduction=row["introduction"],
        search_description=row["introduction"],
        body=_standard_body(row, "", None),
    )


def _standard_body(row: dict[str, Any], suffix: str, chinese: Any) -> str:
    blocks = list(row[f"body{suffix}"])
    if "picture" in row:
        picture = _picture_in(chinese) or draw_picture(
            row["picture"], seed=len(row["slug"]), title=row["title"], name=row["slug"]
        )
        caption = row[f"picture_caption{suffix}"]
        blocks.insert(1, {"picture": {"picture": picture.pk, "caption": caption}})
    return _stream(blocks)


def _picture_in(body: Any) -> Any:
    """The translation shows the same picture."""
    for block in body or ():
        if block.block_type == "picture":
            return block.value["picture"]
    return None


def _city_page(row: dict[str, Any]) -> CityPage:
    return CityPage(
        title=row["title"],
        slug=row["slug"],
        introduction=row["introduction"],
        search_description=row["introduction"],
        show_in_menus=True,
    )


def _news_index(row: dict[str, Any]) -> NewsIndexPage:
    return NewsIndexPage(title=row["title"], slug=row["slug"], show_in_menus=True)


def _article(row: dict[str, Any], *, number: int) -> NewsPage:
    return NewsPage(
        title=row["title"],
        slug=row["slug"],
        published_on=timezone.localdate() - timedelta(days=row["days_ago"]),
        summary=row["summary"],
        search_description=row["summary"],
        picture=draw_picture(
            row["picture"], seed=500 + number, title=row["title"], name=row["slug"]
        ),
        body=row["body"],
    )


def _seed_index(
    home: HomePage,
    row: dict[str, Any],
    kind: type[CampaignIndexPage] | type[FoundationIndexPage],
) -> None:
    if kind.objects.exists():
        return
    index = home.add_child(
        instance=kind(
            title=row["title"],
            title_en=row["title_en"],
            slug=row["slug"],
            introduction=row["introduction"],
            introduction_en=row["introduction_en"],
            search_description=row["introduction"],
            show_in_menus=True,
        )
    )
    index.save_revision().publish()


def _seed_navigation(home: HomePage) -> None:
    site = Site.objects.get(root_page=home)
    if SiteNavigation.objects.filter(site=site).exists():
        return
    text = pages()["home"]

    def to_page(slug: str, label: str, label_en: str) -> dict[str, Any]:
        page = home.get_children().get(slug=slug)
        value = {"label": label, "label_en": label_en, "page": page.pk, "address": ""}
        return {"link": value}

    def to_address(address: str, label: str, label_en: str) -> dict[str, Any]:
        value = {"label": label, "label_en": label_en, "page": None, "address": address}
        return {"link": value}

    SiteNavigation.objects.create(
        site=site,
        header=_stream(
            [
                to_page("campaigns", "志愿活动", "Campaigns"),
                to_page("foundations", "公益基金", "Foundations"),
                to_page("news", "新鲜事", "News"),
                to_page("city", "这座城", "The city"),
                to_address("/rankings/", "光荣榜", "Rankings"),
                to_page("how-points-work", "积分", "Points"),
            ]
        ),
        footer=_stream(
            [
                to_page("about", "关于邻里", "About Linli"),
                to_page("how-points-work", "积分怎么来", "How points work"),
                to_page("privacy", "隐私说明", "Privacy"),
                to_address("/rewards/", "积分兑换", "Rewards"),
                to_page("foundations", "公益基金", "Foundations"),
                to_address("/foundations/money/", "钱花在哪儿", "Where the money went"),
            ]
        ),
        footer_note=text["footer_note"],
        footer_note_en=text["footer_note_en"],
    )


def _stream(blocks: list[dict[str, Any]]) -> str:
    """`[{"heading": "…"}]` as a StreamField keeps it."""
    return json.dumps(
        [{"type": kind, "value": value} for row in blocks for kind, value in row.items()]
    )


# Campaigns


def _seed_campaign(row: dict[str, Any], *, number: int) -> None:
    organisation = Organisation.objects.get(slug=row["organisation"])
    branch = OrganisationCampaignsPage.objects.get(organisation=organisation)
    today = timezone.localdate()
    by = organiser_of(organisation)
    campaign = draft_campaign(
        organisation=organisation,
        activities=[_activity(activity, organisation) for activity in row["activity"]],
        territory=find_place(row["territory"]),
        category=Category.objects.get(slug=row["category"]),
        title=row["title"],
        title_en=row["title_en"],
        slug=row["slug"],
        summary=row["summary"],
        summary_en=row["summary_en"],
        search_description=row["summary"],
        story=paragraphs(row["story"]),
        story_en=paragraphs(row["story_en"]),
        image=draw_picture(
            row["picture"],
            seed=number,
            title=row["title"],
            name=row["slug"],
            collection=branch.collection,
        ),
        starts_on=today - timedelta(days=OPEN_SINCE_DAYS + number % 20),
        ends_on=today + timedelta(days=OPEN_FOR_DAYS + number % 30),
        by=by,
    )
    campaign = publish_campaign(campaign=campaign, by=None)
    # Which pictures are in use: noted once, and not at each of the saves above.
    with transaction.atomic():
        ReferenceIndex.create_or_update_for_object(campaign)


def _activity(row: dict[str, Any], organisation: Organisation) -> Activity:
    activity = Activity(
        role=row["role"],
        role_en=row["role_en"],
        place=row["place"],
        place_en=row["place_en"],
        what_you_do=row["do"],
        what_you_do_en=row["do_en"],
        conditions=row["conditions"],
        conditions_en=row["conditions_en"],
        risks=row["risks"],
        risks_en=row["risks_en"],
        protection=row["protection"],
        protection_en=row["protection_en"],
        insurance=row["insurance"],
        insurance_en=row["insurance_en"],
        minimum_age=row["age"],
        is_dangerous=row.get("dangerous", False),
        contact_name=organisation.person_in_charge,
        contact_phone=organisation.phone,
    )
    if row.get("skills"):
        activity.skills = list(Skill.objects.filter(slug__in=row["skills"]))
    return activity


def draw_picture(
    picture: dict[str, str], *, seed: int, title: str, name: str, collection: Any = None
) -> Any:
    """Draw a scene and keep it in the picture library."""
    jpeg = as_jpeg(draw_scene(picture["scene"], time=picture["time"], seed=seed))
    image = get_image_model()(
        title=title[:255],
        description=title[:255],
        collection=collection or Collection.get_first_root_node(),
        file=ContentFile(jpeg, name=f"{name}.jpg"),
    )
    image.save()
    return image
