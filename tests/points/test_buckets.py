"""Plain reckoning: which bucket points go into and come out of."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from points.buckets import Held, apply_changes, draw

TODAY = date(2026, 11, 24)
GRACE = date(2027, 1, 1)
PAST, SOON, LATER = date(2026, 3, 1), date(2026, 12, 1), date(2028, 12, 1)

KEYS = st.sampled_from([PAST, SOON, LATER, None])


def change(held: Held, **by_name: int) -> list[object]:
    keys = {"past": PAST, "soon": SOON, "later": LATER, "never": None}
    changes = {keys[name]: points for name, points in by_name.items()}
    return list(apply_changes(held, changes=changes, today=TODAY, grace_until=GRACE))


def test_spending_takes_the_earliest_bucket_first() -> None:
    held = Held({LATER: 10, None: 10, SOON: 10})

    assert draw(held, points=25) == [(SOON, 10), (LATER, 10), (None, 5)]
    assert held.remaining == {SOON: 0, LATER: 0, None: 5}


def test_what_is_taken_back_comes_out_of_its_own_bucket() -> None:
    held = Held({SOON: 10, LATER: 10})
    change(held, later=-4)

    assert held.remaining == {SOON: 10, LATER: 6}


def test_what_is_taken_back_and_gone_comes_out_of_the_earliest() -> None:
    held = Held({SOON: 10, LATER: 1})
    change(held, later=-4)

    assert held.remaining == {SOON: 7, LATER: 0}


def test_what_nobody_has_any_more_is_a_debt_and_repaid_first() -> None:
    held = Held({SOON: 3})
    change(held, soon=-10)
    assert (held.remaining[SOON], held.debt) == (0, 7)

    change(held, later=10)
    assert (held.remaining[LATER], held.debt) == (3, 0)


def test_points_of_a_day_that_has_passed_get_days_of_grace() -> None:
    held = Held()
    change(held, past=5)

    assert held.remaining == {GRACE: 5}


def test_what_has_lapsed_is_not_taken_from_a_person_twice() -> None:
    held = Held({PAST: 0, LATER: 20}, lapsed={PAST: 8})

    [restored] = change(held, past=-10)

    assert (restored.points, restored.lapsed_after) == (8, 0)
    assert held.remaining[LATER] == 18
    assert held.debt == 0


@given(
    remaining=st.dictionaries(KEYS, st.integers(0, 50)),
    lapsed=st.dictionaries(KEYS, st.integers(0, 50)),
    rounds=st.lists(st.dictionaries(KEYS, st.integers(-60, 60)), max_size=6),
)
def test_whatever_changes_the_balance_changes_by_just_that(
    remaining: dict, lapsed: dict, rounds: list[dict]
) -> None:
    held = Held(dict(remaining), dict(lapsed))
    for changes in rounds:
        before = held.balance
        restored = apply_changes(held, changes=changes, today=TODAY, grace_until=GRACE)

        assert held.balance == before + sum(changes.values()) + sum(r.points for r in restored)
        assert all(points >= 0 for points in [*held.remaining.values(), *held.lapsed.values()])
        # A debt and points at the same time would mean that somebody was not repaid.
        assert held.debt == 0 or not any(held.remaining.values())
