from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone, translation
from wagtail.images import get_image_model
from wagtail.images.tests.utils import get_test_image_file

from campaigns.actions.pages import draft_campaign, open_missing_branches, publish_campaign
from campaigns.actions.shifts import open_shift
from campaigns.actions.sign_ups import sign_up
from campaigns.models import Activity, CampaignPage, OrganisationCampaignsPage, Shift, SignUp
from tests.cast import make_shift
from volunteers.actions.organisations import create_organisation
from volunteers.models import Category, Organisation, Skill, Territory, User, Volunteer


def an_activity(**fields: Any) -> Activity:
    return Activity(
        **{
            "role": "引导员",
            "place": "街口",
            "what_you_do": "指路。",
            "contact_name": "王主任",
            "contact_phone": "0532-0000000",
        }
        | fields
    )


@pytest.fixture
def drafted(
    organisation: Organisation, territory: Territory, category: Category, bao: User
) -> CampaignPage:
    return draft_campaign(
        organisation=organisation,
        territory=territory,
        category=category,
        title="平安护学岗",
        summary="早晚各半小时。",
        story="<p>在校门口。</p>",
        starts_on=timezone.localdate(),
        ends_on=timezone.localdate() + timedelta(days=10),
        activities=[an_activity()],
        by=bao,
    )


# Branches


def test_a_new_organisation_gets_its_branch_below_the_index(organisation: Organisation) -> None:
    branch = OrganisationCampaignsPage.objects.get(organisation=organisation)
    assert branch.live
    assert branch.get_parent().slug == "campaigns"
    assert branch.collection.name == organisation.name


def test_organisations_older_than_the_index_get_theirs_later(
    territory: Territory, db: Any, request: pytest.FixtureRequest
) -> None:
    create_organisation(
        name="早来的队", slug="early", kind="volunteer_team", territory=territory, by=None
    )
    assert not OrganisationCampaignsPage.objects.exists()
    request.getfixturevalue("campaign_index")
    assert open_missing_branches() == 1
    assert open_missing_branches() == 0
    assert OrganisationCampaignsPage.objects.get().slug == "early"


# Drafting and publishing


def test_a_draft_is_not_public_and_a_published_one_is(
    drafted: CampaignPage, client: Client
) -> None:
    assert client.get(drafted.get_url()).status_code == 404
    publish_campaign(campaign=drafted, by=None)
    assert client.get(drafted.get_url()).status_code == 200
    drafted.unpublish()
    assert client.get(drafted.get_url()).status_code == 404


def test_a_campaign_belongs_to_the_organisation_of_its_branch(
    drafted: CampaignPage, other_organisation: Organisation
) -> None:
    drafted.organisation = other_organisation
    drafted.save()
    drafted.refresh_from_db()
    assert drafted.organisation.slug == "safe-team"


def test_a_campaign_moved_to_another_branch_changes_its_organisation_when_saved(
    drafted: CampaignPage, other_organisation: Organisation
) -> None:
    drafted.move(other_organisation.campaigns_page, pos="last-child")
    moved = CampaignPage.objects.get(pk=drafted.pk)
    moved.save()
    assert moved.organisation == other_organisation


def test_the_last_day_cannot_come_before_the_first(drafted: CampaignPage) -> None:
    drafted.ends_on = drafted.starts_on - timedelta(days=1)
    with pytest.raises(ValidationError, match=r"first|第一天"):
        drafted.save()


def test_dangerous_work_needs_risks_protection_and_insurance_written_down() -> None:
    activity = an_activity(is_dangerous=True, risks="高处", protection="")
    with pytest.raises(ValidationError):
        activity.clean()
    activity.protection, activity.insurance = "安全绳", "意外险"
    activity.clean()


# A revision never touches shifts


def test_publishing_a_revision_keeps_the_row_that_shifts_hang_on(drafted: CampaignPage) -> None:
    """The first revision was written before its activity had a number."""
    publish_campaign(campaign=drafted, by=None)
    activity = drafted.activities.get()
    shift = make_shift(activity, starts_in=timedelta(days=1))
    page = CampaignPage.objects.get(pk=drafted.pk)
    page.activities = [an_activity(role="新岗位"), *page.activities.all()]
    page.save_revision().publish()
    again = CampaignPage.objects.get(pk=drafted.pk).get_latest_revision_as_object()
    again.title = "改了标题"
    again.save_revision().publish()
    shift.refresh_from_db()
    assert shift.activity_id == activity.pk
    assert {one.role for one in CampaignPage.objects.get(pk=drafted.pk).activities.all()} == {
        "新岗位",
        "引导员",
    }


def test_a_revision_without_an_activity_that_has_shifts_does_not_remove_it(
    drafted: CampaignPage,
) -> None:
    publish_campaign(campaign=drafted, by=None)
    old = drafted.get_latest_revision()
    page = drafted.get_latest_revision_as_object()
    page.activities = [*page.activities.all(), an_activity(role="后来的岗位")]
    page.save_revision().publish()
    later = Activity.objects.get(role="后来的岗位")
    shift = make_shift(later, starts_in=timedelta(days=1))
    old.publish()
    assert Shift.objects.get(pk=shift.pk).activity == later


def test_a_revision_published_late_changes_no_capacity_and_no_sign_up(
    drafted: CampaignPage, alice: User
) -> None:
    publish_campaign(campaign=drafted, by=None)
    late = CampaignPage.objects.get(pk=drafted.pk)
    late.title = "迟来的标题"
    late = late.save_revision()
    shift = make_shift(drafted.activities.get(), starts_in=timedelta(days=2), capacity=1)
    sign_up(shift=shift, volunteer=alice.volunteer, by=alice)
    late.publish()
    shift.refresh_from_db()
    assert (shift.capacity, shift.taken, SignUp.objects.holding().count()) == (1, 1, 1)
    assert CampaignPage.objects.get(pk=drafted.pk).title == "迟来的标题"


def test_an_activity_without_shifts_may_go(drafted: CampaignPage) -> None:
    publish_campaign(campaign=drafted, by=None)
    page = drafted.get_latest_revision_as_object()
    page.activities = [an_activity(role="别的岗位")]
    page.save_revision().publish()
    assert [one.role for one in Activity.objects.all()] == ["别的岗位"]


def test_skills_survive_a_revision(drafted: CampaignPage, skill: Skill) -> None:
    page = drafted.get_latest_revision_as_object()
    (activity,) = page.activities.all()
    activity.skills.set([skill])
    page.activities = [activity]
    page.save_revision().publish()
    assert list(Activity.objects.get().skills.all()) == [skill]


# What the public reads


def test_the_page_tells_all_that_a_recruitment_must(
    client: Client, shift: Shift, campaign: CampaignPage
) -> None:
    """R18: time, place, content, conditions, number wanted, risks, protection, contact."""
    html = client.get(campaign.get_url()).content.decode()
    starts = timezone.localtime(shift.starts_at)
    for words in (
        "浮山所社区警务室", "两人一组沿路线走一圈。", "能走一小时。", "夜间路面湿滑。",
        "反光背心、手电。", "志愿者意外险", "0532-0000000", "王主任", f"{starts:%H:%M}", "10",
    ):  # fmt: skip
        assert words in html


def test_a_long_campaign_offers_a_written_agreement(
    client: Client, shift: Shift, campaign: CampaignPage
) -> None:
    assert client.get(campaign.get_url()).context["offers_agreement"]
    CampaignPage.objects.update(ends_on=campaign.starts_on + timedelta(days=31))
    assert not client.get(campaign.get_url()).context["offers_agreement"]
    Activity.objects.update(is_dangerous=True)
    assert client.get(campaign.get_url()).context["offers_agreement"]


def test_the_page_speaks_english_where_english_was_written(
    client: Client, shift: Shift, campaign: CampaignPage
) -> None:
    client.cookies["linli_language"] = "en"
    html = client.get(campaign.get_url()).content.decode()
    assert "Fushansuo night patrol" in html
    assert "Patroller" in html
    assert "每晚七点" in html, "no English story yet: the Chinese one is better than none"


def shared(html: str, name: str) -> str:
    match = re.search(rf'<meta property="{name}" content="([^"]*)"', html)
    assert match, name
    return match[1]


def test_wechat_finds_title_summary_and_an_absolute_square_picture(
    client: Client, campaign: CampaignPage, shift: Shift
) -> None:
    picture = get_image_model().objects.create(
        title="夜巡", file=get_test_image_file(size=(1600, 900))
    )
    CampaignPage.objects.update(image=picture)
    html = client.get(campaign.get_url()).content.decode()
    assert shared(html, "og:title") == campaign.title
    assert shared(html, "og:description") == campaign.summary
    assert shared(html, "og:image").startswith("http://testserver/media/")
    assert "fill-600x600" in shared(html, "og:image")
    assert shared(html, "og:url") == f"http://testserver{campaign.get_url()}"


def json_ld(html: str) -> Any:
    (text,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html, re.DOTALL)
    return json.loads(text)


def test_search_engines_read_an_event_with_its_shifts(
    client: Client, campaign: CampaignPage, shift: Shift
) -> None:
    event = json_ld(client.get(campaign.get_url()).content.decode())
    assert event["@type"] == "Event"
    assert event["name"] == campaign.title
    assert event["startDate"] == campaign.starts_on.isoformat()
    assert event["location"]["name"] == "浮山所社区警务室"
    assert event["organizer"]["name"] == "香港中路街道平安志愿队"
    (sub_event,) = event["subEvent"]
    assert sub_event["startDate"].endswith("+08:00")
    assert sub_event["remainingAttendeeCapacity"] == 10


def test_no_text_of_an_organiser_can_end_the_data_element(
    client: Client, campaign: CampaignPage, shift: Shift
) -> None:
    evil = "巡逻</script><script>alert(1)</script><!--"
    CampaignPage.objects.update(title=evil)
    html = client.get(campaign.get_url()).content.decode()
    assert "<script>alert(1)" not in html
    assert json_ld(html)["name"] == evil


def test_far_days_stand_behind_a_link(client: Client, activity: Activity) -> None:
    for days in (1, 5, 40):
        make_shift(activity, starts_in=timedelta(days=days), capacity=100 + days)
    response = client.get(activity.campaign.get_url())
    assert len(response.context["days"]) == 2
    later = response.context["later_from"]
    response = client.get(activity.campaign.get_url(), {"from": later.isoformat()})
    (day,) = response.context["days"]
    assert day["places"][0].shift.capacity == 140


@pytest.mark.parametrize(
    "query", ["from=gestern", "from=9999-99-99", "shift=%00", "from=0001-01-01"]
)
def test_a_strange_address_shows_the_page_all_the_same(
    client: Client, campaign: CampaignPage, query: str
) -> None:
    assert client.get(f"{campaign.get_url()}?{query}").status_code == 200


def test_a_page_of_many_shifts_costs_as_many_queries_as_one_of_few(
    client: Client, activity: Activity, alice: User, django_assert_max_num_queries: Any
) -> None:
    client.force_login(alice)
    address = activity.campaign.get_url()
    for hours in range(40):
        make_shift(activity, starts_in=timedelta(hours=1 + hours * 3))
    client.get(address)
    with django_assert_max_num_queries(34) as few:
        client.get(address)
    for hours in range(60):
        make_shift(activity, starts_in=timedelta(hours=2 + hours * 3))
    with django_assert_max_num_queries(len(few)):
        client.get(address)


# Pressing the button


def press(client: Client, shift: Shift, **data: Any) -> Any:
    return client.post(f"/shifts/{shift.pk}/sign-up/", data)


def test_one_press_signs_up_and_leads_back_to_the_shift(
    client: Client, shift: Shift, alice: User
) -> None:
    client.force_login(alice)
    response = press(client, shift)
    assert response.status_code == 302
    assert response["Location"].endswith(f"?shift={shift.pk}#shift-{shift.pk}")
    assert SignUp.objects.get().volunteer == alice.volunteer


def test_a_visitor_is_led_to_log_in_and_back_to_the_same_shift(
    client: Client, shift: Shift, campaign: CampaignPage
) -> None:
    response = press(client, shift)
    assert response["Location"].startswith("/accounts/login/?next=")
    assert f"shift-{shift.pk}" in response["Location"]
    assert not SignUp.objects.exists()


def test_an_account_without_a_profile_is_led_to_it_and_back(
    client: Client, shift: Shift, bao: User
) -> None:
    client.force_login(bao)
    assert press(client, shift)["Location"].startswith("/me/join/?next=")


def test_the_birth_date_is_asked_beside_the_button_once(
    client: Client, shift: Shift, alice: User, campaign: CampaignPage
) -> None:
    Volunteer.objects.update(birth_on=None)
    client.force_login(alice)
    assert 'name="birth_on"' in client.get(campaign.get_url()).content.decode()
    press(client, shift, birth_on="1999-09-09")
    assert SignUp.objects.get().is_held
    assert str(Volunteer.objects.get().birth_on) == "1999-09-09"
    press(client, shift, birth_on="1955-05-05")
    assert str(Volunteer.objects.get().birth_on) == "1999-09-09"


@pytest.mark.parametrize("birth_on", ["2999-01-01", "nonsense", "0001-01-01"])
def test_a_birth_date_that_cannot_be_gets_a_sentence(
    client: Client, shift: Shift, alice: User, birth_on: str
) -> None:
    Volunteer.objects.update(birth_on=None)
    client.force_login(alice)
    response = client.post(f"/shifts/{shift.pk}/sign-up/", {"birth_on": birth_on}, follow=True)
    assert [message.level_tag for message in response.context["messages"]] == ["error"]
    assert not SignUp.objects.exists()


def test_the_page_gives_the_reason_instead_of_a_button(
    client: Client, shift: Shift, alice: User, campaign: CampaignPage
) -> None:
    Activity.objects.update(minimum_age=60)
    client.force_login(alice)
    html = client.get(campaign.get_url()).content.decode()
    assert 'data-reason="too_young"' in html
    assert f"/shifts/{shift.pk}/sign-up/" not in html


def test_htmx_gets_the_one_row_with_its_answer(client: Client, shift: Shift, alice: User) -> None:
    client.force_login(alice)
    response = client.post(
        f"/shifts/{shift.pk}/sign-up/",
        headers={"HX-Request": "true", "HX-Target": f"shift-{shift.pk}"},
    )
    html = response.content.decode()
    assert html.count('<div class="shift-row"') == 1
    assert "<html" not in html
    assert f"/shifts/{shift.pk}/leave/" in html


def test_the_row_that_answers_gives_each_reason_once(
    client: Client, shift: Shift, alice: User
) -> None:
    Activity.objects.update(minimum_age=90)
    client.force_login(alice)
    client.cookies["linli_language"] = "en"
    html = client.post(
        f"/shifts/{shift.pk}/sign-up/",
        headers={"HX-Request": "true", "HX-Target": f"shift-{shift.pk}"},
    ).content.decode()
    assert html.count("at least 90") == 1
    assert f"/shifts/{shift.pk}/sign-up/" not in html


def test_a_press_on_a_shift_called_off_meanwhile_gets_a_sentence(
    client: Client, shift: Shift, alice: User
) -> None:
    from campaigns.actions.shifts import cancel_shift

    cancel_shift(shift=shift, by=None)
    client.force_login(alice)
    client.cookies["linli_language"] = "en"
    response = client.post(f"/shifts/{shift.pk}/sign-up/", follow=True)
    assert "cancelled" in str(next(iter(response.context["messages"])))


def test_a_shift_of_a_draft_is_not_there(
    client: Client, drafted: CampaignPage, alice: User
) -> None:
    shift = open_shift(
        activity=drafted.activities.get(),
        starts_at=timezone.now() + timedelta(days=1),
        ends_at=timezone.now() + timedelta(days=1, hours=1),
        capacity=3,
        by=None,
    )
    client.force_login(alice)
    assert press(client, shift).status_code == 404


def test_signing_up_takes_a_post(client: Client, shift: Shift, alice: User) -> None:
    client.force_login(alice)
    assert client.get(f"/shifts/{shift.pk}/sign-up/").status_code == 405


def test_a_minor_is_led_to_name_a_guardian(
    client: Client, shift: Shift, alice: User, campaign: CampaignPage
) -> None:
    Volunteer.objects.update(birth_on=timezone.localdate() - timedelta(days=365 * 16))
    client.force_login(alice)
    assert "/me/guardian/?next=" in client.get(campaign.get_url()).content.decode()
    assert press(client, shift)["Location"].startswith("/me/guardian/?next=")


@pytest.mark.parametrize("address", ["https://evil.example/", "//evil.example", "javascript:1"])
def test_the_way_back_never_leads_away(
    client: Client, shift: Shift, alice: User, address: str
) -> None:
    sign_up(shift=shift, volunteer=alice.volunteer, by=alice)
    client.force_login(alice)
    response = client.post(f"/shifts/{shift.pk}/cancel/", {"next": address})
    assert response["Location"] == "/me/shifts/"


# My shifts


def test_my_shifts_lists_what_comes_and_what_was(
    client: Client, activity: Activity, alice: User
) -> None:
    coming = make_shift(activity, starts_in=timedelta(days=3))
    past = make_shift(activity, starts_in=timedelta(days=-3))
    sign_up(shift=coming, volunteer=alice.volunteer, by=alice)
    sign_up(shift=past, volunteer=alice.volunteer, by=alice, at=past.starts_at - timedelta(days=1))
    client.force_login(alice)
    response = client.get("/me/shifts/")
    assert [one.shift for one in response.context["upcoming"]] == [coming]
    assert [one.shift for one in response.context["page_obj"]] == [past]
    assert f"/shifts/{coming.pk}/cancel/" in response.content.decode()


def test_cancelling_and_leaving_from_my_shifts(
    client: Client, activity: Activity, shift: Shift, alice: User
) -> None:
    far = make_shift(activity, starts_in=timedelta(days=3))
    sign_up(shift=far, volunteer=alice.volunteer, by=alice)
    sign_up(shift=shift, volunteer=alice.volunteer, by=alice)
    client.force_login(alice)
    assert client.post(f"/shifts/{far.pk}/cancel/")["Location"] == "/me/shifts/"
    assert client.get(f"/shifts/{shift.pk}/leave/").status_code == 200
    client.post(f"/shifts/{shift.pk}/leave/", {"reason": "发烧"})
    assert set(SignUp.objects.values_list("state", "leave_reason")) == {
        ("cancelled", ""),
        ("on_leave", "发烧"),
    }


def test_a_shift_called_off_is_told_on_my_shifts(client: Client, shift: Shift, alice: User) -> None:
    from campaigns.actions.shifts import cancel_shift

    sign_up(shift=shift, volunteer=alice.volunteer, by=alice)
    cancel_shift(shift=shift, reason="台风", by=None)
    client.force_login(alice)
    assert "台风" in client.get("/me/shifts/").content.decode()


def test_nobody_cancels_for_somebody_else(
    client: Client, shift: Shift, alice: User, dai: User
) -> None:
    sign_up(shift=shift, volunteer=alice.volunteer, by=alice)
    client.force_login(dai)
    assert client.post(f"/shifts/{shift.pk}/cancel/").status_code == 404
    assert client.post(f"/shifts/{shift.pk}/leave/").status_code == 404
    assert SignUp.objects.get().is_held


def test_my_next_shift_is_a_piece_of_a_page(client: Client, shift: Shift, alice: User) -> None:
    client.force_login(alice)
    assert "/campaigns/" in client.get("/me/shifts/next/").content.decode()
    sign_up(shift=shift, volunteer=alice.volunteer, by=alice)
    html = client.get("/me/shifts/next/").content.decode()
    assert "浮山所平安夜巡" in html
    assert "<html" not in html


def test_every_refusal_is_said_in_the_readers_language(
    client: Client, shift: Shift, alice: User
) -> None:
    Activity.objects.update(minimum_age=60)
    client.force_login(alice)
    client.cookies["linli_language"] = "en"
    response = client.post(f"/shifts/{shift.pk}/sign-up/", follow=True)
    assert "You must be at least 60." in response.content.decode()
    with translation.override("en"):
        assert str(next(iter(response.context["messages"]))) == "You must be at least 60."
