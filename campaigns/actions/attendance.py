"""Coming and going (R4), at every door: the venue's screen and poster, the organiser's console,
a team's leader, the desk. The rules stand in campaigns.attendance_rules; every scan is kept,
refused ones too, and a scan sent twice (the same nonce) answers the same.

What holds against races is the database: one attendance a sign-up, one open attendance a person,
one row a nonce. Locks go in the order people, shift, sign-up, attendance.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any

from django.db import DatabaseError, OperationalError, connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from campaigns.actions.attempts import SCAN_COLUMNS, Attempt, scan_values
from campaigns.actions.drafting import nudge_drafting
from campaigns.actions.presence import attendances_with_shift
from campaigns.actions.quick import OUTCOMES, decide_quickly
from campaigns.actions.reckoning import decide, find_holder
from campaigns.attendance_rules import CLOCK_SKEW, refusal_by_time
from campaigns.models import Attendance, ConsoleDevice, Scan, Shift, SignUp
from campaigns.models.attendance import Door, Proof
from campaigns.outcomes import Outcome, ScanResult, other_sign_up, result_of, sentence_of
from volunteers.card_codes import read_card_code
from volunteers.models import User, Volunteer

logger = logging.getLogger(__name__)

VENUE_DOORS = frozenset({Door.VENUE_SCREEN, Door.VENUE_POSTER, Door.TEAM})


class _SeenBefore(Exception):
    """The nonce has a row: undo what this attempt did, answer what that one was answered."""


def check_in(
    *,
    shift: Shift,
    volunteer: Volunteer,
    door: str,
    by: User | None,
    made_at: datetime | None = None,
    nonce: uuid.UUID | None = None,
    reason: str = "",
    browser: str = "",
    distance_m: int | None = None,
) -> ScanResult:
    """Note that a volunteer has come. Never raises for a refusal: the result says why.

    `made_at` is when the scan was made, now by default; `nonce` is the client's own number for
    it; `browser` marks the phone of somebody's own scan, `distance_m` is how far away it was.
    """
    return _settle(
        Attempt(
            kind=Scan.Kind.IN,
            shift=shift,
            volunteer=volunteer,
            door=door,
            by=by,
            made_at=made_at,
            nonce=nonce or uuid.uuid4(),
            reason=reason,
            proof=_proof_at(door),
            browser=browser,
            distance_m=distance_m,
        )
    )


def check_out(
    *,
    shift: Shift,
    volunteer: Volunteer,
    door: str,
    by: User | None,
    made_at: datetime | None = None,
    nonce: uuid.UUID | None = None,
    reason: str = "",
    browser: str = "",
    distance_m: int | None = None,
) -> ScanResult:
    """Note that a volunteer goes, and draft the service record (E2). Otherwise as `check_in`.

    It stays possible until the time of grace is over: time after the end is not credited anyway.
    """
    return _settle(
        Attempt(
            kind=Scan.Kind.OUT,
            shift=shift,
            volunteer=volunteer,
            door=door,
            by=by,
            made_at=made_at,
            nonce=nonce or uuid.uuid4(),
            reason=reason,
            proof=_proof_at(door),
            browser=browser,
            distance_m=distance_m,
        )
    )


def scan_card(
    *,
    shift: Shift,
    card: str,
    kind: str,
    by: User,
    made_at: datetime | None = None,
    nonce: uuid.UUID | None = None,
    device: ConsoleDevice | None = None,
    is_walk_in: bool = False,
    override_reason: str = "",
) -> ScanResult:
    """The console's scan: `card` is a card's address or number, as it was read or typed.

    `device` is the console that sent it by its own token, after a while without a network maybe.
    A walk-in gets a place if one is left. An override lets pass what the organiser may let pass
    (OVERRIDABLE), with the reason.
    """
    return _settle(
        card_attempt(
            shift=shift,
            card=card,
            kind=kind,
            by=by,
            made_at=made_at,
            nonce=nonce or uuid.uuid4(),
            device=device,
            is_walk_in=is_walk_in,
            override_reason=override_reason,
        )
    )


def card_attempt(
    *,
    shift: Shift,
    kind: str,
    by: User,
    nonce: uuid.UUID,
    card: str = "",
    place_id: int | None = None,
    made_at: datetime | None = None,
    device: ConsoleDevice | None = None,
    is_walk_in: bool = False,
    override_reason: str = "",
    evidence: str = "",
) -> Attempt:
    """A console's scan, for `settle_scans`: of a card, or of a place that was chosen by name.

    `evidence` shows that everybody left together: then it is one of many check-outs at once.
    """
    is_bulk = bool(evidence) and kind == Scan.Kind.OUT
    attempt = Attempt(
        kind=Scan.Kind(kind),
        shift=shift,
        door=Door.BULK if is_bulk else Door.CONSOLE,
        by=by,
        place_id=place_id,
        made_at=made_at,
        nonce=nonce,
        reason=override_reason or evidence,
        device=device,
        is_walk_in=is_walk_in,
        wants_override=bool(override_reason),
    )
    if place_id is None:
        attempt.card = read_card_code(card, at=attempt.at)
    return attempt


def settle_scans(
    attempts: Sequence[Attempt], *, before_the_careful_way: Callable[[], None] = lambda: None
) -> list[ScanResult | None]:
    """What came of each, in the order given; None where the database failed and the scan has to
    be sent again. Each is decided by itself: one that fails does not hold up the others.

    `before_the_careful_way` is called once if not all went the quick way, and may raise: only
    that way's statement looks by itself whether the device still holds.
    """
    in_order = sorted(range(len(attempts)), key=lambda number: attempts[number].at)
    quick: dict[int, Attendance] = {}
    for _round in ("who came", "and went"):
        quick |= _decide_first_ones(
            [number for number in in_order if number not in quick], attempts
        )
    if any(attempts[number].kind == Scan.Kind.OUT for number in quick):
        nudge_drafting()
    results: list[ScanResult | None] = [None] * len(attempts)
    if len(quick) < len(attempts):
        before_the_careful_way()
    kept = _scans_kept([attempts[number].nonce for number in in_order if number not in quick])
    for number in in_order:
        attempt = attempts[number]
        if number in quick:
            results[number] = _quick_result(attempt, quick[number])
            continue
        if attempt.nonce in kept:
            results[number] = _answer_as_before(attempt, kept[attempt.nonce])
            continue
        try:
            results[number] = _settle_carefully(attempt)
        except DatabaseError:
            # Nothing of it was kept, and the nonce makes another try harmless.
            logger.exception("Scan %s was not decided.", attempt.nonce)
            if connection.in_atomic_block:
                raise
    return results


def refuse_scan(
    *,
    outcome: Outcome,
    shift: Shift | None,
    volunteer: Volunteer | None,
    kind: str,
    door: str,
    by: User | None,
    nonce: uuid.UUID | None = None,
) -> ScanResult:
    """Keep a scan that was refused before anything could be decided: a stale code, a lost card."""
    attempt = Attempt(
        kind=Scan.Kind(kind),
        shift=shift,
        volunteer=volunteer,
        door=door,
        by=by,
        nonce=nonce or uuid.uuid4(),
    )
    try:
        with transaction.atomic():
            _keep(attempt.scan(outcome, None))
    except _SeenBefore:
        return _answer_as_before(attempt)
    return result_of(attempt.scan(outcome, None))


def look_ahead(*, shift: Shift, volunteer: Volunteer) -> ScanResult | None:
    """What a check-in would be answered now, so that a page can say so before anybody presses;
    None when it would succeed. Writes and promises nothing."""
    now = timezone.now()
    place = SignUp.objects.holding().filter(shift=shift, volunteer=volunteer).first()
    here = attendances_with_shift().select_related("record").filter(sign_up=place).first()
    outcome: Outcome | None
    if place is None or now < place.signed_up_at - CLOCK_SKEW:
        is_elsewhere = other_sign_up(shift=shift, volunteer=volunteer) is not None
        outcome = Outcome.WRONG_SHIFT if is_elsewhere else Outcome.NOT_SIGNED_UP
    elif here is not None:
        outcome = Outcome.ALREADY_IN if here.is_in else Outcome.ALREADY_OUT
    else:
        outcome = refusal_by_time(kind=Scan.Kind.IN, shift=shift, at=now)
    attempt = Attempt(
        kind=Scan.Kind.IN, shift=shift, volunteer=volunteer, door="", by=None, received_at=now
    )
    return result_of(attempt.scan(outcome, here)) if outcome else None


def scan_again(*, nonce: uuid.UUID) -> ScanResult | None:
    """What a kept scan was answered, in today's words; None when there is no such scan."""
    scan = _scans_kept([nonce]).get(nonce)
    return result_of(scan) if scan else None


def _scans_kept(nonces: Collection[uuid.UUID]) -> dict[uuid.UUID, Scan]:
    """{nonce: its scan, with all that an answer says}, of those that have a row; in one query."""
    if not nonces:
        return {}
    return {scan.nonce: scan for scan in scans_with_words().filter(nonce__in=nonces)}


def scans_with_words() -> QuerySet[Scan]:
    """With all that their sentences say, in one query."""
    return Scan.objects.select_related(
        "volunteer",
        "shift__activity__campaign",
        "attendance__record",
        "attendance__sign_up__shift__activity",
    ).defer("volunteer__id_number", "shift__activity__campaign__story")


# Deciding


def _proof_at(door: str) -> str:
    return Proof.VENUE if door in VENUE_DOORS else ""


def _settle(attempt: Attempt) -> ScanResult:
    quick = decide_quickly([attempt])
    if not quick:
        return _settle_carefully(attempt)
    if attempt.kind == Scan.Kind.OUT:
        nudge_drafting()
    return _quick_result(attempt, quick[0])


def _decide_first_ones(numbers: list[int], attempts: Sequence[Attempt]) -> dict[int, Attendance]:
    """Decide quickly, of these, the earliest scan of each card: {number: attendance}."""
    first: dict[Any, int] = {}
    for number in numbers:
        attempt = attempts[number]
        whose = (attempt.volunteer and attempt.volunteer.pk, attempt.card, attempt.place_id)
        first.setdefault(whose, number)
    alone = list(first.values())
    try:
        decided = decide_quickly([attempts[number] for number in alone])
    except OperationalError:
        # Two devices with the same people at two shifts can wait for one another, until the
        # database ends one statement. The careful way takes one person at a time.
        if connection.in_atomic_block:
            raise
        logger.exception("%s scans go the careful way.", len(alone))
        return {}
    return {alone[at]: attendance for at, attendance in decided.items()}


def _quick_result(attempt: Attempt, attendance: Attendance) -> ScanResult:
    outcome = OUTCOMES[attempt.kind]
    sentence = sentence_of(
        outcome, shift=attempt.shift, volunteer=attempt.volunteer, attendance=attendance
    )
    return ScanResult(
        outcome=outcome,
        sentence=sentence,
        kind=attempt.kind,
        shift=attempt.shift,
        volunteer=attempt.volunteer,
        attendance=attendance,
        at=attempt.made_at or attempt.received_at,
    )


def _settle_carefully(attempt: Attempt) -> ScanResult:
    """Decide and keep the scan, all or nothing."""
    if attempt.shift is not None:
        # Its times may have been read a while ago, and the closing may have come in between.
        attempt.shift = Shift.objects.select_related("activity__campaign").get(pk=attempt.shift.pk)
    try:
        with transaction.atomic():
            outcome, attendance = decide(attempt)
            _keep(attempt.scan(outcome, attendance))
    except _SeenBefore:
        return _answer_as_before(attempt)
    return result_of(attempt.scan(outcome, attendance))


def _keep(scan: Scan) -> None:
    """Write the scan. Raises _SeenBefore when its nonce has a row already."""
    values = scan_values(scan)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO campaigns_scan ({SCAN_COLUMNS})"
            f" VALUES ({', '.join(['%s'] * len(values))}) ON CONFLICT (nonce) DO NOTHING",
            values,
        )
        if cursor.rowcount == 0:
            raise _SeenBefore


def _answer_as_before(attempt: Attempt, scan: Scan | None = None) -> ScanResult:
    """The kept scan's answer; `scan` is the row, where it has been read already."""
    before = result_of(scan) if scan else scan_again(nonce=attempt.nonce)
    if attempt.volunteer is None:
        find_holder(attempt)
    is_the_same = (
        before is not None
        and before.kind == attempt.kind
        and before.shift == attempt.shift
        and before.volunteer == attempt.volunteer
    )
    if before is not None and is_the_same:
        return before
    attempt.volunteer = None
    return result_of(attempt.scan(Outcome.NONCE_TAKEN, None))
