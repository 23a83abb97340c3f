"""Neighbours propose and choose (D13): who may, when, one voice each, and what the winner gets."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from foundations.actions.books import give_role
from foundations.actions.participation import (
    DecidedAlready,
    NotFromHere,
    NotTheTime,
    StillToBeLookedAt,
    accept_proposal,
    cast_vote,
    decline_proposal,
    open_round,
    publish_result,
    send_proposal,
    withdraw_proposal,
)
from foundations.models import Foundation, Proposal, ProposalRound, Vote
from tests.cast import make_territory, make_user, make_volunteer
from volunteers.models import Territory, User, Volunteer

HOUR = timedelta(hours=1)


def move(proposal_round: ProposalRound, *, hours: float) -> None:
    """The round's days come nearer: its four moments go back by so many hours."""
    names = ["proposals_from", "proposals_until", "votes_from", "votes_until"]
    for name in names:
        setattr(proposal_round, name, getattr(proposal_round, name) - hours * HOUR)
    proposal_round.save(update_fields=names)


@pytest.fixture
def proposals_open(foundation: Foundation, territory: Territory, chen: User) -> ProposalRound:
    """Proposals for two hours, an hour's pause, votes for two hours. One hour has gone."""
    now = timezone.now()
    return open_round(
        foundation=foundation, by=chen, title="社区花园怎么建", title_en="Our garden",
        about="一起决定明年做什么。", territory=territory, budget_minor=500_000,
        proposals_from=now - HOUR, proposals_until=now + HOUR,
        votes_from=now + 2 * HOUR, votes_until=now + 4 * HOUR,
    )  # fmt: skip


@pytest.fixture
def propose(proposals_open: ProposalRound) -> Callable[..., Proposal]:
    def make(volunteer: Volunteer, *, cost: int = 100_000, title: str = "楼道灯") -> Proposal:
        return send_proposal(
            proposal_round=proposals_open, volunteer=volunteer, title=title, what="换成感应灯",
            beneficiaries="老人", cost_minor=cost, nonce=uuid.uuid4(),
        )  # fmt: skip

    return make


@pytest.fixture
def neighbour(territory: Territory) -> Callable[[int], Volunteer]:
    def make(number: int) -> Volunteer:
        user = make_user(name=f"邻居{number}", phone=f"+86137{number:08d}")
        return make_volunteer(user=user, name=user.name, community=territory)

    return make


def login(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_a_neighbour_proposes_and_reads_what_was_decided(
    alice: User, chen: User, proposals_open: ProposalRound
) -> None:
    page = login(alice)
    url = reverse("proposal_round", args=[proposals_open.uuid])
    assert "感应" not in page.get(url).content.decode()
    sent = {
        "title": "楼道灯", "what": "换成感应灯", "beneficiaries": "老人", "cost": "1,000.50",
        "nonce": str(uuid.uuid4()),
    }  # fmt: skip
    for _again in range(2):
        answer = page.post(reverse("propose", args=[proposals_open.uuid]), sent, follow=True)
    proposal = Proposal.objects.get()
    assert proposal.cost_minor == 100_050
    assert "楼道灯" in answer.content.decode()
    decline_proposal(proposal=proposal, reason="明年整栋楼一起换。", by=chen)
    assert "明年整栋楼一起换。" in page.get(url).content.decode()
    assert "明年整栋楼一起换。" not in Client().get(url).content.decode()


@pytest.mark.parametrize(
    ("field", "value"),
    [("cost", "5000.01"), ("cost", "很多"), ("cost", "0"), ("title", ""), ("what", "x" * 1001)],
)
def test_what_is_wrong_is_said_beside_the_field_and_nothing_typed_is_lost(
    alice: User, proposals_open: ProposalRound, field: str, value: str
) -> None:
    sent = {
        "title": "楼道灯", "what": "换成感应灯", "beneficiaries": "一楼的老人", "cost": "100",
        "nonce": str(uuid.uuid4()),
    } | {field: value}  # fmt: skip
    answer = login(alice).post(reverse("propose", args=[proposals_open.uuid]), sent)
    assert answer.status_code == 422
    assert answer.context["form"].errors.keys() == {field}
    assert "一楼的老人" in answer.content.decode()
    assert not Proposal.objects.exists()


def test_who_lives_elsewhere_neither_proposes_nor_votes(
    dai: User, alice: User, chen: User, district: Territory, proposals_open: ProposalRound,
    propose: Callable[..., Proposal],
) -> None:  # fmt: skip
    street = make_territory(level=4, code="370202002", name="八大湖街道", parent=district)
    elsewhere = make_territory(level=5, code="370202002001", name="天台路社区", parent=street)
    outsider = make_volunteer(user=dai, name="戴外人", community=elsewhere)
    with pytest.raises(NotFromHere):
        propose(outsider)
    proposal = accept_proposal(proposal=propose(alice.volunteer), by=chen)
    move(proposals_open, hours=2)
    answer = login(dai).post(reverse("vote", args=[proposal.uuid]), follow=True)
    assert "浮山所社区" in answer.content.decode()
    assert not Vote.objects.exists()


def test_nobody_sends_more_than_three_even_at_once(
    transactional_db: None, alice: User, proposals_open: ProposalRound, propose: Any
) -> None:
    start = threading.Barrier(8)

    def try_it() -> None:
        start.wait()
        try:
            propose(alice.volunteer)
        except Exception:  # noqa: BLE001 - refused is what we count
            pass
        finally:
            connection.close()

    threads = [threading.Thread(target=try_it) for _number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Proposal.objects.count() == 3


def test_one_person_has_one_voice_and_may_move_it(
    alice: User, chen: User, proposals_open: ProposalRound, propose: Callable[..., Proposal]
) -> None:
    lamp = accept_proposal(proposal=propose(alice.volunteer), by=chen)
    bench = accept_proposal(proposal=propose(alice.volunteer, title="长椅"), by=chen)
    with pytest.raises(NotTheTime):
        cast_vote(proposal=lamp, volunteer=alice.volunteer)
    move(proposals_open, hours=2)
    page = login(alice)
    for proposal in (lamp, lamp, bench):
        page.post(reverse("vote", args=[proposal.uuid]))
    assert [vote.proposal for vote in Vote.objects.all()] == [bench]
    with pytest.raises(IntegrityError), transaction.atomic():
        Vote.objects.create(round=proposals_open, proposal=lamp, volunteer=alice.volunteer)


def test_a_voice_for_a_proposal_of_another_round_is_refused_by_the_database(
    alice: User, chen: User, foundation: Foundation, territory: Territory,
    proposals_open: ProposalRound, propose: Callable[..., Proposal],
) -> None:  # fmt: skip
    lamp = accept_proposal(proposal=propose(alice.volunteer), by=chen)
    now = timezone.now()
    other = open_round(
        foundation=foundation, by=chen, title="另一轮", about="x", territory=territory,
        budget_minor=1, proposals_from=now - 4 * HOUR, proposals_until=now - 3 * HOUR,
        votes_from=now - 2 * HOUR, votes_until=now + HOUR,
    )  # fmt: skip
    with pytest.raises(IntegrityError), transaction.atomic():
        Vote.objects.create(round=other, proposal=lamp, volunteer=alice.volunteer)


def test_the_winner_becomes_a_fund_and_the_result_is_public(
    alice: User, chen: User, tan: User, proposals_open: ProposalRound,
    propose: Callable[..., Proposal], neighbour: Callable[[int], Volunteer],
) -> None:  # fmt: skip
    lamp = accept_proposal(proposal=propose(alice.volunteer), by=chen)
    bench = accept_proposal(proposal=propose(alice.volunteer, title="长椅"), by=chen)
    move(proposals_open, hours=2)
    for number, proposal in enumerate((bench, bench, lamp)):
        cast_vote(proposal=proposal, volunteer=neighbour(number))
    with pytest.raises(NotTheTime):
        publish_result(proposal_round=proposals_open, by=tan)
    url = reverse("proposal_round", args=[proposals_open.uuid])
    assert Client().get(url).context["proposals"].first() == lamp  # nobody sees who is ahead
    move(proposals_open, hours=2)
    for _again in range(2):
        publish_result(proposal_round=proposals_open, by=tan)

    shown = Client().get(url)
    assert [(p.title, p.votes_counted) for p in shown.context["proposals"]] == [
        ("长椅", 2),
        ("楼道灯", 1),
    ]
    bench.refresh_from_db()
    assert bench.state == Proposal.State.WON
    assert bench.fund is not None
    assert (bench.fund.name, bench.fund.kind) == ("长椅", "restricted")
    with pytest.raises(NotTheTime):
        cast_vote(proposal=lamp, volunteer=neighbour(9))


def test_between_equals_the_cheaper_one_wins_and_without_votes_nobody(
    alice: User, chen: User, tan: User, proposals_open: ProposalRound,
    propose: Callable[..., Proposal], neighbour: Callable[[int], Volunteer],
) -> None:  # fmt: skip
    dear = accept_proposal(proposal=propose(alice.volunteer, cost=2000), by=chen)
    cheap = accept_proposal(proposal=propose(alice.volunteer, cost=1000, title="长椅"), by=chen)
    move(proposals_open, hours=4)
    with transaction.atomic():
        publish_result(proposal_round=proposals_open, by=tan)
        assert not Proposal.objects.filter(state=Proposal.State.WON).exists()
        transaction.set_rollback(True)
    move(proposals_open, hours=-2)
    for number, proposal in enumerate((dear, cheap)):
        cast_vote(proposal=proposal, volunteer=neighbour(number))
    move(proposals_open, hours=2)
    publish_result(proposal_round=proposals_open, by=tan)
    assert Proposal.objects.get(state=Proposal.State.WON) == cheap


def test_a_result_waits_until_every_proposal_was_looked_at(
    alice: User, chen: User, tan: User, proposals_open: ProposalRound,
    propose: Callable[..., Proposal],
) -> None:  # fmt: skip
    proposal = propose(alice.volunteer)
    move(proposals_open, hours=4)
    with pytest.raises(StillToBeLookedAt):
        publish_result(proposal_round=proposals_open, by=tan)
    with pytest.raises(NotTheTime):
        accept_proposal(proposal=proposal, by=chen)
    decline_proposal(proposal=proposal, reason="来晚了", by=chen)
    assert publish_result(proposal_round=proposals_open, by=tan).result_published_at is not None


def test_nobody_withdraws_what_another_proposed(
    alice: User, bao: User, chen: User, territory: Territory, proposals_open: ProposalRound,
    propose: Callable[..., Proposal],
) -> None:  # fmt: skip
    proposal = propose(alice.volunteer)
    make_volunteer(user=bao, name="包组织", community=territory)
    url = reverse("withdraw_proposal", args=[proposal.uuid])
    assert login(bao).post(url).status_code == 404
    login(alice).post(url)
    proposal.refresh_from_db()
    assert proposal.state == Proposal.State.WITHDRAWN
    with pytest.raises(DecidedAlready):
        accept_proposal(proposal=proposal, by=chen)
    assert withdraw_proposal(proposal=proposal, volunteer=alice.volunteer) == proposal


def test_the_public_reads_names_masked_and_only_what_is_up_for_a_vote(
    alice: User, chen: User, proposals_open: ProposalRound, propose: Callable[..., Proposal]
) -> None:
    url = reverse("proposal_round", args=[proposals_open.uuid])
    proposal = propose(alice.volunteer)
    assert "换成感应灯" not in Client().get(url).content.decode()
    accept_proposal(proposal=proposal, by=chen)
    shown = Client().get(url).content.decode()
    assert "换成感应灯" in shown
    assert "林*" in shown
    assert "林爱丽" not in shown
    assert "社区花园怎么建" in Client().get(reverse("proposal_rounds")).content.decode()


# The office


@pytest.fixture
def office(books: Foundation, chen: User, tan: User) -> dict[str, Client]:
    return {"chen": login(chen), "tan": login(tan)}


def test_the_office_opens_a_round_looks_at_proposals_and_publishes_the_result(
    alice: User, books: Foundation, territory: Territory, office: dict[str, Client],
    propose: Any, proposals_open: ProposalRound,
) -> None:  # fmt: skip
    proposal, other = propose(alice.volunteer), propose(alice.volunteer, title="长椅")
    inspect = reverse("proposal-rounds:inspect", args=[proposals_open.pk])
    assert "感应灯" in office["chen"].get(inspect).content.decode()
    office["chen"].post(reverse("proposal-rounds:accept", args=[proposal.pk]))
    office["chen"].post(reverse("proposal-rounds:decline", args=[other.pk]), {"reason": ""})
    other.refresh_from_db()
    assert other.state == Proposal.State.SENT
    office["chen"].post(reverse("proposal-rounds:decline", args=[other.pk]), {"reason": "太贵"})
    move(proposals_open, hours=2)
    cast_vote(proposal=proposal, volunteer=alice.volunteer)
    move(proposals_open, hours=2)
    publish = reverse("proposal-rounds:publish", args=[proposals_open.pk])
    assert office["chen"].post(publish).status_code in {302, 403}
    proposals_open.refresh_from_db()
    assert proposals_open.result_published_at is None
    office["tan"].post(publish)
    proposal.refresh_from_db()
    assert proposal.state == Proposal.State.WON


def test_the_form_of_a_round_says_which_moment_is_out_of_order_and_keeps_the_rest(
    books: Foundation, territory: Territory, office: dict[str, Client]
) -> None:
    add = reverse("proposal-rounds:add")
    sent = {
        "foundation": books.pk, "title": "社区花园", "about": "一起决定", "territory": territory.pk,
        "proposals_from": "2030-01-01 08:00", "proposals_until": "2030-01-10 08:00",
        "votes_from": "2030-01-09 08:00", "votes_until": "2030-01-20 08:00", "budget": "5,000",
    }  # fmt: skip
    answer = office["chen"].post(add, sent)
    assert answer.context["form"].errors.keys() == {"votes_from"}
    assert office["chen"].post(add, sent | {"votes_from": "2030-01-10 08:00"}).status_code == 302
    opened = ProposalRound.objects.get()
    assert (opened.budget_minor, opened.currency) == (500_000, "CNY")
    edit = reverse("proposal-rounds:edit", args=[opened.pk])
    office["chen"].post(
        edit, sent | {"votes_from": "2030-01-10 08:00", "title": "新花园", "budget": "6000"}
    )
    opened.refresh_from_db()
    assert (opened.title, opened.budget_minor) == ("新花园", 600_000)


def test_the_staff_of_another_foundation_reach_nothing_of_it(
    alice: User,
    dai: User,
    other_foundation: Foundation,
    proposals_open: ProposalRound,
    propose: Any,
) -> None:
    give_role(foundation=other_foundation, user=dai, role="treasurer", by=None)
    proposal = propose(alice.volunteer)
    page = login(dai)
    assert "社区花园怎么建" not in page.get(reverse("proposal-rounds:index")).content.decode()
    for name in ("inspect", "edit"):
        url = reverse(f"proposal-rounds:{name}", args=[proposals_open.pk])
        assert page.get(url).status_code == 404, name
    for name, pk in (
        ("accept", proposal.pk),
        ("decline", proposal.pk),
        ("publish", proposals_open.pk),
    ):
        url = reverse(f"proposal-rounds:{name}", args=[pk])
        assert page.post(url, {"reason": "x"}).status_code == 404
    proposal.refresh_from_db()
    assert proposal.state == Proposal.State.SENT
