"""An organisation writes in its own branch of Wagtail's admin and sees nobody else's."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from wagtail.images import get_image_model
from wagtail.images.tests.utils import get_test_image_file
from wagtail.models import Page, TaskState
from wagtail.test.utils.form_data import inline_formset, nested_form_data, rich_text

from campaigns.actions.pages import draft_campaign, publish_campaign
from campaigns.actions.patrol import add_check_point
from campaigns.models import Activity, CampaignPage, OrganisationCampaignsPage, Shift
from tests.cast import make_shift
from volunteers.actions.organisations import remove_member
from volunteers.models import Category, Membership, Organisation, Territory, User

ACTIVITY = {
    "key": "", "role": "巡逻员", "role_en": "Patroller", "place": "警务室", "place_en": "",
    "what_you_do": "走一圈。", "what_you_do_en": "", "conditions": "", "conditions_en": "",
    "risks": "", "risks_en": "", "protection": "", "protection_en": "", "insurance": "",
    "insurance_en": "", "minimum_age": "", "contact_name": "王", "contact_phone": "110",
}  # fmt: skip


@pytest.fixture
def branch(organisation: Organisation) -> OrganisationCampaignsPage:
    return organisation.campaigns_page


@pytest.fixture
def theirs(
    other_organisation: Organisation, territory: Territory, category: Category
) -> CampaignPage:
    """A campaign of Dai's organisation, with a draft of it that nobody else may read."""
    campaign = draft_campaign(
        organisation=other_organisation, territory=territory, category=category,
        title="净滩日", summary="捡垃圾。", story="<p>海边。</p>",
        starts_on=timezone.localdate(), ends_on=timezone.localdate(), by=None,
        activities=[
            Activity(role="r", place="p", what_you_do="w", contact_name="c", contact_phone="1")
        ],
    )  # fmt: skip
    return publish_campaign(campaign=campaign, by=None)


def page_data(
    territory: Territory,
    category: Category,
    *,
    activities: list[dict[str, Any]] | None = None,
    initial: int = 0,
    **fields: Any,
) -> dict[str, Any]:
    data = {
        "title": "平安夜巡",
        "title_en": "",
        "summary": "走一圈。",
        "summary_en": "",
        "story": rich_text("<p>每晚七点。</p>"),
        "story_en": rich_text(""),
        "slug": "patrol",
        "territory": territory.pk,
        "category": category.pk,
        "starts_on": timezone.localdate().isoformat(),
        "ends_on": timezone.localdate().isoformat(),
        "go_live_at": "",
        "expire_at": "",
        "activities": inline_formset(
            [ACTIVITY] if activities is None else activities, initial=initial
        ),
        "comments": inline_formset([]),
    } | fields
    return nested_form_data(data)


def add_url(branch: Page) -> str:
    return f"/admin/pages/add/campaigns/campaignpage/{branch.pk}/"


def edit_url(page: Page) -> str:
    return f"/admin/pages/{page.pk}/edit/"


# Groups follow roles


def test_roles_are_groups_of_the_branch_and_end_with_the_role(
    bao: User, rui: User, chen: User, branch: OrganisationCampaignsPage
) -> None:
    assert set(bao.groups.all()) == {branch.organisers}
    assert set(rui.groups.all()) == {branch.reviewers}
    assert not chen.groups.exists()
    remove_member(membership=bao.memberships.get(), by=None)
    assert not bao.groups.exists()


def test_finance_and_residents_have_no_business_in_the_admin(
    client: Client, chen: User, alice: User
) -> None:
    for user in (chen, alice):
        client.force_login(user)
        assert client.get("/admin/").status_code in {302, 403}


# Writing


def test_an_organiser_writes_a_campaign_and_may_not_publish_it(
    client: Client,
    bao: User,
    branch: OrganisationCampaignsPage,
    territory: Territory,
    category: Category,
) -> None:
    client.force_login(bao)
    assert client.get(add_url(branch)).status_code == 200
    data = page_data(territory, category) | {"action-publish": "1"}
    response = client.post(add_url(branch), data)
    campaign = CampaignPage.objects.get()
    assert response.status_code == 302
    assert not campaign.live
    assert campaign.organisation == branch.organisation
    assert campaign.activities.get().role == "巡逻员"


def test_an_address_is_made_from_the_title(
    client: Client,
    bao: User,
    branch: OrganisationCampaignsPage,
    territory: Territory,
    category: Category,
) -> None:
    client.force_login(bao)
    for title in ("夜巡：“关灯前”", "夜巡：“关灯前”", "！！"):
        data = page_data(territory, category, title=title, slug="")
        assert client.post(add_url(branch), data).status_code == 302
    slugs = CampaignPage.objects.order_by("pk").values_list("slug", flat=True)
    assert list(slugs) == ["夜巡关灯前", "夜巡关灯前-2", "campaign"]


def test_a_half_written_draft_is_kept(
    client: Client,
    bao: User,
    branch: OrganisationCampaignsPage,
    territory: Territory,
    category: Category,
) -> None:
    client.force_login(bao)
    data = page_data(territory, category, summary="", activities=[])
    client.post(add_url(branch), data)
    assert CampaignPage.objects.get().summary == ""


@pytest.mark.parametrize(
    "mistake",
    [{"ends_on": "2001-01-01"}, {"territory": ""}, {"starts_on": "x"}, {"title": ""}],
)
def test_a_mistake_in_the_editor_gets_a_sentence(
    client: Client,
    bao: User,
    branch: OrganisationCampaignsPage,
    territory: Territory,
    category: Category,
    mistake: dict[str, str],
) -> None:
    client.force_login(bao)
    response = client.post(add_url(branch), page_data(territory, category) | mistake)
    assert response.status_code == 200
    assert "巡逻员" in response.content.decode(), "nothing typed is lost"
    assert not CampaignPage.objects.exists()


def test_a_reviewer_mends_a_word_and_approves_in_one_press(
    client: Client,
    bao: User,
    rui: User,
    branch: OrganisationCampaignsPage,
    territory: Territory,
    category: Category,
) -> None:
    client.force_login(bao)
    client.post(add_url(branch), page_data(territory, category) | {"action-submit": "1"})
    campaign = CampaignPage.objects.get()
    client.force_login(rui)
    data = page_data(territory, category, title="平安夜巡队")
    approve = {"action-workflow-action": "true", "workflow-action-name": "approve"}
    client.post(edit_url(campaign), data | approve)
    campaign.refresh_from_db()
    assert campaign.live
    assert campaign.title == "平安夜巡队"


def test_submit_review_publish(
    client: Client,
    bao: User,
    rui: User,
    branch: OrganisationCampaignsPage,
    territory: Territory,
    category: Category,
) -> None:
    client.force_login(bao)
    client.post(add_url(branch), page_data(territory, category) | {"action-submit": "1"})
    campaign = CampaignPage.objects.get()
    state = TaskState.objects.get()
    assert state.status == "in_progress"
    assert [message.to for message in mail.outbox] == [["rui@linli.example"]]
    assert client.get(campaign.url).status_code == 404
    action = f"/admin/pages/workflow/action/{campaign.pk}/approve/{state.pk}/"
    client.post(action)
    assert TaskState.objects.get().status == "in_progress", "an organiser approves nothing"

    client.force_login(rui)
    assert campaign.title in client.get("/admin/").content.decode(), "it waits on Rui's home page"
    assert client.post(action).status_code == 302
    campaign.refresh_from_db()
    assert campaign.live
    assert client.get(campaign.url).status_code == 200


def test_a_reviewer_of_another_organisation_reviews_nothing_here(
    client: Client,
    bao: User,
    dai: User,
    other_organisation: Organisation,
    branch: OrganisationCampaignsPage,
    territory: Territory,
    category: Category,
) -> None:
    from volunteers.actions.organisations import add_member

    add_member(organisation=other_organisation, user=dai, role=Membership.Role.REVIEWER, by=None)
    client.force_login(bao)
    client.post(add_url(branch), page_data(territory, category) | {"action-submit": "1"})
    campaign, state = CampaignPage.objects.get(), TaskState.objects.get()
    client = Client()
    client.force_login(dai)
    client.post(f"/admin/pages/workflow/action/{campaign.pk}/approve/{state.pk}/")
    campaign.refresh_from_db()
    assert not campaign.live
    assert campaign.title not in client.get("/admin/").content.decode()


def test_while_in_review_the_organiser_waits(
    client: Client,
    bao: User,
    branch: OrganisationCampaignsPage,
    territory: Territory,
    category: Category,
) -> None:
    client.force_login(bao)
    client.post(add_url(branch), page_data(territory, category) | {"action-submit": "1"})
    campaign = CampaignPage.objects.get()
    client.post(edit_url(campaign), page_data(territory, category, title="偷改"))
    assert campaign.get_latest_revision_as_object().title == "平安夜巡"


def test_the_live_preview_shows_activities_nobody_saved(
    client: Client,
    bao: User,
    branch: OrganisationCampaignsPage,
    territory: Territory,
    category: Category,
) -> None:
    client.force_login(bao)
    address = f"/admin/pages/add/campaigns/campaignpage/{branch.pk}/preview/"
    told = client.post(address, page_data(territory, category)).json()
    assert told == {"is_valid": True, "is_available": True}
    html = client.get(address).content.decode()
    assert "巡逻员" in html
    assert "香港中路街道平安志愿队" in html
    assert not CampaignPage.objects.exists()


def test_the_live_preview_of_a_public_campaign_shows_the_new_words(
    client: Client, bao: User, campaign: CampaignPage, activity: Activity, shift: Shift,
    territory: Territory, category: Category,
) -> None:  # fmt: skip
    client.force_login(bao)
    address = f"/admin/pages/{campaign.pk}/edit/preview/"
    rows = [ACTIVITY | {"id": activity.pk, "key": activity.key, "role": "预览的岗位"}]
    data = page_data(territory, category, activities=rows, initial=1)
    assert client.post(address, data).json()["is_valid"]
    assert "预览的岗位" in client.get(address).content.decode()
    assert Activity.objects.get().role == "巡逻员"


# Activities and their shifts in the editor


def test_an_activity_with_shifts_is_not_removed_and_stays_in_the_form(
    client: Client, rui: User, campaign: CampaignPage, activity: Activity, shift: Shift,
    territory: Territory, category: Category,
) -> None:  # fmt: skip
    client.force_login(rui)
    client.cookies["linli_language"] = "en"
    rows = [
        ACTIVITY | {"id": activity.pk, "key": activity.key, "DELETE": "on"},
        ACTIVITY | {"role": "另一个"},
    ]
    data = page_data(territory, category, activities=rows, initial=1)
    response = client.post(edit_url(campaign), data | {"action-publish": "1"})
    assert response.status_code == 200
    assert "has shifts, so it cannot be removed" in response.content.decode()
    assert Shift.objects.get().activity == activity


def test_an_activity_with_check_points_is_not_removed_either(
    client: Client, rui: User, campaign: CampaignPage, activity: Activity,
    territory: Territory, category: Category,
) -> None:  # fmt: skip
    add_check_point(activity=activity, name="北门", by=rui)
    client.force_login(rui)
    client.cookies["linli_language"] = "en"
    rows = [
        ACTIVITY | {"id": activity.pk, "key": activity.key, "DELETE": "on"},
        ACTIVITY | {"role": "另一个"},
    ]
    data = page_data(territory, category, activities=rows, initial=1)
    response = client.post(edit_url(campaign), data | {"action-publish": "1"})
    assert response.status_code == 200
    assert "has check points, so it cannot be removed" in response.content.decode()
    response = client.post(f"/admin/pages/{campaign.pk}/delete/", follow=True)
    assert "check points cannot be deleted" in response.content.decode()
    assert activity.check_points.exists()


def test_a_revision_that_does_not_know_an_activity_leaves_its_check_points(
    client: Client, rui: User, campaign: CampaignPage, activity: Activity
) -> None:
    other = Activity.objects.create(campaign=campaign, role="劝导员", place="路口")
    add_check_point(activity=other, name="路口", by=rui)
    content = campaign.serializable_data()
    content["activities"] = [row for row in content["activities"] if row["pk"] == activity.pk]
    page = campaign.with_content_json(content)
    page.save()
    assert set(campaign.activities.model.objects.filter(campaign=campaign)) == {activity, other}


def test_publishing_twice_from_the_editor_keeps_one_row_an_activity(
    client: Client, rui: User, campaign: CampaignPage, activity: Activity,
    territory: Territory, category: Category,
) -> None:  # fmt: skip
    """The row added in the browser has no number in the first revision; its key tells it is it."""
    client.force_login(rui)
    rows = [ACTIVITY | {"id": activity.pk, "key": activity.key}, ACTIVITY | {"role": "新的"}]
    data = page_data(territory, category, activities=rows, initial=1)
    client.post(edit_url(campaign), data | {"action-publish": "1"})
    added = Activity.objects.get(role="新的")
    make_shift(added, starts_in=timedelta(days=1))
    form = client.get(edit_url(campaign)).context["form"].formsets["activities"]
    assert {one.instance.pk for one in form.initial_forms} == {activity.pk, added.pk}
    rows = [
        ACTIVITY | {"id": activity.pk, "key": activity.key},
        ACTIVITY | {"id": added.pk, "key": added.key, "role": "改过的"},
    ]
    data = page_data(territory, category, activities=rows, initial=2)
    response = client.post(edit_url(campaign), data | {"action-publish": "1"})
    assert response.status_code == 302
    assert Activity.objects.get(role="改过的").pk == added.pk
    assert Activity.objects.count() == 2


def test_an_unpublished_row_keeps_its_key_through_drafts(
    client: Client, bao: User, campaign: CampaignPage, activity: Activity,
    territory: Territory, category: Category,
) -> None:  # fmt: skip
    client.force_login(bao)
    rows = [ACTIVITY | {"id": activity.pk, "key": activity.key}, ACTIVITY | {"role": "新的"}]
    client.post(edit_url(campaign), page_data(territory, category, activities=rows, initial=1))
    campaign.refresh_from_db()
    first = campaign.get_latest_revision_as_object().activities.get(role="新的")
    assert first.pk is None
    form = client.get(edit_url(campaign)).context["form"].formsets["activities"]
    keys = [one["key"].value() for one in form.initial_forms]
    assert keys == [activity.key, first.key]
    rows[1] = ACTIVITY | {"id": "", "key": first.key, "role": "新的"}
    client.post(edit_url(campaign), page_data(territory, category, activities=rows, initial=2))
    campaign.refresh_from_db()
    assert campaign.get_latest_revision_as_object().activities.get(role="新的").key == first.key


def test_new_rows_of_the_browser_share_no_key(client: Client, bao: User, branch: Any) -> None:
    client.force_login(bao)
    form = client.get(add_url(branch)).context["form"].formsets["activities"]
    assert form.empty_form["key"].value() == ""


# Deleting


def test_a_campaign_with_shifts_is_not_deleted(
    client: Client, city_staff: User, campaign: CampaignPage, shift: Shift
) -> None:
    client.force_login(city_staff)
    for page in (campaign, campaign.get_parent(), campaign.get_parent().get_parent()):
        address = f"/admin/pages/{page.pk}/delete/"
        assert client.get(address).status_code == 302
        assert client.post(address).status_code == 302
    assert CampaignPage.objects.filter(pk=campaign.pk).exists()
    assert "hours" in _messages(client, f"/admin/pages/{campaign.pk}/delete/")


def test_nor_in_bulk(
    client: Client, city_staff: User, campaign: CampaignPage, shift: Shift
) -> None:
    client.force_login(city_staff)
    address = f"/admin/bulk/wagtailcore/page/delete/?id={campaign.pk}"
    assert client.post(address).status_code == 302
    assert CampaignPage.objects.filter(pk=campaign.pk).exists()


def test_a_campaign_without_shifts_may_go(
    client: Client, city_staff: User, campaign: CampaignPage, activity: Activity
) -> None:
    client.force_login(city_staff)
    client.post(f"/admin/pages/{campaign.pk}/delete/")
    assert not CampaignPage.objects.exists()


def test_a_branch_is_not_copied(
    client: Client, city_staff: User, branch: OrganisationCampaignsPage
) -> None:
    client.force_login(city_staff)
    assert client.get(f"/admin/pages/{branch.pk}/copy/").status_code == 302
    assert OrganisationCampaignsPage.objects.count() == 1


def test_a_copied_campaign_gets_activities_of_its_own_and_no_shifts(
    client: Client, city_staff: User, campaign: CampaignPage, shift: Shift
) -> None:
    client.force_login(city_staff)
    response = client.post(
        f"/admin/pages/{campaign.pk}/copy/",
        {
            "new_title": "再来一次",
            "new_slug": "again",
            "new_parent_page": campaign.get_parent().pk,
            "publish_copies": "on",
        },
    )
    assert response.status_code == 302
    copy = CampaignPage.objects.get(slug="again")
    assert copy.activities.get().pk != shift.activity_id
    assert Shift.objects.count() == 1


def _messages(client: Client, address: str) -> str:
    client.cookies["linli_language"] = "en"
    response = client.get(address, follow=True)
    return " ".join(str(message) for message in response.context["messages"])


# Nobody else's


@pytest.mark.parametrize(
    "address",
    [
        "/admin/pages/{page}/edit/", "/admin/pages/{page}/delete/",
        "/admin/pages/{page}/unpublish/",
        "/admin/pages/{page}/history/", "/admin/pages/{page}/move/", "/admin/pages/{page}/copy/",
        "/admin/pages/{page}/view_draft/", "/admin/pages/{page}/usage/",
        "/admin/pages/add/campaigns/campaignpage/{parent}/",
        "/admin/pages/{page}/revisions/{revision}/view/",
        "/admin/pages/{page}/revisions/{revision}/revert/",
        "/admin/pages/{page}/edit/preview/",
    ],
)  # fmt: skip
def test_an_outsider_reaches_no_page_of_ours_by_its_number(
    client: Client, bao: User, theirs: CampaignPage, address: str
) -> None:
    client.force_login(bao)
    numbers = {
        "page": theirs.pk,
        "parent": theirs.get_parent().pk,
        "revision": theirs.latest_revision_id,
    }
    for method in (client.get, client.post):
        response = method(address.format(**numbers), follow=True)
        assert response.status_code in {200, 403, 404, 405}
        if response.status_code == 200:
            assert response.redirect_chain, "sent away"
            assert "净滩日" not in response.content.decode()


@pytest.mark.parametrize(
    "address",
    [
        "/admin/", "/admin/pages/", "/admin/pages/{theirs}/", "/admin/pages/search/?q=净滩日",
        "/admin/reports/site-history/", "/admin/reports/workflow/", "/admin/reports/aging-pages/",
        "/admin/reports/locked/", "/admin/shifts/",
        "/admin/choose-page/?page_type=campaigns.campaignpage&q=净滩日",
        "/admin/choose-page/{theirs}/", "/admin/choose-page/search/?q=净滩日",
    ],
)  # fmt: skip
def test_no_list_of_the_admin_shows_another_organisations_draft(
    client: Client, bao: User, theirs: CampaignPage, address: str
) -> None:
    theirs.unpublish()
    make_shift(theirs.activities.get(), starts_in=timedelta(days=1))
    client.force_login(bao)
    response = client.get(address.format(theirs=theirs.get_parent().pk), follow=True)
    assert response.status_code in {200, 403, 404}
    assert f"/pages/{theirs.pk}/" not in response.content.decode()
    said = response.content.decode()
    for own_words in ('value="净滩日"', "<em>净滩日</em>", "“净滩日”"):  # what Bao typed
        said = said.replace(own_words, "")
    assert "净滩日" not in said


def test_pictures_are_chosen_from_the_own_collection_alone(
    client: Client, bao: User, branch: OrganisationCampaignsPage, theirs: CampaignPage
) -> None:
    def picture(title: str, page: OrganisationCampaignsPage) -> Any:
        return get_image_model().objects.create(
            title=title, file=get_test_image_file(), collection=page.collection
        )

    picture("我们的夜巡照", branch)
    foreign = picture("他们的海滩照", theirs.get_parent().specific)
    client.force_login(bao)
    listed = client.get("/admin/images/").content.decode()
    offered = client.get("/admin/images/chooser/").json()["html"]
    for html in (listed, offered):
        assert "我们的夜巡照" in html
        assert "他们的海滩照" not in html
    assert client.get(f"/admin/images/{foreign.pk}/").status_code in {302, 403, 404}
    assert client.get(f"/admin/images/chooser/{foreign.pk}/").status_code in {302, 403, 404}


def test_the_organisers_home_shows_their_campaigns_and_the_desk(
    client: Client, bao: User, campaign: CampaignPage, theirs: CampaignPage
) -> None:
    client.force_login(bao)
    html = client.get("/admin/").content.decode()
    assert campaign.title in html
    assert "净滩日" not in html
    assert 'href="/desk/"' in html
    assert add_url(campaign.get_parent()) in html


def test_an_area_is_found_by_its_name_in_the_chooser(
    client: Client, bao: User, territory: Territory
) -> None:
    client.force_login(bao)
    html = client.get("/admin/territory-chooser/results/", {"q": "浮山"}).content.decode()
    assert "浮山所社区" in html
    assert "青岛市" not in html


# Shifts in the admin


def test_shifts_are_opened_and_changed_by_the_same_actions(
    client: Client, bao: User, activity: Activity
) -> None:
    client.force_login(bao)
    starts = timezone.localtime() + timedelta(days=2)
    data = {
        "activity": activity.pk,
        "starts_at": f"{starts:%Y-%m-%d %H:%M}",
        "ends_at": f"{starts + timedelta(hours=2):%Y-%m-%d %H:%M}",
        "capacity": 5,
        "person_in_charge": "",
    }
    assert client.get("/admin/shifts/new/").status_code == 200
    assert client.post("/admin/shifts/new/", data)["Location"] == "/admin/shifts/"
    shift = Shift.objects.get()
    assert (shift.capacity, shift.created_by) == (5, bao)
    Shift.objects.update(taken=4)
    response = client.post(f"/admin/shifts/edit/{shift.pk}/", data | {"capacity": 3})
    assert response.status_code == 200
    assert "4" in str(response.context["form"].non_field_errors())
    client.post(f"/admin/shifts/edit/{shift.pk}/", data | {"capacity": 6})
    shift.refresh_from_db()
    assert (shift.capacity, shift.taken) == (6, 4)
    assert client.get(f"/admin/shifts/history/{shift.pk}/").status_code == 200


def test_shifts_of_others_are_not_there(
    client: Client, bao: User, dai: User, activity: Activity, theirs: CampaignPage
) -> None:
    ours = make_shift(activity, starts_in=timedelta(days=1))
    foreign = make_shift(theirs.activities.get(), starts_in=timedelta(days=1))
    client.force_login(bao)
    listed = client.get("/admin/shifts/").context["object_list"]
    assert list(listed) == [ours]
    for view in ("edit", "history", "usage", "delete"):
        for method in (client.get, client.post):
            response = method(f"/admin/shifts/{view}/{foreign.pk}/")
            assert response.status_code in {302, 403, 404, 405}, view
    form = client.get("/admin/shifts/new/").context["form"]
    assert list(form.fields["activity"].queryset) == [activity]


def test_a_shift_is_never_deleted_in_the_admin(
    client: Client, bao: User, city_staff: User, shift: Shift
) -> None:
    for user in (bao, city_staff):
        client.force_login(user)
        client.post(f"/admin/shifts/delete/{shift.pk}/")
    assert Shift.objects.filter(pk=shift.pk).exists()
