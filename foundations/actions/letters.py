"""Mails to donors: a row says that one is owed, a worker sends it (docs/decisions/letters.md).

A letter is taken in a transaction of its own and sent after that, outside of any lock. What
certainly did not leave is tried again later; what may have left, never: a worker that dies with a
letter in hand leaves it in hand, where the staff find it and may send it again.
"""

from __future__ import annotations

import logging
import smtplib
from datetime import date, timedelta
from uuid import uuid4

from django.core.cache import cache
from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from wagtail.log_actions import log

from foundations.letter_words import write_letter
from foundations.models import Gift, Letter, MonthlyGift, Question
from volunteers.models import User

logger = logging.getLogger(__name__)

NUDGE_KEY = "foundations:letters-nudged"
# Should the message be lost, the next letter may send another one after this many seconds.
NUDGE_SECONDS = 10
WAITS = [timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360, 720, 1440)]
MOST_TRIES = len(WAITS) + 1
# Longer than a worker needs for one letter: whoever has it in hand is dead.
IN_DOUBT_AFTER = timedelta(minutes=15)
LINKS_KEPT = timedelta(days=1)
BATCH = 500
# The mail server said no.
REFUSALS = (
    smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused, smtplib.SMTPNotSupportedError,
)  # fmt: skip


class NotInDoubt(Exception):
    """The letter was sent, or will be."""


class _MayHaveLeft(Exception):
    """The mail server fell silent in the middle: it may have the letter."""


def owe_letter(
    *,
    kind: str,
    reference: str,
    gift: Gift | None = None,
    monthly: MonthlyGift | None = None,
    question: Question | None = None,
) -> None:
    """One letter a reference, in the language the donor used. Nothing without an address."""
    about = gift or monthly
    email = question.email if question else (about.donor.email if about and about.donor else "")
    if not email:
        return
    source = question or about
    assert source is not None
    _owe(
        [
            Letter(
                foundation=source.foundation, kind=kind, reference=reference, email=email,
                language=source.language, gift=gift, monthly=monthly, question=question,
            )
        ]
    )  # fmt: skip


def owe_link(*, email: str, language: str) -> None:
    """The link by which somebody without an account finds their gifts."""
    reference = f"link:{uuid4()}"
    _owe([Letter(kind=Letter.Kind.LINK, reference=reference, email=email, language=language)])


def owe_year_letters(*, year: int) -> None:
    """To each donor with an address what they gave in that year; to nobody twice."""
    last_gifts = (
        Gift.objects.paid()
        .filter(paid_at__year=year)
        .exclude(donor=None)
        .exclude(donor__email="")
        .exclude(donor__in=_written_to(year))
        .select_related("donor")
        .order_by("donor_id", "-id")
        .distinct("donor_id")
    )
    letters = [
        Letter(
            foundation_id=gift.foundation_id, kind=Letter.Kind.YEAR, gift=gift,
            reference=f"year:{year}:{gift.donor_id}", email=gift.donor.email,
            language=gift.language,
        )
        for gift in last_gifts.iterator(chunk_size=BATCH)
        if gift.donor
    ]  # fmt: skip
    _owe(letters)


def year_to_tell(*, today: date) -> int | None:
    """In January the year that is over."""
    return today.year - 1 if today.month == 1 else None


def send_next_letter() -> bool:
    """Send one that is due. False when none is; one that cannot be sent holds up nobody."""
    letter = _take()
    if letter is None:
        return False
    try:
        message = write_letter(letter)
    except Exception as error:  # noqa: BLE001
        # Our own mistake: without the words of the exception, which may hold what a donor wrote.
        logger.error("Letter %s cannot be written: %s", letter.pk, type(error).__name__)  # noqa: TRY400
        _put_back(letter, type(error).__name__)
        return True
    try:
        _send(message)
    except _MayHaveLeft:
        logger.error("Letter %s may have left: it is not sent again by itself.", letter.pk)  # noqa: TRY400
    except (OSError, ValueError) as error:  # an address that is none is a ValueError
        _put_back(letter, type(error).__name__)
    else:
        Letter.objects.filter(pk=letter.pk).update(sent_at=timezone.now(), trouble="")
    return True


def letters_in_doubt() -> QuerySet[Letter]:
    """Taken, and nobody knows whether they left."""
    return Letter.objects.filter(sent_at=None, taken_at__lt=timezone.now() - IN_DOUBT_AFTER)


@transaction.atomic
def send_letter_again(*, letter: Letter, by: User) -> None:
    """Somebody of the staff asked the donor, or would rather send it twice. Raises NotInDoubt."""
    found = letters_in_doubt().select_for_update().filter(pk=letter.pk).first()
    if found is None:
        raise NotInDoubt
    Letter.objects.filter(pk=found.pk).update(taken_at=None, next_try_at=None, tries=0)
    log(instance=found, action="foundations.send_letter_again", user=by)
    nudge_letters()


def forget_links() -> None:
    """A link's letter says that an address asked for its gifts: kept for a day."""
    Letter.objects.filter(
        kind=Letter.Kind.LINK, created_at__lt=timezone.now() - LINKS_KEPT
    ).delete()


def nudge_letters() -> None:
    """Once it is committed. A broker that is away costs the time until the sweep."""
    transaction.on_commit(_nudge, robust=True)


def forget_nudge() -> None:
    """First, or a letter owed after the last look would find the mark and send nobody."""
    try:
        cache.delete(NUDGE_KEY)
    except Exception:
        logger.warning("The nudge's mark stands until it runs out.", exc_info=True)


def _nudge() -> None:
    from foundations.tasks import send_letters

    try:
        if cache.add(NUDGE_KEY, 1, NUDGE_SECONDS):
            send_letters.delay()
    except Exception:
        logger.warning("No nudge for the letters; the sweep will find them.", exc_info=True)


def _owe(letters: list[Letter]) -> None:
    Letter.objects.bulk_create(letters, ignore_conflicts=True, batch_size=BATCH)
    nudge_letters()


def _written_to(year: int) -> QuerySet[Letter, int]:
    """The donors who have this year's letter, as ids."""
    letters = Letter.objects.filter(
        kind=Letter.Kind.YEAR, reference__startswith=f"year:{year}:", gift__donor__isnull=False
    )
    return letters.values_list("gift__donor", flat=True)


@transaction.atomic
def _take() -> Letter | None:
    now = timezone.now()
    letter = (
        Letter.objects.filter(sent_at=None, taken_at=None, tries__lt=MOST_TRIES)
        .filter(Q(next_try_at=None) | Q(next_try_at__lte=now))
        .exclude(email="")
        .select_for_update(skip_locked=True)
        .order_by("created_at", "id")
        .first()
    )
    if letter is not None:
        Letter.objects.filter(pk=letter.pk).update(taken_at=now)
    return letter


def _send(message: EmailMessage) -> None:
    """Raises OSError when the mail certainly did not leave, _MayHaveLeft when nobody knows."""
    connection = get_connection()
    connection.open()  # the usual trouble is met here, before a word was said
    try:
        connection.send_messages([message])
    except REFUSALS:
        raise
    except OSError as silence:
        raise _MayHaveLeft from silence
    finally:
        _close(connection)


def _close(connection: object) -> None:
    """The mail has left; what goes wrong with saying goodbye changes nothing."""
    try:
        connection.close()  # type: ignore[attr-defined]
    except OSError:
        logger.info("The mail server did not say goodbye.")


def _put_back(letter: Letter, trouble: str) -> None:
    wait = WAITS[min(letter.tries, len(WAITS) - 1)]
    Letter.objects.filter(pk=letter.pk).update(
        taken_at=None, tries=letter.tries + 1, next_try_at=timezone.now() + wait,
        trouble=trouble[:300],
    )  # fmt: skip
