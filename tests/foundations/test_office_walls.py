"""Staff of one foundation see, guess and change nothing of another: every page, every role.

The pages are found through the viewsets that are registered; whoever adds one is walked too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.apps import apps
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from foundations.actions.books import give_role
from foundations.models import (
    BankLine,
    BankStatement,
    Difference,
    Foundation,
    FoundationMember,
    FoundationRole,
    Proposal,
    WebhookEvent,
)
from foundations.wagtail_hooks import FoundationsGroup
from tests.cast import make_user
from tests.foundations.office_cast import SECRET
from volunteers.models import User

Houses = tuple[Foundation, Foundation]

# What a parameter of an address that is not `pk` stands for.
MODELS: dict[str, type[Model]] = {
    "role_id": FoundationRole,
    "member_id": FoundationMember,
    "foundation_id": Foundation,
    "difference_id": Difference,
    "event_id": WebhookEvent,
    "proposal_id": Proposal,
    "proposal_pk": Proposal,
    "statement_id": BankStatement,
    "line_id": BankLine,
}
# Pages without a model of their own whose `pk` is a foundation's.
PK_OF_A_FOUNDATION = {"foundation-books"}
# The way from a row to its foundation, where it is not `foundation`.
THROUGH = {"Proposal": "round__foundation", "Foundation": "pk"}
# What a superuser without a role may do: give the roles out, and open books.
SUPERUSERS = {"foundations:add", "foundations:give_role", "foundations:take_role"}


@dataclass(frozen=True)
class Place:
    """A page of the office, and which rows its address names."""

    name: str
    names: dict[str, type[Model]]

    def of(self, foundation: Foundation) -> str:
        values = {key: row_of(model, foundation).pk for key, model in self.names.items()}
        return reverse(self.name, kwargs=values)


def row_of(model: type[Model], foundation: Foundation) -> Any:
    through = THROUGH.get(model.__name__, "foundation")
    row = model._default_manager.filter(**{through: foundation.pk}).first()
    assert row is not None, f"office_cast.fill makes no {model.__name__} of this foundation"
    return row


def places() -> Iterator[Place]:
    for viewset in FoundationsGroup().registerables:
        model = (
            Foundation if viewset.name in PK_OF_A_FOUNDATION else getattr(viewset, "model", None)
        )
        for pattern in viewset.get_urlpatterns():
            names = {
                key: model if key == "pk" else MODELS[key] for key in pattern.pattern.converters
            }
            yield Place(f"{viewset.url_namespace}:{pattern.name}", names)


def with_rows() -> list[Place]:
    return [place for place in places() if place.names]


def refuses(answer: Any) -> bool:
    """Not there, not allowed, not this way: Wagtail leads whoever may not to its first page."""
    if answer.status_code in {403, 404, 405}:
        return True
    return answer.status_code == 302 and (
        answer["Location"] == reverse("wagtailadmin_home") or "/login/" in answer["Location"]
    )


def snapshot(foundation: Foundation) -> dict[str, list[Any]]:
    """Every row of every table that names a foundation."""
    found: dict[str, list[Any]] = {"Foundation": list(Foundation.objects.values())}
    for model in apps.get_app_config("foundations").get_models():
        names = {field.name for field in model._meta.concrete_fields}
        if "foundation" in names:
            rows = model._default_manager.filter(foundation=foundation)
            found[model.__name__] = list(rows.order_by("pk").values())
    return found


def logged_in(user: User) -> Client:
    client = Client(raise_request_exception=True)
    client.force_login(user)
    return client


@pytest.fixture
def viewer(books: Foundation) -> User:
    user = make_user(name="管观看", phone="+8613800000043")
    give_role(foundation=books, user=user, role="viewer", by=None)
    return user


def test_what_is_another_foundations_is_not_found_and_not_changed(
    two_houses: Houses, chen: User, tan: User, viewer: User
) -> None:
    _own, other = two_houses
    before = snapshot(other)
    open_doors = []

    for user in (viewer, chen, tan):
        client = logged_in(user)
        for place in with_rows():
            for send in (client.get, client.post):
                answer = send(place.of(other))
                if not refuses(answer) or SECRET in answer.content.decode():
                    open_doors.append((place.name, send.__name__, user.name, answer.status_code))

    assert len(with_rows()) > 40
    assert open_doors == []
    assert snapshot(other) == before


def test_lists_say_nothing_of_another_foundation(
    two_houses: Houses, chen: User, tan: User, viewer: User
) -> None:
    _own, other = two_houses
    told = []

    for user in (viewer, chen, tan):
        client = logged_in(user)
        for place in places():
            if place.names:
                continue
            for query in ("", "?q=" + SECRET, "?export=csv", f"?foundation={other.pk}"):
                answer = client.get(reverse(place.name) + query)
                words = b"".join(answer.streaming_content) if answer.streaming else answer.content
                # What was typed into the search stands in its field again.
                hits = words.decode(errors="replace").count(SECRET)
                if hits > (3 if "q=" in query else 0):
                    told.append((place.name, query, user.name))

    assert told == []


def test_pages_of_the_own_foundation_open_for_every_role(
    two_houses: Houses, chen: User, tan: User, viewer: User, city_staff: User
) -> None:
    own, _other = two_houses
    closed = []

    for user in (viewer, chen, tan, city_staff):
        client = logged_in(user)
        for place in places():
            page = place.name.rpartition(":")[2]
            if page not in {"index", "index_results", "inspect", "file"}:
                continue
            if place.names.get("pk") is not None and page == "file" and "transfers" in place.name:
                continue  # a transfer has no file
            answer = client.get(place.of(own))
            if answer.status_code != 200:
                closed.append((place.name, user.name, answer.status_code))

    assert closed == []


def test_whoever_only_sees_changes_nothing(
    two_houses: Houses, viewer: User, city_staff: User
) -> None:
    own, _other = two_houses
    before = snapshot(own)
    open_doors = []

    for user in (viewer, city_staff):
        client = logged_in(user)
        for place in places():
            if user.is_superuser and place.name in SUPERUSERS:
                continue
            answer = client.post(place.of(own))
            if not refuses(answer):
                open_doors.append((place.name, user.name, answer.status_code))

    assert open_doors == []
    assert snapshot(own) == before


def test_outsiders_find_no_office(
    two_houses: Houses, alice: User, bao: User, city_staff: User, client: Client
) -> None:
    own, _other = two_houses
    city_staff.is_superuser = False
    city_staff.save()
    open_doors = []

    for outside in (client, *(logged_in(user) for user in (alice, bao, city_staff))):
        for place in places():
            for send in (outside.get, outside.post):
                answer = send(place.of(own))
                if not refuses(answer):
                    open_doors.append((place.name, answer.status_code))

    assert open_doors == []
    for user in (bao, city_staff):
        home = logged_in(user).get(reverse("wagtailadmin_home")).content.decode()
        assert reverse("foundation-today:index") not in home


@pytest.mark.parametrize("who", ["chen", "tan", "city_staff"])
def test_garbage_in_addresses_is_no_fault_of_ours(
    who: str, two_houses: Houses, request: pytest.FixtureRequest
) -> None:
    client = logged_in(request.getfixturevalue(who))
    garbage = (
        "p=x&page=9999999999999999999&q=%00&ordering=x&fund=99999999999999999999&month=0000-99"
        "&state=%00&foundation=x&since=0000-00-00&until=9999-99-99&currency=%00&kind=%FF"
    )
    for place in places():
        address = (
            reverse(place.name)
            if not place.names
            else reverse(place.name, kwargs=dict.fromkeys(place.names, 10**30))
        )
        for send in (client.get, client.post):
            assert send(f"{address}?{garbage}").status_code < 500, place.name
