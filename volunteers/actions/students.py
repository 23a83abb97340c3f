"""Who studies where, and how that was proved."""

from __future__ import annotations

import csv
import io
import re
from typing import NamedTuple

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from volunteers.actions.cards import issue_card
from volunteers.actions.proofs import send_proof_code, use_proof_code
from volunteers.identity import same_name
from volunteers.models import (
    Organisation,
    ProofCode,
    StudentAffiliation,
    StudentRosterEntry,
    User,
    Volunteer,
    VolunteerCard,
)
from volunteers.signals import affiliation_changed

Proof = StudentAffiliation.Proof

MAX_ROSTER_BYTES = 8 * 1024 * 1024
MAX_ROSTER_ROWS = 100_000
MAX_ERRORS_SHOWN = 50
COLUMNS = {
    "student_number": ("学号", "student_number", "student number", "number"),
    "name": ("姓名", "name"),
    "college": ("学院", "院系", "college"),
}


class NotProved(Exception):
    """The affiliation is not proved; the message says what is missing."""


class RosterUnreadable(Exception):
    """The file as a whole cannot be read; the message says why."""


class RowError(NamedTuple):
    line: int
    reason: str


class RosterResult(NamedTuple):
    added: int
    changed: int
    unchanged: int
    errors: list[RowError]


@transaction.atomic
def state_affiliation(
    *, volunteer: Volunteer, university: Organisation, college: str, student_number: str
) -> StudentAffiliation:
    """Write down what the student says. Another university or number has to be proved anew."""
    volunteer = Volunteer.objects.select_for_update(no_key=True).get(pk=volunteer.pk)
    student = StudentAffiliation.objects.filter(volunteer=volunteer).first()
    student = student or StudentAffiliation(volunteer=volunteer, university=university)
    number = normalise_student_number(student_number)
    if (student.university_id, student.student_number) != (university.pk, number):
        student.proof, student.verified_at, student.campus_email = "", None, ""
    student.university, student.college, student.student_number = university, college, number
    student.save()
    affiliation_changed.send(sender=Volunteer, volunteer=volunteer)
    return student


def send_campus_code(*, student: StudentAffiliation, email: str) -> ProofCode:
    """Send a code to a campus mailbox. Raises NotProved for a domain that is not the university's,
    and ProofRefused when too many codes were sent."""
    email = email.strip().lower()
    if not is_campus_address(email, student.university):
        raise NotProved(
            _("This is not an address of your university. Its addresses end in %(domains)s.")
            % {"domains": ", ".join(f"@{domain}" for domain in student.university.email_domains)}
        )
    return send_proof_code(
        volunteer=student.volunteer,
        purpose=ProofCode.Purpose.CAMPUS_EMAIL,
        sent_to=email,
        subject=str(student.university_id),
    )


def verify_by_campus_code(
    *, student: StudentAffiliation, code: str, by: User
) -> StudentAffiliation:
    """Prove by the code that came to the campus mailbox. Raises ProofRefused, NotProved."""
    email = use_proof_code(
        volunteer=student.volunteer,
        purpose=ProofCode.Purpose.CAMPUS_EMAIL,
        subject=str(student.university_id),
        code=code,
    )
    taken = StudentAffiliation.objects.filter(campus_email=email, verified_at__isnull=False)
    if taken.exclude(pk=student.pk).exists():
        raise NotProved(_("Another student has been proved by this mailbox."))
    return _verify(student, proof=Proof.EMAIL, by=by, campus_email=email)


def verify_by_roster(*, student: StudentAffiliation, by: User) -> StudentAffiliation:
    """Prove by the list the university uploaded: the number and the name must both be on it."""
    entry = StudentRosterEntry.objects.filter(
        university=student.university, student_number=student.student_number
    ).first()
    if entry is None or not same_name(entry.name, student.volunteer.name):
        raise NotProved(_("The university's list has no student with this number and your name."))
    return _verify(student, proof=Proof.ROSTER, by=by, college=entry.college)


def verify_by_single_sign_on(
    *, student: StudentAffiliation, email: str, by: User
) -> StudentAffiliation:
    """Prove by the address that the university's own log-in vouched for."""
    if not is_campus_address(email.lower(), student.university):
        raise NotProved(_("That log-in belongs to another university."))
    return _verify(student, proof=Proof.SINGLE_SIGN_ON, by=by, campus_email=email.lower())


@transaction.atomic
def withdraw_affiliation(*, student: StudentAffiliation, by: User) -> None:
    """The university says no (left, or proved wrongly). The student card becomes a safety card."""
    student.verified_at, student.proof = None, ""
    student.save(update_fields=["verified_at", "proof"])
    volunteer = student.volunteer
    affiliation_changed.send(sender=Volunteer, volunteer=volunteer)
    card = volunteer.cards.filter(revoked_at=None, kind=VolunteerCard.Kind.STUDENT).first()
    if card:
        volunteer.refresh_from_db()
        issue_card(volunteer=volunteer, kind=VolunteerCard.Kind.SAFETY, by=by)


def is_campus_address(email: str, university: Organisation) -> bool:
    """True for an address at one of the university's domains, or below one (`stu.ouc.edu.cn`)."""
    _name, at, domain = email.rpartition("@")
    return bool(at) and any(
        domain == own or domain.endswith(f".{own}") for own in university.email_domains
    )


def normalise_student_number(text: str) -> str:
    return re.sub(r"\s", "", text).upper()


def upload_roster(*, university: Organisation, content: bytes) -> RosterResult:
    """Add and update the students in a CSV file (UTF-8 or GB18030) with 学号, 姓名 and 学院.

    Good rows are kept, bad rows named by line. A student missing from the file stays on the list:
    a half file must not take anybody off it. Raises RosterUnreadable.
    """
    rows, errors = read_roster(content)
    known = {
        entry.student_number: entry
        for entry in StudentRosterEntry.objects.filter(university=university)
    }
    added, changed = [], []
    for entry in rows.values():
        entry.university = university
        old = known.get(entry.student_number)
        if old is None:
            added.append(entry)
        elif (old.name, old.college) != (entry.name, entry.college):
            changed.append(entry)
    StudentRosterEntry.objects.bulk_create(
        added + changed,
        batch_size=2000,
        update_conflicts=True,
        unique_fields=["university", "student_number"],
        update_fields=["name", "college"],
    )
    unchanged = len(rows) - len(added) - len(changed)
    return RosterResult(len(added), len(changed), unchanged, errors)


def read_roster(content: bytes) -> tuple[dict[str, StudentRosterEntry], list[RowError]]:
    """Return the entries by student number (unsaved) and what is wrong, line by line.

    Raises RosterUnreadable when it is too big, in no known encoding, or lacks a column.
    """
    reader = csv.reader(io.StringIO(_decode(content)))
    columns = _columns(next(reader, []))
    rows: dict[str, StudentRosterEntry] = {}
    errors: list[RowError] = []
    try:
        for row in reader:
            if not any(cell.strip() for cell in row):
                continue
            if len(rows) >= MAX_ROSTER_ROWS:
                raise RosterUnreadable(_("A list may have 100,000 students at most."))
            entry, reason = _entry(row, columns)
            if entry and entry.student_number in rows:
                reason = _("This number stands in an earlier line too.")
            if reason:
                errors.append(RowError(reader.line_num, reason))
            elif entry:
                rows[entry.student_number] = entry
    except csv.Error as error:
        raise RosterUnreadable(_("The file is not a readable CSV table.")) from error
    return rows, errors


def _decode(content: bytes) -> str:
    if len(content) > MAX_ROSTER_BYTES:
        raise RosterUnreadable(_("The file is larger than 8 MB."))
    for encoding in ("utf-8-sig", "gb18030"):  # what Excel writes in China is GB18030
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise RosterUnreadable(_("The file is not a CSV text in UTF-8 or GB18030."))


def _columns(header: list[str]) -> dict[str, int]:
    names = [cell.strip().lower() for cell in header]
    found = {
        field: names.index(name)
        for field, spellings in COLUMNS.items()
        for name in spellings
        if name in names
    }
    if "student_number" not in found or "name" not in found:
        raise RosterUnreadable(_("The first line must name the columns 学号 and 姓名."))
    return found


def _entry(row: list[str], columns: dict[str, int]) -> tuple[StudentRosterEntry | None, str]:
    """The row as an entry, or why it is none."""
    cells = {field: row[at].strip() if at < len(row) else "" for field, at in columns.items()}
    number = normalise_student_number(cells["student_number"])
    if not number or not cells["name"]:
        return None, _("The number or the name is missing.")
    if not re.fullmatch(r"[A-Z0-9\-]{2,40}", number):
        return None, _("“%(number)s” is not a student number.") % {"number": number[:40]}
    if re.fullmatch(r"\d(\.\d+)?E\+?\d+", number):
        return None, _("The spreadsheet turned the number into %(number)s; format it as text.") % {
            "number": number
        }
    if len(cells["name"]) > 60 or len(cells.get("college", "")) > 80:
        return None, _("The name or the college is too long.")
    return (
        StudentRosterEntry(
            student_number=number, name=cells["name"], college=cells.get("college", "")
        ),
        "",
    )


@transaction.atomic
def _verify(
    student: StudentAffiliation, *, proof: str, by: User, campus_email: str = "", college: str = ""
) -> StudentAffiliation:
    """Mark as proved and issue the student card. Raises NotProved for a number already proved."""
    student = StudentAffiliation.objects.select_for_update(no_key=True).get(pk=student.pk)
    student.proof, student.verified_at = proof, timezone.now()
    student.campus_email = campus_email or student.campus_email
    student.college = student.college or college
    try:
        with transaction.atomic():
            student.save()
    except IntegrityError:
        raise NotProved(
            gettext_lazy(
                "Another person has proved this student number. Please ask your university."
            )
        ) from None
    issue_card(volunteer=student.volunteer, kind=VolunteerCard.Kind.STUDENT, by=by)
    affiliation_changed.send(sender=Volunteer, volunteer=student.volunteer)
    return student
