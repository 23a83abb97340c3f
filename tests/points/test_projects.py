"""Points given to a project, and what was done with them."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from points.actions.projects import (
    GiftFormUsed,
    GiftOfNothing,
    MoreThanGiven,
    ProjectClosed,
    PurposeMissing,
    TooFewToGive,
    close_points_project,
    create_points_project,
    give_points,
    spend_project_points,
)
from points.models import Account, Movement, PointsProject
from tests.points.conftest import balance_of
from tests.points.rewards_cast import give
from tests.points.test_settlement_races import run_together
from volunteers.models import Organisation, User

ENGLISH = {"accept-language": "en"}


@pytest.fixture
def project(organisation: Organisation) -> PointsProject:
    return create_points_project(
        name="老人食堂", name_en="Elders' canteen", about="一百分一顿热饭。",
        organisation=organisation, target_points=500, by=None,
    )  # fmt: skip


def gift(project: PointsProject, user: User, points: int) -> Movement:
    return give_points(
        project=project, volunteer=user.volunteer, points=points, nonce=uuid.uuid4(), by=user
    )


def left_in(project: PointsProject) -> int:
    return Account.objects.get(pk=project.account_id).balance_points


def test_a_gift_moves_points_to_the_project_once_a_form(
    project: PointsProject, alice: User, sound_ledger: None
) -> None:
    give(alice.volunteer, 100)
    nonce = uuid.uuid4()
    for _ in range(2):
        movement = give_points(
            project=project, volunteer=alice.volunteer, points=60, nonce=nonce, by=alice
        )

    assert (movement.kind, movement.by) == ("gift", alice)
    assert (balance_of(alice.volunteer), left_in(project)) == (40, 60)
    with pytest.raises(GiftFormUsed):
        give_points(project=project, volunteer=alice.volunteer, points=61, nonce=nonce, by=alice)


@pytest.mark.parametrize(("points", "refusal"), [(0, GiftOfNothing), (101, TooFewToGive)])
def test_at_least_one_point_and_at_most_what_is_there(
    project: PointsProject, alice: User, sound_ledger: None, points: int, refusal: type[Exception]
) -> None:
    give(alice.volunteer, 100)
    with pytest.raises(refusal) as refused:
        gift(project, alice, points)

    assert str(refused.value)
    assert (balance_of(alice.volunteer), left_in(project)) == (100, 0)


def test_a_closed_project_takes_nothing_but_accounts_for_what_it_has(
    project: PointsProject, alice: User, chen: User, sound_ledger: None
) -> None:
    give(alice.volunteer, 100)
    gift(project, alice, 50)
    close_points_project(project=project, by=chen)

    with pytest.raises(ProjectClosed):
        gift(project, alice, 10)
    spend_project_points(project=project, points=50, purpose="五顿热饭", by=chen)
    assert left_in(project) == 0


def test_spending_says_for_what_and_never_more_than_was_given(
    project: PointsProject, alice: User, chen: User, sound_ledger: None
) -> None:
    give(alice.volunteer, 100)
    gift(project, alice, 100)
    with pytest.raises(PurposeMissing):
        spend_project_points(project=project, points=10, purpose=" ", by=chen)
    with pytest.raises(MoreThanGiven):
        spend_project_points(project=project, points=101, purpose="热饭", by=chen)

    movement = spend_project_points(project=project, points=80, purpose="热饭", by=chen)

    assert (movement.kind, movement.reckoning["purpose"], movement.by) == ("spent", "热饭", chen)
    assert Account.objects.get(kind="spent").balance_points == 80
    assert left_in(project) == 20


def test_the_page_shows_what_was_given_and_what_it_was_used_for(
    client: Client, project: PointsProject, alice: User, chen: User
) -> None:
    give(alice.volunteer, 100)
    client.force_login(alice)
    sent = {"points": 70, "nonce": uuid.uuid4()}
    client.post(reverse("give_to_project", args=[project.pk]), sent)
    client.post(reverse("give_to_project", args=[project.pk]), sent)
    spend_project_points(project=project, points=30, purpose="三顿热饭", by=chen)

    page = Client(headers=ENGLISH).get(reverse("points_project", args=[project.pk]))
    shown = page.content.decode()

    assert "70 points given" in shown
    assert "by 1 gift" in shown
    assert "三顿热饭" in shown
    assert "40 points are still there" in shown
    assert "林" not in shown.split("<main")[1].split("</main")[0]
    listing = Client(headers=ENGLISH).get(reverse("give_points")).content.decode()
    assert "Elders&#x27; canteen" in listing


def test_a_refused_gift_says_why_and_keeps_what_was_typed(
    client: Client, project: PointsProject, alice: User
) -> None:
    give(alice.volunteer, 10)
    client.force_login(alice)

    response = client.post(
        reverse("give_to_project", args=[project.pk]), {"points": 11, "nonce": uuid.uuid4()},
        headers=ENGLISH,
    )  # fmt: skip

    assert "You have 10 points. You can give up to that many." in response.content.decode()
    assert 'value="11"' in response.content.decode()


@pytest.mark.parametrize("nonce", [{}, {"nonce": "no number"}])
def test_a_form_without_its_number_says_what_to_do(
    client: Client, project: PointsProject, alice: User, nonce: dict[str, str]
) -> None:
    give(alice.volunteer, 10)
    client.force_login(alice)

    response = client.post(
        reverse("give_to_project", args=[project.pk]), {"points": 5} | nonce, headers=ENGLISH
    )

    assert "Please open the page again and press once more." in response.content.decode()
    assert left_in(project) == 0


def test_the_organisations_books_and_reviewers_account_and_others_do_not(
    project: PointsProject, alice: User, bao: User, rui: User, chen: User, dai: User,
    city_staff: User,
) -> None:  # fmt: skip
    give(alice.volunteer, 100)
    gift(project, alice, 100)
    answers = {}
    for user in (alice, bao, rui, chen, dai, city_staff):
        client = Client()
        client.force_login(user)
        sent = {"points": 5, "purpose": "热饭", "nonce": uuid.uuid4()}
        response = client.post(reverse("spend_project_points", args=[project.pk]), sent)
        answers[user.name] = response.status_code

    assert answers == {
        "林爱丽": 403, "包组织": 403, "芮审核": 302, "陈会计": 302, "戴外人": 403,
        "市局管理员": 302,
    }  # fmt: skip
    assert left_in(project) == 85


def test_a_use_sent_twice_is_written_once(
    client: Client, project: PointsProject, alice: User, chen: User, sound_ledger: None
) -> None:
    give(alice.volunteer, 100)
    gift(project, alice, 100)
    client.force_login(chen)
    sent = {"points": 5, "purpose": "热饭", "nonce": uuid.uuid4()}
    for _ in range(2):
        client.post(reverse("spend_project_points", args=[project.pk]), sent)

    assert left_in(project) == 95


def test_staff_make_and_close_projects_in_the_admin(
    client: Client, city_staff: User, organisation: Organisation
) -> None:
    client.force_login(city_staff)
    client.post(
        reverse("points-projects:add"),
        {"name": "老人食堂", "about": "热饭", "organisation": organisation.pk},
    )
    project = PointsProject.objects.get()
    assert project.account.kind == "project"
    assert client.get(reverse("points-projects:index")).status_code == 200
    assert client.get(reverse("points-projects:edit", args=[project.pk])).status_code == 200
    assert client.get(reverse("points-projects:inspect", args=[project.pk])).status_code == 200

    client.post(reverse("points-projects:close", args=[project.pk]))

    project.refresh_from_db()
    assert project.closed_at is not None


@pytest.mark.django_db(transaction=True)
def test_gifts_and_uses_at_the_same_moment_lose_nothing(
    project: PointsProject, alice: User, chen: User
) -> None:
    give(alice.volunteer, 100)

    def give_some() -> int:
        try:
            return gift(project, alice, 30).points
        except TooFewToGive:
            return 0

    def use_some() -> int:
        try:
            used = spend_project_points(project=project, points=20, purpose="热饭", by=chen)
        except MoreThanGiven:
            return 0
        return -used.points

    outcomes: list[Any] = run_together(*[give_some] * 5, *[use_some] * 5)

    given = sum(points for points in outcomes if points > 0)
    assert given == 90
    assert left_in(project) == sum(outcomes)
    assert balance_of(alice.volunteer) == 10
    call_command("check_ledger", verbosity=0)
