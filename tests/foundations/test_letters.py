"""Letters to donors: each sent once, whatever happens to the worker or to the mail server."""

from __future__ import annotations

import logging
import smtplib
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection
from django.utils import timezone

from foundations.actions.letters import (
    IN_DOUBT_AFTER,
    MOST_TRIES,
    NotInDoubt,
    forget_links,
    letters_in_doubt,
    owe_letter,
    owe_link,
    owe_year_letters,
    send_letter_again,
    send_next_letter,
    year_to_tell,
)
from foundations.actions.questions import answer_question, ask_about_gift
from foundations.models import Gift, Letter
from tests.foundations.donor_cast import WANG, give, monthly_of, with_facts

pytestmark = pytest.mark.django_db
HERE = "tests.foundations.test_letters"


class Dies(EmailBackend):
    """The mail has left, and then the worker is killed."""

    def send_messages(self, messages: Any) -> int:
        super().send_messages(messages)
        raise SystemExit


class Closed(EmailBackend):
    """Nobody answers at the mail server."""

    def open(self) -> bool:
        raise ConnectionRefusedError


class SaysNo(EmailBackend):
    def send_messages(self, _messages: Any) -> int:
        raise smtplib.SMTPRecipientsRefused({WANG: (550, b"no such user " + WANG.encode())})


class FallsSilent(EmailBackend):
    """It took the mail and never said so."""

    def send_messages(self, messages: Any) -> int:
        super().send_messages(messages)
        raise smtplib.SMTPServerDisconnected("Connection unexpectedly closed")


def send_all() -> None:
    while send_next_letter():
        pass


def make_due() -> None:
    Letter.objects.update(next_try_at=None)


def let_time_pass() -> None:
    long_ago = timezone.now() - 2 * IN_DOUBT_AFTER
    Letter.objects.exclude(taken_at=None).update(taken_at=long_ago)


def test_a_gift_that_arrived_is_thanked_for_with_its_paper(foundation, fund):
    with_facts(foundation)
    gift = give(fund, language="zh-hans")
    send_all()
    (letter,) = mail.outbox
    assert letter.to == [WANG]
    assert letter.reply_to == ["ask@foundation.example"]
    assert "¥100.00" in letter.body
    assert f"/gifts/{gift.uuid}/confirmation/" in letter.body
    (html, kind) = letter.alternatives[0]
    assert kind == "text/html"
    assert 'lang="zh-Hans"' in html
    (name, pdf, pdf_kind) = letter.attachments[0]
    assert (name, pdf_kind) == (f"{gift.confirmation.number}.pdf", "application/pdf")
    assert pdf.startswith(b"%PDF")
    assert "TEST" not in letter.subject


def test_a_letter_is_in_the_language_of_the_donor(fund):
    give(fund, language="en")
    send_all()
    assert mail.outbox[0].subject.startswith("Thank you for your gift")
    assert "CN¥100.00" in mail.outbox[0].body


def test_a_letter_about_a_test_payment_says_test(fund):
    give(fund, is_live=False)
    send_all()
    assert mail.outbox[0].subject.startswith("[TEST]")
    assert "TEST" in mail.outbox[0].body


def test_what_a_donor_wrote_is_no_markup_in_the_mail(fund):
    gift = give(fund)
    text = "<b>hm</b>\n\nBcc: a@b.c"
    question = ask_about_gift(gift=gift, text=text, nonce=uuid.uuid4(), user=None)
    owe_letter(kind=Letter.Kind.ANSWER, reference="answer:x", question=question)
    send_all()
    html = mail.outbox[-1].alternatives[0][0]
    assert "<b>hm</b>" not in html
    assert mail.outbox[-1].recipients() == [WANG]


def test_a_worker_that_dies_with_a_letter_sends_it_once(fund, settings):
    settings.EMAIL_BACKEND = f"{HERE}.Dies"
    give(fund)
    with pytest.raises(SystemExit):
        send_next_letter()
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    let_time_pass()
    send_all()
    assert len(mail.outbox) == 1


def test_while_the_mail_server_is_away_a_letter_waits_longer_each_time(fund, settings, caplog):
    settings.EMAIL_BACKEND = f"{HERE}.Closed"
    give(fund)
    waits = []
    for _try in range(3):
        assert send_next_letter()
        assert not send_next_letter()  # not due yet, and holds up nobody
        letter = Letter.objects.get()
        assert letter.next_try_at is not None
        waits.append(letter.next_try_at - timezone.now())
        make_due()
    assert waits == sorted(waits)
    assert waits[0] > timedelta(seconds=30)
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    send_all()
    assert len(mail.outbox) == 1
    assert Letter.objects.get().sent_at is not None


def test_an_address_that_is_refused_is_given_up_in_the_end(fund, settings, caplog):
    caplog.set_level(logging.DEBUG)
    settings.EMAIL_BACKEND = f"{HERE}.SaysNo"
    give(fund)
    for _try in range(MOST_TRIES + 3):
        send_all()
        make_due()
    letter = Letter.objects.get()
    assert (letter.tries, letter.sent_at) == (MOST_TRIES, None)
    assert WANG not in letter.trouble + caplog.text


def test_a_mail_server_that_fell_silent_may_have_the_letter(fund, settings, caplog, tan):
    settings.EMAIL_BACKEND = f"{HERE}.FallsSilent"
    give(fund)
    send_all()
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    letter = Letter.objects.get()
    with pytest.raises(NotInDoubt):
        send_letter_again(letter=letter, by=tan)
    let_time_pass()
    send_all()
    assert len(mail.outbox) == 1
    assert list(letters_in_doubt()) == [letter]
    send_letter_again(letter=letter, by=tan)
    send_all()
    first, second = mail.outbox
    assert first.extra_headers["Message-ID"] == second.extra_headers["Message-ID"]
    assert WANG not in caplog.text


def test_a_letter_that_cannot_be_written_holds_up_nobody(fund, caplog):
    broken = give(fund)
    owe_letter(kind=Letter.Kind.CARD_REFUSED, reference="broken", gift=broken)  # no monthly gift
    Letter.objects.filter(reference="broken").update(created_at=timezone.now() - timedelta(days=1))
    send_all()
    assert [message.to for message in mail.outbox] == [[WANG]]
    assert Letter.objects.get(reference="broken").tries == 1
    assert WANG not in caplog.text


def test_the_same_reference_is_owed_once(fund):
    gift = give(fund)
    for _again in range(3):
        owe_letter(kind=Letter.Kind.THANKS, reference=f"thanks:{gift.number}", gift=gift)
    send_all()
    assert len(mail.outbox) == 1


def test_every_kind_of_letter_can_be_written_in_both_languages(foundation, fund, chen):
    for language in ("zh-hans", "en"):
        gift = give(fund, language=language)
        Gift.objects.filter(pk=gift.pk).update(refunded_minor=500)
        monthly = monthly_of(fund, language=language)
        question = ask_about_gift(gift=gift, text="到了吗？", nonce=uuid.uuid4(), user=None)
        answer_question(question=question, answer="到了。", by=chen)
        owe_link(email=WANG, language=language)
        for kind in (Letter.Kind.REFUNDED, Letter.Kind.YEAR):
            owe_letter(kind=kind, reference=f"{kind}:{language}", gift=gift)
        for kind in (
            Letter.Kind.CARD_REFUSED, Letter.Kind.MONTHLY_STOPPED, Letter.Kind.MONTHLY_REMINDER,
        ):  # fmt: skip
            owe_letter(kind=kind, reference=f"{kind}:{language}", monthly=monthly)
    send_all()
    assert set(Letter.objects.values_list("kind", flat=True)) == set(Letter.Kind.values)
    assert not Letter.objects.filter(sent_at=None).exists()
    assert len(mail.outbox) == 2 * len(Letter.Kind.values)
    assert "到了。" in "".join(message.body for message in mail.outbox)


def test_the_year_is_told_once_to_each_donor_who_has_an_address(fund, general):
    year = timezone.localdate().year
    give(fund)
    give(general)
    give(fund, email="li@example.org")
    give(fund, email="")
    Letter.objects.all().delete()
    for _night in range(2):
        owe_year_letters(year=year)
        send_all()
    assert sorted(message.to[0] for message in mail.outbox) == ["li@example.org", WANG]
    assert mail.outbox[0].attachments[0][0] == f"{year}.pdf"
    owe_year_letters(year=year - 1)
    send_all()
    assert len(mail.outbox) == 2


def test_the_year_is_told_in_january_only():
    assert year_to_tell(today=date(2027, 1, 31)) == 2026
    assert year_to_tell(today=date(2026, 12, 31)) is None
    assert year_to_tell(today=date(2027, 2, 1)) is None


def test_who_asked_for_a_link_is_forgotten_after_a_day():
    owe_link(email=WANG, language="en")
    send_all()
    forget_links()
    assert Letter.objects.count() == 1
    Letter.objects.update(created_at=timezone.now() - timedelta(days=2))
    forget_links()
    assert Letter.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_many_workers_send_each_letter_once(fund):
    for count in range(12):
        give(fund, email=f"donor{count}@example.org")

    def work(_worker: int) -> None:
        try:
            send_all()
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))
    sent = sorted(message.to[0] for message in mail.outbox)
    assert sent == sorted(f"donor{count}@example.org" for count in range(12))


@pytest.mark.django_db(transaction=True)
def test_a_worker_hears_of_a_letter_at_once(fund, worker):
    give(fund)
    until = time.monotonic() + 60
    while time.monotonic() < until and Letter.objects.filter(sent_at=None).exists():
        time.sleep(0.2)
    assert Letter.objects.get().sent_at is not None
