"""Excusing a no-show (E8): by somebody else, once, with the reason."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from points.models import Standing
from volunteers.actions.absences import (
    AlreadyExcused,
    ExcuseReasonMissing,
    OwnNoShow,
    excuse_no_show,
    note_no_shows,
)
from volunteers.actions.leaving import copy_data
from volunteers.models import NoShow, Organisation, User
from volunteers.permissions import get_desk_no_shows_for


@pytest.fixture
def missed(alice: User, organisation: Organisation) -> NoShow:
    day = timezone.localdate() - timedelta(days=2)
    note_no_shows(
        missed={"sign_up:1": alice.volunteer.pk}, organisation=organisation, missed_on=day
    )
    return NoShow.objects.get()


def test_an_excused_no_show_stays_on_the_list_and_counts_no_more(
    missed: NoShow, alice: User, bao: User
) -> None:
    excuse_no_show(no_show=missed, reason=" 送孩子去医院 ", by=bao)

    missed.refresh_from_db()
    assert (missed.excused_by, missed.excuse_reason) == (bao, "送孩子去医院")
    assert missed.excused_at is not None
    assert not NoShow.objects.counting().exists()
    assert copy_data(volunteer=alice.volunteer)["no_shows"][0]["excused"] == "送孩子去医院"


def test_without_a_reason_nothing_is_excused(missed: NoShow, bao: User) -> None:
    with pytest.raises(ExcuseReasonMissing):
        excuse_no_show(no_show=missed, reason="  ", by=bao)
    assert NoShow.objects.counting().exists()


def test_it_is_excused_once_and_keeps_its_first_reason(
    missed: NoShow, bao: User, rui: User
) -> None:
    excuse_no_show(no_show=missed, reason="发烧", by=bao)
    with pytest.raises(AlreadyExcused):
        excuse_no_show(no_show=missed, reason="另一个", by=rui)
    missed.refresh_from_db()
    assert (missed.excused_by, missed.excuse_reason) == (bao, "发烧")


def test_nobody_excuses_themselves(missed: NoShow, alice: User) -> None:
    with pytest.raises(OwnNoShow):
        excuse_no_show(no_show=missed, reason="就是没来", by=alice)
    assert NoShow.objects.counting().exists()


def test_recognition_is_owed_again_once_it_is_excused(
    missed: NoShow, alice: User, bao: User
) -> None:
    Standing.objects.update_or_create(
        volunteer=alice.volunteer, defaults={"revision": 3, "evaluated_revision": 3}
    )
    excuse_no_show(no_show=missed, reason="发烧", by=bao)
    standing = Standing.objects.get()
    assert standing.revision > standing.evaluated_revision


def test_the_same_place_is_not_noted_again_after_the_excuse(
    missed: NoShow, alice: User, bao: User, organisation: Organisation
) -> None:
    excuse_no_show(no_show=missed, reason="发烧", by=bao)
    new = note_no_shows(
        missed={"sign_up:1": alice.volunteer.pk},
        organisation=organisation,
        missed_on=missed.missed_on,
    )
    assert new == 0
    assert not NoShow.objects.counting().exists()


def test_the_database_itself_wants_a_reason(missed: NoShow) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        NoShow.objects.update(excused_at=timezone.now())


def test_only_those_who_run_the_organisations_shifts_see_its_no_shows(
    missed: NoShow, alice: User, bao: User, rui: User, chen: User, dai: User, city_staff: User
) -> None:
    for user in (bao, rui, city_staff):
        assert list(get_desk_no_shows_for(user)) == [missed]
    for user in (alice, chen, dai):
        assert not get_desk_no_shows_for(user).exists()
