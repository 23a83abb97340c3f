"""How far somebody is from the place of an activity: only roughly, and only the figure (P3, E5).

The phone rounds where it is to three decimals, about 100 m, before it tells; the place itself is
forgotten as soon as the distance is known, and the distance counts in steps of 500 m. Positions
in China may be shifted by some hundred metres (GCJ-02 beside WGS 84): another reason for steps.
"""

from __future__ import annotations

import math

from .models import Activity

STEP_METRES = 500
EARTH_METRES = 6_371_000
DECIMALS = 3


def rough_distance_m(*, activity: Activity, latitude: str, longitude: str) -> int | None:
    """Metres to the activity's place, rounded up to steps; None when nobody can say.

    What was sent is text from a browser: whatever is no position is as good as none (E5).
    """
    if activity.latitude is None or activity.longitude is None:
        return None
    here = _degrees(latitude, most=90), _degrees(longitude, most=180)
    if here[0] is None or here[1] is None:
        return None
    metres = _metres(here[0], here[1], float(activity.latitude), float(activity.longitude))
    return max(1, math.ceil(metres / STEP_METRES)) * STEP_METRES


def _degrees(text: str, *, most: int) -> float | None:
    try:
        degrees = float(text)
    except ValueError:
        return None
    # Not so for NaN either. A browser that sends more decimals is not listened to more closely.
    return round(degrees, DECIMALS) if -most <= degrees <= most else None


def _metres(latitude: float, longitude: float, to_latitude: float, to_longitude: float) -> float:
    """Along the great circle (haversine)."""
    north, to_north = math.radians(latitude), math.radians(to_latitude)
    east = math.radians(to_longitude - longitude)
    half = (
        math.sin((to_north - north) / 2) ** 2
        + math.cos(north) * math.cos(to_north) * math.sin(east / 2) ** 2
    )
    return 2 * EARTH_METRES * math.asin(math.sqrt(min(1.0, half)))
