"""As many volunteers as a measurement needs, by COPY; settled by the settlement itself.

They are people taken over from a city's old register: entered by an organisation, with consent,
with a card, and without an account until they claim theirs by their telephone number. Their
records are confirmed hours of the last months. What no measurement reads is left out: attendance,
scans and the history of each record.
"""

from __future__ import annotations

import base64
import random
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from cms.demo.people import demo_phone, invented_birth_date, invented_name
from cms.demo.texts import campaigns
from cms.seeding import ground
from cms.seeding.processes import run_in_processes
from points.actions.recognition import evaluate_recognition
from points.actions.settlement import owed_records_exist, settle_owed_records
from points.models import AwardRule, Standing
from volunteers.actions.cards import CARD_YEARS, card_number
from volunteers.actions.consents import get_notice
from volunteers.models import Category, ConsentNotice, Organisation, Territory, Volunteer

CHUNK = 10_000  # volunteers a transaction
SETTLE_BATCH = 5_000  # records a transaction
FIRST_PHONE = 1_000_000
SPAN_DAYS = 100  # the rules of the demo hold for all of them
NAMES = 20_000

VOLUNTEER_COLUMNS = (
    "id", "public_id", "name", "sex", "birth_on", "id_type", "phone", "emergency_name",
    "emergency_phone", "is_ranked", "star_level", "created_at", "community_id", "entered_by_id",
    "entered_for_id",
)  # fmt: skip
CARD_COLUMNS = (
    "number", "token", "kind", "issued_at", "expires_on", "revoke_reason", "volunteer_id",
)  # fmt: skip
CONSENT_COLUMNS = ("given_at", "evidence", "entered_by_id", "notice_id", "volunteer_id")
RECORD_COLUMNS = (
    "source", "activity_name", "activity_name_en", "role", "role_en", "place", "content",
    "person_in_charge", "served_on", "credited_minutes", "quality", "rated_at", "review_reason",
    "state", "revision", "settled_revision", "is_by_hand", "hand_reason", "confirmed_at",
    "created_at", "category_id", "confirmed_by_id", "entered_by_id", "organisation_id",
    "volunteer_id",
)  # fmt: skip


class Timing(NamedTuple):
    what: str
    rows: int
    seconds: float

    @property
    def rate(self) -> float:
        return self.rows / self.seconds if self.seconds else 0.0


@dataclass(frozen=True)
class Job:
    """What a writer needs to know of the database to write its volunteers."""

    first_id: int
    first_card: int
    how_many: int
    records_each: int
    communities: list[int]
    organisers: list[tuple[int, int, str]]  # organisation, its organiser, the person in charge
    categories: dict[str, int]
    notice: int
    seed: int


def seed_volunteers(
    *, how_many: int, records_each: int, processes: int, say: Callable[[Timing], None]
) -> list[Timing]:
    """Write and settle; `processes` at once, 1 for all within this connection."""
    _prepare()
    timings = []
    jobs = list(_jobs(how_many=how_many, records_each=records_each))
    for what, rows, do in (
        ("volunteers with card, consent and records", how_many * (3 + records_each),
         lambda: run_in_processes(_write, jobs, processes=processes)),
        ("records settled", how_many * records_each,
         lambda: run_in_processes(_settle, range(processes), processes=processes)),
        ("recognition and rankings", how_many,
         lambda: run_in_processes(_recognise, range(processes), processes=processes)),
        ("statistics", 0, _analyse),
    ):  # fmt: skip
        began = time.monotonic()
        do()
        timings.append(Timing(what, rows, time.monotonic() - began))
        say(timings[-1])
    return timings


def _prepare() -> None:
    ground.seed_territory()
    ground.seed_kinds()
    ground.seed_rules()
    ground.seed_organisations()
    ground.seed_accounts()
    rule = AwardRule.objects.filter(kind=AwardRule.Kind.PER_HOUR, category=None).earliest("holds")
    assert rule.starts_on is None or rule.starts_on <= timezone.localdate()


def _jobs(*, how_many: int, records_each: int) -> Iterator[Job]:
    communities = list(Territory.objects.communities().values_list("pk", flat=True))
    organisers = [
        (organisation.pk, ground.organiser_of(organisation).pk, organisation.person_in_charge)
        for organisation in Organisation.objects.active().filter(memberships__role="organiser")
    ]
    categories = dict(Category.objects.values_list("slug", "pk"))
    notice = get_notice(ConsentNotice.Kind.PRIVACY).pk
    first_id = _reserve("pg_get_serial_sequence('volunteers_volunteer', 'id')", how_many)
    first_card = _reserve("'volunteers_card_number'", how_many)
    for done in range(0, how_many, CHUNK):
        yield Job(
            first_id=first_id + done,
            first_card=first_card + done,
            how_many=min(CHUNK, how_many - done),
            records_each=records_each,
            communities=communities,
            organisers=organisers,
            categories=categories,
            notice=notice,
            seed=first_id + done,
        )


def _reserve(sequence: str, how_many: int) -> int:
    """The first of `how_many` numbers that nobody else will draw from the sequence."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT setval({sequence}, nextval({sequence}) + %s)", [how_many])
        (last,) = cursor.fetchone()
    return int(last) - how_many


def _write(job: Job) -> None:
    """One chunk of people with all that is theirs, in one transaction."""
    rng = random.Random(job.seed)
    with transaction.atomic(), connection.cursor() as cursor:
        people = range(job.first_id, job.first_id + job.how_many)
        _copy(cursor, Volunteer._meta.db_table, VOLUNTEER_COLUMNS, _people(rng, job, people))
        _copy(cursor, "volunteers_volunteercard", CARD_COLUMNS, _cards(rng, job, people))
        _copy(cursor, "volunteers_consent", CONSENT_COLUMNS, _consents(job, people))
        _copy(cursor, "volunteers_servicerecord", RECORD_COLUMNS, _records(rng, job, people))


def _copy(cursor: object, table: str, columns: tuple[str, ...], rows: Iterator[str]) -> None:
    """Send lines of tab-separated values. Names and texts hold no tab, backslash or line break."""
    names = ", ".join(columns)
    with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:  # type: ignore[attr-defined]
        batch: list[str] = []
        for row in rows:
            batch.append(row)
            if len(batch) == 2000:
                copy.write("".join(batch))
                batch.clear()
        copy.write("".join(batch))


def _people(rng: random.Random, job: Job, people: range) -> Iterator[str]:
    now = timezone.now()
    today = timezone.localdate()
    names = [invented_name(rng) for _ in range(min(NAMES, job.how_many))]
    births = [
        invented_birth_date(rng, today=today, youngest=16, eldest=78).isoformat()
        for _ in range(1000)
    ]
    for pk in people:
        organisation, organiser, _in_charge = rng.choice(job.organisers)
        public_id = uuid.UUID(int=rng.getrandbits(128), version=4)
        phone = demo_phone(FIRST_PHONE + pk % 4_900_000)
        yield (
            f"{pk}\t{public_id}\t{rng.choice(names)}\t{rng.choice((1, 2, 9))}\t"
            f"{rng.choice(births)}\t\t{phone}\t\t\t{'t' if rng.random() < 0.3 else 'f'}\t0\t"
            f"{now}\t{rng.choice(job.communities)}\t{organiser}\t{organisation}\n"
        )


def _cards(rng: random.Random, job: Job, people: range) -> Iterator[str]:
    now = timezone.now()
    expires = timezone.localdate() + timedelta(days=365 * CARD_YEARS)
    for number, pk in enumerate(people, start=job.first_card):
        token = base64.urlsafe_b64encode(rng.randbytes(16)).decode().rstrip("=")
        yield f"{card_number(number)}\t{token}\tsafety\t{now}\t{expires}\t\t{pk}\n"


def _consents(job: Job, people: range) -> Iterator[str]:
    now = timezone.now()
    _organisation, organiser, _in_charge = job.organisers[0]
    for pk in people:
        yield f"{now}\t名册移交时本人签字\t{organiser}\t{job.notice}\t{pk}\n"


def _records(rng: random.Random, job: Job, people: range) -> Iterator[str]:
    works = _works(job)
    days = _days()
    for pk in people:
        for number in range(job.records_each):
            before, category = rng.choice(works)
            organisation, organiser, in_charge = rng.choice(job.organisers)
            served_on, confirmed_at = rng.choice(days)
            minutes = rng.choice((60, 75, 90, 120, 120, 150, 180, 240))
            quality = rng.choice(("4", "5", "5", "\\N"))
            rated_at = "\\N" if quality == "\\N" else confirmed_at
            yield (
                f"seed:{pk}:{number}\t{before}{in_charge}\t{served_on}\t{minutes}\t{quality}\t"
                f"{rated_at}\t\tconfirmed\t1\t0\tf\t\t{confirmed_at}\t{confirmed_at}\t{category}\t"
                f"{organiser}\t\\N\t{organisation}\t{pk}\n"
            )


def _works(job: Job) -> list[tuple[str, int]]:
    """The texts of a record for every activity of the demo, tabs and all, and its category."""
    works = []
    for campaign in campaigns():
        for row in campaign["activity"]:
            texts = (campaign["title"][:160], campaign["title_en"][:200], row["role"],
                     row["role_en"], row["place"], "")  # fmt: skip
            works.append(("\t".join(texts) + "\t", job.categories[campaign["category"]]))
    return works


def _days() -> list[tuple[date, datetime]]:
    """A day served, and the moment two days later at which it was confirmed."""
    now = timezone.now()
    return [
        (timezone.localdate(now - timedelta(days=back + 2)), now - timedelta(days=back))
        for back in range(1, SPAN_DAYS)
    ]


def _settle(_number: int) -> None:
    """As the worker does; another process's locked records are passed over."""
    while owed_records_exist():
        if not settle_owed_records(limit=SETTLE_BATCH):
            time.sleep(0.2)


def _recognise(_number: int) -> None:
    while Standing.objects.filter(evaluated_revision__lt=F("revision")).exists():
        if not evaluate_recognition(limit=SETTLE_BATCH):
            time.sleep(0.2)


def _analyse() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
