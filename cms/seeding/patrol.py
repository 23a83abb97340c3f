"""At Bao's station: the night patrol's way, a team, a phone that was lent, and who looks at it."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from campaigns.actions.flags import look_over_scans
from campaigns.actions.patrol import add_check_point
from campaigns.actions.teams import form_team
from campaigns.models import Activity, CheckPoint, Scan, Shift, SignUp, Team
from campaigns.models.attendance import Door
from cms.demo.logins import HOME_ORGANISATION
from cms.seeding.ground import organiser_of
from volunteers.models import User

WAY = [
    ("正阳关路口", "Zhengyangguan Road corner"),
    ("韶关路桃花巷口", "Peach Lane, Shaoguan Road"),
    ("居庸关路配电房", "Substation, Juyongguan Road"),
    ("第二海水浴场北门", "North gate of the second bathing beach"),
]
# Roughly where the station stands (WGS 84).
LATITUDE, LONGITUDE = "36.05350", "120.35260"
TEAM = "一队"


def seed_patrol() -> None:
    """Running it again harms nothing."""
    at_home = Activity.objects.filter(campaign__organisation__slug=HOME_ORGANISATION)
    walk = at_home.order_by("campaign", "sort_order").first()
    if walk is None:
        return
    by = organiser_of(walk.campaign.organisation)
    at_home.update(latitude=LATITUDE, longitude=LONGITUDE)
    if not CheckPoint.objects.filter(activity=walk).exists():
        for name, name_en in WAY:
            add_check_point(activity=walk, name=name, name_en=name_en, by=by)
    _make_a_team(walk, by)
    _lend_a_phone(walk)
    look_over_scans(since=timezone.now() - timedelta(days=2))


def _make_a_team(walk: Activity, by: User) -> None:
    """Of the next walk's first three, unless they have one."""
    shift = Shift.objects.open().upcoming().filter(activity=walk).order_by("starts_at").first()
    if shift is None or Team.objects.filter(shift=shift).exists():
        return
    places = SignUp.objects.holding().filter(shift=shift).select_related("volunteer")
    people = [place.volunteer for place in places.order_by("pk")[: Team.SMALLEST]]
    if len(people) == Team.SMALLEST:
        form_team(shift=shift, name=TEAM, leader=people[0], members=people[1:], by=by)


def _lend_a_phone(walk: Activity) -> None:
    """Three of those who are in at the station's desk were scanned by one phone."""
    scans = Scan.objects.filter(
        shift__activity__campaign=walk.campaign_id,
        shift__ends_at__gt=timezone.now(),
        door=Door.VENUE_SCREEN,
        counts=True,
    )
    Scan.objects.filter(pk__in=scans.order_by("pk").values("pk")[:3]).update(browser="demo")
