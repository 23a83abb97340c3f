"""Questions about a gift or a foundation, and their answers (D2, D6, R24)."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy
from wagtail.log_actions import log

from foundations.actions.letters import owe_letter
from foundations.models import Gift, Letter, Question
from volunteers.models import User

MOST_OPEN = 5


class QuestionRefused(Exception):
    """Nothing was kept; `str()` is the sentence for the person."""

    sentence: str | Promise = ""

    def __str__(self) -> str:
        return str(self.sentence)


class TooManyOpen(QuestionRefused):
    sentence = gettext_lazy("Your earlier questions have not been answered yet. Please wait.")


class FormUsed(QuestionRefused):
    sentence = gettext_lazy("This form has been used already. Please open the page again.")


class AnsweredAlready(QuestionRefused):
    sentence = gettext_lazy("Somebody has answered this already.")


class AnswerMissing(QuestionRefused):
    sentence = gettext_lazy("Please write an answer.")


@transaction.atomic
def ask_about_gift(*, gift: Gift, text: str, nonce: UUID, user: User | None) -> Question:
    """A donor asks; the answer goes to the donor's address. The same nonce asks once.

    Raises TooManyOpen or FormUsed.
    """
    Gift.objects.select_for_update(no_key=True).get(pk=gift.pk)
    if earlier := Question.objects.filter(nonce=nonce).first():
        return _of_this_gift(earlier, gift)
    if Question.objects.filter(gift=gift, answered_at=None).count() >= MOST_OPEN:
        raise TooManyOpen
    question, _is_new = Question.objects.get_or_create(
        nonce=nonce,
        defaults={
            "foundation": gift.foundation, "fund": gift.fund, "gift": gift, "user": user,
            "name": gift.donor_name, "email": gift.donor.email if gift.donor else "",
            "language": gift.language, "text": text,
        },
    )  # fmt: skip
    return _of_this_gift(question, gift)


@transaction.atomic
def answer_question(*, question: Question, answer: str, by: User) -> Question:
    """Once for all: the answer goes by mail and stands on the gift's page.

    Raises AnsweredAlready or AnswerMissing.
    """
    if not answer.strip():
        raise AnswerMissing
    question = (
        Question.objects.select_for_update(of=("self",), no_key=True)
        .select_related("foundation")
        .get(pk=question.pk)
    )
    if question.answered_at is not None:
        raise AnsweredAlready
    question.answer, question.answered_by = answer.strip(), by
    question.answered_at = timezone.now()
    question.save(update_fields=["answer", "answered_by", "answered_at"])
    owe_letter(kind=Letter.Kind.ANSWER, reference=f"answer:{question.pk}", question=question)
    log(instance=question, action="foundations.answer_question", user=by)
    return question


def _of_this_gift(question: Question, gift: Gift) -> Question:
    """A nonce belongs to whoever used it first."""
    if question.gift_id != gift.pk:
        raise FormUsed
    return question
