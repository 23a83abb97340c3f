"""Two thousand invented residents."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta

from django.contrib.auth.hashers import make_password
from django.db import connection, transaction
from django.utils import timezone

from cms.demo.people import (
    RARE_NAMES,
    demo_phone,
    invented_birth_date,
    invented_name,
    standard_id_number,
)
from cms.seeding.clock import lived_time
from cms.seeding.ground import find_place
from volunteers.actions.cards import CARD_YEARS, STUDENT_CARD_YEARS, card_number, issue_card
from volunteers.actions.consents import get_notice, give_consent
from volunteers.actions.joining import Joining, join
from volunteers.actions.people import set_id_number, update_profile
from volunteers.actions.students import state_affiliation, verify_by_roster
from volunteers.models import (
    Category,
    Consent,
    ConsentNotice,
    Guardian,
    Organisation,
    Skill,
    StudentAffiliation,
    StudentRosterEntry,
    Territory,
    User,
    Volunteer,
    VolunteerCard,
)

FIRST_RESIDENT_NUMBER = 1000
COLLEGES = ("海洋学院", "护理学院", "教育学院", "信息学院", "建筑学院", "外国语学院")
# More people live in the districts by the old town.
WEIGHTS = {"市南区": 5, "市北区": 6, "崂山区": 4, "李沧区": 4, "黄岛区": 4, "城阳区": 4}
ID_NUMBERS = 60


def seed_cast(users: dict[str, User]) -> None:
    """The logins that are residents themselves join as anybody does."""
    alice = _join(users["alice"], "八大关街道/太平角社区", birth_on=date(1991, 5, 20))
    if not alice.skills.exists():
        update_profile(
            volunteer=alice,
            by=users["alice"],
            sex=Volunteer.Sex.FEMALE,
            emergency_name="林建国",
            emergency_phone=demo_phone(90),
            skills=Skill.objects.filter(slug__in=["first-aid", "english"]),
            categories=Category.objects.filter(slug__in=["patrol", "coast", "elders"]),
        )
    student = _join(users["student"], "中韩街道/枯桃社区", birth_on=date(2005, 9, 1))
    if not StudentAffiliation.objects.filter(volunteer=student).exists():
        _enrol(student, number="2023040017")
    for key in ("bao", "dai"):
        _join(users[key], "湛山街道/湛山社区", birth_on=date(1975, 2, 4))


def _join(user: User, place: str, *, birth_on: date) -> Volunteer:
    known = Volunteer.objects.active().filter(user=user).first()
    if known is not None:
        return known
    volunteer = join(user=user, joining=Joining(name=user.name, community_id=find_place(place).pk))
    return update_profile(volunteer=volunteer, by=user, birth_on=birth_on)


def _enrol(volunteer: Volunteer, *, number: str) -> None:
    university = Organisation.objects.get(slug="haiyun-university")
    StudentRosterEntry.objects.get_or_create(
        university=university,
        student_number=number,
        defaults={"name": volunteer.name, "college": COLLEGES[0]},
    )
    student = state_affiliation(
        volunteer=volunteer, university=university, college=COLLEGES[0], student_number=number
    )
    assert volunteer.user is not None
    verify_by_roster(student=student, by=volunteer.user)
    issue_card(volunteer=volunteer, kind=VolunteerCard.Kind.STUDENT, by=volunteer.user)


def seed_residents(*, how_many: int, days: int) -> int:
    """Make residents until there are `how_many`; they joined over the last `days` days."""
    there = User.objects.filter(phone__gte=demo_phone(FIRST_RESIDENT_NUMBER)).count()
    if there >= how_many:
        return 0
    rng = random.Random("residents")
    homes = _homes()
    batch = 100
    began = timezone.now() - timedelta(days=days)
    for first in range(there, how_many, batch):
        numbers = range(first, min(first + batch, how_many))
        joined_at = began + timedelta(days=days * 0.6 * first / how_many, minutes=first % 600)
        with lived_time(joined_at), transaction.atomic():
            _make_residents(rng, numbers=numbers, homes=homes, joined_at=joined_at)
    _keep_id_numbers(rng)
    return how_many - there


def _homes() -> tuple[list[Territory], list[float]]:
    """Communities, and how many people live in each compared with the others."""
    communities = list(
        Territory.objects.communities().select_related("parent__parent").order_by("path")
    )
    sizes: dict[str, int] = {}
    for place in communities:
        district = _district(place)
        sizes[district] = sizes.get(district, 0) + 1
    return communities, [WEIGHTS.get(_district(p), 1.5) / sizes[_district(p)] for p in communities]


def _district(place: Territory) -> str:
    street = place.parent
    assert street is not None
    assert street.parent is not None
    return street.parent.name


def _make_residents(
    rng: random.Random,
    *,
    numbers: range,
    homes: tuple[list[Territory], list[float]],
    joined_at: datetime,
) -> None:
    names = [RARE_NAMES[n] if n < len(RARE_NAMES) else invented_name(rng) for n in numbers]
    users = User.objects.bulk_create(
        User(
            name=name,
            phone=demo_phone(FIRST_RESIDENT_NUMBER + n),
            phone_verified_at=joined_at,
            date_joined=joined_at,
            password=make_password(None),
            language="en" if name.isascii() else "zh-hans",
        )
        for n, name in zip(numbers, names, strict=True)
    )
    places = rng.choices(*homes, k=len(users))
    volunteers = Volunteer.objects.bulk_create(
        Volunteer(
            user=user,
            name=user.name,
            phone=user.phone or "",
            community=place,
            sex=rng.choice((1, 2, 2, 9)),
            birth_on=_birth(rng),
            entered_by=user,
            emergency_name=invented_name(rng) if rng.random() < 0.4 else "",
        )
        for user, place in zip(users, places, strict=True)
    )
    _give_skills(rng, volunteers)
    students = _enrol_some(rng, volunteers)
    _consent(volunteers)
    _look_after_minors(rng, volunteers)
    _issue_cards(volunteers, students=students)


def _birth(rng: random.Random) -> date | None:
    today = timezone.localdate()
    chance = rng.random()
    if chance < 0.06:
        return None  # asked for only when something needs it
    if chance < 0.09:
        return invented_birth_date(rng, today=today, youngest=14, eldest=17)
    if chance < 0.35:
        return invented_birth_date(rng, today=today, youngest=18, eldest=25)
    return invented_birth_date(rng, today=today, youngest=26, eldest=74)


def _give_skills(rng: random.Random, volunteers: list[Volunteer]) -> None:
    skills, categories = list(Skill.objects.all()), list(Category.objects.all())
    has_skill, likes = Volunteer.skills.through, Volunteer.categories.through
    has_skill.objects.bulk_create(
        has_skill(volunteer=volunteer, skill=skill)
        for volunteer in volunteers
        for skill in rng.sample(skills, rng.choice((0, 1, 1, 2, 3)))
    )
    likes.objects.bulk_create(
        likes(volunteer=volunteer, category=category)
        for volunteer in volunteers
        for category in rng.sample(categories, rng.choice((0, 1, 2, 3)))
    )


def _enrol_some(rng: random.Random, volunteers: list[Volunteer]) -> set[int]:
    """About every third of student age is proven a student; returns their ids."""
    universities = list(Organisation.objects.universities().order_by("slug"))
    today = timezone.localdate()
    entries, students = [], []
    for volunteer in volunteers:
        age = volunteer.age_on(today)
        if age is None or not 18 <= age <= 24 or rng.random() > 0.35:
            continue
        university, college = rng.choice(universities), rng.choice(COLLEGES)
        number = f"{today.year - age + 18}{volunteer.pk:06d}"
        entries.append(
            StudentRosterEntry(
                university=university, student_number=number, name=volunteer.name, college=college
            )
        )
        students.append(
            StudentAffiliation(
                volunteer=volunteer,
                university=university,
                college=college,
                student_number=number,
                proof=StudentAffiliation.Proof.ROSTER,
                verified_at=timezone.now(),
            )
        )
    StudentRosterEntry.objects.bulk_create(entries)
    StudentAffiliation.objects.bulk_create(students)
    return {student.volunteer_id for student in students}


def _consent(volunteers: list[Volunteer]) -> None:
    notice = get_notice(ConsentNotice.Kind.PRIVACY)
    Consent.objects.bulk_create(
        Consent(volunteer=volunteer, notice=notice, entered_by_id=volunteer.user_id)
        for volunteer in volunteers
    )


def _look_after_minors(rng: random.Random, volunteers: list[Volunteer]) -> None:
    """Most minors' guardians have agreed; for some it is still open (R20)."""
    today = timezone.localdate()
    Guardian.objects.bulk_create(
        Guardian(
            volunteer=volunteer,
            name=invented_name(rng),
            phone=demo_phone(800 + volunteer.pk % 90),
            relation=rng.choice(("母亲", "父亲", "奶奶")),
            consented_at=timezone.now() if rng.random() < 0.8 else None,
        )
        for volunteer in volunteers
        if (volunteer.age_on(today) or 99) < 18
    )


def _issue_cards(volunteers: list[Volunteer], *, students: set[int]) -> None:
    today = timezone.localdate()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval('volunteers_card_number') FROM generate_series(1, %s)",
            [len(volunteers)],
        )
        numbers = [card_number(row[0]) for row in cursor.fetchall()]
    VolunteerCard.objects.bulk_create(
        VolunteerCard(
            volunteer=volunteer,
            number=number,
            kind=VolunteerCard.Kind.STUDENT
            if volunteer.pk in students
            else VolunteerCard.Kind.SAFETY,
            expires_on=today
            + timedelta(
                days=365 * (STUDENT_CARD_YEARS if volunteer.pk in students else CARD_YEARS)
            ),
        )
        for volunteer, number in zip(volunteers, numbers, strict=True)
    )


def _keep_id_numbers(rng: random.Random) -> None:
    """Some of the eldest gave an ID number: of the test series, hence all of one birthday."""
    free = Volunteer.objects.active().filter(birth_on=None, id_number_hash=None, user__isnull=False)
    for sequence, volunteer in enumerate(free.order_by("pk")[:ID_NUMBERS]):
        volunteer.sex = Volunteer.Sex.UNSTATED
        volunteer.save(update_fields=["sex"])
        set_id_number(
            volunteer=volunteer,
            id_type=Volunteer.IdType.RESIDENT,
            number=standard_id_number(sequence + 2),
            consented=True,
            by=volunteer.user,
        )
        if rng.random() < 0.2:
            give_consent(volunteer=volunteer, kind=ConsentNotice.Kind.LOCATION, by=volunteer.user)
