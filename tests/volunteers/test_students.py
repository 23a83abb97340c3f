"""Students prove where they study: by campus e-mail, the university's log-in, or its list."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.cast import make_user, make_volunteer
from volunteers.actions.organisations import add_member
from volunteers.actions.students import (
    NotProved,
    RosterUnreadable,
    is_campus_address,
    read_roster,
    state_affiliation,
    upload_roster,
    verify_by_roster,
)
from volunteers.models import (
    Organisation,
    ProofCode,
    StudentAffiliation,
    StudentRosterEntry,
    User,
    VolunteerCard,
)

from .conftest import newest_mail_code

pytestmark = pytest.mark.django_db

CAMPUS = {
    "openid_connect": {"APPS": [{"provider_id": "campus", "name": "海云", "client_id": "x"}]},
    "weixin": {"APPS": [{"client_id": "x"}]},
}
ROSTER = "学号,姓名,学院\n2023010101,林爱丽,海洋学院\n2023010102,王芳,数学学院\n"


@pytest.fixture
def student(alice: User, university: Organisation) -> StudentAffiliation:
    return state_affiliation(
        volunteer=alice.volunteer, university=university, college="", student_number="2023010101"
    )


@pytest.fixture
def registrar(university: Organisation) -> User:
    user = make_user(name="学籍老师", phone="+8613800000031", email="registrar@haiyun.example")
    add_member(organisation=university, user=user, role="organiser", by=None)
    return user


def test_a_code_to_the_campus_mailbox_proves_it_and_gives_a_student_card(
    client: Client, alice: User, university: Organisation
) -> None:
    client.force_login(alice)
    client.post("/me/student/", {"university": university.pk, "student_number": "2023 010101"})
    client.post("/me/student/prove/", {"action": "email", "email": "Lin@stu.haiyun.example"})

    answer = client.post(
        "/me/student/prove/",
        {"action": "code", "code": newest_mail_code("lin@stu.haiyun.example")},
    )

    assert answer.url == "/me/card/"
    student = StudentAffiliation.objects.get()
    assert (student.proof, student.student_number) == ("email", "2023010101")
    assert student.verified_at is not None
    card = alice.volunteer.cards.get(revoked_at=None)
    assert card.kind == VolunteerCard.Kind.STUDENT
    page = client.get("/me/card/").content.decode()
    assert "海云大学" in page


@pytest.mark.parametrize(
    "address",
    ["lin@gmail.com", "lin@haiyun.example.evil.com", "lin@nothaiyun.example", "haiyun.example"],
)
def test_an_address_elsewhere_proves_nothing(
    client: Client, alice: User, student: StudentAffiliation, address: str
) -> None:
    client.force_login(alice)

    client.post("/me/student/prove/", {"action": "email", "email": address})

    assert not mail.outbox
    assert not is_campus_address(address, student.university)


def test_wrong_codes_end_after_five_in_any_session(
    alice: User, student: StudentAffiliation
) -> None:
    first = Client()
    first.force_login(alice)
    first.post("/me/student/prove/", {"action": "email", "email": "lin@haiyun.example"})
    right = newest_mail_code("lin@haiyun.example")
    for guess in range(ProofCode.MAX_TRIES):
        session = Client()
        session.force_login(alice)
        session.post("/me/student/prove/", {"action": "code", "code": f"{guess:06d}"})

    first.post("/me/student/prove/", {"action": "code", "code": right})

    student.refresh_from_db()
    assert student.verified_at is None


def test_codes_cannot_be_sent_in_a_flood(
    client: Client, alice: User, student: StudentAffiliation
) -> None:
    client.force_login(alice)

    for _press in range(4):
        client.post("/me/student/prove/", {"action": "email", "email": "lin@haiyun.example"})

    assert len(mail.outbox) == 1


def test_one_mailbox_proves_one_student(
    client: Client, alice: User, student: StudentAffiliation, university: Organisation
) -> None:
    test_a_code_to_the_campus_mailbox_proves_it_and_gives_a_student_card(client, alice, university)
    other_user = make_user(name="张三", phone="+8613800000032")
    make_volunteer(user=other_user, name="张三", community=None)
    state_affiliation(
        volunteer=other_user.volunteer, university=university, college="", student_number="9"
    )
    ProofCode.objects.update(sent_at="2026-01-01T00:00:00Z")
    other = Client()
    other.force_login(other_user)
    other.post("/me/student/prove/", {"action": "email", "email": "lin@stu.haiyun.example"})

    other.post(
        "/me/student/prove/", {"action": "code", "code": newest_mail_code("lin@stu.haiyun.example")}
    )

    assert other_user.volunteer.student.verified_at is None


def test_the_list_proves_a_number_together_with_the_name(
    client: Client, alice: User, student: StudentAffiliation, university: Organisation
) -> None:
    upload_roster(university=university, content=ROSTER.encode())
    client.force_login(alice)

    client.post("/me/student/prove/", {"action": "roster"})

    student.refresh_from_db()
    assert student.proof == "roster"
    assert student.college == "海洋学院"


def test_somebody_elses_number_on_the_list_proves_nothing(
    alice: User, university: Organisation
) -> None:
    upload_roster(university=university, content=ROSTER.encode())
    student = state_affiliation(
        volunteer=alice.volunteer, university=university, college="", student_number="2023010102"
    )

    with pytest.raises(NotProved):
        verify_by_roster(student=student, by=alice)


def test_a_proved_number_is_taken_and_a_typed_one_blocks_nobody(
    alice: User, student: StudentAffiliation, university: Organisation
) -> None:
    squatter = make_user(name="林爱丽", phone="+8613800000033")
    make_volunteer(user=squatter, name="林爱丽", community=None)
    typed = state_affiliation(
        volunteer=squatter.volunteer, university=university, college="", student_number="2023010101"
    )
    upload_roster(university=university, content=ROSTER.encode())

    verify_by_roster(student=student, by=alice)

    with pytest.raises(NotProved):
        verify_by_roster(student=typed, by=squatter)


def test_another_number_has_to_be_proved_anew(
    client: Client, alice: User, student: StudentAffiliation, university: Organisation
) -> None:
    upload_roster(university=university, content=ROSTER.encode())
    verify_by_roster(student=student, by=alice)
    client.force_login(alice)

    client.post("/me/student/", {"university": university.pk, "student_number": "2023010102"})

    student.refresh_from_db()
    assert (student.proof, student.verified_at) == ("", None)


def test_the_universitys_own_log_in_vouches_for_its_address(
    client: Client, alice: User, student: StudentAffiliation, settings: Any
) -> None:
    settings.SOCIALACCOUNT_PROVIDERS = CAMPUS
    SocialAccount.objects.create(
        user=alice, provider="campus", uid="1",
        extra_data={"userinfo": {"email": "lin@haiyun.example", "email_verified": True}},
    )  # fmt: skip
    client.force_login(alice)

    client.post("/me/student/prove/", {"action": "single_sign_on"})

    student.refresh_from_db()
    assert student.proof == "single_sign_on"


@pytest.mark.parametrize(
    ("provider", "data"),
    [
        ("weixin", {"email": "lin@haiyun.example"}),
        ("campus", {"userinfo": {"email": "lin@elsewhere.example"}}),
        ("campus", {"email": "lin@haiyun.example", "email_verified": False}),
    ],
)
def test_what_no_campus_vouches_for_proves_nothing(
    client: Client, alice: User, student: StudentAffiliation, settings: Any,
    provider: str, data: dict[str, object],
) -> None:  # fmt: skip
    settings.SOCIALACCOUNT_PROVIDERS = CAMPUS
    SocialAccount.objects.create(user=alice, provider=provider, uid="1", extra_data=data)
    client.force_login(alice)

    client.post("/me/student/prove/", {"action": "single_sign_on"})

    student.refresh_from_db()
    assert student.verified_at is None


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_the_list_is_read_in_the_encodings_that_spreadsheets_write(encoding: str) -> None:
    rows, errors = read_roster(ROSTER.encode(encoding))

    assert [entry.name for entry in rows.values()] == ["林爱丽", "王芳"]
    assert not errors


def test_bad_rows_are_named_by_line_and_good_ones_kept(university: Organisation) -> None:
    content = (
        "姓名,学号\n"
        "林爱丽,2023010101\n"
        ",2023010102\n"
        "王芳,2.023E+09\n"
        "李四,<script>\n"
        "\n"
        "林又来,2023010101\n"
    )

    result = upload_roster(university=university, content=content.encode())

    assert (result.added, result.changed, result.unchanged) == (1, 0, 0)
    assert [error.line for error in result.errors] == [3, 4, 5, 7]


def test_a_later_list_adds_and_updates_and_takes_nobody_off(university: Organisation) -> None:
    upload_roster(university=university, content=ROSTER.encode())

    result = upload_roster(
        university=university, content="学号,姓名\n2023010101,林爱莉\n2023010199,新同学\n".encode()
    )

    assert (result.added, result.changed, result.unchanged) == (1, 1, 0)
    assert StudentRosterEntry.objects.count() == 3
    assert StudentRosterEntry.objects.get(student_number="2023010101").name == "林爱莉"


@pytest.mark.parametrize(
    "content", [b"", b"a,b\n1,2\n", b"\x89PNG\r\n\x1a\n\x00\x00", b"\xff\xfe\x00"]
)
def test_what_is_no_list_is_refused_with_a_sentence(content: bytes) -> None:
    with pytest.raises(RosterUnreadable) as refusal:
        read_roster(content)

    assert str(refusal.value)


def test_the_registrar_uploads_the_list_and_sees_what_came_of_it(
    client: Client, registrar: User, university: Organisation
) -> None:
    client.force_login(registrar)

    answer = client.post(
        "/desk/roster/",
        {"university": university.pk, "file": SimpleUploadedFile("a.csv", ROSTER.encode())},
    )

    assert answer.status_code == 200
    assert StudentRosterEntry.objects.filter(university=university).count() == 2
    assert answer.context["result"].added == 2


@pytest.mark.parametrize("who", ["alice", "bao", "dai"])
def test_nobody_else_uploads_or_sees_a_universitys_list(
    client: Client, request: pytest.FixtureRequest, university: Organisation, who: str
) -> None:
    client.force_login(request.getfixturevalue(who))

    assert client.get("/desk/roster/").status_code == 403
    assert (
        client.post(
            "/desk/roster/",
            {"university": university.pk, "file": SimpleUploadedFile("a.csv", ROSTER.encode())},
        ).status_code
        == 403
    )
    assert not StudentRosterEntry.objects.exists()


def test_a_university_takes_a_proof_back_and_the_student_card_goes(
    client: Client, alice: User, student: StudentAffiliation, registrar: User, dai: User
) -> None:
    upload_roster(university=student.university, content=ROSTER.encode())
    verify_by_roster(student=student, by=alice)
    stranger = Client()
    stranger.force_login(dai)
    assert stranger.post(f"/desk/roster/{student.pk}/take-back/").status_code == 404
    client.force_login(registrar)

    client.post(f"/desk/roster/{student.pk}/take-back/")

    student.refresh_from_db()
    assert student.verified_at is None
    assert alice.volunteer.cards.get(revoked_at=None).kind == VolunteerCard.Kind.SAFETY
