"""What each letter to a donor says, in the donor's language, as text and as HTML."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from foundations.documents import confirmation_pdf, year_pdf
from foundations.mail_links import link_token
from foundations.models import Gift, Letter, MonthlyGift
from foundations.money import format_money
from foundations.trial import is_test_gift


@dataclass(frozen=True)
class Words:
    """A letter in whole sentences; `links` are (what it is, address)."""

    subject: str
    paragraphs: list[str]
    links: list[tuple[str, str]] = field(default_factory=list)
    attachment: tuple[str, bytes] | None = None
    is_test: bool = False


def write_letter(letter: Letter) -> EmailMultiAlternatives:
    """The mail, whose Message-ID is the letter's own: a copy is known for one."""
    with translation.override(letter.language or settings.LANGUAGE_CODE):
        words = WRITERS[Letter.Kind(letter.kind)](letter)
        foundation = letter.foundation
        context = {
            "words": words,
            "sender": str(foundation) if foundation else _("Linli"),
            "contact": _contact(letter),
            "home": settings.LINLI_BASE_URL,
        }
        prefix = "[TEST] " if words.is_test else ""
        message = EmailMultiAlternatives(
            subject=" ".join(f"{prefix}{words.subject}".split()),
            body=render_to_string("foundations/letters/letter.txt", context),
            to=[letter.email],
            reply_to=_reply_to(letter),
            headers={"Message-ID": message_id(letter), "Auto-Submitted": "auto-generated"},
        )
        message.attach_alternative(
            render_to_string("foundations/letters/letter.html", context), "text/html"
        )
        if words.attachment:
            message.attach(*words.attachment, "application/pdf")
        return message


def message_id(letter: Letter) -> str:
    return f"<letter-{letter.pk}@{urlsplit(settings.LINLI_BASE_URL).hostname}>"


def _thanks(letter: Letter) -> Words:
    gift = _gift_of(letter)
    given = {"amount": _amount(gift), "fund": str(gift.fund), "foundation": str(gift.foundation)}
    paragraphs = [_("Thank you! Your gift of %(amount)s for «%(fund)s» has arrived.") % given]
    if gift.monthly_id:
        paragraphs.append(
            _("It is this month's part of your monthly gift. You can change or stop it any time.")
        )
    paragraphs.append(
        _(
            "The confirmation is attached. It is not a fiscal receipt; the foundation enters that "
            "one's number later, and you find it with your gift."
        )
    )
    return Words(
        subject=_("Thank you for your gift to %(foundation)s") % given,
        paragraphs=paragraphs,
        links=[
            (_("The confirmation"), _url("gift_confirmation", gift.uuid)),
            (_("What becomes of my gift"), _url("my_gift", gift.uuid)),
        ],
        attachment=(f"{gift.confirmation.number}.pdf", confirmation_pdf(
            confirmation=gift.confirmation
        )),
        is_test=is_test_gift(gift),
    )  # fmt: skip


def _card_refused(letter: Letter) -> Words:
    monthly = _monthly_of(letter)
    return Words(
        subject=_("Your card was refused"),
        paragraphs=[
            _("Your monthly gift of %(amount)s for «%(fund)s» could not be taken from your card.")
            % {"amount": _amount(monthly), "fund": str(monthly.fund)},
            _("You can give another card. If you would rather stop, you need do nothing."),
        ],
        links=[
            (_("Give another card"), _url("monthly_card", monthly.uuid)),
            (_("My gifts"), _url("find_gifts")),
        ],
    )


def _monthly_stopped(letter: Letter) -> Words:
    monthly = _monthly_of(letter)
    return Words(
        subject=_("Your monthly gift is stopped"),
        paragraphs=[
            _("Nothing more is taken for «%(fund)s». Thank you for every month.")
            % {"fund": str(monthly.fund)},
            _("What you gave stays in your list, with its confirmations."),
        ],
        links=[(_("My gifts"), _url("find_gifts"))],
    )


def _monthly_reminder(letter: Letter) -> Words:
    about = letter.monthly or _gift_of(letter)
    return Words(
        subject=_("Would you like to give again?"),
        paragraphs=[
            _("You asked to be reminded of «%(fund)s». There is no need to give.")
            % {"fund": str(about.fund)}
        ],
        links=[(_("My gifts"), _url("find_gifts"))],
    )


def _refunded(letter: Letter) -> Words:
    gift = _gift_of(letter)
    given = {"amount": _amount(gift), "fund": str(gift.fund)}
    refunded = format_money(gift.refunded_minor, currency=gift.currency)
    paragraphs = [_("Money of your gift of %(amount)s for «%(fund)s» is on its way back.") % given]
    if gift.refunded_minor:
        paragraphs.append(_("In all, %(refunded)s is paid back.") % {"refunded": refunded})
    paragraphs.append(_("Depending on your bank it takes some days to arrive."))
    return Words(
        subject=_("Your money is on its way back"),
        paragraphs=paragraphs,
        links=[(_("This gift"), _url("my_gift", gift.uuid))],
        is_test=is_test_gift(gift),
    )


def _year(letter: Letter) -> Words:
    last = _gift_of(letter)
    assert last.paid_at is not None
    year = timezone.localdate(last.paid_at).year
    gifts = list(
        Gift.objects.paid()
        .filter(donor=last.donor, foundation=last.foundation, paid_at__year=year)
        .select_related("fund", "confirmation")
        .order_by("paid_at", "id")
    )
    said = {"year": str(year), "foundation": str(last.foundation)}
    return Words(
        subject=_("Your gifts of %(year)s to %(foundation)s") % said,
        paragraphs=[
            _("Thank you for a year in which you helped. All you gave in %(year)s is attached.")
            % said
        ],
        links=[(_("What became of it"), _url("find_gifts"))],
        attachment=(
            f"{year}.pdf",
            year_pdf(foundation=last.foundation, year=year, gifts=gifts),
        ),
        is_test=all(is_test_gift(gift) for gift in gifts),
    )


def _answer(letter: Letter) -> Words:
    question = letter.question
    assert question is not None
    links = [(_("This gift"), _url("my_gift", question.gift.uuid))] if question.gift else []
    return Words(
        subject=_("An answer to your question"),
        paragraphs=[
            _("You asked:"), question.text, _("The foundation answers:"), question.answer,
        ],
        links=links,
    )  # fmt: skip


def _link(letter: Letter) -> Words:
    address = _url("open_gifts", link_token(email=letter.email))
    return Words(
        subject=_("The link to your gifts"),
        paragraphs=[
            _("With this link you see all your gifts. It works for one hour."),
            _("If you did not ask for it, do nothing and pass it on to nobody."),
        ],
        links=[(_("See my gifts"), address)],
    )


WRITERS: dict[Letter.Kind, Callable[[Letter], Words]] = {
    Letter.Kind.THANKS: _thanks,
    Letter.Kind.CARD_REFUSED: _card_refused,
    Letter.Kind.MONTHLY_STOPPED: _monthly_stopped,
    Letter.Kind.MONTHLY_REMINDER: _monthly_reminder,
    Letter.Kind.REFUNDED: _refunded,
    Letter.Kind.YEAR: _year,
    Letter.Kind.ANSWER: _answer,
    Letter.Kind.LINK: _link,
}


def _gift_of(letter: Letter) -> Gift:
    assert letter.gift is not None
    return letter.gift


def _monthly_of(letter: Letter) -> MonthlyGift:
    assert letter.monthly is not None
    return letter.monthly


def _amount(payment: Gift | MonthlyGift) -> str:
    return format_money(payment.amount_minor, currency=payment.currency)


def _url(name: str, *arguments: object) -> str:
    return f"{settings.LINLI_BASE_URL}{reverse(name, args=arguments)}"


def _contact(letter: Letter) -> str:
    foundation = letter.foundation
    if foundation is None:
        return ""
    facts = (foundation.contact_name, foundation.contact_phone, foundation.contact_email)
    return " · ".join(fact for fact in facts if fact)


def _reply_to(letter: Letter) -> list[str]:
    foundation = letter.foundation
    return [foundation.contact_email] if foundation and foundation.contact_email else []
