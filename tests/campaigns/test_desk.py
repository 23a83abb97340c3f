"""The organiser's desk: what waits, who came, and every decision about hours."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from campaigns.actions.attendance import check_in, check_out
from campaigns.models import Attendance, Scan, Shift
from campaigns.models.attendance import Door
from tests.campaigns.test_attendance import sign_up_for
from tests.cast import make_shift, make_volunteer
from volunteers.actions.records import confirm_record, enter_record_by_hand, raise_objection
from volunteers.models import Membership, Objection, ServiceRecord

State = ServiceRecord.State


@pytest.fixture
def running(activity) -> Shift:
    return make_shift(activity, starts_in=timedelta(hours=-1))


@pytest.fixture
def ended(activity) -> Shift:
    return make_shift(activity, starts_in=timedelta(hours=-3))


def serve(shift, volunteer, *, door=Door.CONSOLE, minutes=120) -> ServiceRecord:
    """Somebody was there from the start for `minutes`; returns the drafted record."""
    sign_up_for(shift, volunteer)
    left_at = shift.starts_at + timedelta(minutes=minutes)
    check_in(shift=shift, volunteer=volunteer, door=door, by=None, made_at=shift.starts_at)
    check_out(shift=shift, volunteer=volunteer, door=Door.CONSOLE, by=None, made_at=left_at)
    return ServiceRecord.objects.get(attendance__sign_up__shift=shift, volunteer=volunteer)


@pytest.fixture
def record(ended, alice) -> ServiceRecord:
    return serve(ended, alice.volunteer)


@pytest.fixture
def neighbour(territory):
    return make_volunteer(user=None, name="赵邻居", community=territory)


def decide(client, record, decision, **fields):
    data = {f"{decision}-{name}": value for name, value in fields.items()}
    return client.post(
        reverse("desk_record", args=[record.pk]), {"decision": decision} | data, follow=True
    )


def fresh(record: ServiceRecord) -> ServiceRecord:
    return ServiceRecord.objects.get(pk=record.pk)


# The first page


def test_the_desk_shows_today_and_what_waits(client, bao, running, record, activity):
    make_shift(activity, starts_in=timedelta(days=2))
    client.force_login(bao)
    response = client.get(reverse("desk"))
    assert response.status_code == 200
    assert running in response.context["today"]
    assert len(response.context["this_week"]) == 1
    needs = response.context["needs"]
    assert (needs["waiting"], needs["unfilled"]) == (1, 1)
    assert (needs["objections"], needs["forgot"], needs["overdue"], needs["review"]) == (0, 0, 0, 0)


def test_the_desk_lists_shifts_as_they_come(client, bao, activity):
    hours = (90, 30, 60)
    shifts = {h: make_shift(activity, starts_in=timedelta(hours=h)) for h in hours}
    client.force_login(bao)
    assert list(client.get(reverse("desk")).context["this_week"]) == [
        shifts[hour] for hour in sorted(hours)
    ]


def test_the_desk_counts_each_thing_once(client, bao, rui, ended, alice, neighbour, category):
    confirmed = serve(ended, alice.volunteer)
    confirm_record(record=confirmed, by=bao)
    raise_objection(record=confirmed, by=alice, reason="少算了半小时")
    serve(ended, neighbour, minutes=20)
    old = enter_record_by_hand(
        volunteer=neighbour, organisation=confirmed.organisation, activity_name="补录",
        category=category, served_on=timezone.localdate() - timedelta(days=20),
        credited_minutes=60, reason="手机没电", by=rui,
    )  # fmt: skip
    client.force_login(bao)
    needs = client.get(reverse("desk")).context["needs"]
    assert needs == {
        "waiting": 1, "overdue": 1, "review": 1, "by_hand": 1, "objections": 1, "forgot": 0,
        "unfilled": 0, "scans": 0,
    }  # fmt: skip
    client.force_login(rui)
    assert client.get(reverse("desk")).context["needs"]["by_hand"] == 0
    assert old.entered_by == rui


def test_who_runs_nothing_has_no_desk(client, alice, chen, dai, running, record):
    pages = [reverse("desk"), reverse("desk_records"), reverse("desk_record_new")]
    for page in pages:
        assert client.get(page).status_code == 302
    for user in (alice, chen):
        client.force_login(user)
        for page in pages:
            assert client.get(page).status_code == 403, (user.name, page)
    client.force_login(dai)
    response = client.get(reverse("desk"))
    assert list(response.context["today"]) == []
    assert not any(response.context["needs"].values())


def test_another_organisations_things_do_not_exist(client, dai, running, record, neighbour):
    sign_up = sign_up_for(running, neighbour)
    client.force_login(dai)
    for page in (
        reverse("desk_shift", args=[running.pk]),
        reverse("desk_record", args=[record.pk]),
        f"{reverse('desk_records')}?shift={running.pk}",
    ):
        assert client.get(page).status_code == 404, page
    by_hand = {"kind": "in", "nonce": uuid.uuid4(), "reason": "x"}
    for page, data in (
        (reverse("desk_attendance", args=[running.pk, sign_up.pk]), by_hand),
        (reverse("desk_new_codes", args=[running.pk]), {}),
        (reverse("desk_record", args=[record.pk]), {"decision": "confirm"}),
    ):
        assert client.post(page, data).status_code == 404, page
    client.post(reverse("desk_records"), {"record": record.pk})
    assert fresh(record).state == State.DRAFT
    assert not Attendance.objects.filter(sign_up=sign_up).exists()


# A shift


def test_the_roster_says_where_everybody_is(client, bao, running, alice, neighbour, territory):
    late = make_volunteer(user=None, name="钱晚到", community=territory)
    stranger = make_volunteer(user=None, name="孙路过", community=territory)
    sign_up_for(running, alice.volunteer)
    sign_up_for(running, late)
    serve(running, neighbour, minutes=40)
    check_in(shift=running, volunteer=alice.volunteer, door=Door.VENUE_SCREEN, by=None)
    check_in(shift=running, volunteer=stranger, door=Door.CONSOLE, by=bao)
    client.force_login(bao)
    response = client.get(reverse("desk_shift", args=[running.pk]))
    states = {row["volunteer"].name: row["state"] for row in response.context["rows"]}
    assert states == {"林爱丽": "in", "钱晚到": "expected", "赵邻居": "out"}
    page = response.content.decode()
    assert "孙*" in page
    assert "孙路过" not in page
    for name in ("console", "venue_screen", "venue_poster"):
        assert reverse(name, args=[running.pk]) in page


def test_who_did_not_come_is_missing_after_the_end(client, bao, ended, alice):
    sign_up_for(ended, alice.volunteer)
    client.force_login(bao)
    rows = client.get(reverse("desk_shift", args=[ended.pk])).context["rows"]
    assert [(row["state"], row["kind"]) for row in rows] == [("missing", None)]


def test_checking_in_by_hand_needs_a_reason_which_is_kept(client, bao, running, alice):
    sign_up = sign_up_for(running, alice.volunteer)
    client.force_login(bao)
    address = reverse("desk_attendance", args=[running.pk, sign_up.pk])
    refused = client.post(address, {"kind": "in", "nonce": uuid.uuid4(), "reason": " "})
    assert refused.status_code == 422
    assert not Attendance.objects.exists()
    client.post(address, {"kind": "in", "nonce": uuid.uuid4(), "reason": "手机没电"})
    attendance = Attendance.objects.get()
    assert (attendance.check_in_door, attendance.review) == (Door.DESK, "by_hand")
    assert Scan.objects.get().reason == "手机没电"
    client.post(address, {"kind": "out", "nonce": uuid.uuid4(), "reason": "先走"})
    assert not Attendance.objects.get().is_in


def test_a_sign_up_of_another_shift_cannot_be_reached_through_this_one(
    client, bao, running, activity, alice
):
    other = sign_up_for(make_shift(activity, starts_in=timedelta(hours=3)), alice.volunteer)
    client.force_login(bao)
    address = reverse("desk_attendance", args=[running.pk, other.pk])
    data = {"kind": "in", "nonce": uuid.uuid4(), "reason": "x"}
    assert client.post(address, data).status_code == 404


# Confirming many


def test_tick_all_and_confirm_takes_two_presses(client, bao, ended, alice, neighbour):
    first, second = serve(ended, alice.volunteer), serve(ended, neighbour)
    client.force_login(bao)
    page = client.get(reverse("desk_records"), {"shift": ended.pk, "select": "all"})
    ticked = re.findall(r'name="record" value="(\d+)"[^>]* checked', page.content.decode())
    assert set(ticked) == {str(first.pk), str(second.pk)}
    client.post(reverse("desk_records"), {"record": ticked})
    assert fresh(first).state == fresh(second).state == State.CONFIRMED
    assert fresh(first).confirmed_by == bao


def test_tick_all_leaves_out_what_is_worth_a_look(client, bao, ended, alice, neighbour):
    sound, short = serve(ended, alice.volunteer), serve(ended, neighbour, minutes=20)
    client.force_login(bao)
    page = client.get(reverse("desk_records"), {"select": "all"}).content.decode()
    assert re.findall(r'name="record" value="(\d+)"[^>]* checked', page) == [str(sound.pk)]
    assert f'value="{short.pk}"' in page


def test_a_batch_says_of_each_what_became_of_it(client, bao, rui, record, neighbour, category):
    typed = enter_record_by_hand(
        volunteer=neighbour, organisation=record.organisation, activity_name="补录",
        category=category, served_on=timezone.localdate(), credited_minutes=60, reason="补", by=bao,
    )  # fmt: skip
    client.force_login(bao)
    response = client.post(reverse("desk_records"), {"record": [record.pk, typed.pk]})
    assert fresh(record).state == State.CONFIRMED
    assert fresh(typed).state == State.SUBMITTED
    assert [row["record"].pk for row in response.context["refused"]] == [typed.pk]
    client.force_login(rui)
    client.post(reverse("desk_records"), {"record": [typed.pk]})
    assert fresh(typed).state == State.CONFIRMED


def test_confirming_nothing_or_nonsense_gets_a_sentence(client, bao, record):
    client.force_login(bao)
    for data in ({}, {"record": ["x", "-1", "9" * 30, "9" * 5000, "²"]}):
        assert client.post(reverse("desk_records"), data).status_code == 200
    assert fresh(record).state == State.DRAFT


@pytest.mark.parametrize(
    "query",
    ["show=nonsense", "page=99", "page=x", "shift=x", "shift=", f"shift={'9' * 5000}"],
)
def test_a_strange_address_shows_the_list_all_the_same(client, bao, record, query):
    client.force_login(bao)
    assert client.get(f"{reverse('desk_records')}?{query}").status_code == 200


# One record


def test_confirm_with_a_rating(client, bao, record):
    client.force_login(bao)
    decide(client, record, "confirm", quality="5")
    now = fresh(record)
    assert (now.state, now.quality, now.confirmed_by) == (State.CONFIRMED, 5, bao)


def test_correct_needs_a_reason_and_keeps_what_was_typed(client, bao, record):
    client.force_login(bao)
    response = client.post(
        reverse("desk_record", args=[record.pk]),
        {"decision": "correct", "correct-hours": "1", "correct-minutes": "15"},
    )
    assert response.status_code == 422
    assert 'value="15"' in response.content.decode()
    decide(client, record, "correct", hours="1", minutes="15", reason="中途离开")
    assert fresh(record).credited_minutes == 75
    assert fresh(record).changes.last().reason == "中途离开"


def test_what_the_action_refuses_stands_on_the_form(client, bao, record):
    client.force_login(bao)
    response = decide(client, record, "correct", hours="2", minutes="0", reason="一样")
    assert response.status_code == 422
    assert response.context["forms"]["correct"].non_field_errors()


def test_void_with_a_reason(client, bao, record):
    client.force_login(bao)
    decide(client, record, "void", reason="认错人了")
    assert fresh(record).state == State.VOIDED
    page = client.get(reverse("desk_record", args=[record.pk]))
    assert page.context["forms"] == {}


@pytest.mark.parametrize("decision", ["uphold", "correct"])
def test_an_objection_is_answered(client, bao, alice, record, decision):
    confirm_record(record=record, by=bao)
    raise_objection(record=record, by=alice, reason="少算了半小时")
    client.force_login(bao)
    if decision == "uphold":
        decide(client, record, "uphold", answer="签退是两点")
    else:
        decide(client, record, "correct", hours="1", minutes="30", reason="按名单改")
    assert fresh(record).state == State.CONFIRMED
    objection = Objection.objects.get()
    assert objection.state == ("upheld" if decision == "uphold" else "corrected")
    assert objection.decided_by == bao


def test_rate_what_is_confirmed(client, bao, record):
    confirm_record(record=record, by=bao)
    client.force_login(bao)
    decide(client, record, "rate", quality="4")
    assert fresh(record).quality == 4


def test_nobody_decides_about_their_own_hours(client, alice, organisation, record):
    Membership.objects.create(user=alice, organisation=organisation, role="organiser")
    client.force_login(alice)
    page = client.get(reverse("desk_record", args=[record.pk]))
    assert page.context["forms"] == {}
    decide(client, record, "confirm", quality="5")
    client.post(reverse("desk_records"), {"record": record.pk})
    assert fresh(record).state == State.DRAFT


def test_a_decision_that_came_too_late_gets_a_sentence(client, bao, rui, record):
    client.force_login(bao)
    client.get(reverse("desk_record", args=[record.pk]))
    confirm_record(record=record, by=rui)
    response = decide(client, record, "confirm", quality="5")
    assert response.status_code == 200
    assert [message.level_tag for message in response.context["messages"]] == ["error"]


# Hours by hand


@pytest.fixture
def entry(alice, activity):
    return {
        "card": alice.volunteer.cards.get().number,
        "activity": activity.pk,
        "served_on": timezone.localdate().isoformat(),
        "hours": "1",
        "minutes": "30",
        "reason": "签到机坏了，王主任在场",
    }


def test_hours_by_hand_wait_for_a_second_person(client, bao, rui, entry, alice):
    client.force_login(bao)
    response = client.post(reverse("desk_record_new"), entry)
    assert response.status_code == 302
    record = ServiceRecord.objects.get()
    assert (record.state, record.is_by_hand, record.entered_by) == (State.SUBMITTED, True, bao)
    assert (record.volunteer, record.credited_minutes) == (alice.volunteer, 90)
    assert "confirm" not in client.get(reverse("desk_record", args=[record.pk])).context["forms"]
    client.force_login(rui)
    decide(client, record, "confirm", quality="")
    assert fresh(record).confirmed_by == rui


def test_hours_by_hand_sent_twice_count_once(client, bao, entry):
    client.force_login(bao)
    shown = client.get(reverse("desk_record_new")).context["form"]
    sent = entry | {"nonce": str(shown["nonce"].value())}
    for _press in range(2):
        assert client.post(reverse("desk_record_new"), sent).status_code == 302
    assert ServiceRecord.objects.count() == 1
    client.post(reverse("desk_record_new"), sent | {"hours": "2"})
    assert ServiceRecord.objects.count() == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"card": "nobody"},
        {"reason": ""},
        {"hours": "0", "minutes": "0"},
        {"hours": "12", "minutes": "1"},
        {"hours": "x"},
        {"served_on": "2999-01-01"},
        {"served_on": "2001-01-01"},
        {"served_on": "soon"},
        {"activity": "0"},
    ],
)
def test_wrong_hours_by_hand_get_a_sentence_and_keep_what_was_typed(client, bao, entry, wrong):
    client.force_login(bao)
    response = client.post(reverse("desk_record_new"), entry | wrong)
    assert response.status_code == 422
    assert response.context["form"].errors
    assert not ServiceRecord.objects.exists()
    if "reason" not in wrong:
        assert entry["reason"] in response.content.decode()


def test_hours_by_hand_go_to_ones_own_organisations_activities_only(client, dai, entry):
    client.force_login(dai)
    response = client.post(reverse("desk_record_new"), entry)
    assert "activity" in response.context["form"].errors
    assert not ServiceRecord.objects.exists()


def test_the_desk_pages_ask_the_database_a_fixed_number_of_times(
    client, bao, ended, alice, territory, django_assert_max_num_queries
):
    for number in range(12):
        serve(ended, make_volunteer(user=None, name=f"邻居{number}", community=territory))
    client.force_login(bao)
    for page in (
        reverse("desk"), reverse("desk_shift", args=[ended.pk]), reverse("desk_records"),
    ):  # fmt: skip
        client.get(page)
        with django_assert_max_num_queries(24):
            client.get(page)
