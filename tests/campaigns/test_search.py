from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from wagtail.models import Page

from campaigns.actions.pages import draft_campaign, publish_campaign
from campaigns.models import Activity, CampaignPage
from campaigns.search import find_campaigns
from volunteers.models import Category, Organisation, Territory


@pytest.fixture
def make(organisation: Organisation, territory: Territory, category: Category) -> Any:
    def make(title: str, *, role: str = "志愿者", live: bool = True, **fields: Any) -> CampaignPage:
        today = timezone.localdate()
        activity = Activity(
            role=role, place="太平角公园", what_you_do="做。", contact_name="王", contact_phone="1"
        )
        campaign = draft_campaign(
            title=title, organisation=organisation, territory=territory, category=category,
            summary=fields.pop("summary", "一起来。"), story="<p>故事。</p>", starts_on=today,
            ends_on=today, activities=[activity], by=None, **fields,
        )  # fmt: skip
        return publish_campaign(campaign=campaign, by=None) if live else campaign

    return make


def found(text: str) -> set[str]:
    return {campaign.title for campaign in find_campaigns(text)}


def test_two_characters_inside_a_title_are_found(make: Any) -> None:
    make("八大关平安夜巡：十条关隘路走一遍")
    make("周末净滩")
    assert found("夜巡") == {"八大关平安夜巡：十条关隘路走一遍"}
    assert found("安夜") == {"八大关平安夜巡：十条关隘路走一遍"}
    assert found("巡夜") == set(), "the pair must stand in that order"


def test_pairs_that_only_stand_apart_are_not_found(make: Any) -> None:
    """Every pair of 平安夜巡 is there, the four characters in a row are not."""
    make("平安，安夜，夜巡")
    assert found("平安夜巡") == set()


def test_one_character_and_none(make: Any) -> None:
    make("周末净滩")
    assert found("滩") == {"周末净滩"}
    assert found("") == found("  ") == set()


def test_all_words_must_be_there_in_any_order(make: Any) -> None:
    make("社区夜巡", summary="给老人送药")
    make("校园夜巡")
    assert found("夜巡 老人") == found("老人 夜巡") == {"社区夜巡"}


def test_english_roles_places_and_the_organisation_are_searched_too(make: Any) -> None:
    make("夜巡", title_en="Night Patrol", role="急救员")
    assert found("PATROL") == found("急救") == found("太平角") == found("香港中路街道") == {"夜巡"}


@pytest.mark.parametrize("text", ["100%", "a_b", "%", "_", "\\", "'; DROP TABLE x; --", "%%%%"])
def test_signs_of_the_query_language_are_only_signs(make: Any, text: str) -> None:
    make("周末净滩")
    make(f"有{text}的")
    assert found(text) == {f"有{text}的"}


def test_a_draft_is_not_found(make: Any) -> None:
    make("夜巡", live=False)
    assert found("夜巡") == set()


def test_a_new_title_is_found_once_published(make: Any) -> None:
    campaign = make("旧题目")
    campaign.title = "新题目"
    revision = campaign.save_revision()
    assert found("新题") == set()
    revision.publish()
    assert found("新题") == {"新题目"}
    assert found("旧题") == set()


def test_the_search_box_of_the_list_uses_it(client: Client, make: Any) -> None:
    make("八大关平安夜巡")
    make("周末净滩")
    response = client.get("/campaigns/", {"q": "夜巡"})
    assert [card["title"] for card in response.context["cards"]] == ["八大关平安夜巡"]


def copy_many(campaign: CampaignPage, *, times: int) -> None:
    """Rows enough for the planner to prefer an index, none of them with the words sought."""
    with connection.cursor() as cursor:
        for model, changed in (
            (
                Page,
                {
                    "id": "id + 100000 + n",
                    "path": "'Z' || n",
                    "translation_key": "gen_random_uuid()",
                },
            ),
            (
                CampaignPage,
                {
                    "page_ptr_id": "page_ptr_id + 100000 + n",
                    "search_text": "md5(n::text)",
                    "search_pairs": "ARRAY[left(md5(n::text), 2)]",
                },
            ),
        ):
            columns = [field.column for field in model._meta.local_concrete_fields]
            values = ", ".join(changed.get(column, column) for column in columns)
            cursor.execute(
                f"INSERT INTO {model._meta.db_table} ({', '.join(columns)})"
                f" SELECT {values} FROM {model._meta.db_table}, generate_series(1, {times}) AS n"
                f" WHERE {model._meta.pk.column} = {campaign.pk}"
            )
            cursor.execute(f"ANALYZE {model._meta.db_table}")


def test_two_characters_are_answered_by_the_index_over_pairs(make: Any) -> None:
    copy_many(make("夜巡"), times=5000)
    query, params = find_campaigns("夜巡").order_by().values("pk").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {query}", params)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "campaign_search_pairs" in plan
    assert len(find_campaigns("夜巡")) == 1
