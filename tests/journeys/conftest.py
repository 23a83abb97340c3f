"""A gate at a shift that is running, for the stories of the console."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from campaigns.actions.devices import register_device
from campaigns.models import Activity, Shift, SignUp
from tests.campaigns.test_attendance import sign_up_for
from tests.cast import make_shift
from volunteers.models import Organisation, User


@pytest.fixture
def running(activity: Activity) -> Shift:
    """Began half an hour ago, ends in an hour and a half."""
    return make_shift(activity, starts_in=timedelta(minutes=-30), capacity=500)


@pytest.fixture
def place(running: Shift, alice: User) -> SignUp:
    return sign_up_for(running, alice.volunteer)


@pytest.fixture
def new_token(running: Shift, bao: User, organisation: Organisation) -> Callable[[str], str]:
    """`new_token(name)`: of another device at the same gate."""

    def register(name: str) -> str:
        return register_device(by=bao, organisation=organisation, shifts=[running], name=name)[1]

    return register
