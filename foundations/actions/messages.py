"""What donors wrote beside their gifts: public only after somebody has read it (D7)."""

from __future__ import annotations

from django.db import transaction
from wagtail.log_actions import log

from foundations.models import Gift
from volunteers.models import User


@transaction.atomic
def decide_message(*, gift: Gift, is_shown: bool, by: User) -> Gift:
    """Show it, or do not. May be decided otherwise later; said twice, logged once."""
    gift = Gift.objects.select_for_update(of=("self",), no_key=True).get(pk=gift.pk)
    state = Gift.MessageState.SHOWN if is_shown else Gift.MessageState.HIDDEN
    if not gift.message or gift.message_state == state:
        return gift
    gift.message_state = state
    gift.save(update_fields=["message_state"])
    action = "foundations.show_message" if is_shown else "foundations.hide_message"
    log(instance=gift, action=action, user=by)
    return gift
