"""Shifts that run now and that are to come, whatever the day on which the demo is started."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from campaigns.actions.attendance import check_in
from campaigns.actions.shifts import open_shift
from campaigns.actions.sign_ups import SignUpRefused, sign_up
from campaigns.models import Activity, Shift, SignUp
from campaigns.models.attendance import Door
from cms.demo.logins import HOME_ORGANISATION
from cms.seeding.clock import Clock, lived_time
from cms.seeding.ground import organiser_of
from cms.seeding.life import (
    Residents,
    active_residents,
    activities_with_texts,
    moment,
    rhythm_of,
)
from volunteers.models import User, Volunteer

DAYS_AHEAD = 14
SHIFTS_AHEAD = 4
MOST_AHEAD = 6
RUNNING_ELSEWHERE = 9
SOON = timedelta(minutes=40)  # inside the hour in which check-in is open
BEGAN_AGO = timedelta(minutes=35)


def refresh(*, alice: User) -> None:
    """Open what is missing around now and for the two weeks to come."""
    now = timezone.now().replace(second=0, microsecond=0)
    rng = random.Random(f"today {now:%Y-%m-%d %H}")
    residents = _residents_of_now(rng, alice)
    plans = list(activities_with_texts())
    with lived_time(now) as clock:
        _run_home(rng, clock, plans, residents, now=now)
        _run_elsewhere(rng, clock, plans, residents, now=now)
        clock.set(now)
        for activity, row in plans:
            _look_ahead(rng, activity, row, residents, now=now)
        _give_alice_one(alice, now=now)


def _residents_of_now(rng: random.Random, alice: User) -> Residents:
    """Without Alice: whoever tries the demo as her is to find her free."""
    residents = active_residents(rng).without(alice)
    coming = SignUp.objects.holding().filter(shift__ends_at__gt=timezone.now())
    for volunteer_id, during in coming.values_list("volunteer_id", "during"):
        residents.busy[volunteer_id].append((during.lower, during.upper))
    return residents


def _run_home(
    rng: random.Random,
    clock: Clock,
    plans: list[tuple[Activity, dict[str, Any]]],
    residents: Residents,
    *,
    now: datetime,
) -> None:
    """At Bao's: one shift that runs, with people in; one about to begin, with room for Alice."""
    home = [a for a, _row in plans if a.campaign.organisation.slug == HOME_ORGANISATION]
    if not home:
        return
    walk, desk = home[0], home[-1]
    at_home = Shift.objects.filter(activity__in=home, state=Shift.State.OPEN)
    if not at_home.filter(starts_at__lte=now, ends_at__gt=now + timedelta(minutes=30)).exists():
        shift = _open_around(clock, desk, starts_at=now - BEGAN_AGO, minutes=180, capacity=8)
        _fill(rng, clock, shift, residents, how_many=5, who_came=4, now=now)
    if not at_home.filter(
        starts_at__gt=now + timedelta(minutes=10), starts_at__lte=now + SOON
    ).exists():
        shift = _open_around(clock, walk, starts_at=now + SOON, minutes=120, capacity=12)
        _fill(rng, clock, shift, residents, how_many=4, who_came=1, now=now)


def _run_elsewhere(
    rng: random.Random,
    clock: Clock,
    plans: list[tuple[Activity, dict[str, Any]]],
    residents: Residents,
    *,
    now: datetime,
) -> None:
    """Campaigns whose usual hour is nearest to now."""
    running = set(
        Shift.objects.public()
        .filter(starts_at__lte=now, ends_at__gt=now)
        .values_list("activity_id", flat=True)
    )
    others = [
        (activity, row)
        for activity, row in plans
        if activity.campaign.organisation.slug != HOME_ORGANISATION and activity.pk not in running
    ]
    local = timezone.localtime(now)
    minute_of_day = local.hour * 60 + local.minute

    def distance(plan: tuple[Activity, dict[str, Any]]) -> tuple[bool, int]:
        weekdays, starts, minutes, _capacity = rhythm_of(plan[1])
        middle = starts.hour * 60 + starts.minute + minutes // 2
        apart = abs(middle - minute_of_day) % 1440
        apart = min(apart, 1440 - apart)
        # On the usual weekday, unless that would be hours away from the usual time.
        return apart > 240 or local.weekday() not in weekdays, apart

    wanted = max(0, RUNNING_ELSEWHERE + 1 - len(running))
    for activity, row in sorted(others, key=distance)[:wanted]:
        began = now - timedelta(minutes=rng.randrange(10, 60))
        minutes = max(row["minutes"], 120)
        shift = _open_around(
            clock, activity, starts_at=began, minutes=minutes, capacity=row["capacity"]
        )
        some = rng.randint(3, 6)
        _fill(rng, clock, shift, residents, how_many=some, who_came=some - 1, now=now)


def _open_around(
    clock: Clock, activity: Activity, *, starts_at: datetime, minutes: int, capacity: int
) -> Shift:
    clock.set(starts_at - timedelta(days=6))
    return open_shift(
        activity=activity,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=minutes),
        capacity=capacity,
        by=organiser_of(activity.campaign.organisation),
        person_in_charge=activity.contact_name,
    )


def _fill(
    rng: random.Random,
    clock: Clock,
    shift: Shift,
    residents: Residents,
    *,
    how_many: int,
    who_came: int,
    now: datetime,
) -> None:
    """Sign people up over the days before; `who_came` of them have checked in by now."""
    people = residents.some(
        rng,
        activity=shift.activity,
        how_many=min(how_many, shift.capacity),
        starts_at=shift.starts_at,
        ends_at=shift.ends_at,
    )
    there: list[Volunteer] = []
    for volunteer in people:
        clock.set(min(shift.starts_at, now) - timedelta(hours=rng.uniform(3, 100)))
        with transaction.atomic():
            try:
                sign_up(shift=shift, volunteer=volunteer, by=volunteer.user)
            except SignUpRefused:
                continue
        residents.take(volunteer, shift)
        there.append(volunteer)
    for volunteer in there[:who_came]:
        earliest, latest = shift.starts_at - timedelta(minutes=20), now
        clock.set(min(earliest + timedelta(minutes=rng.uniform(0, 22)), latest))
        check_in(shift=shift, volunteer=volunteer, door=Door.VENUE_SCREEN, by=volunteer.user)


def _look_ahead(
    rng: random.Random,
    activity: Activity,
    row: dict[str, Any],
    residents: Residents,
    *,
    now: datetime,
) -> None:
    """The next few of the activity's usual days, some of them nearly full."""
    weekdays, starts, minutes, capacity = rhythm_of(row)
    today = timezone.localdate(now)
    there = set(
        Shift.objects.filter(activity=activity, starts_at__gt=now).values_list(
            "starts_at", flat=True
        )
    )
    for day in (today + timedelta(days=ahead) for ahead in range(DAYS_AHEAD)):
        if len(there) >= SHIFTS_AHEAD:
            return
        starts_at = moment(day, starts)
        soonest = now + timedelta(hours=2)
        if day.weekday() not in weekdays or starts_at < soonest or starts_at in there:
            continue
        shift = open_shift(
            activity=activity,
            starts_at=starts_at,
            capacity=capacity,
            ends_at=starts_at + timedelta(minutes=minutes),
            by=organiser_of(activity.campaign.organisation),
            person_in_charge=activity.contact_name,
        )
        there.add(starts_at)
        _sign_some_up(rng, shift, residents)


def _give_alice_one(alice: User, *, now: datetime) -> None:
    """Something of hers to come, too far off to be in the way of what is tried today."""
    volunteer = Volunteer.objects.get(user=alice)
    if SignUp.objects.holding().filter(volunteer=volunteer, shift__starts_at__gt=now).exists():
        return
    far_off = Shift.objects.public().with_places().filter(starts_at__gt=now + timedelta(days=5))
    for shift in far_off.order_by("starts_at", "pk")[:20]:
        try:
            sign_up(shift=shift, volunteer=volunteer, by=alice)
        except SignUpRefused:
            continue
        return


def _sign_some_up(rng: random.Random, shift: Shift, residents: Residents) -> None:
    share = rng.choice((0, 0, 0, 0.2, 0.4, 1.0))
    how_many = min(round(shift.capacity * share), shift.capacity, 8)
    people = residents.some(
        rng,
        activity=shift.activity,
        how_many=how_many,
        starts_at=shift.starts_at,
        ends_at=shift.ends_at,
    )
    for volunteer in people:
        try:
            sign_up(shift=shift, volunteer=volunteer, by=volunteer.user)
        except SignUpRefused:
            continue
        residents.take(volunteer, shift)
