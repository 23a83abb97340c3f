"""Six weeks of shifts, sign-ups, check-ins and confirmed hours, through the site's own actions.

Each shift is lived at its own hour: opened days before, signed up for by people one after
another, come to and left by the doors, closed after its grace, confirmed when the organiser got
round to it. What the organiser has not got round to waits at the desk.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from campaigns.actions.attendance import check_in, check_out
from campaigns.actions.closing import close_shift
from campaigns.actions.shifts import open_shift
from campaigns.actions.sign_ups import SignUpRefused, ask_for_leave, cancel_sign_up, sign_up
from campaigns.models import Activity, CampaignPage, Shift, SignUp
from campaigns.models.attendance import Door
from cms.demo.logins import HOME_ORGANISATION
from cms.demo.texts import campaigns
from cms.seeding.clock import Clock, lived_time
from cms.seeding.ground import organiser_of, reviewer_of
from cms.seeding.processes import run_in_processes
from cms.seeding.rewards import live_rewards
from points.actions.recognition import award_noticed_recognition, evaluate_recognition
from points.actions.settlement import settle_owed_records
from volunteers.actions.consents import give_consent
from volunteers.actions.records import (
    confirm_record,
    confirm_records,
    correct_record,
    enter_record_by_hand,
    raise_objection,
    uphold_record,
    void_record,
)
from volunteers.models import ConsentNotice, Organisation, ServiceRecord, User, Volunteer

ACTIVE = 460  # residents who come again and again; the others have signed up and look around
SHIFTS_AN_ACTIVITY = 3
SHIFTS_OF_HOME = 9
PEOPLE_A_SHIFT = (3, 5)
VETERANS = 8
RANKED = 140
PAPER_REGISTER = "纸质签到册移交补录，原件存站内"
FORGOTTEN_PHONE = "手机没电，签到表上有本人签名"


@dataclass
class Residents:
    """Those who come, and when each of them is busy."""

    everybody: list[Volunteer]
    weights: list[float]
    skills: dict[int, set[int]]
    busy: dict[int, list[tuple[datetime, datetime]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def some(
        self,
        rng: random.Random,
        *,
        activity: Activity,
        how_many: int,
        starts_at: datetime,
        ends_at: datetime,
    ) -> list[Volunteer]:
        """People fit for this work who are nowhere else then; those who live near come first."""
        needed = {skill.pk for skill in activity.skills.all()}
        home = activity.campaign.territory.path.split("/")[2]
        chosen: dict[int, Volunteer] = {}
        for volunteer in rng.choices(self.everybody, self.weights, k=how_many * 12):
            if len(chosen) == how_many:
                break
            near = volunteer.community and volunteer.community.path.split("/")[2] == home
            if (
                volunteer.pk in chosen
                or (not near and rng.random() < 0.55)
                or not needed <= self.skills.get(volunteer.pk, set())
                or any(a < ends_at and b > starts_at for a, b in self.busy[volunteer.pk])
            ):
                continue
            chosen[volunteer.pk] = volunteer
        return list(chosen.values())

    def share(self, number: int, parts: int) -> Residents:
        """Every `parts`-th of them: whoever is in one share is in no other."""
        return Residents(self.everybody[number::parts], self.weights[number::parts], self.skills)

    def without(self, user: User) -> Residents:
        kept = [
            (person, weight)
            for person, weight in zip(self.everybody, self.weights, strict=True)
            if person.user_id != user.pk
        ]
        return Residents(
            [person for person, _ in kept], [weight for _, weight in kept], self.skills
        )

    def take(self, volunteer: Volunteer, shift: Shift) -> None:
        self.busy[volunteer.pk].append((shift.starts_at, shift.ends_at))


@dataclass(frozen=True)
class Part:
    """One process's share of the weeks gone by: activities, and residents who are only its own."""

    number: int
    parts: int
    plans: list[tuple[int, datetime, datetime]]
    alice_id: int
    now: datetime


def live(*, days: int, alice: User, processes: int) -> None:
    """Live the last `days` days, if nobody has lived them yet; what was broken off goes on."""
    if _typed_in(FORGOTTEN_PHONE):  # the last thing that is lived
        return
    rng = random.Random("six weeks")
    now = timezone.now()
    residents = active_residents(rng)
    _rank_some(rng, residents)
    _remember_veterans(rng, residents, now=now)
    parts = _parts(rng, days=days, now=now, alice=alice, parts=processes)
    run_in_processes(_live_part, parts, processes=processes)
    with transaction.atomic(), lived_time(now) as clock:
        _dispute(rng, clock, alice=alice, now=now)
        _enter_by_hand(rng, clock, residents, now=now)
    settle_everything()
    live_rewards(alice=alice)


def _live_part(part: Part) -> None:
    """Every shift in a transaction of its own."""
    rng = random.Random(f"part {part.number}")
    alice = User.objects.get(pk=part.alice_id)
    residents = active_residents(rng).share(part.number, part.parts)
    activities = {activity.pk: activity for activity, _row in activities_with_texts()}
    with lived_time(part.now) as clock:
        for number, starts_at, ends_at in part.plans:
            if Shift.objects.filter(activity=number, starts_at=starts_at).exists():
                continue
            with transaction.atomic():
                _live_shift(
                    rng,
                    clock,
                    activities[number],
                    starts_at,
                    ends_at,
                    residents,
                    alice,
                    now=part.now,
                )


def _typed_in(reason: str) -> bool:
    return ServiceRecord.objects.filter(is_by_hand=True, hand_reason=reason).exists()


def settle_everything() -> None:
    """What the worker does by itself: settle until nothing is owed, then recognise."""
    while settle_owed_records(limit=1000):
        pass
    while evaluate_recognition(limit=1000):
        pass
    award_noticed_recognition()


def active_residents(rng: random.Random) -> Residents:
    """Adults with a known birth date. Some come far more often than others."""
    latest = timezone.localdate() - timedelta(days=18 * 366 + 200)
    everybody = list(
        Volunteer.objects.active()
        .filter(birth_on__lte=latest, user__isnull=False, user__memberships=None)
        .select_related("user", "community")
        .order_by("pk")[: ACTIVE + 1]
    )
    skills: dict[int, set[int]] = defaultdict(set)
    through = Volunteer.skills.through.objects.filter(volunteer__in=everybody)
    for volunteer_id, skill_id in through.values_list("volunteer_id", "skill_id"):
        skills[volunteer_id].add(skill_id)
    weights = [0.25 + rng.paretovariate(1.6) for _ in everybody]
    return Residents(everybody, [min(weight, 9.0) for weight in weights], skills)


def rhythm_of(row: dict[str, Any]) -> tuple[set[int], time, int, int]:
    """Weekdays, start, minutes and places of an activity, as its text says."""
    hour, minute = (int(part) for part in row["start"].split(":"))
    return set(row["weekdays"]), time(hour, minute), row["minutes"], row["capacity"]


def activities_with_texts() -> Iterator[tuple[Activity, dict[str, Any]]]:
    """Every demo activity beside the text it was written from."""
    texts = {
        (campaign["slug"], row["role"]): row
        for campaign in campaigns()
        for row in campaign["activity"]
    }
    written = (
        Activity.objects.filter(campaign__live=True)
        .select_related("campaign__organisation", "campaign__territory", "campaign__category")
        .prefetch_related("skills")
        .order_by("pk")
    )
    for activity in written:
        row = texts.get((activity.campaign.slug, activity.role))
        if row is not None:
            yield activity, row


def moment(day: date, clock: time) -> datetime:
    return timezone.make_aware(datetime.combine(day, clock))


def _parts(rng: random.Random, *, days: int, now: datetime, alice: User, parts: int) -> list[Part]:
    """The past shifts dealt out by activity; those of the home organisation, where Alice goes,
    are all in the first part."""
    plans: list[list[tuple[int, datetime, datetime]]] = [[] for _ in range(parts)]
    for number, (activity, row) in enumerate(activities_with_texts()):
        at_home = activity.campaign.organisation.slug == HOME_ORGANISATION
        most = SHIFTS_OF_HOME if at_home else SHIFTS_AN_ACTIVITY
        plans[0 if at_home else number % parts] += [
            (activity.pk, starts_at, ends_at)
            for starts_at, ends_at in _past_times(rng, row, days=days, now=now, most=most)
        ]
    return [
        Part(number, parts, sorted(own, key=lambda plan: plan[1]), alice.pk, now)
        for number, own in enumerate(plans)
    ]


def _past_times(
    rng: random.Random, row: dict[str, Any], *, days: int, now: datetime, most: int
) -> list[tuple[datetime, datetime]]:
    """Some of the activity's usual times in the last `days` days, all of them over and closed."""
    today = timezone.localdate(now)
    weekdays, starts, minutes, _capacity = rhythm_of(row)
    past = (today - timedelta(days=back) for back in range(1, days + 1))
    fitting = [day for day in past if day.weekday() in weekdays]
    begin = [moment(day, starts) for day in rng.sample(fitting, min(len(fitting), most))]
    length, closed = (
        timedelta(minutes=minutes),
        timedelta(minutes=settings.LINLI_GRACE_MINUTES + 10),
    )
    return [(at, at + length) for at in begin if at + length + closed < now]


def _live_shift(
    rng: random.Random,
    clock: Clock,
    activity: Activity,
    starts_at: datetime,
    ends_at: datetime,
    residents: Residents,
    alice: User,
    *,
    now: datetime,
) -> None:
    organiser = organiser_of(activity.campaign.organisation)
    people = residents.some(
        rng,
        activity=activity,
        how_many=rng.randint(*PEOPLE_A_SHIFT),
        starts_at=starts_at,
        ends_at=ends_at,
    )
    if activity.campaign.organisation.slug == HOME_ORGANISATION:
        people = _with_alice(people, alice)
    clock.set(starts_at - timedelta(days=9, hours=rng.randrange(12)))
    shift = open_shift(
        activity=activity,
        starts_at=starts_at,
        ends_at=ends_at,
        by=organiser,
        capacity=max(len(people), 1) + rng.choice((0, 0, 2, 5, 8)),
        person_in_charge=activity.contact_name,
    )
    came = _sign_up_and_come(rng, clock, shift, people, residents, organiser)
    clock.set(ends_at + timedelta(minutes=settings.LINLI_GRACE_MINUTES + 5))
    close_shift(shift=shift)
    _confirm(rng, clock, shift, came, organiser, now=now)


def _with_alice(people: list[Volunteer], alice: User) -> list[Volunteer]:
    others = [person for person in people if person.user_id != alice.pk]
    own = Volunteer.objects.select_related("user", "community").get(user=alice)
    return [own, *others]


def _sign_up_and_come(
    rng: random.Random,
    clock: Clock,
    shift: Shift,
    people: list[Volunteer],
    residents: Residents,
    organiser: User,
) -> list[Volunteer]:
    signed_up: list[tuple[Volunteer, SignUp]] = []
    for hours, volunteer in zip(
        sorted((rng.uniform(3, 150) for _ in people), reverse=True), people, strict=True
    ):
        clock.set(shift.starts_at - timedelta(hours=hours))
        try:
            signed_up.append(
                (volunteer, sign_up(shift=shift, volunteer=volunteer, by=volunteer.user))
            )
        except SignUpRefused:
            continue
        residents.take(volunteer, shift)
    came = [volunteer for volunteer, own in signed_up if _does_come(rng, clock, shift, own)]
    for volunteer in came:
        clock.set(shift.starts_at + timedelta(minutes=rng.uniform(-25, 6)))
        door = rng.choices((Door.VENUE_SCREEN, Door.CONSOLE, Door.VENUE_POSTER), (60, 32, 8))[0]
        by = organiser if door == Door.CONSOLE else volunteer.user
        check_in(shift=shift, volunteer=volunteer, door=door, by=by)
    _go(rng, clock, shift, came, organiser)
    return came


def _does_come(rng: random.Random, clock: Clock, shift: Shift, own: SignUp) -> bool:
    chance = rng.random()
    if chance < 0.03:
        clock.set(shift.cancel_until - timedelta(hours=1))
        if own.signed_up_at < timezone.now():
            cancel_sign_up(sign_up=own, by=own.volunteer.user)
            return False
    if chance < 0.06:
        clock.set(shift.starts_at - timedelta(hours=2))
        ask_for_leave(sign_up=own, reason="家里临时有事，下次一定来", by=own.volunteer.user)
        return False
    return chance > 0.085  # the rest of those stayed away without a word


def _go(
    rng: random.Random, clock: Clock, shift: Shift, came: list[Volunteer], organiser: User
) -> None:
    for volunteer in came:
        chance = rng.random()
        if chance < 0.05:
            continue  # forgot; the closing of the shift sees to it
        minutes = rng.uniform(-8, 20) if chance > 0.1 else -0.5 * shift.duration_minutes
        clock.set(shift.ends_at + timedelta(minutes=minutes))
        at_console = rng.random() < 0.4
        check_out(
            shift=shift,
            volunteer=volunteer,
            door=Door.CONSOLE if at_console else Door.VENUE_SCREEN,
            by=organiser if at_console else volunteer.user,
        )


def _confirm(
    rng: random.Random,
    clock: Clock,
    shift: Shift,
    came: list[Volunteer],
    organiser: User,
    *,
    now: datetime,
) -> None:
    at = shift.ends_at + timedelta(hours=rng.uniform(2, 90))
    if at >= now or not came:
        return
    clock.set(at)
    records = list(
        ServiceRecord.objects.filter(attendance__sign_up__shift=shift, credited_minutes__gt=0)
    )
    rng.shuffle(records)
    praised = len(records) * 2 // 3
    for quality, share in ((5, records[:praised]), (4, records[praised:])):
        if share:
            confirm_records(records=share, by=organiser, quality=quality)


# What goes differently


def _dispute(rng: random.Random, clock: Clock, *, alice: User, now: datetime) -> None:
    """Objections corrected, upheld and still open; a record voided."""
    confirmed = list(
        ServiceRecord.objects.filter(state=ServiceRecord.State.CONFIRMED, is_by_hand=False)
        .select_related("volunteer__user", "organisation")
        .order_by("pk")
    )
    theirs = [record for record in confirmed if record.volunteer.user_id != alice.pk]
    own = [record for record in confirmed if record.volunteer.user_id == alice.pk]
    picked = rng.sample(theirs, min(15, len(theirs))) + own[1:2]
    for number, record in enumerate(picked):
        assert record.confirmed_at is not None
        asked_at = min(record.confirmed_at + timedelta(hours=20), now - timedelta(hours=3))
        clock.set(asked_at)
        reviewer = reviewer_of(record.organisation)
        if number % 4 == 3 and record not in own:
            void_record(record=record, by=reviewer, reason="当天由同伴代签，本人没有到岗")
            continue
        assert record.volunteer.user is not None
        objection = raise_objection(
            record=record,
            by=record.volunteer.user,
            reason="我比记录里多留了一刻钟，帮着收了帐篷",
        )
        clock.set(min(asked_at + timedelta(hours=26), now - timedelta(hours=1)))
        if number % 4 == 0 or record in own:
            correct_record(
                record=record,
                by=reviewer,
                credited_minutes=record.credited_minutes + 15,
                reason="现场照片能看到，补记一刻钟",
            )
        elif number % 4 == 1:
            uphold_record(
                objection=objection, by=reviewer, answer="收帐篷在班次结束之后，按规定不计"
            )


def _enter_by_hand(
    rng: random.Random, clock: Clock, residents: Residents, *, now: datetime
) -> None:
    """Hours typed in (E1): some confirmed by a second person, some still waiting for one."""
    pages = list(
        CampaignPage.objects.live().select_related("organisation", "category").order_by("pk")
    )
    home = [page for page in pages if page.organisation.slug == HOME_ORGANISATION]
    for number in range(14):
        page = home[0] if number < 4 and home else rng.choice(pages)
        volunteer = rng.choice(residents.everybody[1:])
        waits = number % 2 == 0
        entered_at = now - timedelta(hours=30 if waits else rng.uniform(200, 700))
        clock.set(entered_at)
        record = enter_record_by_hand(
            volunteer=volunteer,
            organisation=page.organisation,
            activity_name=page.title,
            activity_name_en=page.title_en,
            category=page.category,
            served_on=timezone.localdate(entered_at) - timedelta(days=2),
            credited_minutes=rng.choice((60, 90, 120)),
            campaign_number=page.pk,
            reason=FORGOTTEN_PHONE,
            by=organiser_of(page.organisation),
            place=page.territory.name,
        )
        if not waits:
            clock.set(entered_at + timedelta(hours=20))
            confirm_record(record=record, by=reviewer_of(page.organisation), quality=4)


def _remember_veterans(rng: random.Random, residents: Residents, *, now: datetime) -> None:
    """A few who gave a hundred hours last summer, taken over from paper: they have a star."""
    if _typed_in(PAPER_REGISTER):
        return
    organisation = Organisation.objects.get(slug=HOME_ORGANISATION)
    page = CampaignPage.objects.live().filter(organisation=organisation).order_by("pk").first()
    assert page is not None
    with lived_time(now - timedelta(days=48)) as clock:
        for volunteer in residents.everybody[5 : 5 + VETERANS]:
            first = timezone.localdate() - timedelta(days=rng.randint(32, 38))
            with transaction.atomic():
                records = [
                    enter_record_by_hand(
                        volunteer=volunteer,
                        organisation=organisation,
                        activity_name=page.title,
                        activity_name_en=page.title_en,
                        category=page.category,
                        served_on=first + timedelta(days=2 * n),
                        credited_minutes=480,
                        reason=PAPER_REGISTER,
                        by=organiser_of(organisation),
                        campaign_number=page.pk,
                    )
                    for n in range(14)
                ]
                confirm_records(records=records, by=reviewer_of(organisation), quality=5)
        clock.set(now - timedelta(days=40))
        settle_everything()


def _rank_some(rng: random.Random, residents: Residents) -> None:
    for volunteer in rng.sample(residents.everybody, min(RANKED, len(residents.everybody))):
        give_consent(volunteer=volunteer, kind=ConsentNotice.Kind.RANKING, by=volunteer.user)
