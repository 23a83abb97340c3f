"""The year's list of honours: an organisation nominates, the city's office decides."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from points.models import YearlyHonour
from volunteers.models import Organisation, ServiceRecord, User, Volunteer

State = YearlyHonour.State


class HonourRefused(Exception):
    """Nothing was written; `str()` is the sentence for the person who asked."""

    sentence: str | Promise = _("This honour cannot be given.")

    def __str__(self) -> str:
        return str(self.sentence)


class NotServedThere(HonourRefused):
    sentence = _("This volunteer has no confirmed service with your organisation in that year.")


class YearNotOpen(HonourRefused):
    sentence = _("Nominations are open for this year and the last one.")


class HonouredAlready(HonourRefused):
    sentence = _("This volunteer has been nominated for that year already.")


class OwnHonour(HonourRefused):
    sentence = _("Nobody nominates themselves.")


class HonourDecided(HonourRefused):
    sentence = _("This nomination has been decided already.")


class NotYoursToApprove(HonourRefused):
    sentence = _("Somebody else has to decide: you made this nomination, or it honours you.")


class AnswerMissing(HonourRefused):
    sentence = _("Please say why: the organisation reads your answer.")


class NotOnTheList(HonourRefused):
    sentence = _("This honour is not on the list.")


def years_open() -> list[int]:
    """The years for which somebody may be nominated, newest first."""
    this_year = timezone.localdate().year
    return [this_year, this_year - 1]


def nominate_honour(
    *,
    year: int,
    volunteer: Volunteer,
    organisation: Organisation,
    title: str,
    citation: str,
    by: User,
) -> YearlyHonour:
    """`by` organises or reviews there, as the caller has made sure.

    Raises YearNotOpen, OwnHonour, NotServedThere, HonouredAlready.
    """
    if year not in years_open():
        raise YearNotOpen
    if volunteer.user_id == by.pk:
        raise OwnHonour
    served = ServiceRecord.objects.counted().filter(volunteer=volunteer, organisation=organisation)
    if not served.filter(served_on__year=year).exists():
        raise NotServedThere
    try:
        with transaction.atomic():
            return YearlyHonour.objects.create(
                year=year,
                volunteer=volunteer,
                organisation=organisation,
                title=title.strip(),
                citation=citation.strip(),
                nominated_by=by,
            )
    except IntegrityError as error:
        raise HonouredAlready from error


def decide_honour(*, honour: YearlyHonour, approve: bool, answer: str, by: User) -> YearlyHonour:
    """Put it on the list or decline it; a no needs an answer.

    Raises HonourDecided, NotYoursToApprove, AnswerMissing.
    """
    answer = answer.strip()
    with transaction.atomic():
        honour = (
            YearlyHonour.objects.select_for_update(of=("self",), no_key=True)
            .select_related("volunteer")
            .defer("volunteer__id_number")
            .get(pk=honour.pk)
        )
        if honour.state != State.NOMINATED:
            raise HonourDecided
        if by.pk in (honour.nominated_by_id, honour.volunteer.user_id):
            raise NotYoursToApprove
        if not approve and not answer:
            raise AnswerMissing
        honour.state = State.APPROVED if approve else State.DECLINED
        honour.answer = answer[:300]
        honour.decided_by, honour.decided_at = by, timezone.now()
        honour.save(update_fields=["state", "answer", "decided_by", "decided_at"])
    return honour


def show_name(*, honour: YearlyHonour, shown: bool) -> YearlyHonour:
    """The person's own yes or no to the full name on the public list (R14). Raises NotOnTheList."""
    if honour.state != State.APPROVED:
        raise NotOnTheList
    honour.name_shown_at = timezone.now() if shown else None
    honour.save(update_fields=["name_shown_at"])
    return honour
