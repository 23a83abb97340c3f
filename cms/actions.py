"""Writes of the top room: only the demo has any."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.models import Attendance, Scan, Shift


class TimeStandsStill(Exception):
    """The demo's clock cannot be moved for this shift; the sentence says why."""


def let_time_pass(*, shift: Shift) -> None:
    """Move a shift, with all who signed up and came, so far back that it ends a minute from now.

    For the demo alone: nobody who looks at it for ten minutes can stay at a two-hour patrol.
    Raises TimeStandsStill outside the demo, when the shift is already over, and when somebody
    at it was elsewhere in the hours it would move to.
    """
    if not settings.LINLI_DEMO:
        raise TimeStandsStill(_("Time passes by itself here."))
    with transaction.atomic():
        shift = Shift.objects.select_for_update().get(pk=shift.pk)
        back = shift.ends_at - timezone.now() - timedelta(minutes=1)
        if back <= timedelta():
            raise TimeStandsStill(_("This shift is already over."))
        try:
            with transaction.atomic():
                _move_back(shift=shift, back=back)
        except IntegrityError:
            raise TimeStandsStill(
                _("Somebody at this shift was at another one in those hours.")
            ) from None


def _move_back(*, shift: Shift, back: timedelta) -> None:
    shift.starts_at -= back
    shift.ends_at -= back
    shift.save(update_fields=["starts_at", "ends_at"])
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE campaigns_signup SET signed_up_at = signed_up_at - back,"
            " during = tstzrange(lower(during) - back, upper(during) - back)"
            " FROM make_interval(secs => %s) back WHERE shift_id = %s",
            [back.total_seconds(), shift.pk],
        )
    still_in = Attendance.objects.filter(sign_up__shift=shift, checked_out_at=None)
    # Attendance is reckoned from the scans: they move too.
    Scan.objects.filter(attendance__in=still_in).update(
        made_at=F("made_at") - back, received_at=F("received_at") - back
    )
    still_in.update(checked_in_at=F("checked_in_at") - back)
