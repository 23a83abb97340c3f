"""Venue codes: what is ours and fresh is accepted; everything else has its own reason."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns.codes import (
    CLOCK_SKEW_SECONDS,
    STEP_SECONDS,
    TOKEN_LENGTH,
    CodeState,
    poster_token,
    read_token,
    rotating_token,
    seconds_left,
    venue_url,
)
from campaigns.models import Shift
from campaigns.models.attendance import Door
from campaigns.models.shifts import new_venue_key
from tests.cast import make_shift

# Any moment; the beginning of a step, so that the edges can be named.
START = 1_800_000_000.0 // STEP_SECONDS * STEP_SECONDS


def test_a_fresh_code_opens_its_own_shift(shift):
    code = read_token(rotating_token(shift=shift))
    assert (code.state, code.shift, code.door) == (CodeState.VALID, shift, Door.VENUE_SCREEN)


@pytest.mark.parametrize(
    ("seconds_later", "state"),
    [
        (-CLOCK_SKEW_SECONDS, CodeState.VALID),
        (-CLOCK_SKEW_SECONDS - 1, CodeState.EXPIRED),
        (0, CodeState.VALID),
        (STEP_SECONDS, CodeState.VALID),
        (2 * STEP_SECONDS - 0.01, CodeState.VALID),
        (2 * STEP_SECONDS + CLOCK_SKEW_SECONDS - 0.01, CodeState.VALID),
        (2 * STEP_SECONDS + CLOCK_SKEW_SECONDS, CodeState.EXPIRED),
        (86400, CodeState.EXPIRED),
    ],
)
def test_a_code_counts_for_its_step_and_the_next(shift, seconds_later, state):
    token = rotating_token(shift=shift, at=START)
    assert read_token(token, at=START + seconds_later).state is state


def test_the_code_changes_every_fifteen_seconds_and_not_between(shift):
    first = rotating_token(shift=shift, at=START)
    assert rotating_token(shift=shift, at=START + 14.9) == first
    assert rotating_token(shift=shift, at=START + 15) != first
    assert seconds_left(at=START + 4) == 11


def test_a_poster_does_not_run_out(shift):
    code = read_token(poster_token(shift=shift), at=START + 10 * 365 * 86400)
    assert (code.state, code.door) == (CodeState.VALID, Door.VENUE_POSTER)
    assert poster_token(shift=shift) == poster_token(shift=shift)


def test_a_new_key_ends_every_code_printed_before(shift):
    old = poster_token(shift=shift)
    Shift.objects.filter(pk=shift.pk).update(venue_key=new_venue_key())
    assert read_token(old).state is CodeState.TAMPERED


def test_a_code_of_another_shift_does_not_open_this_one(shift, activity):
    other = make_shift(activity, starts_in=timedelta(hours=4))
    ours = base64.urlsafe_b64decode(rotating_token(shift=shift) + "==")
    theirs = base64.urlsafe_b64decode(rotating_token(shift=other) + "==")
    mixed = base64.urlsafe_b64encode(theirs[:5] + ours[5:]).decode().rstrip("=")
    assert read_token(mixed).state is CodeState.TAMPERED


def test_another_sites_key_makes_no_code_of_ours(shift, settings):
    token = rotating_token(shift=shift)
    settings.LINLI_CODE_KEY = "another"
    assert read_token(token).state is CodeState.TAMPERED


@pytest.mark.parametrize("kind", [rotating_token, poster_token])
def test_any_changed_character_is_found(shift, kind):
    token = kind(shift=shift)
    for place in range(TOKEN_LENGTH):
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        assert read_token(changed).state is CodeState.TAMPERED, place


@given(text=st.text(max_size=40))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_text_at_all_breaks_the_reader(db, text):
    assert read_token(text).state is CodeState.TAMPERED


def test_a_code_is_a_short_plain_address(shift, settings):
    token = rotating_token(shift=shift)
    assert len(token) == TOKEN_LENGTH
    assert venue_url(token=token) == f"{settings.LINLI_BASE_URL}/v/{token}/"
