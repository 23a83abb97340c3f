"""Badges that can be earned, the year's list of honours, and an objection that waits."""

from __future__ import annotations

import random
from datetime import timedelta

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from cms.demo.logins import HOME_ORGANISATION
from cms.demo.texts import honours
from cms.seeding.clock import lived_time
from cms.seeding.ground import organiser_of, reviewer_of
from cms.seeding.life import PAPER_REGISTER, active_residents, settle_everything
from points.actions.badges import create_badge
from points.actions.honours import decide_honour, nominate_honour, show_name
from points.actions.objections import raise_star_objection
from points.models import Badge, Recognition, StarObjection, YearlyHonour
from volunteers.actions.records import confirm_records, enter_record_by_hand
from volunteers.models import Category, Organisation, ServiceRecord, User, Volunteer

# Residents, in the order of life.active_residents, who come after its veterans.
FIRST_SOON = 20
SOON = 3


def seed_badges() -> None:
    known = set(Badge.objects.values_list("slug", flat=True))
    categories = {category.slug: category for category in Category.objects.all()}
    for position, row in enumerate(honours()["badge"]):
        if row["slug"] in known:
            continue
        fields = dict(row)
        fields["issuer"] = Organisation.objects.get(slug=row["issuer"])
        fields["category"] = categories[row["category"]] if "category" in row else None
        create_badge(position=position, by=None, **fields)


def seed_honours(users: dict[str, User]) -> None:
    """After the weeks gone by: whoever has served most with the home organisation is honoured."""
    if not YearlyHonour.objects.exists():
        _honour_some(city=users["city"])
    if not StarObjection.objects.exists():
        _bring_stars_into_notice()
        _object_to_one(by=users["dai"])


def _honour_some(*, city: User) -> None:
    organisation = Organisation.objects.get(slug=HOME_ORGANISATION)
    by = organiser_of(organisation)
    year = timezone.localdate().year
    rows = honours()["honour"]
    for volunteer, row in zip(_most_served(organisation, year, by=by), rows, strict=False):
        honour = nominate_honour(
            year=year,
            volunteer=volunteer,
            organisation=organisation,
            title=row["title"],
            citation=row["citation"],
            by=by,
        )
        if row == rows[-1]:
            continue
        honour = decide_honour(honour=honour, approve=True, answer="", by=city)
        if row.get("shows_name"):
            show_name(honour=honour, shown=True)


def _most_served(organisation: Organisation, year: int, *, by: User) -> list[Volunteer]:
    """None in the first days of a year, when nobody has served yet."""
    served = ServiceRecord.objects.counted().filter(organisation=organisation)
    most = (
        served.filter(served_on__year=year, volunteer__user__isnull=False)
        .exclude(volunteer__user=by)
        .values("volunteer")
        .annotate(minutes=Sum("credited_minutes"))
        .order_by("-minutes", "volunteer")
    )
    numbers = [row["volunteer"] for row in most[: len(honours()["honour"])]]
    people = Volunteer.objects.in_bulk(numbers)
    return [people[number] for number in numbers]


def _bring_stars_into_notice() -> None:
    """Some whose paper registers were taken over only yesterday: their hundred hours are full."""
    organisation = Organisation.objects.get(slug=HOME_ORGANISATION)
    category = Category.objects.get(slug="patrol")
    soon = active_residents(random.Random("soon")).everybody[FIRST_SOON : FIRST_SOON + SOON]
    with lived_time(timezone.now() - timedelta(days=1)), transaction.atomic():
        for volunteer in soon:
            records = [
                enter_record_by_hand(
                    volunteer=volunteer,
                    organisation=organisation,
                    activity_name="太平角夜巡",
                    activity_name_en="Taipingjiao night patrol",
                    category=category,
                    served_on=timezone.localdate() - timedelta(days=50 + 2 * number),
                    credited_minutes=480,
                    reason=PAPER_REGISTER,
                    by=organiser_of(organisation),
                )
                for number in range(14)
            ]
            confirm_records(records=records, by=reviewer_of(organisation), quality=5)
        settle_everything()


def _object_to_one(*, by: User) -> None:
    stars = Recognition.objects.in_notice().filter(
        kind=Recognition.Kind.STAR, notice_until__gt=timezone.now()
    )
    star = stars.exclude(volunteer__user=by).order_by("level", "pk").first()
    if star is not None:
        raise_star_objection(recognition=star, reason=honours()["objection"]["reason"], by=by)
