"""Why something is not possible with a record; each carries the sentence the person sees."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class RecordRefused(Exception):
    """The action is not possible; `str()` is the sentence for the person who asked."""

    sentence: str | Promise = _("This is not possible for this record.")

    def __str__(self) -> str:
        return str(self.sentence)


class AlreadyConfirmed(RecordRefused):
    sentence = _("This record has been confirmed already.")


class AlreadyVoided(RecordRefused):
    sentence = _("This record has been voided; nothing more can be done with it.")


class NotConfirmedYet(RecordRefused):
    sentence = _("This record has not been confirmed yet.")


class NotADraft(RecordRefused):
    sentence = _("This record has been handed in already.")


class AlreadyObjected(RecordRefused):
    sentence = _("An objection to this record is being looked into already.")


class ObjectionDecided(RecordRefused):
    sentence = _("This objection has been answered already.")


class SecondPersonNeeded(RecordRefused):
    sentence = _("Hours entered by hand must be confirmed by somebody other than who entered them.")


class OwnRecord(RecordRefused):
    sentence = _("Your own hours have to be decided by somebody else.")


class ReasonMissing(RecordRefused):
    sentence = _("Please write the reason: it stays with the record.")


class MinutesOutOfRange(RecordRefused):
    sentence = _("Credited time must be between 0 and 24 hours.")


class SameMinutes(RecordRefused):
    sentence = _("That is the time the record has already.")


class RatingOutOfRange(RecordRefused):
    sentence = _("A rating is a whole number from 1 to 5.")


class HandEntryTooLong(RecordRefused):
    sentence = _("At most 12 hours can be entered by hand in one record.")


class HandEntryTooOld(RecordRefused):
    sentence = _("Hours can be entered by hand for the last 90 days only.")


class HandEntryInFuture(RecordRefused):
    sentence = _("This day has not come yet.")


class MoreThanADay(RecordRefused):
    sentence = _("With this record the day would have more than 24 hours of service.")
