"""How many codes may be guessed and how many messages sent, by number and by address.

allauth counts tries in the session: a new session, or many requests at once in one, bring more.
These counters stand in the cache under the number and under the client's address, and are raised
before the code is compared, so that no number of sessions or threads gets past them.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from threading import Lock

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from redis.exceptions import RedisError

from volunteers.actions.security import address_of, log_security_event
from volunteers.models import SecurityEvent, User

MINUTE_SECONDS = 60
HOUR_SECONDS = 3600
DAY_SECONDS = 24 * HOUR_SECONDS

# An address may be a whole campus behind one router: only wrong guesses count against it.
WRONG_GUESSES_PER_NUMBER_AN_HOUR = 10
WRONG_GUESSES_PER_NUMBER_A_DAY = 30
WRONG_GUESSES_PER_ADDRESS_AN_HOUR = 60
MESSAGES_PER_NUMBER_AN_HOUR = 8
MESSAGES_PER_NUMBER_A_DAY = 20
MESSAGES_PER_ADDRESS_AN_HOUR = 300


class LockedOut(Exception):
    """Too many tries. Even the right code is refused until the time is over."""

    def __init__(self) -> None:
        super().__init__(_("Too many tries. For safety, please wait an hour and try again."))


def take_guess(request: HttpRequest, *, number: str) -> None:
    """Count one guess, before it is compared. Raises LockedOut once there were too many.

    `number` is the phone number or e-mail address that the code was sent to.
    """
    counted = [_count(*limit) for limit in _guess_limits(request, number)]  # every one of them
    if not all(counted):
        _log_lock_out(request, number)
        raise LockedOut


def forgive_guess(request: HttpRequest, *, number: str) -> None:
    """The guess was right: it counts against nobody, and the number starts anew."""
    for key, _limit, _seconds in _guess_limits(request, number):
        if key.startswith("address"):
            _give_back(key)
        else:
            cache.delete(_cache_key(key))


def take_message(request: HttpRequest | None, *, number: str) -> None:
    """Count one message to a number. Raises LockedOut once there were too many."""
    address = address_of(request) or "none"
    limits = [
        (f"message-hour:{number}", MESSAGES_PER_NUMBER_AN_HOUR, HOUR_SECONDS),
        (f"message-day:{number}", MESSAGES_PER_NUMBER_A_DAY, DAY_SECONDS),
        (f"address-message:{address}", _messages_per_address(), HOUR_SECONDS),
    ]
    counted = [_count(*limit) for limit in limits]
    if not all(counted):
        raise LockedOut


def take_try(*, user: User, what: str, a_day: int) -> None:
    """Count one try of something that answers about other people. Raises LockedOut."""
    if not _count(f"try:{what}:{user.pk}", a_day, DAY_SECONDS):
        raise LockedOut


def take_code(*, who: str, what: str, an_hour: int) -> None:
    """Count one code typed or scanned, before it is looked up. Raises LockedOut."""
    if not _count(f"code:{what}:{who}", an_hour, HOUR_SECONDS):
        raise LockedOut


def forgive_code(*, who: str, what: str) -> None:
    """It was a right one: only wrong ones count."""
    _give_back(f"code:{what}:{who}")


def take_call(*, who: str, what: str, a_minute: int) -> None:
    """Count one call of a device. Raises LockedOut.

    A process tells the cache of several calls at a time, so the limit is met to within a sixtieth
    a process. Without the cache nobody is refused: people at a gate do not wait for that.
    """
    key, step = _cache_key(f"call:{what}:{who}"), max(1, a_minute // 60)
    with _untold_lock:
        _untold[key] += 1
        count = _untold[key]
        if count < step and key not in _too_many:
            return
        _untold[key] = 0
    try:
        is_above = _raise_counter(key, count) > a_minute
    except RedisError:
        return
    if not is_above:
        _too_many.discard(key)
        return
    # From here on each call asks the cache, until its minute is over.
    _too_many.add(key)
    raise LockedOut


_untold: Counter[str] = Counter()
_untold_lock = Lock()
_too_many: set[str] = set()


def _raise_counter(key: str, count: int) -> int:
    try:
        return int(cache.incr(key, count))
    except ValueError:  # the first of this minute
        cache.add(key, 0, MINUTE_SECONDS)
    try:
        return int(cache.incr(key, count))
    except ValueError:
        return count


def _guess_limits(request: HttpRequest, number: str) -> list[tuple[str, int, int]]:
    address = address_of(request) or "none"
    return [
        (f"guess-hour:{number}", WRONG_GUESSES_PER_NUMBER_AN_HOUR, HOUR_SECONDS),
        (f"guess-day:{number}", WRONG_GUESSES_PER_NUMBER_A_DAY, DAY_SECONDS),
        (f"address-guess:{address}", WRONG_GUESSES_PER_ADDRESS_AN_HOUR, HOUR_SECONDS),
    ]


def _messages_per_address() -> int:
    return int(getattr(settings, "LINLI_MESSAGES_PER_ADDRESS", MESSAGES_PER_ADDRESS_AN_HOUR))


def _count(key: str, limit: int, seconds: int) -> bool:
    """Raise the counter by one, atomically; False when it is above the limit."""
    cache_key = _cache_key(key)
    cache.add(cache_key, 0, seconds)
    try:
        return bool(cache.incr(cache_key) <= limit)
    except ValueError:  # it ended between the two lines
        cache.set(cache_key, 1, seconds)
        return True


def _give_back(key: str) -> None:
    try:
        cache.decr(_cache_key(key))
    except ValueError:
        return


def _cache_key(key: str) -> str:
    """Numbers and addresses are not readable in the cache."""
    digest = hashlib.sha256(f"{settings.SECRET_KEY}:{key}".encode()).hexdigest()
    return f"limit:{digest[:40]}"


def _log_lock_out(request: HttpRequest, number: str) -> None:
    """Once an hour a number: a flood of tries must not become a flood of rows."""
    if cache.add(_cache_key(f"logged:{number}"), 1, HOUR_SECONDS):
        log_security_event(
            kind=SecurityEvent.Kind.LOCKED_OUT,
            user=None,
            address=address_of(request),
            detail=f"…{number[-4:]}",
        )
