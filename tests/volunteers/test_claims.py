"""«Already registered» is no dead end (E4), and nobody takes over a stranger's registration."""

from __future__ import annotations

import threading
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from tests.cast import make_card, make_user, make_volunteer
from volunteers.actions.consents import give_consent, has_consent
from volunteers.actions.merges import MergeRefused, ask_merge, merge_volunteers
from volunteers.actions.people import (
    ClaimRefused,
    claim_volunteer,
    register_volunteer,
    set_id_number,
)
from volunteers.models import (
    Category,
    MergeRequest,
    Organisation,
    PhoneMessage,
    ProofCode,
    SecurityEvent,
    ServiceRecord,
    Skill,
    StudentAffiliation,
    Territory,
    User,
    Volunteer,
)
from volunteers.signals import volunteers_merged

from .conftest import newest_code

pytestmark = pytest.mark.django_db


@pytest.fixture
def old_alice(territory: Territory) -> Volunteer:
    """Alice's registration of years ago, under another phone and with her passport."""
    user = make_user(name="林爱丽", phone="+8613700000009")
    volunteer = make_volunteer(user=user, name="林爱丽", community=territory, birth_on=None)
    make_card(volunteer, number="0000000018")
    return set_id_number(
        volunteer=volunteer, id_type="passport", number="E12345678", consented=True, by=user
    )


def ask(client: Client, number: str = "E12345678") -> None:
    client.post("/me/claims/", {"id_type": "passport", "number": number})


def test_a_code_to_the_other_phone_joins_the_two(
    client: Client, alice: User, old_alice: Volunteer
) -> None:
    client.force_login(alice)
    ask(client)
    request = MergeRequest.objects.get()

    client.post(f"/me/claims/{request.pk}/send/")
    client.post(f"/me/claims/{request.pk}/prove/", {"code": newest_code("+8613700000009")})

    old_alice.refresh_from_db()
    request.refresh_from_db()
    assert old_alice.merged_into == alice.volunteer
    assert (request.state, request.proof) == ("merged", "phone_code")
    alice.volunteer.refresh_from_db()
    assert alice.volunteer.id_number == "E12345678"
    assert SecurityEvent.objects.filter(kind="volunteers_merged", user=alice).exists()
    old_user = User.objects.get(name="林爱丽", phone=None)
    assert not old_user.is_active


def test_knowing_somebodys_id_number_gives_nothing(
    client: Client, dai: User, old_alice: Volunteer, territory: Territory
) -> None:
    make_volunteer(user=dai, name="林爱丽", community=territory)  # even under her name
    client.force_login(dai)
    ask(client)
    request = MergeRequest.objects.get()
    client.post(f"/me/claims/{request.pk}/send/")

    for guess in range(ProofCode.MAX_TRIES):
        client.post(f"/me/claims/{request.pk}/prove/", {"code": f"{guess:06d}"})
    code = newest_code("+8613700000009")
    client.post(f"/me/claims/{request.pk}/prove/", {"code": code})

    old_alice.refresh_from_db()
    assert old_alice.merged_into is None, "even the right code is refused after five wrong ones"
    page = client.get("/me/claims/").content.decode()
    for secret in ("E12345678", "13700000009", "林爱丽，"):
        assert secret not in page


def test_a_new_session_brings_no_new_tries(dai: User, old_alice: Volunteer) -> None:
    make_volunteer(user=dai, name="林爱丽", community=None)
    request = ask_merge(kept=dai.volunteer, merged=old_alice, reason="", by=dai)
    first = Client()
    first.force_login(dai)
    first.post(f"/me/claims/{request.pk}/send/")
    right = newest_code("+8613700000009")

    for guess in range(ProofCode.MAX_TRIES):
        session = Client()
        session.force_login(dai)
        session.post(f"/me/claims/{request.pk}/prove/", {"code": f"{guess:06d}"})
    first.post(f"/me/claims/{request.pk}/prove/", {"code": right})

    old_alice.refresh_from_db()
    assert old_alice.merged_into is None
    assert ProofCode.objects.get().tries == ProofCode.MAX_TRIES


def test_who_has_the_number_but_another_name_must_go_to_staff(
    client: Client, dai: User, old_alice: Volunteer
) -> None:
    """Numbers change hands: whoever holds Alice's old number is not Alice."""
    make_volunteer(user=dai, name="戴外人", community=None)
    client.force_login(dai)
    ask(client)
    request = MergeRequest.objects.get()

    client.post(f"/me/claims/{request.pk}/send/")

    assert not PhoneMessage.objects.exists()
    assert request.state == "open"


def test_another_persons_request_can_be_neither_proved_nor_sent(
    client: Client, alice: User, dai: User, old_alice: Volunteer
) -> None:
    make_volunteer(user=dai, name="林爱丽", community=None)
    request = ask_merge(kept=alice.volunteer, merged=old_alice, reason="", by=alice)
    client.force_login(dai)

    assert client.post(f"/me/claims/{request.pk}/send/").status_code == 404
    assert client.post(f"/me/claims/{request.pk}/prove/", {"code": "1"}).status_code == 404


def test_nobody_asks_in_the_name_of_another(alice: User, dai: User, old_alice: Volunteer) -> None:
    with pytest.raises(MergeRefused):
        ask_merge(kept=alice.volunteer, merged=old_alice, reason="", by=dai)


def test_the_answer_does_not_say_whether_a_number_is_registered(
    client: Client, alice: User, old_alice: Volunteer
) -> None:
    client.force_login(alice)
    known = client.post("/me/claims/", {"id_type": "passport", "number": "E12345678"}, follow=True)
    unknown = client.post("/me/claims/", {"id_type": "passport", "number": "E1"}, follow=True)
    unknown = client.post(
        "/me/claims/", {"id_type": "passport", "number": "E99999999"}, follow=True
    )

    said = [str(message) for message in known.context["messages"]]
    assert said == [str(message) for message in unknown.context["messages"]]


def test_the_citys_staff_decide_with_a_document_in_hand(
    alice: User, dai: User, old_alice: Volunteer, city_staff: User
) -> None:
    request = ask_merge(kept=alice.volunteer, merged=old_alice, reason="换手机了", by=alice)
    staff = Client()
    staff.force_login(city_staff)
    page = staff.get("/desk/merges/").content.decode()
    assert "换手机了" in page
    assert "E12345678" not in page
    assert "13700000009" not in page

    staff.post(f"/desk/merges/{request.pk}/", {"decision": "merge", "answer": "已核对护照"})

    request.refresh_from_db()
    assert (request.state, request.proof, request.decided_by) == ("merged", "staff", city_staff)


def test_a_refusal_reaches_the_person_with_its_reason(
    client: Client, alice: User, old_alice: Volunteer, city_staff: User
) -> None:
    request = ask_merge(kept=alice.volunteer, merged=old_alice, reason="", by=alice)
    staff = Client()
    staff.force_login(city_staff)

    staff.post(f"/desk/merges/{request.pk}/", {"decision": "refuse", "answer": "证件不符"})

    client.force_login(alice)
    assert "证件不符" in client.get("/me/claims/").content.decode()
    old_alice.refresh_from_db()
    assert old_alice.merged_into is None


def test_reviewers_decide_about_what_their_own_organisation_entered_only(
    alice: User, rui: User, dai: User, bao: User, organisation: Organisation, old_alice: Volunteer
) -> None:
    entered = make_volunteer(
        user=None, name="林阿姨", community=None, phone="", entered_for=organisation
    )
    own = ask_merge(kept=alice.volunteer, merged=entered, reason="", by=alice)
    foreign = ask_merge(kept=alice.volunteer, merged=old_alice, reason="", by=alice)

    for user, request, status in [
        (rui, own, 302), (rui, foreign, 404), (bao, own, 404), (dai, own, 404), (alice, own, 404)
    ]:  # fmt: skip
        client = Client()
        client.force_login(user)
        answer = client.post(
            f"/desk/merges/{request.pk}/", {"decision": "refuse", "answer": "不行"}
        )
        assert answer.status_code == status, (user, request)


def test_nobody_decides_their_own_request(city_staff: User, old_alice: Volunteer) -> None:
    make_volunteer(user=city_staff, name="林爱丽", community=None)
    request = ask_merge(kept=city_staff.volunteer, merged=old_alice, reason="", by=city_staff)
    client = Client()
    client.force_login(city_staff)

    answer = client.post(f"/desk/merges/{request.pk}/", {"decision": "merge", "answer": "ok"})

    assert answer.status_code == 404
    old_alice.refresh_from_db()
    assert old_alice.merged_into is None


def test_what_belongs_to_the_person_comes_together(
    alice: User, old_alice: Volunteer, organisation: Organisation, category: Category,
    skill: Skill, university: Organisation,
) -> None:  # fmt: skip
    record = ServiceRecord.objects.create(
        volunteer=old_alice, organisation=organisation, source="hand:1", activity_name="夜巡",
        category=category, served_on=date(2026, 1, 2), credited_minutes=60,
    )  # fmt: skip
    old_alice.skills.add(skill)
    old_alice.emergency_name = "林爸"
    old_alice.star_level = 2
    old_alice.save()
    give_consent(volunteer=old_alice, kind="location", by=old_alice.user)
    StudentAffiliation.objects.create(
        volunteer=old_alice, university=university, student_number="S1"
    )
    heard: list[dict[str, Any]] = []

    def listen(**kwargs: Any) -> None:
        heard.append(kwargs)

    volunteers_merged.connect(listen)
    try:
        kept = merge_volunteers(kept=alice.volunteer, merged=old_alice, by=alice)
    finally:
        volunteers_merged.disconnect(listen)

    record.refresh_from_db()
    assert record.volunteer == kept
    assert list(kept.skills.all()) == [skill]
    assert (kept.emergency_name, kept.star_level) == ("林爸", 2)
    assert has_consent(volunteer=kept, kind="location")
    assert kept.student.student_number == "S1"
    assert kept.cards.filter(revoked_at=None).count() == 1
    assert kept.cards.count() == 2
    assert [(one["kept"], one["merged"].pk) for one in heard] == [(kept, old_alice.pk)]


def test_a_card_moves_over_where_there_is_no_other(territory: Territory) -> None:
    kept = make_volunteer(user=None, name="甲", community=territory)
    merged = make_volunteer(user=None, name="甲", community=territory)
    card = make_card(merged, number="0000000026")

    merge_volunteers(kept=kept, merged=merged, by=None)

    card.refresh_from_db()
    assert card.volunteer == kept
    assert card.is_valid


def test_two_different_id_numbers_are_two_people(alice: User, old_alice: Volunteer) -> None:
    set_id_number(
        volunteer=alice.volunteer, id_type="passport", number="E00000001", consented=True, by=alice
    )

    with pytest.raises(MergeRefused):
        merge_volunteers(kept=alice.volunteer, merged=old_alice, by=alice)


def test_an_account_with_a_role_is_not_swallowed(
    alice: User, bao: User, territory: Territory
) -> None:
    organiser = make_volunteer(user=bao, name="林爱丽", community=territory)

    with pytest.raises(MergeRefused):
        merge_volunteers(kept=alice.volunteer, merged=organiser, by=alice)

    bao.refresh_from_db()
    assert bao.is_active


def test_what_was_merged_cannot_be_merged_again(alice: User, old_alice: Volunteer) -> None:
    merge_volunteers(kept=alice.volunteer, merged=old_alice, by=alice)

    with pytest.raises(MergeRefused):
        merge_volunteers(kept=alice.volunteer, merged=old_alice, by=alice)


def test_one_press_takes_over_what_was_entered_under_ones_number_and_name(
    client: Client, alice: User, organisation: Organisation
) -> None:
    entered = make_volunteer(
        user=None, name="林爱丽", community=None, phone="+8613800000001", entered_for=organisation
    )
    client.force_login(alice)

    client.post(f"/me/claims/entered/{entered.pk}/")

    entered.refresh_from_db()
    assert entered.merged_into == alice.volunteer


def test_what_was_entered_under_anothers_number_is_not_there(
    client: Client, dai: User, organisation: Organisation
) -> None:
    entered = make_volunteer(
        user=None, name="戴外人", community=None, phone="+8613800000001", entered_for=organisation
    )
    make_volunteer(user=dai, name="戴外人", community=None)
    client.force_login(dai)

    answer = client.post(f"/me/claims/entered/{entered.pk}/")

    assert answer.status_code == 404
    entered.refresh_from_db()
    assert entered.user is None


@pytest.mark.parametrize(
    ("phone", "name"), [("+8613800000005", "林爱丽"), ("+8613800000001", "戴外人")]
)
def test_a_claim_needs_both_the_proven_number_and_the_name(
    dai: User, organisation: Organisation, phone: str, name: str
) -> None:
    entered = make_volunteer(
        user=None, name="林爱丽", community=None, phone="+8613800000001", entered_for=organisation
    )
    dai.phone = phone
    dai.save()

    with pytest.raises(ClaimRefused):
        claim_volunteer(volunteer=entered, user=dai, name=name)


def test_two_organisations_entered_the_same_person_and_both_are_found(
    organisation: Organisation, other_organisation: Organisation
) -> None:
    for one in (organisation, other_organisation):
        make_volunteer(
            user=None, name="周小满", community=None, phone="+8613911110001", entered_for=one
        )
    user = make_user(name="周小满", phone="+8613911110001")

    volunteer = register_volunteer(user=user, name="周小满", community=None, by=user)

    assert Volunteer.objects.active().get() == volunteer
    assert volunteer.merged_from.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_accounts_claiming_at_the_same_moment_one_gets_it() -> None:
    entered = Volunteer.objects.create(name="周小满", phone="+8613911110001")
    users = [make_user(name="周小满", phone=f"+861391111000{number}") for number in range(2, 8)]
    for user in users:
        user.phone = "+8613911110001"  # as if each had proved it before the database said no
    start = threading.Barrier(len(users))
    claimed: list[int] = []

    def claim(user: User) -> None:
        try:
            start.wait()
            claim_volunteer(volunteer=entered, user=user, name="周小满")
            claimed.append(user.pk)
        except ClaimRefused:
            pass
        finally:
            connection.close()

    threads = [threading.Thread(target=claim, args=[user]) for user in users]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    entered.refresh_from_db()
    assert claimed == [entered.user_id]


@pytest.mark.django_db(transaction=True)
def test_registering_twice_at_the_same_moment_makes_one_volunteer() -> None:
    user = make_user(name="周小满", phone="+8613911110001")
    start = threading.Barrier(6)

    def register() -> None:
        try:
            start.wait()
            register_volunteer(user=user, name="周小满", community=None, by=user)
        finally:
            connection.close()

    threads = [threading.Thread(target=register) for _press in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert Volunteer.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_one_id_number_typed_by_two_at_the_same_moment_belongs_to_one() -> None:
    people = [Volunteer.objects.create(name=f"人{number}") for number in range(6)]
    start = threading.Barrier(len(people))
    kept: list[int] = []

    def give(volunteer: Volunteer) -> None:
        from volunteers.actions.people import AlreadyRegistered

        try:
            start.wait()
            set_id_number(
                volunteer=volunteer, id_type="passport", number="E12345678", consented=True, by=None
            )
            kept.append(volunteer.pk)
        except AlreadyRegistered:
            pass
        finally:
            connection.close()

    threads = [threading.Thread(target=give, args=[volunteer]) for volunteer in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(kept) == 1
    assert Volunteer.objects.exclude(id_number_hash=None).get().pk == kept[0]
