"""What a rule would have given, had it held over the last days: reckoned, never written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from psycopg.errors import QueryCanceled
from wagtail.log_actions import log

from points.actions.rules import RuleRefused
from points.actions.settlement import caps_in_use
from points.dry_run_sql import (
    BUDGET_SQL,
    CATEGORIES_SQL,
    MONTHS_SQL,
    MOST_AFFECTED_SQL,
    RECORDS_OF_CAMPAIGN_SQL,
    RECORDS_SQL,
    SHADOWS_SQL,
    TOTALS_SQL,
    side_sql,
)
from points.models import AwardRule, BonusBudget
from points.rule_terms import RuleTerms
from points.settlement_sql import GRANT_BONUSES_SQL
from volunteers.models import Category, User
from volunteers.models.people import mask_name

DAYS = 90
MOST_AFFECTED = 20
# A statement that takes longer is given up: somebody waits for the page.
STATEMENT_SECONDS = 45
# No rule has this id; it stands in the shadow table alone.
_CANDIDATE = -1


class DryRunTooLong(RuleRefused):
    sentence = _("There is too much service in these days to reckon it at once. Try fewer days.")


@dataclass(frozen=True)
class Line:
    """Points of one category, month or person: as the rules are, and as they would have been."""

    name: Any
    now: int
    then: int

    @property
    def difference(self) -> int:
        return self.then - self.now


@dataclass(frozen=True)
class BudgetUse:
    granted_points: int
    budget_points: int
    # Records of the campaign that came too late for the bonus.
    refused: int


@dataclass(frozen=True)
class DryRun:
    """`since` to `until`, both looked at. `total` is after limits and with first services;
    `worth` is what the records are worth before them, `categories` and `months` divide it."""

    since: date
    until: date
    records_looked_at: int
    records_without_rule: int
    records: int
    people: int
    total: Line
    worth: Line
    first: Line
    over_limits: Line
    categories: list[Line]
    months: list[Line]
    most_affected: list[Line]
    budget: BudgetUse | None

    @property
    def days(self) -> int:
        return (self.until - self.since).days + 1

    def for_log(self) -> dict[str, Any]:
        return {
            "since": self.since,
            "until": self.until,
            "records": self.records,
            "people": self.people,
            "points_now": self.total.now,
            "points_then": self.total.then,
        }


def try_award_rule(
    *, terms: RuleTerms, by: User | None, rule: AwardRule | None = None, days: int = DAYS
) -> DryRun:
    """Whom a rule that says `terms` would have given what over the last `days` days.

    The same SQL as the settlement's reckons once with the rules that held and once with this one
    in the place of its other versions; limits count these days alone. `rule` is the version it
    follows, for the log. Writes nothing else. Raises DryRunTooLong.
    """
    until = timezone.localdate()
    since = until - timedelta(days=days)
    try:
        with _written_nowhere(), connection.cursor() as cursor:
            found = _reckon(cursor, terms, since=since, until=until)
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise DryRunTooLong from error
        raise
    if rule is not None:
        log(rule, "points.rule_tried", user=by, data=found.for_log())
    return found


@contextmanager
def _written_nowhere() -> Iterator[None]:
    with transaction.atomic():
        try:
            yield
        finally:
            transaction.set_rollback(True)


def _reckon(cursor: Any, terms: RuleTerms, *, since: date, until: date) -> DryRun:
    given = {"since": since, "until": until, "zone": settings.TIME_ZONE}
    cursor.execute(f"SET LOCAL statement_timeout = '{STATEMENT_SECONDS}s'")
    cursor.execute(RECORDS_SQL, given)
    cursor.execute(side_sql("now", caps=caps_in_use()), given)
    _shadow_rules(cursor, terms, since=since, until=until)
    cursor.execute(side_sql("then", caps=caps_in_use()), given)
    return _read(cursor, terms, since=since, until=until)


def _shadow_rules(cursor: Any, terms: RuleTerms, *, since: date, until: date) -> None:
    """From here on PostgreSQL sees the rules with the candidate among them."""
    candidate = terms.unsaved()
    candidate.pk = _CANDIDATE
    candidate.holds = DateRange(since, until, "[)")
    versions = AwardRule.objects.with_key_of(candidate).filter(holds__overlap=candidate.holds)
    cursor.execute(SHADOWS_SQL, {"replaced": list(versions.values_list("pk", flat=True))})
    candidate.save(force_insert=True)
    if terms.budget_points is None:
        return
    BonusBudget.objects.create(rule=candidate, budget_points=terms.budget_points)
    cursor.execute(RECORDS_OF_CAMPAIGN_SQL, [terms.campaign_number])
    ids = [record for (record,) in cursor.fetchall()]
    cursor.execute(GRANT_BONUSES_SQL, {"ids": ids, "budgets": [_CANDIDATE]})


def _read(cursor: Any, terms: RuleTerms, *, since: date, until: date) -> DryRun:
    totals = _totals(cursor)
    total = Line("", totals["points_now"], totals["points_then"])
    worth = Line("", totals["worth_now"], totals["worth_then"])
    first = Line("", totals["first_now"], totals["first_then"])
    return DryRun(
        since=since,
        until=until - timedelta(days=1),
        records_looked_at=totals["records_looked_at"],
        records_without_rule=totals["records_without_rule"],
        records=totals["records"],
        people=totals["people"],
        total=total,
        worth=worth,
        first=first,
        over_limits=Line(
            "", total.now - worth.now - first.now, total.then - worth.then - first.then
        ),
        categories=_categories(cursor),
        months=_lines(cursor, MONTHS_SQL),
        most_affected=[
            Line(mask_name(line.name), line.now, line.then)
            for line in _lines(cursor, MOST_AFFECTED_SQL, {"people": MOST_AFFECTED})
        ],
        budget=_budget(cursor, terms),
    )


def _totals(cursor: Any) -> dict[str, int]:
    cursor.execute(TOTALS_SQL)
    names = [column.name for column in cursor.description]
    return dict(zip(names, cursor.fetchone(), strict=True))


def _lines(cursor: Any, sql: str, given: dict[str, Any] | None = None) -> list[Line]:
    cursor.execute(sql, given)
    return [Line(*row) for row in cursor.fetchall()]


def _categories(cursor: Any) -> list[Line]:
    lines = _lines(cursor, CATEGORIES_SQL)
    by_id = Category.objects.in_bulk([line.name for line in lines])
    lines.sort(key=lambda line: (by_id[line.name].position, line.name))
    return [Line(by_id[line.name], line.now, line.then) for line in lines]


def _budget(cursor: Any, terms: RuleTerms) -> BudgetUse | None:
    if terms.budget_points is None:
        return None
    cursor.execute(BUDGET_SQL, {"campaign": terms.campaign_number, "rule": _CANDIDATE})
    return BudgetUse(*cursor.fetchone())
