"""Notifications that were set aside and need nothing: somebody says why."""

from __future__ import annotations

from django.db import transaction
from wagtail.log_actions import log

from foundations.actions.entering import DecidedAlready
from foundations.actions.ledger import ReasonMissing
from foundations.models import WebhookEvent
from volunteers.models import User

NOTHING_TO_DO = "nothing_to_do"


@transaction.atomic
def let_notification_be(*, event: WebhookEvent, note: str, by: User) -> WebhookEvent:
    """It is not taken again; the note stands with it. Raises ReasonMissing, DecidedAlready."""
    if not note.strip():
        raise ReasonMissing
    event = WebhookEvent.objects.select_for_update().get(pk=event.pk)
    if (event.state, event.reason) == (WebhookEvent.State.IGNORED, NOTHING_TO_DO):
        return event
    if event.state != WebhookEvent.State.QUARANTINED:
        raise DecidedAlready
    event.state, event.trouble = WebhookEvent.State.IGNORED, note.strip()[:300]
    data = {"reason": event.reason, "note": note.strip()}
    event.reason = NOTHING_TO_DO
    event.save(update_fields=["state", "reason", "trouble"])
    log(instance=event, action="foundations.let_notification_be", user=by, data=data)
    return event
