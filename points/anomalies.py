"""An anomaly as a sentence."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from points.models import Anomaly
from volunteers.models import User

Kind = Anomaly.Kind


def in_words(anomaly: Anomaly, *, accounts: dict[int, User]) -> str:
    """`accounts`: those that `accounts_named_in` found, by key."""
    values = _values(anomaly, accounts)
    match anomaly.kind:
        case Kind.TWO_PLACES:
            return (
                _(
                    "%(volunteer)s has two confirmed records that overlap by %(minutes)s minutes, "
                    "from %(starts)s to %(ends)s."
                )
                % values
            )
        case Kind.HURRIED if values["confirmed_by"]:
            return (
                ngettext(
                    "%(account)s entered hours by hand and %(confirmed_by)s approved them within "
                    "%(seconds)s second, %(records)s times in one day: %(hours)s hours.",
                    "%(account)s entered hours by hand and %(confirmed_by)s approved them within "
                    "%(seconds)s seconds, %(records)s times in one day: %(hours)s hours.",
                    values["seconds"],
                )
                % values
            )
        case Kind.HURRIED:
            return (
                ngettext(
                    "%(account)s entered %(hours)s hours by hand, in %(records)s records, within "
                    "%(seconds)s second.",
                    "%(account)s entered %(hours)s hours by hand, in %(records)s records, within "
                    "%(seconds)s seconds.",
                    values["seconds"],
                )
                % values
            )
    return (
        _(
            "%(account)s entered %(hours)s hours by hand in 90 days, in %(records)s records: "
            "%(times)s times what is usual (%(usual)s hours)."
        )
        % values
    )


def accounts_named_in(anomalies: list[Anomaly]) -> dict[int, User]:
    """Whoever entered or confirmed, by key; one query for all."""
    numbers = {anomaly.account_id for anomaly in anomalies if anomaly.account_id}
    numbers |= {
        anomaly.detail["confirmed_by"] for anomaly in anomalies if "confirmed_by" in anomaly.detail
    }
    return User.objects.in_bulk(numbers)


def _values(anomaly: Anomaly, accounts: dict[int, User]) -> dict[str, Any]:
    detail = anomaly.detail
    return {
        "volunteer": anomaly.volunteer or "",
        "account": accounts.get(anomaly.account_id or 0, ""),
        "confirmed_by": accounts.get(detail.get("confirmed_by", 0), ""),
        "minutes": anomaly.minutes,
        "hours": hours(anomaly.minutes),
        "records": detail.get("records", len(anomaly.record_numbers)),
        # What came in one moment came within a second.
        "seconds": max(detail.get("seconds", 0), 1),
        "times": detail.get("times", 0),
        "usual": hours(detail.get("usual", 0)),
        "starts": _moment(detail.get("starts_at")),
        "ends": _moment(detail.get("ends_at")),
    }


def hours(minutes: float) -> str:
    return f"{minutes / 60:.1f}".removesuffix(".0")


def _moment(text: str | None) -> str:
    if not text:
        return "–"
    moment = timezone.localtime(datetime.fromisoformat(text))
    return f"{date_format(moment.date())} {moment:%H:%M}"
