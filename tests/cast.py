"""The fixed cast of every test: Alice volunteers, Bao (包) organises, Rui (芮) reviews,
Chen (陈) keeps the books, Dai (戴) is an outsider who may see none of it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from campaigns.models import (
    Activity,
    CampaignIndexPage,
    CampaignPage,
    OrganisationCampaignsPage,
    Shift,
)
from volunteers.actions.organisations import add_member, create_organisation
from volunteers.models import (
    Category,
    Membership,
    Organisation,
    Skill,
    Territory,
    User,
    Volunteer,
    VolunteerCard,
)


def make_territory(*, level: int, code: str, name: str, parent: Territory | None) -> Territory:
    return Territory.objects.create(
        code_system="stats",
        code_version="2023",
        code=code,
        level=level,
        name=name,
        parent=parent,
        path=f"{parent.path if parent else '/'}{code}/",
    )


@pytest.fixture
def city(db: Any) -> Territory:
    return make_territory(level=2, code="3702", name="青岛市", parent=None)


@pytest.fixture
def district(city: Territory) -> Territory:
    return make_territory(level=3, code="370202", name="市南区", parent=city)


@pytest.fixture
def street(district: Territory) -> Territory:
    return make_territory(level=4, code="370202001", name="香港中路街道", parent=district)


@pytest.fixture
def territory(street: Territory) -> Territory:
    return make_territory(level=5, code="370202001001", name="浮山所社区", parent=street)


@pytest.fixture
def category(db: Any) -> Category:
    return Category.objects.create(slug="patrol", name="平安巡防", name_en="Safety patrol")


@pytest.fixture
def skill(db: Any) -> Skill:
    return Skill.objects.create(slug="first-aid", name="急救", name_en="First aid")


def _root_page() -> Any:
    """Wagtail's migrations made one; a test with real transactions ends by emptying all tables."""
    from django.contrib.contenttypes.models import ContentType
    from wagtail.models import Collection, Locale, Page

    ContentType.objects.clear_cache()
    if not Collection.objects.filter(depth=1).exists():
        Collection.add_root(name="Root")
    for code in ("zh-hans", "en"):
        Locale.objects.get_or_create(language_code=code)
    root = Page.objects.filter(depth=1).first()
    return root or Page.add_root(instance=Page(title="Root", slug="root"))


@pytest.fixture
def campaign_index(db: Any) -> CampaignIndexPage:
    """The demo's shape: the site's root page, the campaign index below it."""
    from wagtail.models import Site

    root = _root_page()
    for stale in root.get_children():
        stale.delete()
    root.refresh_from_db()
    from cms.models import HomePage

    home = root.add_child(instance=HomePage(title="邻里", slug="home"))
    Site.objects.all().delete()
    Site.objects.create(
        hostname="localhost", root_page=home, is_default_site=True, site_name="邻里"
    )
    return home.add_child(instance=CampaignIndexPage(title="活动", slug="campaigns"))


def make_organisation(*, name: str, slug: str, territory: Territory, kind: str) -> Organisation:
    return create_organisation(
        name=name,
        slug=slug,
        kind=kind,
        territory=territory,
        person_in_charge="王主任",
        phone="0532-0000000",
        by=None,
    )


@pytest.fixture
def organisation(campaign_index: CampaignIndexPage, territory: Territory) -> Organisation:
    return make_organisation(
        name="香港中路街道平安志愿队",
        slug="safe-team",
        territory=territory.parent or territory,
        kind=Organisation.Kind.STREET_OFFICE,
    )


@pytest.fixture
def other_organisation(campaign_index: CampaignIndexPage, territory: Territory) -> Organisation:
    return make_organisation(
        name="海边环保社",
        slug="beach-club",
        territory=territory,
        kind=Organisation.Kind.SOCIAL_ORGANISATION,
    )


@pytest.fixture
def university(campaign_index: CampaignIndexPage, territory: Territory) -> Organisation:
    university = make_organisation(
        name="海云大学",
        slug="haiyun-university",
        territory=territory,
        kind=Organisation.Kind.UNIVERSITY,
    )
    university.email_domains = ["haiyun.example"]
    university.save()
    return university


def make_user(*, name: str, phone: str, email: str | None = None, **fields: Any) -> User:
    return User.objects.create_user(
        name=name,
        phone=phone,
        email=email,
        phone_verified_at=timezone.now(),
        password="lin-li-2026",
        **fields,
    )


def make_volunteer(
    *, user: User | None, name: str, community: Territory | None, **fields: Any
) -> Volunteer:
    fields.setdefault("birth_on", date(1990, 5, 1))
    fields.setdefault("phone", (user.phone if user else "") or "")
    return Volunteer.objects.create(user=user, name=name, community=community, **fields)


def make_card(volunteer: Volunteer, *, number: str, kind: str = "safety") -> VolunteerCard:
    return VolunteerCard.objects.create(
        volunteer=volunteer,
        number=number,
        kind=kind,
        expires_on=timezone.localdate() + timedelta(days=1000),
    )


@pytest.fixture
def alice(territory: Territory) -> User:
    user = make_user(name="林爱丽", phone="+8613800000001")
    volunteer = make_volunteer(user=user, name="林爱丽", community=territory)
    make_card(volunteer, number="LL0000000018")
    return user


@pytest.fixture
def bao(organisation: Organisation) -> User:
    user = make_user(name="包组织", phone="+8613800000002", email="bao@linli.example")
    add_member(organisation=organisation, user=user, role=Membership.Role.ORGANISER, by=None)
    return user


@pytest.fixture
def rui(organisation: Organisation) -> User:
    user = make_user(name="芮审核", phone="+8613800000003", email="rui@linli.example")
    add_member(organisation=organisation, user=user, role=Membership.Role.REVIEWER, by=None)
    return user


@pytest.fixture
def chen(organisation: Organisation) -> User:
    user = make_user(name="陈会计", phone="+8613800000004", email="chen@linli.example")
    add_member(organisation=organisation, user=user, role=Membership.Role.FINANCE, by=None)
    return user


@pytest.fixture
def dai(other_organisation: Organisation) -> User:
    user = make_user(name="戴外人", phone="+8613800000005", email="dai@linli.example")
    add_member(organisation=other_organisation, user=user, role=Membership.Role.ORGANISER, by=None)
    return user


@pytest.fixture
def city_staff(db: Any) -> User:
    return make_user(
        name="市局管理员",
        phone="+8613800000006",
        email="staff@linli.example",
        is_staff=True,
        is_superuser=True,
    )


@pytest.fixture
def campaign(organisation: Organisation, territory: Territory, category: Category) -> CampaignPage:
    branch = OrganisationCampaignsPage.objects.get(organisation=organisation)
    today = timezone.localdate()
    return branch.add_child(
        instance=CampaignPage(
            title="浮山所平安夜巡",
            title_en="Fushansuo night patrol",
            slug="night-patrol",
            summary="晚饭后一起走一圈，看看门禁、楼道灯和老人家。",
            summary_en="A walk round the block after dinner.",
            story="<p>每晚七点，从社区警务室出发。</p>",
            organisation=organisation,
            territory=territory,
            category=category,
            starts_on=today - timedelta(days=30),
            ends_on=today + timedelta(days=60),
            live=True,
        )
    )


@pytest.fixture
def activity(campaign: CampaignPage) -> Activity:
    return Activity.objects.create(
        campaign=campaign,
        role="巡逻员",
        role_en="Patroller",
        place="浮山所社区警务室",
        what_you_do="两人一组沿路线走一圈。",
        conditions="能走一小时。",
        risks="夜间路面湿滑。",
        protection="反光背心、手电。",
        insurance="志愿者意外险",
        contact_name="王主任",
        contact_phone="0532-0000000",
    )


def make_shift(
    activity: Activity, *, starts_in: timedelta, hours: float = 2, **fields: Any
) -> Shift:
    starts_at = timezone.now() + starts_in
    fields.setdefault("capacity", 10)
    return Shift.objects.create(
        activity=activity, starts_at=starts_at, ends_at=starts_at + timedelta(hours=hours), **fields
    )


@pytest.fixture
def shift(activity: Activity) -> Shift:
    """Open, begins in half an hour: sign-up and check-in are both possible now."""
    return make_shift(activity, starts_in=timedelta(minutes=30))
