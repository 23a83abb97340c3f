"""What needs no account: a scanned card, notices, the choice of a community, the demo's mail."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from volunteers.actions.consents import get_notice
from volunteers.card_codes import read_card_code
from volunteers.forms.community import community_label, find_communities
from volunteers.models import ConsentNotice, PhoneMessage, VolunteerCard

MESSAGES_SHOWN = 50
MAILS_SHOWN = 20


@never_cache
@require_safe
def card_public(request: HttpRequest, token: str) -> HttpResponse:
    """What anyone who scans a card sees: valid or not, masked name, kind, level. Nothing else.

    The card may be valid and the code in its address still be an old picture, or made up.
    """
    card = VolunteerCard.objects.select_related("volunteer").filter(token=token).first()
    code = read_card_code(request.get_full_path(), at=timezone.now())
    context = {
        "card": card,
        "holder": card.volunteer.masked_name if card else "",
        "code": code.state.value,
    }
    response = render(request, "volunteers/card_public.html", context, status=200 if card else 404)
    response["X-Robots-Tag"] = "noindex"
    # Nobody whom this page leads to learns the code that it was opened with.
    response["Referrer-Policy"] = "no-referrer"
    return response


@require_safe
def notice(request: HttpRequest, kind: str) -> HttpResponse:
    if kind not in ConsentNotice.Kind.values:
        raise Http404
    return render(request, "volunteers/notice.html", {"notice": get_notice(kind)})


@require_safe
def communities(request: HttpRequest) -> HttpResponse:
    """The communities that fit what was typed, as radio buttons (for htmx)."""
    text = request.GET.get("community_name", "")[:60]
    matches = find_communities(text)
    options = [{"pk": place.pk, "label": community_label(place)} for place in matches]
    context = {"options": options, "text": text.strip(), "name": "community"}
    return render(request, "volunteers/partials/communities.html", context)


@never_cache
@require_safe
def demo_messages(request: HttpRequest) -> HttpResponse:
    """The newest text messages and mails of the demo, which sends none. Not there anywhere else."""
    if not settings.LINLI_DEMO:
        raise Http404
    phone = request.GET.get("phone", "").strip()
    found = PhoneMessage.objects.all()
    if phone:
        found = found.filter(phone__contains=phone)
    context = {"phone_messages": found[:MESSAGES_SHOWN], "mails": _newest_mails(), "phone": phone}
    return render(request, "volunteers/demo_messages.html", context)


def _newest_mails() -> list[str]:
    """Django's file backend writes one file a process; the newest texts stand last in it."""
    folder = getattr(settings, "EMAIL_FILE_PATH", None)
    if not folder or not Path(folder).is_dir():
        return []
    files = sorted(Path(folder).glob("*.log"), key=lambda file: file.stat().st_mtime, reverse=True)
    mails: list[str] = []
    for file in files[:MAILS_SHOWN]:
        texts = file.read_text(encoding="utf-8", errors="replace").split("-" * 79)
        mails += [_readable(text) for text in reversed(texts) if text.strip()]
    return mails[:MAILS_SHOWN]


def _readable(raw: str) -> str:
    """A mail's subject, addressee and text, decoded."""
    import email
    from email.policy import default

    message = email.message_from_string(raw.strip(), policy=default)
    body = message.get_body(preferencelist=("plain", "html"))
    content = body.get_content().strip() if body else ""
    return f"{message['To']}\n{message['Subject']}\n\n{content}"
