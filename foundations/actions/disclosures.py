"""Disclosures: drawn up as they fall due, written by one, published by another, never changed."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.log_actions import log

from foundations.actions.ledger import BookingRefused
from foundations.disclosure_days import Owed, owed_by, owed_for_year
from foundations.disclosure_figures import figures_for
from foundations.models import Disclosure, Foundation, FundPlan
from foundations.where import years_of
from volunteers.models import User


class DisclosureRefused(BookingRefused):
    """It stays as it is; `str()` is the sentence for the person."""


class PublishedAlready(DisclosureRefused):
    sentence = gettext_lazy(
        "This is published and stays as people read it. Publish a corrected one in its place."
    )


class WordsMissing(DisclosureRefused):
    sentence = gettext_lazy("Please write what was done with the money before it is published.")


class WrittenByYou(DisclosureRefused):
    sentence = gettext_lazy("Somebody else has to publish what you wrote.")


class DaysNotOver(DisclosureRefused):
    def __init__(self, *, last_on: date) -> None:
        super().__init__(last_on)
        self.last_on = last_on

    def __str__(self) -> str:
        return _("Its days last until %(day)s. It can be published after that.") % {
            "day": self.last_on.isoformat()
        }


class NotPublished(DisclosureRefused):
    sentence = gettext_lazy("This is not published yet: it can simply be changed.")


def draw_up_disclosures(*, today: date | None = None) -> int:
    """Write down everything that is owed by now; harmless when done twice. Returns how many."""
    today = today or timezone.localdate()
    drawn_up = 0
    for plan in FundPlan.objects.select_related("fund__foundation"):
        drawn_up += _draw_up(
            foundation=plan.fund.foundation, plan=plan, owed=owed_by(plan, today=today)
        )
    for foundation in Foundation.objects.all():
        last_year = today.year - 1
        is_old = years_of([foundation])[-1] <= last_year
        owed = [owed_for_year(last_year)] if is_old else []
        drawn_up += _draw_up(foundation=foundation, plan=None, owed=owed)
    return drawn_up


@transaction.atomic
def write_disclosure(*, disclosure: Disclosure, words: str, words_en: str, by: User) -> Disclosure:
    """Raises PublishedAlready."""
    disclosure = _lock(disclosure)
    if disclosure.published_at is not None:
        raise PublishedAlready
    disclosure.words, disclosure.words_en = words.strip(), words_en.strip()
    disclosure.prepared_by, disclosure.prepared_at = by, timezone.now()
    disclosure.save(update_fields=["words", "words_en", "prepared_by", "prepared_at"])
    log(instance=disclosure, action="foundations.write_disclosure", user=by)
    return disclosure


@transaction.atomic
def publish_disclosure(*, disclosure: Disclosure, by: User) -> Disclosure:
    """With the figures of this moment, for good. Pressed twice, done once.

    Raises WordsMissing, WrittenByYou, DaysNotOver.
    """
    disclosure = _lock(disclosure)
    if disclosure.published_at is not None:
        return disclosure
    if not disclosure.words:
        raise WordsMissing
    if disclosure.prepared_by_id == by.pk:
        raise WrittenByYou
    if disclosure.last_on >= timezone.localdate():
        raise DaysNotOver(last_on=disclosure.last_on)
    disclosure.figures = figures_for(disclosure)
    disclosure.published_by, disclosure.published_at = by, timezone.now()
    disclosure.save(update_fields=["figures", "published_by", "published_at"])
    log(instance=disclosure, action="foundations.publish_disclosure", user=by)
    return disclosure


@transaction.atomic
def correct_disclosure(*, disclosure: Disclosure, by: User) -> Disclosure:
    """A new one for the same days, to be written and published in its place. Raises NotPublished.

    The old one stays to be read, and says that it was replaced once the new one is published.
    """
    disclosure = _lock(disclosure)
    if disclosure.published_at is None:
        raise NotPublished
    if earlier := Disclosure.objects.filter(replaces=disclosure).first():
        return earlier
    corrected = Disclosure.objects.create(
        foundation=disclosure.foundation, fund=disclosure.fund, kind=disclosure.kind,
        first_on=disclosure.first_on, last_on=disclosure.last_on, due_on=disclosure.due_on,
        words=disclosure.words, words_en=disclosure.words_en, replaces=disclosure,
        prepared_by=by, prepared_at=timezone.now(),
    )  # fmt: skip
    log(instance=corrected, action="foundations.correct_disclosure", user=by)
    return corrected


@transaction.atomic
def _draw_up(*, foundation: Foundation, plan: FundPlan | None, owed: list[Owed]) -> int:
    """Rows that are missing are added; those of a plan that was filed anew, and that nobody has
    written yet, go."""
    fund = plan.fund if plan else None
    standing = Disclosure.objects.filter(foundation=foundation, fund=fund, replaces=None)
    wanted = {(one.kind, one.first_on): one for one in owed}
    for row in standing.filter(published_at=None, words="").select_for_update():
        now = wanted.get((row.kind, row.first_on))
        if now is None and plan is not None:
            row.delete()
        elif now is None:
            continue  # a year that nobody reported on stays owed
        elif (row.last_on, row.due_on) != (now.last_on, now.due_on):
            row.last_on, row.due_on = now.last_on, now.due_on
            row.save(update_fields=["last_on", "due_on"])
    there = set(standing.values_list("kind", "first_on"))
    missing = [one for key, one in wanted.items() if key not in there]
    Disclosure.objects.bulk_create(
        [
            Disclosure(
                foundation=foundation, fund=fund, kind=one.kind, first_on=one.first_on,
                last_on=one.last_on, due_on=one.due_on,
            )
            for one in missing
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    return len(missing)


def _lock(disclosure: Disclosure) -> Disclosure:
    return (
        Disclosure.objects.select_for_update(of=("self",), no_key=True)
        .select_related("foundation", "fund__foundation")
        .get(pk=disclosure.pk)
    )
