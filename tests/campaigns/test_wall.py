"""The live wall: every post's numbers, for everybody to see, so without a name."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from campaigns.actions.devices import register_device
from campaigns.models import Activity, Attendance, ConsoleDevice, Shift, SignUp
from campaigns.wall import LATE_AFTER, LINES_A_PAGE, MOST_TILES, Post, look_at, shifts_on_now
from tests.browser.test_console_camera import sign_in
from tests.campaigns.test_attendance import sign_up_for
from tests.cast import make_shift, make_volunteer
from tests.test_accessible_pages import check

MINUTE = timedelta(minutes=1)


@pytest.fixture
def running(activity) -> Shift:
    return make_shift(activity, starts_in=-30 * MINUTE)


def come(shift: Shift, *, name: str = "赵邻居", ago=30 * MINUTE, left=None) -> Attendance:
    """Somebody of that name who came some time ago, and left again maybe."""
    sign_up = expect_somebody(shift, name=name)
    now = timezone.now()
    return Attendance.objects.create(
        sign_up=sign_up,
        volunteer=sign_up.volunteer,
        checked_in_at=now - ago,
        check_in_door="console",
        checked_out_at=left and now - left,
        check_out_door="console" if left else "",
    )


def expect_somebody(shift: Shift, *, name: str = "钱邻居") -> SignUp:
    shift.refresh_from_db()
    return sign_up_for(shift, make_volunteer(user=None, name=name, community=None))


def post_of(shift: Shift) -> Post:
    [post] = look_at(Shift.objects.filter(pk=shift.pk), at=timezone.now()).posts
    return post


def numbers(post: Post) -> tuple[int, int, int, int]:
    return post.expected, post.missing, post.there, post.gone_home


# What is counted


def test_each_person_stands_in_one_number(running):
    come(running)
    come(running)
    come(running, left=MINUTE)
    expect_somebody(running)
    on_leave = expect_somebody(running)
    SignUp.objects.filter(pk=on_leave.pk).update(state="on_leave", ended_at=timezone.now())
    post = post_of(running)
    assert numbers(post) == (0, 1, 2, 1)
    assert (post.people, post.share_there) == (4, 50)


def test_nobody_is_late_before_the_start_nor_just_after(activity):
    for starts_in in (30 * MINUTE, MINUTE - LATE_AFTER):
        shift = make_shift(activity, starts_in=starts_in)
        expect_somebody(shift)
        assert numbers(post_of(shift)) == (1, 0, 0, 0)
    shift = make_shift(activity, starts_in=-LATE_AFTER)
    expect_somebody(shift)
    assert numbers(post_of(shift)) == (0, 1, 0, 0)


def test_the_pace_is_that_of_the_last_five_minutes(running):
    come(running, ago=MINUTE)
    come(running, ago=4 * MINUTE, left=2 * MINUTE)
    come(running, ago=6 * MINUTE)
    assert post_of(running).arrivals == 2


def test_a_post_where_nobody_stands_is_named_while_it_should_be_manned(activity, running):
    soon = make_shift(activity, starts_in=30 * MINUTE)
    over = make_shift(activity, starts_in=timedelta(hours=-2.5))
    wall = look_at(Shift.objects.all(), at=timezone.now())
    assert [post.shift for post in wall.empty_posts] == [running]
    assert {post.shift for post in wall.posts} == {running, soon, over}
    come(running, left=MINUTE)
    assert post_of(running).is_empty
    come(running)
    assert not post_of(running).is_empty


def test_consoles_count_once_each_and_their_people_do_not_count_twice(running, organisation, bao):
    come(running)
    for name in ("一号门", "二号门", "收回的"):
        register_device(by=bao, organisation=organisation, shifts=[running], name=name)
    now = timezone.now()
    devices = ConsoleDevice.objects
    devices.filter(name="一号门").update(last_seen_at=now - MINUTE)
    devices.filter(name="二号门").update(last_seen_at=now - 10 * MINUTE)
    devices.filter(name="收回的").update(last_seen_at=now, revoked_at=now)
    post = post_of(running)
    assert (post.consoles, post.consoles_heard, post.there) == (2, 1, 1)
    assert not post.are_consoles_silent
    devices.update(last_seen_at=None)
    assert post_of(running).are_consoles_silent


def test_the_wall_shows_shifts_from_the_opening_of_check_in_to_their_close(activity, running):
    soon = make_shift(activity, starts_in=50 * MINUTE)
    over = make_shift(activity, starts_in=timedelta(hours=-2.5))
    make_shift(activity, starts_in=70 * MINUTE)
    make_shift(activity, starts_in=timedelta(hours=-2.5), closed_at=timezone.now())
    make_shift(activity, starts_in=timedelta(hours=-30))
    cancelled = make_shift(activity, starts_in=MINUTE)
    Shift.objects.filter(pk=cancelled.pk).update(state="cancelled", cancelled_at=timezone.now())
    now = timezone.now()
    wall = look_at(shifts_on_now(Shift.objects.all(), at=now), at=now)
    # What is over stands last: it asks for the least.
    assert [post.shift for post in wall.posts] == [running, soon, over]


def test_up_to_twelve_posts_stand_on_one_page_and_more_in_lines(activity):
    for _number in range(MOST_TILES):
        make_shift(activity, starts_in=MINUTE)
    wall = look_at(Shift.objects.all(), at=timezone.now())
    assert (wall.layout, [len(page) for page in wall.pages]) == ("12", [12])
    for _number in range(LINES_A_PAGE):
        make_shift(activity, starts_in=MINUTE)
    wall = look_at(Shift.objects.all(), at=timezone.now())
    assert (wall.layout, [len(page) for page in wall.pages]) == ("lines", [30, 12])
    assert look_at(Shift.objects.none(), at=timezone.now()).pages == []


def test_three_hundred_posts_cost_one_query(activity, django_assert_num_queries):
    now = timezone.now()
    Shift.objects.bulk_create(
        Shift(activity=activity, starts_at=now, ends_at=now + MINUTE, capacity=1)
        for _number in range(300)
    )
    with django_assert_num_queries(1):
        wall = look_at(shifts_on_now(Shift.objects.all(), at=now), at=now)
        assert len(wall.posts) == 300
        assert wall.total["people"] == 0
        assert [post.shift.activity.place for page in wall.pages for post in page]


# The pages


def test_a_page_of_many_posts_costs_as_many_queries_as_one_of_few(
    client, bao, activity, running, django_assert_num_queries
):
    client.force_login(bao)
    address = reverse("desk_campaign_wall", args=[activity.campaign_id])
    client.get(address)
    with django_assert_num_queries(4):
        client.get(address, headers={"HX-Request": "true"})
    for number in range(20):
        other = Activity.objects.create(campaign=activity.campaign, role=f"{number} 号门")
        make_shift(other, starts_in=MINUTE)
    with django_assert_num_queries(4):
        client.get(address, headers={"HX-Request": "true"})


def test_the_campaigns_wall_shows_its_posts_and_names_nobody(
    client, bao, running, organisation, activity
):
    come(running, name="孙到岗")
    expect_somebody(running, name="钱未到")
    register_device(by=bao, organisation=organisation, shifts=[running], name="小包的手机")
    client.force_login(bao)
    response = client.get(reverse("desk_campaign_wall", args=[activity.campaign_id]))
    page = response.content.decode()
    check(page)
    assert [numbers(post) for post in response.context["wall"].posts] == [(0, 1, 1, 0)]
    assert activity.role in page
    assert activity.place in page
    for private in ("孙到岗", "孙*", "钱未到", "钱*", "小包", activity.contact_name):
        assert private not in page
    assert "no-store" in response["Cache-Control"]


def test_htmx_gets_the_numbers_without_the_page_around_them(client, bao, running, activity):
    client.force_login(bao)
    for address in (
        reverse("desk_campaign_wall", args=[activity.campaign_id]),
        reverse("desk_shift_wall", args=[running.pk]),
    ):
        whole = client.get(address).content.decode()
        part = client.get(address, headers={"HX-Request": "true"})
        assert "HX-Request" in part["Vary"]
        assert "<html" in whole
        assert "<html" not in part.content.decode()
        for answer in (whole, part.content.decode()):
            assert f'hx-get="{address}"' in answer
            assert activity.role in answer


def test_a_shifts_wall_stands_at_whatever_time(client, bao, activity):
    client.force_login(bao)
    for starts_in in (timedelta(days=3), timedelta(days=-3)):
        shift = make_shift(activity, starts_in=starts_in)
        response = client.get(reverse("desk_shift_wall", args=[shift.pk]))
        assert [post.shift for post in response.context["wall"].posts] == [shift]


def test_a_wall_with_nothing_to_show_says_what_comes_next(client, bao, activity):
    client.force_login(bao)
    address = reverse("desk_campaign_wall", args=[activity.campaign_id])
    assert client.get(address).context["next_shift"] is None
    tomorrow = make_shift(activity, starts_in=timedelta(days=1))
    response = client.get(address)
    assert response.context["next_shift"] == tomorrow
    assert activity.role in response.content.decode()


def test_the_walls_of_others_do_not_exist(client, alice, dai, chen, running, activity):
    pages = [
        reverse("desk_campaign_wall", args=[activity.campaign_id]),
        reverse("desk_shift_wall", args=[running.pk]),
    ]
    for user in (alice, dai, chen):
        client.force_login(user)
        for page in pages:
            assert client.get(page).status_code == 404, (user.name, page)


def test_the_desk_leads_to_the_wall(client, bao, running, activity):
    client.force_login(bao)
    desk = client.get(reverse("desk_shift", args=[running.pk])).content.decode()
    assert reverse("desk_shift_wall", args=[running.pk]) in desk
    campaign = client.get(reverse("desk_campaign", args=[activity.campaign_id])).content.decode()
    assert reverse("desk_campaign_wall", args=[activity.campaign_id]) in campaign


# In a browser


def open_wall(page: Any, site: str, shift: Shift, user: Any) -> None:
    sign_in(page, user=user, address=site)
    page.goto(f"{site}{reverse('desk_campaign_wall', args=[shift.activity.campaign_id])}")


def there(page: Any) -> Any:
    return page.locator(".wall-post .wall-figure strong").first


def test_the_wall_refreshes_itself_and_says_when_it_is_stale(live_site, open_page, running, bao):
    page = open_page(viewport={"width": 1920, "height": 1080})
    open_wall(page, live_site, running, bao)
    wall = page.locator("[data-wall]")
    expect(there(page)).to_have_text("0")
    come(running)
    expect(there(page)).to_have_text("1", timeout=20_000)
    expect(wall).to_have_attribute("data-state", "live")

    page.evaluate(
        """window.toasts = 0;
        const count = new MutationObserver(() => { window.toasts += 1; });
        count.observe(document.querySelector("[data-toasts]"), { childList: true });"""
    )
    page.context.set_offline(True)
    come(running)
    expect(wall).to_have_attribute("data-state", "stale", timeout=30_000)
    alarm = page.locator("[data-when=stale]")
    expect(alarm).to_be_visible()
    expect(alarm.locator("[data-age]")).to_have_text(re.compile(r"\d:\d\d"))
    assert page.evaluate("window.toasts") == 0, "nobody stands there to press again"
    expect(there(page)).to_have_text("1")

    page.context.set_offline(False)
    expect(there(page)).to_have_text("2", timeout=20_000)
    expect(wall).to_have_attribute("data-state", "live")
    expect(alarm).to_be_hidden()


def test_who_is_signed_out_sees_an_ended_wall_and_not_a_page_to_sign_in(
    live_site, open_page, running, bao
):
    come(running)
    page = open_page()
    open_wall(page, live_site, running, bao)
    page.context.clear_cookies()
    expect(page.locator("[data-wall]")).to_have_attribute("data-state", "ended", timeout=20_000)
    expect(page.locator("[data-when=ended]")).to_be_visible()
    expect(there(page)).to_have_text("1")
    expect(page.locator("input[name=password]")).to_have_count(0)


def test_many_posts_take_turns_on_a_projector_and_stand_in_one_list_on_a_phone(
    live_site, open_page, activity, bao
):
    for number in range(40):
        post = Activity.objects.create(
            campaign=activity.campaign,
            role=f"{number} 号门" + "很长的岗位名称" * 9,
            place="门" * 99,
        )
        shift = make_shift(post, starts_in=MINUTE)
    page = open_page(viewport={"width": 1920, "height": 1080})
    open_wall(page, live_site, shift, bao)
    pages = page.locator(".wall-page")
    expect(pages.nth(0)).to_be_visible()
    expect(pages.nth(1)).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollHeight") == 1080
    page.locator("[data-turn-on]").click()
    expect(pages.nth(1)).to_be_visible()
    expect(pages.nth(0)).to_be_hidden()
    page.locator("[data-turn-hold]").click()
    expect(pages.nth(0)).to_be_visible(timeout=30_000)

    phone = open_page()
    open_wall(phone, live_site, shift, bao)
    expect(phone.locator(".wall-post")).to_have_count(40)
    expect(phone.locator(".wall-post").last).to_be_visible()
    expect(phone.locator("[data-turn]")).to_be_hidden()
    assert phone.evaluate("document.documentElement.scrollWidth") == 390


def test_without_javascript_the_page_loads_itself_anew(client, bao, running):
    client.force_login(bao)
    page = client.get(reverse("desk_shift_wall", args=[running.pk])).content.decode()
    assert re.search(r'<noscript><meta http-equiv="refresh" content="\d+"></noscript>', page)
