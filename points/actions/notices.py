"""Who is told that points lapse soon: thirty and seven days before, once each."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.db import connection, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from points.models import LapseNotice
from volunteers.models import User
from volunteers.sms import SmsNotSent, send_sms

# A week's notice is the last one: a bucket found later than that gets no thirty days' one.
DISTANCES = ((8, 30), (1, 7))

NOTE_SQL = """
INSERT INTO points_lapsenotice (bucket_id, days, points, created_at)
SELECT id, %(days)s, remaining_points, statement_timestamp()
FROM points_bucket b
WHERE lapsed_at IS NULL AND lapses_on BETWEEN %(first)s AND %(last)s AND remaining_points > 0
  AND NOT EXISTS (SELECT 1 FROM points_lapsenotice n
                  WHERE n.bucket_id = b.id AND n.days = %(days)s)
ORDER BY id LIMIT %(limit)s
ON CONFLICT DO NOTHING
"""


def note_lapsing(*, limit: int = 10_000) -> int:
    """Write the notices that are due, for the person's own page; returns how many."""
    today = timezone.localdate()
    noted = 0
    with transaction.atomic(), connection.cursor() as cursor:
        for nearest, days in DISTANCES:
            values: dict[str, Any] = {
                "days": days,
                "first": today + timedelta(days=nearest),
                "last": today + timedelta(days=days),
                "limit": limit,
            }
            cursor.execute(NOTE_SQL, values)
            noted += cursor.rowcount
    return noted


def send_next_notice(*, after: int = 0) -> int | None:
    """Send one notice by e-mail, or as a text message where there is no address.

    Returns its number, for the next call to go on `after`, or None when none waits. One that could
    not be sent is left for a later round and holds up nobody behind it; once its points have
    lapsed it is no news any more. It is taken before it is sent, in a transaction of its own: a
    worker that dies in between sends it never rather than twice; the page shows it all the same.
    """
    with transaction.atomic():
        notice = (
            LapseNotice.objects.filter(
                sent_at=None, pk__gt=after, bucket__lapses_on__gt=timezone.localdate()
            )
            .select_related("bucket__account__volunteer__user")
            .defer("bucket__account__volunteer__id_number")
            .select_for_update(of=("self",), skip_locked=True)
            .order_by("pk")
            .first()
        )
        if notice is None:
            return None
        LapseNotice.objects.filter(pk=notice.pk).update(sent_at=timezone.now())
    volunteer = notice.bucket.account.volunteer
    user = volunteer.user if volunteer else None
    if user is None or not user.is_active:
        return notice.pk
    try:
        _tell(user, notice)
    except (OSError, SmsNotSent):
        LapseNotice.objects.filter(pk=notice.pk).update(sent_at=None)
    return notice.pk


def _tell(user: User, notice: LapseNotice) -> None:
    lapses_on = notice.bucket.lapses_on
    assert lapses_on is not None
    with translation.override(user.language or settings.LANGUAGE_CODE):
        text = ngettext(
            "%(points)s of your Linli points can be used until %(day)s.",
            "%(points)s of your Linli points can be used until %(day)s.",
            notice.points,
        ) % {
            "points": notice.points,
            "day": (lapses_on - timedelta(days=1)).isoformat(),
        }
        where = f"{settings.LINLI_BASE_URL}/rewards/"
        if user.email:
            send_mail(_("Points that lapse soon"), f"{text}\n\n{where}", None, [user.email])
        elif user.phone:
            send_sms(phone=user.phone, text=f"{text} {where}")
