"""Mails to donors: a row says that one is owed, a worker sends it."""

from __future__ import annotations

from foundations.models import Gift, Letter, MonthlyGift, Question


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
    Letter.objects.bulk_create(
        [
            Letter(
                foundation=source.foundation, kind=kind, reference=reference, email=email,
                language=source.language, gift=gift, monthly=monthly, question=question,
            )
        ],
        ignore_conflicts=True,
    )  # fmt: skip
