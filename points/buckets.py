"""Which bucket points go into and come out of: plain reckoning, no database.

A bucket is known by the day on which it lapses; None never does. Three rules, in this order:

- What comes in repays a debt first, then lies in the bucket of its own day. A day that has passed
  already would lapse at once, so such points get days of grace.
- What is taken back (hours corrected or voided) comes out of the bucket it once went into, as far
  as it is still there. What has lapsed from that bucket meanwhile is taken out of the lapse, or
  it would be taken from the person twice.
- Whatever else is taken, spent or given comes out of the earliest bucket first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

Key = date | None
NEVER = date.max


@dataclass
class Held:
    """One account's buckets: points left by key, points that have lapsed by key, and the debt."""

    remaining: dict[Key, int] = field(default_factory=dict)
    lapsed: dict[Key, int] = field(default_factory=dict)
    debt: int = 0

    @property
    def balance(self) -> int:
        return sum(self.remaining.values()) - self.debt


@dataclass(frozen=True)
class Restored:
    """Points that had lapsed and were taken back afterwards: the lapse gives them up."""

    key: Key
    points: int
    lapsed_after: int


def earliest_first(keys: Mapping[Key, int]) -> list[Key]:
    return sorted(keys, key=lambda key: key or NEVER)


def draw(held: Held, *, points: int) -> list[tuple[Key, int]]:
    """Take `points` out, earliest bucket first; returns what came out of which.

    Takes less when there is less.
    """
    drawn = []
    for key in earliest_first(held.remaining):
        taken = min(held.remaining[key], points)
        if taken:
            held.remaining[key] -= taken
            points -= taken
            drawn.append((key, taken))
    return drawn


def apply_changes(
    held: Held, *, changes: Mapping[Key, int], today: date, grace_until: date
) -> list[Restored]:
    """Bring what settlements changed, by bucket, into `held`; returns what the lapse gives up."""
    shortage = held.debt
    restored = []
    for key in earliest_first(changes):
        points = changes[key]
        if points >= 0:
            is_over = key is not None and key <= today
            put_in(held, key=grace_until if is_over else key, points=points)
            continue
        missing = -points
        taken = min(held.remaining.get(key, 0), missing)
        if taken:
            held.remaining[key] -= taken
        given_up = min(held.lapsed.get(key, 0), missing - taken)
        if given_up:
            held.lapsed[key] -= given_up
            restored.append(Restored(key, given_up, held.lapsed[key]))
        shortage += missing - taken - given_up
    held.debt = shortage - sum(taken for _key, taken in draw(held, points=shortage))
    return restored


def put_in(held: Held, *, key: Key, points: int) -> None:
    held.remaining[key] = held.remaining.get(key, 0) + points
