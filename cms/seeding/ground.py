"""What everything else stands on: territory, kinds of service, rules, organisations, accounts."""

from __future__ import annotations

import io
from datetime import time, timedelta
from functools import cache
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.core.management import call_command
from django.utils import timezone

from cms.demo.logins import HOME_ORGANISATION, LOGINS, PASSWORD, Login
from cms.demo.people import demo_phone
from cms.demo.texts import organisations, words
from cms.seeding.clock import lived_time
from points.actions.accounts import ensure_system_accounts
from points.actions.rules import earliest_start, start_award_rule
from points.models import AwardRule
from points.rule_terms import RuleTerms
from volunteers.actions.organisations import add_member, appoint_city_staff, create_organisation
from volunteers.models import Category, Membership, Organisation, Skill, Territory, User

FIRST_ORGANISER_NUMBER = 100
FIRST_REVIEWER_NUMBER = 200
RULES_BEGAN_DAYS_AGO = 120
LAPSE_MONTHS = 24
BONUS_BUDGET = 10_000


def seed_territory() -> None:
    """Through the command that imports any other city."""
    if not Territory.objects.exists():
        call_command("import_territory", stdout=io.StringIO())


def find_place(path: str) -> Territory:
    """`市南区`, `八大关街道` or `八大关街道/太平角社区`. A community's official ending
    (居委会, 居民委员会) may be left out. Raises Territory.DoesNotExist."""
    upper, _slash, lower = path.partition("/")
    place = Territory.objects.get(name=upper, level__lt=Territory.Level.COMMUNITY)
    if not lower:
        return place
    exact = place.children.filter(name=lower).first()
    return exact or place.children.get(name__startswith=lower)


def seed_kinds() -> None:
    for position, row in enumerate(words()["category"]):
        fields = {"name": row["name"], "name_en": row["name_en"], "position": position}
        Category.objects.get_or_create(slug=row["slug"], defaults=fields)
    for row in words()["skill"]:
        fields = {"name": row["name"], "name_en": row["name_en"]}
        Skill.objects.get_or_create(slug=row["slug"], defaults=fields)


def seed_rules() -> None:
    """What service has been worth since before the first shift of the demo."""
    ensure_system_accounts()
    if AwardRule.objects.exists():
        return
    began = timezone.now() - timedelta(days=RULES_BEGAN_DAYS_AGO)
    with lived_time(began):
        day = timezone.localdate()
        for terms in _first_rules():
            start_award_rule(
                terms=terms, starts_on=max(day, earliest_start(kind=terms.kind)), by=None
            )


def _first_rules() -> list[RuleTerms]:
    kind, condition = AwardRule.Kind, AwardRule.Condition
    general = [
        RuleTerms(
            kind=kind.PER_HOUR,
            name="每小时 10 分",
            name_en="Ten points an hour",
            points=10,
            lapse_months=LAPSE_MONTHS,
        ),
        RuleTerms(
            kind=kind.FIRST_SERVICE,
            name="第一次服务送 20 分",
            name_en="Twenty for the first service",
            points=20,
        ),
        RuleTerms(
            kind=kind.FACTOR,
            name="夜间服务 1.5 倍",
            name_en="Half as much again at night",
            percent=150,
            condition=condition.NIGHT,
            night_from=time(22),
            night_until=time(6),
        ),
        RuleTerms(
            kind=kind.FACTOR,
            name="法定节假日 2 倍",
            name_en="Twice as much on public holidays",
            percent=200,
            condition=condition.HOLIDAY,
        ),
        RuleTerms(
            kind=kind.DAILY_CAP, name="每天最多 80 分", name_en="At most eighty a day", points=80
        ),
        RuleTerms(
            kind=kind.WEEKLY_CAP,
            name="每周最多 300 分",
            name_en="At most three hundred a week",
            points=300,
        ),
        RuleTerms(
            kind=kind.YEARLY_CAP,
            name="每年最多 6000 分",
            name_en="At most six thousand a year",
            points=6000,
        ),
    ]
    return general + [_category_rule(slug) for slug in ("patrol", "emergency")]


def _category_rule(slug: str) -> RuleTerms:
    category = Category.objects.get(slug=slug)
    return RuleTerms(
        kind=AwardRule.Kind.PER_HOUR,
        name=f"{category.name} 每小时 12 分",
        name_en=f"{category.name_en}: twelve an hour",
        points=12,
        category=category,
        lapse_months=LAPSE_MONTHS,
    )


def seed_bonus(*, campaign_number: int) -> None:
    """A campaign with points on top, from the next day on as every rule."""
    if AwardRule.objects.filter(campaign_number=campaign_number).exists():
        return
    with lived_time(timezone.now() - timedelta(days=RULES_BEGAN_DAYS_AGO - 5)):
        start_award_rule(
            terms=RuleTerms(
                kind=AwardRule.Kind.CAMPAIGN_BONUS,
                name="大型活动加 20 分",
                name_en="Twenty on top for a big occasion",
                points=20,
                campaign_number=campaign_number,
                budget_points=BONUS_BUDGET,
            ),
            starts_on=timezone.localdate(),
            by=None,
        )


def seed_organisations() -> None:
    known = set(Organisation.objects.values_list("slug", flat=True))
    made: dict[str, Organisation] = {}
    for number, row in enumerate(organisations()):
        if row["slug"] not in known:
            made[row["slug"]] = _create_organisation(row, number=number)
    for row in organisations():
        organisation = made.get(row["slug"])
        if organisation and row.get("parent"):
            organisation.hub = Organisation.objects.get(slug=row["parent"])
            organisation.save(update_fields=["hub"])


def _create_organisation(row: dict[str, Any], *, number: int) -> Organisation:
    registration = row["registration"]
    prefix = {"registered": "DEMO-DJ", "filed": "DEMO-BA"}.get(registration, "")
    return create_organisation(
        name=row["name"],
        name_en=row["name_en"],
        slug=row["slug"],
        kind=row["kind"],
        territory=find_place(row["territory"]),
        registration=registration,
        registration_number=f"{prefix}-{number + 1:04d}" if prefix else "",
        person_in_charge=row["contact"],
        phone=demo_phone(FIRST_ORGANISER_NUMBER + number).removeprefix("+86"),
        email=f"{row['slug']}@linli.example",
        about=row["about"],
        about_en=row["about_en"],
        email_domains=[row["email_domain"]] if "email_domain" in row else None,
        by=None,
    )


def seed_accounts() -> dict[str, User]:
    """The logins by key, an organiser for every organisation, reviewers for the home one."""
    users = {login.key: _make_login(login) for login in LOGINS}
    taken = {login.organisation for login in LOGINS if login.membership == "organiser"}
    for number, row in enumerate(organisations()):
        if row["slug"] not in taken:
            _make_member(row["contact"], FIRST_ORGANISER_NUMBER + number, row["slug"], "organiser")
        if row["slug"] != HOME_ORGANISATION:
            _make_member(
                f"审核·{row['contact'][-1]}",
                FIRST_REVIEWER_NUMBER + number,
                row["slug"],
                "reviewer",
            )
    return users


def organiser_of(organisation: Organisation) -> User:
    return _member(organisation, Membership.Role.ORGANISER)


def reviewer_of(organisation: Organisation) -> User:
    return _member(organisation, Membership.Role.REVIEWER)


def _member(organisation: Organisation, role: str) -> User:
    membership = organisation.memberships.filter(role=role).select_related("user").earliest("pk")
    return membership.user


def _make_login(login: Login) -> User:
    user = User.objects.filter(phone=login.phone).first()
    if user is None:
        user = User.objects.create_user(
            name=login.name,
            phone=login.phone,
            phone_verified_at=timezone.now(),
            email=login.email or None,
            is_superuser=login.is_city_staff,
            is_staff=login.is_city_staff,
        )
        if login.email:
            user.password = _hashed_password()
            user.save(update_fields=["password"])
            EmailAddress.objects.create(user=user, email=login.email, verified=True, primary=True)
        if login.is_city_staff:
            appoint_city_staff(user=user, by=None)
    if login.membership:
        _let_be(user, login.organisation, login.membership)
    return user


@cache
def _hashed_password() -> str:
    """Hashing is slow on purpose; one password for all needs it once."""
    return make_password(PASSWORD)


def _make_member(name: str, number: int, slug: str, role: str) -> None:
    phone = demo_phone(number)
    user = User.objects.filter(phone=phone).first() or User.objects.create_user(
        name=name, phone=phone, phone_verified_at=timezone.now()
    )
    _let_be(user, slug, role)


def _let_be(user: User, slug: str, role: str) -> None:
    organisation = Organisation.objects.get(slug=slug)
    if not organisation.memberships.filter(user=user, role=role).exists():
        add_member(organisation=organisation, user=user, role=role, by=None)
