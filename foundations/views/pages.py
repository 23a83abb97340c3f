"""What the public pages of foundations and funds show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.utils.html import strip_tags
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.images import get_image_model
from wagtail.images.shortcuts import get_rendition_or_not_found
from wagtail.models import Page

from foundations.checkout import takes_gifts
from foundations.figures import (
    Figures,
    Progress,
    budget_of,
    figures_of,
    figures_of_foundations,
    pots_beside,
    progress_of,
)
from foundations.models import (
    Foundation,
    FoundationIndexPage,
    FoundationPage,
    Fund,
    FundPage,
    FundPlan,
    FundUpdatePage,
)
from foundations.wall import wall_of
from volunteers.language import in_language

CARD_PICTURE = "fill-640x400"
WIDE_PICTURE = "fill-1280x640"
UPDATE_PICTURE = "max-960x720"
SHARE_PICTURE = "fill-600x600"  # WeChat shows a square
UPDATES_SHOWN = 20

# What the law's word for a mode means to somebody who wants to give (D1).
MODE_WORDS = {
    Foundation.Mode.LINK_OUT: gettext_lazy(
        "Gifts are taken by a platform that the state has designated for raising money on the"
        " internet. This foundation takes none here itself."
    ),
    Foundation.Mode.OWN_NAME: gettext_lazy(
        "This foundation may ask the public for money in its own name. Its certificate is shown"
        " here, and each fund shows the number under which its plan was filed."
    ),
    Foundation.Mode.DIRECTED: gettext_lazy(
        "This foundation takes gifts from its own members only. It does not ask the public."
    ),
    Foundation.Mode.MUTUAL_AID: gettext_lazy(
        "Neighbours of one community give for one another. This is mutual aid, not a collection"
        " among the public."
    ),
}


@dataclass(frozen=True)
class FoundationCard:
    page: FoundationPage
    href: str
    picture_url: str
    figures: Figures
    funds: int


@dataclass(frozen=True)
class FundCard:
    page: FundPage
    href: str
    picture_url: str
    figures: Figures
    progress: Progress | None


def index_context(request: HttpRequest, *, index: FoundationIndexPage) -> dict[str, Any]:
    """Every foundation whose page is published, in five queries however many there are."""
    pages = list(
        _with_pictures(FoundationPage.objects.child_of(index).live(), CARD_PICTURE)
        .select_related("foundation__organisation")
        .order_by("path")
    )
    figures = figures_of_foundations([page.foundation for page in pages])
    funds = _count_funds(pages)
    return {
        "cards": [
            FoundationCard(
                page=page,
                href=page.get_url(request) or "",
                picture_url=picture_of(page.image, CARD_PICTURE),
                figures=figures[page.foundation_id],
                funds=funds.get(page.foundation_id, 0),
            )
            for page in pages
        ],
        "share": _share(
            request, index, title=in_language(index, "title"),
            description=in_language(index, "introduction"), picture="",
        ),
    }  # fmt: skip


def foundation_context(request: HttpRequest, *, page: FoundationPage) -> dict[str, Any]:
    foundation = page.foundation
    return {
        "foundation": foundation,
        "organisation": foundation.organisation,
        "crumbs": _crumbs(request, page),
        "picture_url": picture_of(page.image, WIDE_PICTURE),
        "mode_words": MODE_WORDS[Foundation.Mode(foundation.mode)],
        "board": page.board.all(),
        "reports": sorted(page.reports.all(), key=lambda report: -report.year),
        "figures": figures_of_foundations([foundation])[foundation.pk],
        "cards": fund_cards(request, FundPage.objects.child_of(page)),
        "share": _share(
            request, page, title=str(foundation.organisation),
            description=in_language(page, "introduction")
            or in_language(foundation.organisation, "about"),
            picture=picture_of(page.image, SHARE_PICTURE),
        ),
    }  # fmt: skip


def fund_cards(request: HttpRequest, pages: QuerySet[FundPage]) -> list[FundCard]:
    """The published ones, open funds first, in four queries however many there are."""
    found = list(
        _with_pictures(pages.live(), CARD_PICTURE)  # type: ignore[attr-defined]
        .select_related("fund__plan")
        .order_by("-fund__state", "path")
    )
    figures = figures_of([page.fund for page in found])
    return [
        FundCard(
            page=page,
            href=page.get_url(request) or "",
            picture_url=picture_of(page.image, CARD_PICTURE),
            figures=figures[page.fund_id],
            progress=progress_of(figures[page.fund_id], _plan_of(page.fund)),
        )
        for page in found
    ]


def fund_context(request: HttpRequest, *, page: FundPage) -> dict[str, Any]:
    fund = Fund.objects.select_related("foundation__organisation", "plan").get(pk=page.fund_id)
    figures = figures_of([fund])[fund.pk]
    plan = _plan_of(fund)
    budget = budget_of(fund)
    takes = takes_gifts(fund)
    return {
        "fund": fund,
        "foundation": fund.foundation,
        "organisation": fund.foundation.organisation,
        "branch": FoundationPage.objects.ancestor_of(page).live().first(),
        "crumbs": _crumbs(request, page),
        "picture_url": picture_of(page.image, WIDE_PICTURE),
        "plan": plan,
        "figures": figures,
        "progress": progress_of(figures, plan),
        "budget": budget,
        "budget_other_minor": figures.spent_minor - sum(row.spent_minor for row in budget),
        "pots": pots_beside(fund) if takes else [],
        "takes_gifts": takes,
        "why_not": "" if takes else why_not(fund),
        "updates": updates_of(page),
        "wall": wall_of(of=fund, page=_number(request.GET.get("wall"))),
        "share": _share(
            request, page, title=in_language(page, "title"),
            description=in_language(page, "summary"), picture=picture_of(page.image, SHARE_PICTURE),
        ),
    }  # fmt: skip


def update_context(request: HttpRequest, *, page: FundUpdatePage) -> dict[str, Any]:
    pictures = pictures_of(page)
    return {
        "fund_page": FundPage.objects.ancestor_of(page).first(),
        "crumbs": _crumbs(request, page),
        "pictures": pictures,
        "share": _share(
            request, page, title=in_language(page, "title"),
            description=strip_tags(in_language(page, "text"))[:160],
            picture=pictures[0]["url"] if pictures else "",
        ),
    }  # fmt: skip


def updates_of(page: FundPage, *, most: int = UPDATES_SHOWN) -> list[dict[str, Any]]:
    """What became of the money so far, newest first."""
    pictures = get_image_model().objects.prefetch_renditions(UPDATE_PICTURE)
    updates = (
        FundUpdatePage.objects.child_of(page)
        .live()
        .prefetch_related(Prefetch("pictures__image", queryset=pictures))
        .order_by("-happened_on", "-pk")
    )
    return [{"page": update, "pictures": pictures_of(update)} for update in updates[:most]]


def pictures_of(update: FundUpdatePage) -> list[dict[str, str]]:
    return [
        {"url": picture_of(row.image, UPDATE_PICTURE), "caption": in_language(row, "caption")}
        for row in update.pictures.all()
    ]


def why_not(fund: Fund) -> str:
    """Why nobody can give here now, for whoever looks for the button."""
    foundation = fund.foundation
    if fund.state == Fund.State.CLOSED:
        return _("This fund is closed and takes no more gifts.")
    if foundation.mode == Foundation.Mode.LINK_OUT:
        return _("Gifts for this fund are taken by %(platform)s.") % {
            "platform": foundation.platform_name or _("a designated platform")
        }
    return _(
        "Giving to this fund is not open here yet: something that the law asks for before"
        " anybody may give is still missing."
    )


def _number(typed: str | None) -> int:
    return int(typed) if typed and typed.isascii() and typed.isdigit() and len(typed) < 6 else 1


def picture_of(image: Any, size: str) -> str:
    return str(get_rendition_or_not_found(image, size).url) if image else ""


def _plan_of(fund: Fund) -> FundPlan | None:
    return getattr(fund, "plan", None)


def _with_pictures(pages: Any, size: str) -> Any:
    pictures = get_image_model().objects.prefetch_renditions(size)
    return pages.prefetch_related(Prefetch("image", queryset=pictures))


def _count_funds(pages: list[FoundationPage]) -> dict[int, int]:
    """How many funds of each have a page to read."""
    live = FundPage.objects.live().filter(
        fund__foundation__in=[page.foundation_id for page in pages], fund__state=Fund.State.OPEN
    )
    counts: dict[int, int] = {}
    for foundation in live.values_list("fund__foundation", flat=True):
        counts[foundation] = counts.get(foundation, 0) + 1
    return counts


def _crumbs(request: HttpRequest, page: Page) -> list[dict[str, str]]:
    """The published pages above this one, down from the index."""
    crumbs = []
    for above in page.get_ancestors().live().specific():
        if isinstance(above, FoundationPage):
            title = str(above.foundation.organisation)
        elif isinstance(above, FoundationIndexPage | FundPage):
            title = in_language(above, "title")
        else:
            continue
        crumbs.append({"title": title, "url": above.get_url(request) or ""})
    return crumbs


def _share(
    request: HttpRequest, page: Page, *, title: str, description: str, picture: str
) -> dict[str, str]:
    return {
        "title": title,
        "description": description,
        "image": request.build_absolute_uri(picture) if picture else "",
        "url": request.build_absolute_uri(page.get_url(request) or request.path),
        "kind": "article",
    }
