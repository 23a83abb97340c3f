"""The processor's own ledger is read and laid beside our books; what differs stands there.

Reading asks the gateway and holds no lock; comparing asks nobody and holds the foundation's mark,
so that two comparisons never write at once.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import islice

from django.db import transaction
from django.utils import timezone
from wagtail.log_actions import log

from foundations.actions.entering import DecidedAlready
from foundations.actions.ledger import ReasonMissing
from foundations.comparing import Comparison, Found, compare
from foundations.gateway import GatewayRefused, GatewayUnreachable, LedgerLine, get_gateway
from foundations.models import Difference, Foundation, GatewayMark, Gift, ProcessorEntry
from volunteers.models import User

logger = logging.getLogger(__name__)

# The gateways that have a ledger of their own; several would share one account.
WITH_LEDGER = ("stripe",)
# Lines that came in while the last reading was under way are met by the next one.
OVERLAP = timedelta(hours=6)
# Once a day everything of a month is read again: nothing that came late is left out.
LONG_OVERLAP = timedelta(days=35)
CHUNK = 500


def reconcile(
    *, foundation: Foundation, overlap: timedelta = OVERLAP, now: datetime | None = None
) -> bool:
    """Read what is new and compare everything. False where the gateway did not let us read."""
    now = now or timezone.now()
    if not foundation.stripe_account:
        return True
    is_whole = True
    for gateway in WITH_LEDGER:
        if not get_gateway(gateway).is_configured:
            continue
        if read_ledger(foundation=foundation, gateway=gateway, overlap=overlap, until=now):
            compare_books(foundation=foundation, gateway=gateway, now=now)
        else:
            is_whole = False
    return is_whole


def read_ledger(
    *, foundation: Foundation, gateway: str, until: datetime, overlap: timedelta = OVERLAP
) -> bool:
    """Keep the lines of the gateway's ledger, each once. What was read stays if it breaks off."""
    mark, _made = GatewayMark.objects.get_or_create(foundation=foundation, gateway=gateway)
    # Of what was there before the books were opened they know nothing.
    since = foundation.created_at - timedelta(days=1)
    if mark.ledger_to is not None:
        since = max(since, mark.ledger_to - overlap)
    marks = GatewayMark.objects.filter(pk=mark.pk)
    lines = iter(get_gateway(gateway).list_ledger(foundation=foundation, since=since, until=until))
    try:
        while chunk := list(islice(lines, CHUNK)):
            _keep(foundation, gateway, chunk)
    except GatewayUnreachable:
        marks.update(trouble="unreachable")
        return False
    except GatewayRefused as refused:
        marks.update(trouble=(refused.code or "refused")[:300])
        return False
    marks.update(ledger_to=until, trouble="")
    return True


@transaction.atomic
def compare_books(*, foundation: Foundation, gateway: str, now: datetime) -> None:
    """What differs is written down; what does not any more is marked as gone."""
    mark = GatewayMark.objects.select_for_update(no_key=True).get(
        foundation=foundation, gateway=gateway
    )
    _link_gifts(foundation, gateway)
    comparison = compare(foundation=foundation, gateway=gateway, now=now)
    known = {
        (difference.kind, difference.ref): difference
        for difference in Difference.objects.filter(foundation=foundation, gateway=gateway)
        .select_for_update(no_key=True)
        .order_by("pk")
    }
    for one in comparison.found:
        _note(one, known.get((one.kind, one.subject.ref)), foundation=foundation, gateway=gateway)
    _mark_gone(known, comparison, now=now)
    mark.reconciled_at = now
    mark.save(update_fields=["reconciled_at"])


@transaction.atomic
def resolve_difference(*, difference: Difference, note: str, by: User) -> Difference:
    """Somebody answers for it and says what it is. It comes back if its sums change.

    Raises ReasonMissing, DecidedAlready.
    """
    if not note.strip():
        raise ReasonMissing
    difference = Difference.objects.select_for_update(no_key=True).get(pk=difference.pk)
    if difference.resolved_at is not None:
        if difference.resolved_by_id == by.pk:
            return difference
        raise DecidedAlready
    difference.resolved_by, difference.resolved_at = by, timezone.now()
    difference.note = note.strip()
    difference.save(update_fields=["resolved_by", "resolved_at", "note"])
    log(
        instance=difference, action="foundations.resolve_difference", user=by,
        data={"note": difference.note},
    )  # fmt: skip
    return difference


def _keep(foundation: Foundation, gateway: str, lines: Iterable[LedgerLine]) -> None:
    ProcessorEntry.objects.bulk_create(
        [
            ProcessorEntry(
                foundation=foundation, gateway=gateway, ref=line.ref, kind=line.kind,
                amount_minor=line.amount_minor, fee_minor=line.fee_minor,
                net_minor=line.net_minor, currency=line.currency, source_ref=line.source_ref,
                payment_ref=line.payment_ref, happened_at=line.happened_at,
            )
            for line in lines
        ],
        ignore_conflicts=True,
    )  # fmt: skip


def _link_gifts(foundation: Foundation, gateway: str) -> None:
    """A line may be read before its gift is known to have been paid."""
    loose = ProcessorEntry.objects.filter(foundation=foundation, gateway=gateway, gift=None)
    loose = loose.exclude(payment_ref="")
    refs = set(loose.values_list("payment_ref", flat=True))
    gifts = Gift.objects.filter(foundation=foundation, gateway=gateway, payment_ref__in=refs)
    for number, ref in gifts.values_list("pk", "payment_ref"):
        loose.filter(payment_ref=ref).update(gift_id=number)


def _note(
    one: Found, known: Difference | None, *, foundation: Foundation, gateway: str
) -> None:  # fmt: skip
    difference = known or Difference(
        foundation=foundation, gateway=gateway, kind=one.kind, ref=one.subject.ref,
        currency=one.subject.currency,
    )  # fmt: skip
    before = (difference.ours_minor, difference.theirs_minor)
    difference.ours_minor, difference.theirs_minor = one.sides.ours_minor, one.sides.theirs_minor
    difference.happened_on, difference.gift_id = one.sides.happened_on, one.sides.gift_id
    is_new = before != (difference.ours_minor, difference.theirs_minor)
    if difference.gone_at is not None or is_new:
        # What was said of it then was said of something else.
        difference.gone_at = difference.resolved_at = difference.resolved_by = None
        difference.note = ""
    difference.save()


def _mark_gone(
    known: dict[tuple[str, str], Difference], comparison: Comparison, *, now: datetime
) -> None:
    standing = {(one.kind.value, one.subject.ref) for one in comparison.found}
    in_flight = comparison.in_flight
    gone = [
        difference.pk
        for key, difference in known.items()
        if key not in standing and difference.gone_at is None
        and difference.ref not in in_flight
    ]  # fmt: skip
    Difference.objects.filter(pk__in=gone).update(gone_at=now)


def nudge_reconciliation(*, foundation: Foundation) -> bool:
    """Ask a worker to compare now. False when no message could be left: it is done by the hour."""
    from foundations.tasks import reconcile_foundation

    try:
        reconcile_foundation.delay(foundation_id=foundation.pk)
    except Exception:
        logger.warning("No nudge for the comparison; the sweep comes.", exc_info=True)
        return False
    return True
