"""One's own pages: profile, ID number, guardian, consents, the copy of one's data, leaving."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone, translation
from django.utils.translation import gettext

from campaigns.actions.attendance import check_in
from campaigns.actions.sign_ups import sign_up
from campaigns.models import Scan, Shift, SignUp
from tests.cast import make_user, make_volunteer
from volunteers.actions.consents import give_consent, has_consent
from volunteers.actions.people import needs_guardian, set_id_number
from volunteers.identity import check_character
from volunteers.models import (
    Category,
    Consent,
    ConsentNotice,
    Guardian,
    MergeRequest,
    PhoneMessage,
    SecurityEvent,
    ServiceRecord,
    Skill,
    Territory,
    User,
    Volunteer,
)

from .conftest import newest_code
from .conftest import sign_up as join

pytestmark = pytest.mark.django_db

ALICE_ID = "37020219900501" + "002"
ALICE_ID += check_character(ALICE_ID)


@pytest.fixture
def client(client: Client, alice: User) -> Client:
    client.force_login(alice)
    return client


def profile(volunteer: Volunteer, **changes: object) -> dict[str, object]:
    return {
        "name": volunteer.name,
        "sex": volunteer.sex,
        "birth_on": volunteer.birth_on or "",
        "community_name": volunteer.community.name if volunteer.community else "",
        "community": volunteer.community_id or "",
    } | changes


@pytest.mark.parametrize(
    "path",
    ["/me/", "/me/profile/", "/me/id-number/", "/me/guardian/", "/me/consents/", "/me/close/",
     "/me/card/", "/me/student/", "/me/claims/"],
)  # fmt: skip
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_page_of_ones_own_opens_in_both_languages(
    client: Client, path: str, language: str
) -> None:
    client.cookies["linli_language"] = language

    assert client.get(path).status_code == 200


@pytest.mark.parametrize(
    "path", ["/me/", "/me/profile/", "/me/card/", "/me/card.pdf", "/me/claims/", "/me/student/"]
)
def test_a_visitor_is_asked_to_sign_in_first(path: str) -> None:
    answer = Client().get(path)

    assert answer.status_code == 302
    assert answer.url == f"/accounts/login/?next={path}"


def test_the_profile_keeps_what_the_volunteer_chooses_to_tell(
    client: Client, alice: User, category: Category, skill: Skill
) -> None:
    volunteer = alice.volunteer
    answer = client.post(
        "/me/profile/",
        profile(
            volunteer, sex=2, categories=[category.pk], skills=[skill.pk],
            emergency_name="林爸", emergency_phone="139 0000 1111",
        ),
    )  # fmt: skip

    assert answer.url == "/me/"
    volunteer.refresh_from_db()
    assert volunteer.sex == Volunteer.Sex.FEMALE
    assert list(volunteer.categories.all()) == [category]
    assert list(volunteer.skills.all()) == [skill]
    assert volunteer.emergency_phone == "+8613900001111"
    assert not volunteer.is_ranked


def test_a_wrong_answer_keeps_everything_that_was_typed(client: Client, alice: User) -> None:
    answer = client.post(
        "/me/profile/", profile(alice.volunteer, name="林爱丽丽", birth_on="2999-01-01")
    )

    assert answer.status_code == 200
    assert 'value="林爱丽丽"' in answer.content.decode()
    assert answer.context["form"].errors["birth_on"]


def test_the_way_back_to_where_the_question_came_from(client: Client, alice: User) -> None:
    page = client.get("/me/profile/?next=/campaigns/x/").content.decode()
    assert 'name="next" value="/campaigns/x/"' in page

    answer = client.post("/me/profile/", profile(alice.volunteer, next="/campaigns/x/"))

    assert answer.url == "/campaigns/x/"


@pytest.mark.parametrize("way", ["-1", "me", "[]", "//elsewhere.example/", "javascript:alert(1)"])
def test_a_way_back_that_is_no_address_of_ours_is_left_out(
    client: Client, alice: User, way: str
) -> None:
    answer = client.post("/me/profile/", profile(alice.volunteer, next=way))

    assert answer.url == "/me/"


def test_another_community_typed_counts_more_than_the_one_ticked_before(
    client: Client, alice: User, street: Territory
) -> None:
    other = Territory.objects.create(
        code_system="stats", code_version="2023", code="370202001009", level=5,
        name="湛山社区", parent=street, path=f"{street.path}370202001009/",
    )  # fmt: skip

    client.post("/me/profile/", profile(alice.volunteer, community_name="湛山"))
    alice.volunteer.refresh_from_db()
    assert alice.volunteer.community == other

    client.post("/me/profile/", profile(alice.volunteer, community_name=""))
    alice.volunteer.refresh_from_db()
    assert alice.volunteer.community is None


@pytest.mark.parametrize("ticked", ["²", "9" * 5000, "9" * 20, "-1", "x"])
def test_a_community_that_cannot_be_one_gets_a_sentence(
    client: Client, alice: User, ticked: str
) -> None:
    answer = client.post(
        "/me/profile/", profile(alice.volunteer, community=ticked, community_name="没有这里")
    )

    assert "community" in answer.context["form"].errors


def test_appearing_in_rankings_is_asked_for_and_can_be_left(client: Client, alice: User) -> None:
    client.post("/me/profile/", profile(alice.volunteer, is_ranked="on"))
    alice.volunteer.refresh_from_db()
    assert alice.volunteer.is_ranked
    assert has_consent(volunteer=alice.volunteer, kind="ranking")

    client.post("/me/consents/ranking/", {"action": "withdraw"})

    alice.volunteer.refresh_from_db()
    assert not alice.volunteer.is_ranked
    consent = Consent.objects.get(volunteer=alice.volunteer, notice__kind="ranking")
    assert consent.withdrawn_at is not None, "the log keeps both moments"


def test_an_id_number_is_kept_encrypted_masked_and_only_with_its_own_consent(
    client: Client, alice: User
) -> None:
    refused = client.post("/me/id-number/", {"id_type": "resident", "number": ALICE_ID})
    assert refused.status_code == 200
    assert refused.context["form"].errors["agree"]

    answer = client.post(
        "/me/id-number/", {"id_type": "resident", "number": ALICE_ID, "agree": "on"}
    )

    assert answer.url == "/me/profile/"
    assert has_consent(volunteer=alice.volunteer, kind="id_number")
    with connection.cursor() as cursor:
        cursor.execute("SELECT id_number, id_number_hash FROM volunteers_volunteer")
        stored = cursor.fetchone()
    assert ALICE_ID.encode() not in bytes(stored[0])
    assert ALICE_ID not in stored[1]
    for page in ("/me/profile/", "/me/id-number/", "/me/", "/me/card/"):
        assert ALICE_ID not in client.get(page).content.decode()
    assert "37**************" in client.get("/me/profile/").content.decode()


def test_an_id_number_fills_in_the_sex_and_must_agree_with_the_birth_date(
    client: Client, alice: User
) -> None:
    other_day = "37020219910501" + "002"
    other_day += check_character(other_day)

    answer = client.post(
        "/me/id-number/", {"id_type": "resident", "number": other_day, "agree": "on"}
    )
    assert answer.context["form"].errors["number"]

    client.post("/me/id-number/", {"id_type": "resident", "number": ALICE_ID, "agree": "on"})
    alice.volunteer.refresh_from_db()
    assert alice.volunteer.sex == Volunteer.Sex.FEMALE

    answer = client.post("/me/profile/", profile(alice.volunteer, birth_on="1990-05-02"))
    assert answer.context["form"].errors["birth_on"]


def test_withdrawing_the_consent_deletes_the_id_number(client: Client, alice: User) -> None:
    client.post("/me/id-number/", {"id_type": "resident", "number": ALICE_ID, "agree": "on"})

    client.post("/me/consents/id_number/", {"action": "withdraw"})

    alice.volunteer.refresh_from_db()
    assert alice.volunteer.id_number == ""
    assert alice.volunteer.id_number_hash is None


def test_a_registered_id_number_leads_to_joining_the_two(
    client: Client, alice: User, territory: Territory
) -> None:
    other = make_volunteer(user=None, name="林爱丽", community=territory, phone="+8613700000009")
    set_id_number(volunteer=other, id_type="resident", number=ALICE_ID, consented=True, by=None)

    answer = client.post(
        "/me/id-number/", {"id_type": "resident", "number": ALICE_ID, "agree": "on"}
    )

    assert answer.url == "/me/claims/"
    assert MergeRequest.objects.get().merged == other
    alice.volunteer.refresh_from_db()
    assert alice.volunteer.id_number == ""


def test_nobody_finds_out_by_trying_whose_id_number_is_registered(client: Client) -> None:
    for _try in range(10):
        client.post("/me/id-number/", {"id_type": "passport", "number": "E12345678", "agree": "on"})

    answer = client.post(
        "/me/id-number/", {"id_type": "passport", "number": "E12345679", "agree": "on"}
    )

    assert answer.status_code == 200
    assert answer.context["form"].errors["number"]


def test_a_minor_volunteers_once_a_guardians_phone_agrees(client: Client, alice: User) -> None:
    answer = client.post("/me/profile/", profile(alice.volunteer, birth_on=_years_ago(15)))
    assert answer.url == "/me/guardian/"

    client.post("/me/guardian/", {"name": "林爸", "relation": "父亲", "phone": "13900002222"})
    alice.volunteer.refresh_from_db()
    assert needs_guardian(alice.volunteer)

    wrong = client.post("/me/guardian/", {"action": "confirm", "code": "000000"})
    assert wrong.status_code == 200
    client.post("/me/guardian/", {"action": "confirm", "code": newest_code("+8613900002222")})

    assert not needs_guardian(alice.volunteer)
    consent = Consent.objects.get(volunteer=alice.volunteer, notice__kind="guardian")
    assert "2222" in consent.evidence


def test_a_minor_cannot_be_their_own_guardian(client: Client, alice: User) -> None:
    answer = client.post(
        "/me/guardian/", {"name": "林爱丽", "relation": "自己", "phone": "13800000001"}
    )

    assert answer.context["form"].errors["phone"]
    assert not Guardian.objects.exists()


def test_another_guardian_has_to_agree_anew(client: Client, alice: User) -> None:
    Guardian.objects.create(
        volunteer=alice.volunteer, name="林爸", phone="+8613900002222", relation="父亲",
        consented_at=timezone.now(),
    )  # fmt: skip

    client.post("/me/guardian/", {"name": "林妈", "relation": "母亲", "phone": "13900003333"})

    assert Guardian.objects.get().consented_at is None


def test_below_fourteen_no_id_number_is_kept_without_the_guardian(
    client: Client, alice: User
) -> None:
    born = _years_ago(12)
    alice.volunteer.birth_on = born
    alice.volunteer.save()
    number = f"370202{born:%Y%m%d}002"
    number += check_character(number)

    answer = client.post("/me/id-number/", {"id_type": "resident", "number": number, "agree": "on"})

    assert answer.context["form"].errors["number"]
    alice.volunteer.refresh_from_db()
    assert alice.volunteer.id_number == ""


def test_a_new_version_of_the_notice_leaves_earlier_consents_what_they_were(
    client: Client, alice: User, city_staff: User
) -> None:
    given = give_consent(volunteer=alice.volunteer, kind="privacy", by=alice)
    staff = Client()
    staff.force_login(city_staff)

    answer = staff.post("/admin/notices/new/", {"kind": "privacy", "text": "新", "text_en": "New"})

    assert answer.status_code == 302
    assert ConsentNotice.objects.get(kind="privacy", version=2).text == "新"
    given.refresh_from_db()
    assert given.notice.version == 1


def test_the_privacy_consent_is_withdrawn_by_leaving(client: Client, alice: User) -> None:
    give_consent(volunteer=alice.volunteer, kind="privacy", by=alice)

    answer = client.post("/me/consents/privacy/", {"action": "withdraw"})

    assert answer.url == "/me/close/"
    assert has_consent(volunteer=alice.volunteer, kind="privacy")


def test_the_copy_of_ones_data_holds_everything_and_is_logged(client: Client, alice: User) -> None:
    client.post("/me/id-number/", {"id_type": "resident", "number": ALICE_ID, "agree": "on"})

    answer = client.post("/me/data.json")

    data = json.loads(answer.content)
    assert answer["Content-Disposition"].startswith("attachment")
    assert data["profile"]["name"] == "林爱丽"
    assert data["profile"]["id_number"] == ALICE_ID
    assert data["account"]["phone"] == "+8613800000001"
    assert data["consents"][0]["to"] == "id_number"
    assert data["cards"][0]["number"] == alice.volunteer.cards.get().number
    assert SecurityEvent.objects.filter(kind="data_copied", user=alice).count() == 1


def test_the_copy_is_not_made_by_following_a_link(client: Client) -> None:
    assert client.get("/me/data.json").status_code == 405


def test_closing_the_account_leaves_nothing_that_says_who_it_was(
    client: Client, alice: User, organisation: object, category: Category
) -> None:
    volunteer = alice.volunteer
    client.post("/me/id-number/", {"id_type": "resident", "number": ALICE_ID, "agree": "on"})
    ServiceRecord.objects.create(
        volunteer=volunteer, organisation=organisation, source="hand:1", activity_name="夜巡",
        category=category, served_on=date(2026, 1, 2), credited_minutes=60,
    )  # fmt: skip

    unsure = client.post("/me/close/", {})
    assert unsure.status_code == 200
    answer = client.post("/me/close/", {"sure": "on"})

    assert answer.url == "/"
    volunteer.refresh_from_db()
    alice.refresh_from_db()
    assert "林" not in volunteer.name
    assert (volunteer.phone, volunteer.id_number, volunteer.birth_on) == ("", "", None)
    assert (alice.phone, alice.email, alice.name, alice.is_active) == (None, None, "", False)
    assert not volunteer.cards.filter(revoked_at=None).exists()
    assert ServiceRecord.objects.get().volunteer == volunteer, "the service itself stays"
    assert client.get("/me/").status_code == 302


def test_closing_the_account_gives_back_the_places_in_shifts_to_come(
    client: Client, alice: User, shift: Shift
) -> None:
    sign_up(shift=shift, volunteer=alice.volunteer, by=alice)

    client.post("/me/close/", {"sure": "on"})

    shift.refresh_from_db()
    assert shift.taken == 0
    assert SignUp.objects.get().state == "on_leave"


def test_the_copy_holds_what_the_rooms_above_keep(
    client: Client, alice: User, shift: Shift
) -> None:
    sign_up(shift=shift, volunteer=alice.volunteer, by=alice)
    scanned_by_own_phone(shift, alice)

    data = json.loads(client.post("/me/data.json").content)

    assert data["sign_ups"][0]["campaign"] == "浮山所平安夜巡"
    assert data["points"]["balance"] == 0
    (scan,) = data["scans"]
    assert (scan["browser"], scan["distance_m"]) == ("mark", 500)


def test_by_which_phone_somebody_came_is_forgotten_with_the_account(
    client: Client, alice: User, shift: Shift
) -> None:
    scanned_by_own_phone(shift, alice)

    client.post("/me/close/", {"sure": "on"})

    scan = Scan.objects.get()
    assert (scan.browser, scan.distance_m) == ("", None)


def scanned_by_own_phone(shift: Shift, alice: User) -> None:
    check_in(
        shift=shift, volunteer=alice.volunteer, door="venue_screen", by=alice,
        browser="mark", distance_m=500,
    )  # fmt: skip


def test_the_number_of_a_closed_account_may_join_again_as_somebody_new(
    client: Client, alice: User
) -> None:
    client.post("/me/close/", {"sure": "on"})
    join(Client(), phone="13800000001", name="林爱丽")

    assert User.objects.get(phone="+8613800000001") != alice
    assert Volunteer.objects.active().get().name == "林爱丽"


def test_changing_the_phone_takes_a_code_and_the_volunteer_follows(
    client: Client, alice: User
) -> None:
    fresh = Client()
    fresh.post("/accounts/login/", {"login": "13800000001", "password": "lin-li-2026"})
    fresh.post("/accounts/phone/change/", {"phone": "13911112222", "action": "change"})

    fresh.post(
        "/accounts/phone/verify/", {"action": "verify", "code": newest_code("+8613911112222")}
    )

    alice.refresh_from_db()
    assert alice.phone == "+8613911112222"
    assert alice.volunteer.phone == "+8613911112222"
    assert SecurityEvent.objects.get(kind="phone_changed").detail == "…0001 to …2222"


def test_a_number_that_is_anothers_cannot_be_taken_by_changing_to_it(alice: User) -> None:
    thief_user = make_user(name="贼", phone="+8613800000099")
    make_volunteer(user=thief_user, name="贼", community=None)
    thief = Client()
    thief.post("/accounts/login/", {"login": "13800000099", "password": "lin-li-2026"})
    thief.post("/accounts/phone/change/", {"phone": "13800000001", "action": "change"})
    message = PhoneMessage.objects.filter(phone="+8613800000001").first()

    if message:  # even with the code in hand
        code = "".join(character for character in message.text if character.isdigit())[:6]
        thief.post("/accounts/phone/verify/", {"action": "verify", "code": code})

    alice.refresh_from_db()
    thief_user.refresh_from_db()
    assert alice.phone == "+8613800000001"
    assert thief_user.phone == "+8613800000099"


def _years_ago(years: int) -> date:
    return timezone.localdate() - timedelta(days=365 * years + 100)


@pytest.mark.parametrize(("language", "between"), [("zh-hans", "、"), ("en", ", ")])
def test_what_is_missing_is_listed_with_the_marks_of_the_language(
    client: Client, alice: User, language: str, between: str
) -> None:
    Volunteer.objects.filter(user=alice).update(birth_on=None, emergency_phone="")
    client.force_login(alice)
    client.cookies["linli_language"] = language
    html = client.get("/me/").content.decode()
    with translation.override(language):
        asked = [gettext("your birth date"), gettext("somebody to call in an emergency")]
    assert between.join(asked) in html
