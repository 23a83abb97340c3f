"""Objections to a star in public notice, and the office's answer (R6).

While one is open the star is not given, whatever day it is. Upheld, the star and those above it
are refused; the same hours never bring them back (points.actions.recognition says what does).
Locks go in the order person, star, objection.
"""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from points.actions.recognition import owe_evaluation
from points.models import Recognition, StarObjection
from volunteers.models import User, Volunteer

State = StarObjection.State
# Each one holds a star up: nobody holds up a whole list.
MOST_OPEN = 5


class ObjectionRefused(Exception):
    """Nothing was written; `str()` is the sentence for the person who asked."""

    sentence: str | Promise = _("This objection cannot be raised.")

    def __str__(self) -> str:
        return str(self.sentence)


class NotInNotice(ObjectionRefused):
    sentence = _("This star is no longer in public notice.")


class OwnStar(ObjectionRefused):
    sentence = _("Nobody objects to their own star.")


class ObjectionOpen(ObjectionRefused):
    sentence = _("You have objected to this star already. The city's office will answer you.")


class TooManyOpen(ObjectionRefused):
    sentence = _("You have raised several objections. Please wait for the answers first.")


class ReasonMissing(ObjectionRefused):
    sentence = _("Please say what speaks against this star.")


class AnswerMissing(ObjectionRefused):
    sentence = _("Please write an answer: the volunteer reads it, and so does whoever objected.")


class DecidedAlready(ObjectionRefused):
    sentence = _("This objection has been decided already.")


class NotYoursToDecide(ObjectionRefused):
    sentence = _("Somebody else has to decide: you raised this objection, or the star is yours.")


def raise_star_objection(*, recognition: Recognition, reason: str, by: User) -> StarObjection:
    """Say what speaks against a star in notice.

    Raises NotInNotice, OwnStar, ObjectionOpen, TooManyOpen, ReasonMissing.
    """
    reason = reason.strip()
    if not reason:
        raise ReasonMissing
    with transaction.atomic():
        # The award takes the same lock: it either comes first, or finds the objection.
        star = Recognition.objects.select_for_update(no_key=True).get(pk=recognition.pk)
        if not is_in_notice(star):
            raise NotInNotice
        if Volunteer.objects.filter(pk=star.volunteer_id, user=by).exists():
            raise OwnStar
        if StarObjection.objects.filter(raised_by=by, state=State.OPEN).count() >= MOST_OPEN:
            raise TooManyOpen
        try:
            with transaction.atomic():
                return StarObjection.objects.create(
                    recognition=star, reason=reason[:400], raised_by=by
                )
        except IntegrityError as error:
            raise ObjectionOpen from error


def is_in_notice(star: Recognition) -> bool:
    return (
        star.kind == Recognition.Kind.STAR
        and star.state == Recognition.State.IN_NOTICE
        and star.notice_until is not None
        and star.notice_until > timezone.now()
    )


def decide_star_objection(
    *, objection: StarObjection, uphold: bool, answer: str, by: User
) -> StarObjection:
    """Uphold or dismiss. An upheld one may be dismissed later: that lifts the refusal.

    Raises AnswerMissing, DecidedAlready, NotYoursToDecide.
    """
    answer = answer.strip()
    if not answer:
        raise AnswerMissing
    with transaction.atomic():
        objection = _lock(objection)
        star = objection.recognition
        if by.pk in (objection.raised_by_id, star.volunteer.user_id):
            raise NotYoursToDecide
        if objection.state == State.DISMISSED or (objection.state == State.UPHELD and uphold):
            raise DecidedAlready
        was_upheld = objection.state == State.UPHELD
        _answer(objection, State.UPHELD if uphold else State.DISMISSED, answer=answer, by=by)
        if uphold:
            _refuse(star, answer=answer, by=by)
        elif was_upheld:
            _lift(star)
    return objection


def _lock(objection: StarObjection) -> StarObjection:
    person = Recognition.objects.filter(objections=objection).values("volunteer")
    list(Volunteer.objects.select_for_update(no_key=True).filter(pk__in=person).only("pk"))
    list(Recognition.objects.select_for_update(no_key=True).filter(objections=objection))
    return (
        StarObjection.objects.select_for_update(of=("self",), no_key=True)
        .select_related("recognition__volunteer")
        .defer("recognition__volunteer__id_number")
        .get(pk=objection.pk)
    )


def _answer(objection: StarObjection, state: str, *, answer: str, by: User) -> None:
    objection.state = state
    objection.answer = answer[:400]
    objection.decided_by, objection.decided_at = by, timezone.now()
    objection.save(update_fields=["state", "answer", "decided_by", "decided_at"])


def _refuse(star: Recognition, *, answer: str, by: User) -> None:
    """The star, and those above it that wait in the same notice: they stand on the same hours."""
    now = timezone.now()
    above = Recognition.objects.in_notice().filter(
        volunteer=star.volunteer, kind=Recognition.Kind.STAR, level__gte=star.level
    )
    refused = [star.pk, *above.values_list("pk", flat=True)]
    Recognition.objects.filter(pk__in=refused).update(
        state=Recognition.State.WITHDRAWN,
        withdrawn_at=now,
        refused_at=now,
        withdraw_reason=answer[:200],
    )
    # Whoever objected to one of these has been answered along with this one.
    StarObjection.objects.filter(recognition__in=refused, state=State.OPEN).update(
        state=State.UPHELD, answer=answer[:400], decided_by=by, decided_at=now
    )


def _lift(star: Recognition) -> None:
    """The star comes into notice anew, if it is still earned."""
    Recognition.objects.refused().filter(
        volunteer=star.volunteer, kind=Recognition.Kind.STAR, level__gte=star.level
    ).update(refused_at=None)
    owe_evaluation(volunteer_ids=[star.volunteer_id])
