"""The papers of gifts: the confirmation of one, and a donor's year (see volunteers/documents.py).

They are confirmations, and say so: the fiscal e-receipt is made in the finance ministry's own
system; what we know of it is its number and check code (D5).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation

from foundations.capitals import in_capitals
from foundations.disclosure_words import shown_figures
from foundations.models import Confirmation, Disclosure, Donor, Foundation, Gift, ShownAs
from foundations.money import format_money
from foundations.trial import is_test_gift
from volunteers.documents import render_pdf
from volunteers.qr import qr_svg


def confirmation_pdf(*, confirmation: Confirmation) -> bytes:
    """One page of A4 in Chinese and English; printed again, it shows what was refunded since."""
    gift = confirmation.gift
    url = settings.LINLI_BASE_URL + reverse("verify_confirmation", args=[gift.number])
    data = {
        "url": url,
        "qr": qr_svg(url=url),
        "is_test": is_test_gift(gift),
        "number": confirmation.number,
        "gift_number": gift.number,
        "issued_on": _day(confirmation.issued_at),
        "printed_on": timezone.localdate().isoformat(),
        "paid_on": _day(gift.paid_at),
        "donor": gift.donor_name,
        "is_company": bool(gift.donor and gift.donor.kind == Donor.Kind.COMPANY),
        "donor_credit_code": gift.donor.credit_code if gift.donor else "",
        "is_anonymous": gift.shown_as == ShownAs.ANONYMOUS,
        "method": _in_both(gift.get_method_display),
        "goods": gift.offline.goods if gift.offline else "",
        "amount": format_money(gift.amount_minor, currency=gift.currency, language="zh"),
        "currency": gift.currency,
        "capitals": in_capitals(gift.amount_minor) if gift.currency == "CNY" else "",
        "refunded": _money(gift.refunded_minor, gift.currency),
        "left": _money(gift.left_minor, gift.currency) if gift.refunded_minor else "",
        "is_refunded_whole": gift.refunded_minor == gift.amount_minor,
        "fund": gift.fund.name,
        "fund_en": gift.fund.name_en,
        "filing_number": _filing_number(gift),
        "dedication": gift.dedication,
        "fiscal_number": confirmation.fiscal_number,
        "fiscal_check_code": confirmation.fiscal_check_code,
        "is_waived": confirmation.is_waived,
        **_foundation_facts(confirmation.foundation),
    }
    return render_pdf(template="confirmation", data=data)


def year_pdf(*, foundation: Foundation, year: int, gifts: Sequence[Gift]) -> bytes:
    """All that one donor gave to one foundation in a year, each gift with its confirmation.

    A test payment is no gift: it is left out beside real ones, and alone it says TEST.
    """
    shown = [gift for gift in gifts if not is_test_gift(gift)] or list(gifts)
    names = Counter(gift.donor_name for gift in shown if gift.donor_name)
    data = {
        "is_test": any(is_test_gift(gift) for gift in shown),
        "year": year,
        "printed_on": timezone.localdate().isoformat(),
        # Who gave under several names reads each beside its gift.
        "donor": names.most_common(1)[0][0] if len(names) == 1 else "",
        "rows": [_row(gift, name=gift.donor_name if len(names) > 1 else "") for gift in shown],
        "totals": _totals(shown),
        **_foundation_facts(foundation),
    }
    return render_pdf(template="gift_year", data=data)


def _row(gift: Gift, *, name: str) -> dict[str, str]:
    return {
        "day": _day(gift.paid_at),
        "number": gift.confirmation.number if hasattr(gift, "confirmation") else gift.number,
        "fund": gift.fund.name,
        "name": name,
        "amount": _money(gift.amount_minor, gift.currency),
        "refunded": _money(gift.refunded_minor, gift.currency),
        "fiscal_number": gift.confirmation.fiscal_number if hasattr(gift, "confirmation") else "",
    }


def _totals(gifts: Sequence[Gift]) -> list[dict[str, str]]:
    """One line a currency, what was paid back taken off."""
    given: Counter[str] = Counter()
    for gift in gifts:
        given[gift.currency] += gift.left_minor
    return [
        {
            "amount": format_money(minor, currency=currency, language="zh"),
            "capitals": in_capitals(minor) if currency == "CNY" else "",
        }
        for currency, minor in sorted(given.items())
    ]


def disclosure_pdf(*, disclosure: Disclosure) -> bytes:
    """A published disclosure with the figures it was published with, words in both languages."""
    with translation.override("zh-hans"):
        figures = shown_figures(disclosure.figures)
        title, subject = str(disclosure.get_kind_display()), str(disclosure.fund or "")
        gauges = [
            [words, percent, limit, "✓" if is_met else "✗"]
            for words, percent, limit, is_met in figures.pop("gauges")
        ]
    with translation.override("en"):
        title_en = str(disclosure.get_kind_display())
    data = {
        **figures,
        "gauges": gauges,
        "is_test": False,  # it adds up the books; a single trial payment is not what it is about
        "title": title,
        "title_en": title_en,
        "subject": subject,
        "first_on": disclosure.first_on.isoformat(),
        "last_on": disclosure.last_on.isoformat(),
        "published_on": _day(disclosure.published_at),
        "words": "\n".join(words for words in (disclosure.words, disclosure.words_en) if words),
        "replaced": disclosure.was_replaced,
        **_foundation_facts(disclosure.foundation),
    }
    return render_pdf(template="disclosure", data=data)


def _foundation_facts(foundation: Foundation) -> dict[str, str]:
    contact = (foundation.contact_name, foundation.contact_phone, foundation.contact_email)
    return {
        "foundation": foundation.organisation.name,
        "foundation_en": foundation.organisation.name_en,
        "credit_code": foundation.credit_code,
        "certificate_number": foundation.certificate_number,
        "handler": foundation.handler,
        "contact": " · ".join(fact for fact in contact if fact),
        "how_to_query": foundation.how_to_query,
    }


def _filing_number(gift: Gift) -> str:
    plan = getattr(gift.fund, "plan", None)
    return plan.filing_number if plan else ""


def _in_both(word: Any) -> dict[str, str]:
    """A word of a choice in Chinese and in English."""
    words = {}
    for name, language in (("zh", "zh-hans"), ("en", "en")):
        with translation.override(language):
            words[name] = str(word())
    return words


def _money(minor: int, currency: str) -> str:
    return format_money(minor, currency=currency, language="zh") if minor else ""


def _day(moment: Any) -> str:
    return timezone.localdate(moment).isoformat() if moment else ""
