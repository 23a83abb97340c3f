from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from campaigns.actions.pages import draft_campaign, publish_campaign
from campaigns.actions.sign_ups import sign_up
from campaigns.models import Activity, CampaignPage, Shift
from tests.cast import make_shift, make_territory
from volunteers.models import Category, Organisation, Skill, Territory, User


@pytest.fixture
def make_campaign(organisation: Organisation, territory: Territory, category: Category) -> Any:
    def make(title: str, **fields: Any) -> CampaignPage:
        values = {
            "organisation": organisation,
            "territory": territory,
            "category": category,
            "summary": "一起来。",
            "story": "<p>故事。</p>",
            "starts_on": timezone.localdate(),
            "ends_on": timezone.localdate() + timedelta(days=30),
            "activities": [
                Activity(
                    role="志愿者", place="社区", what_you_do="帮忙。",
                    contact_name="王", contact_phone="1",
                )
            ],
            "by": None,
        } | fields  # fmt: skip
        return publish_campaign(campaign=draft_campaign(title=title, **values), by=None)

    return make


def titles(client: Client, **query: Any) -> list[str]:
    response = client.get("/campaigns/", query)
    assert response.status_code == 200
    return [card["title"] for card in response.context["cards"]]


def test_the_soonest_shift_stands_first_and_campaigns_without_one_last(
    client: Client, make_campaign: Any
) -> None:
    late, _none, soon = (make_campaign(title) for title in ("晚的", "没有班次", "早的"))
    make_shift(late.activities.get(), starts_in=timedelta(days=9))
    make_shift(soon.activities.get(), starts_in=timedelta(days=1))
    make_shift(soon.activities.get(), starts_in=timedelta(days=20))
    assert titles(client) == ["早的", "晚的", "没有班次"]


def test_what_is_over_or_not_public_is_not_listed(client: Client, make_campaign: Any) -> None:
    make_campaign("还在")
    make_campaign("草稿").unpublish()
    today = timezone.localdate()
    make_campaign("过去", starts_on=today - timedelta(days=9), ends_on=today - timedelta(days=1))
    assert titles(client) == ["还在"]


def test_a_district_holds_its_streets_and_communities(
    client: Client, make_campaign: Any, city: Territory, district: Territory, street: Territory
) -> None:
    other = make_territory(level=3, code="370203", name="市北区", parent=city)
    other_street = make_territory(level=4, code="370203001", name="辽源路街道", parent=other)
    second = make_territory(level=4, code="370202002", name="八大峡街道", parent=district)
    make_campaign("市北的", territory=other_street)
    make_campaign("社区的")
    make_campaign("街道的", territory=second)
    assert set(titles(client, district=district.pk)) == {"社区的", "街道的"}
    assert titles(client, district=district.pk, street=street.pk) == ["社区的"]
    assert titles(client, district=other.pk, street=street.pk) == ["市北的"], (
        "a street of another district is as good as none"
    )


def test_by_category(client: Client, make_campaign: Any) -> None:
    beach = Category.objects.create(slug="beach", name="净滩")
    make_campaign("夜巡")
    make_campaign("净滩日", category=beach)
    assert titles(client, category="beach") == ["净滩日"]


def test_by_day_asks_for_a_shift_on_that_local_day(client: Client, make_campaign: Any) -> None:
    one, two = make_campaign("甲"), make_campaign("乙")
    first = make_shift(one.activities.get(), starts_in=timedelta(days=2))
    make_shift(two.activities.get(), starts_in=timedelta(days=3))
    assert titles(client, on=timezone.localdate(first.starts_at).isoformat()) == ["甲"]


def test_by_free_places(client: Client, make_campaign: Any) -> None:
    full, free = make_campaign("满了"), make_campaign("还有")
    make_shift(full.activities.get(), starts_in=timedelta(days=1), capacity=1, taken=1)
    make_shift(free.activities.get(), starts_in=timedelta(days=1))
    make_campaign("没有班次")
    assert titles(client, free="on") == ["还有"]


def test_open_to_me_leaves_out_what_i_may_not_do(
    client: Client, make_campaign: Any, alice: User, skill: Skill
) -> None:
    mine, skilled = make_campaign("我能做"), make_campaign("要急救")
    activity = skilled.activities.get()
    activity.skills.set([skill])
    activity.save()
    for one in (mine, skilled):
        make_shift(one.activities.get(), starts_in=timedelta(days=1))
    assert set(titles(client, eligible="on")) == {"我能做", "要急救"}, (
        "a visitor has no such filter"
    )
    client.force_login(alice)
    assert titles(client, eligible="on") == ["我能做"]
    alice.volunteer.skills.add(skill)
    assert set(titles(client, eligible="on")) == {"我能做", "要急救"}


def test_a_card_counts_the_free_places_of_all_its_shifts(
    client: Client, make_campaign: Any, alice: User
) -> None:
    campaign = make_campaign("数一数")
    shift = make_shift(campaign.activities.get(), starts_in=timedelta(days=1), capacity=4)
    make_shift(campaign.activities.get(), starts_in=timedelta(days=2), capacity=3, taken=1)
    make_shift(campaign.activities.get(), starts_in=timedelta(days=-2), capacity=50)
    sign_up(shift=shift, volunteer=alice.volunteer, by=alice)
    (card,) = client.get("/campaigns/").context["cards"]
    assert card["free_places"] == 5


def test_pages_keep_the_filters(client: Client, make_campaign: Any, category: Category) -> None:
    for number in range(13):
        make_campaign(f"活动{number}")
    first = client.get("/campaigns/", {"category": category.slug})
    assert len(first.context["cards"]) == 12
    assert "category=patrol&amp;page=2" in first.content.decode()
    assert len(titles(client, category=category.slug, page=2)) == 1


@pytest.mark.parametrize(
    "query",
    [
        "district=x", "district=99999999999999999999", "street=1", "category=%00", "on=32.13.",
        "page=-1", "page=x", "q=%00", "q=" + "长" * 500, "on=0001-01-01", "on=9999-12-31",
        "district=%E0%A5%A9",
    ],
)  # fmt: skip
def test_a_strange_filter_never_breaks_the_list(
    client: Client, make_campaign: Any, query: str
) -> None:
    make_campaign("还在")
    assert client.get(f"/campaigns/?{query}").status_code == 200


def test_an_organisation_shows_its_own_campaigns_only(
    client: Client, make_campaign: Any, organisation: Organisation, other_organisation: Organisation
) -> None:
    make_campaign("我们的")
    make_campaign("他们的", organisation=other_organisation)
    response = client.get(other_organisation.campaigns_page.url)
    assert [card["title"] for card in response.context["cards"]] == ["他们的"]


def test_a_chosen_district_offers_its_streets(
    client: Client, make_campaign: Any, district: Territory, street: Territory
) -> None:
    make_campaign("还在")
    assert "street" not in client.get("/campaigns/").context["filters"].fields
    response = client.get("/campaigns/", {"district": district.pk})
    assert list(response.context["filters"].fields["street"].queryset) == [street]


def test_twelve_cards_cost_no_more_queries_than_two(
    client: Client, make_campaign: Any, alice: User, django_assert_max_num_queries: Any
) -> None:
    client.force_login(alice)
    for number in range(2):
        make_shift(make_campaign(f"甲{number}").activities.get(), starts_in=timedelta(days=1))
    client.get("/campaigns/")
    with django_assert_max_num_queries(28) as few:
        client.get("/campaigns/")
    for number in range(10):
        make_shift(make_campaign(f"乙{number}").activities.get(), starts_in=timedelta(days=1))
    with django_assert_max_num_queries(len(few)):
        assert client.get("/campaigns/").status_code == 200


def test_english_readers_get_english_cards(client: Client, make_campaign: Any) -> None:
    make_campaign("夜巡", title_en="Night patrol")
    client.cookies["linli_language"] = "en"
    assert titles(client) == ["Night patrol"]


def test_a_shift_of_a_draft_gives_no_public_place(make_campaign: Any) -> None:
    campaign = make_campaign("草稿")
    make_shift(campaign.activities.get(), starts_in=timedelta(days=1))
    campaign.unpublish()
    assert not Shift.objects.public().exists()


def test_the_filters_stand_open_only_when_more_than_words_was_asked(
    client: Client, make_campaign: Any
) -> None:
    make_campaign("夜巡")
    assert 'class="filters" open' not in client.get("/campaigns/", {"q": "夜巡"}).content.decode()
    assert 'class="filters" open' in client.get("/campaigns/", {"free": "on"}).content.decode()
