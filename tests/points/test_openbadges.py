"""Badges as Open Badges 3.0, judged by verifiers that other people wrote (see verifiers.py)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import time, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from points import data_integrity
from points.actions import credentials
from points.actions.credentials import ensure_badge_key, issue_credentials, revoke_credentials
from points.actions.recognition import evaluate_recognition
from points.handlers import copy_points
from points.models import Badge, BadgeCredential, BadgeKey, Recognition
from points.openbadges import encode_bits, signed_credential, signed_status_list
from points.tasks import sweep_credentials
from tests.cast import make_volunteer
from tests.points.conftest import settle_all
from tests.points.test_settlement_races import run_together
from tests.points.verifiers import (
    SCHEMA_ADDRESS,
    ask_node_verifier,
    find_node_verifier,
    node_verifies,
    python_verifies,
)
from volunteers.actions.records import void_record
from volunteers.models import Organisation, ServiceRecord, Territory, User, Volunteer

Document = dict[str, Any]
SITE = "https://linli.example"


@pytest.fixture(scope="session")
def node_verifier() -> Path:
    return find_node_verifier()


@pytest.fixture(autouse=True)
def _site(settings: Any) -> None:
    settings.LINLI_BASE_URL = SITE


@pytest.fixture
def badge(organisation: Organisation, category: Any) -> Badge:
    return Badge.objects.create(
        slug="ten-night-patrols",
        name="夜巡十次",
        name_en="Ten night patrols",
        about="夜里走过十趟，街坊睡得更踏实。",
        about_en="Ten rounds at night.",
        issuer=organisation,
        criterion="times",
        threshold=10,
        category=category,
        begins_from=time(18),
        begins_until=time(6),
    )


@pytest.fixture
def awarded(badge: Badge, alice: User) -> Recognition:
    return award(badge, alice.volunteer)


def award(badge: Badge, volunteer: Volunteer) -> Recognition:
    return Recognition.objects.create(
        volunteer=volunteer, kind="badge", badge=badge, state="awarded", awarded_at=timezone.now()
    )


def withdraw(recognition: Recognition) -> None:
    recognition.state = Recognition.State.WITHDRAWN
    recognition.withdrawn_at = timezone.now()
    recognition.save()


def fetch(address: str) -> Document:
    """What our site answers a verifier that asks for this address."""
    assert address.startswith(SITE)
    response = Client().get(urlsplit(address).path)
    assert response.status_code == 200, address
    assert response["Access-Control-Allow-Origin"] == "*"
    return json.loads(response.content)


def did_address(document: Document) -> str:
    did = document["issuer"]["id"]
    return "https://" + did.removeprefix("did:web:").replace(":", "/") + "/did.json"


def published(document: Document) -> dict[str, Document]:
    """All that a verifier of this credential needs from us."""
    addresses = [did_address(document), document["credentialStatus"]["statusListCredential"]]
    return {address: fetch(address) for address in addresses}


def download(recognition: Recognition) -> Document:
    return fetch(SITE + reverse("badge_credential", args=[recognition.public_id]))


@pytest.fixture
def verified(node_verifier: Path) -> Callable[..., bool]:
    """`verified(credential, documents=None)`: both verifiers must be of one mind."""

    def verify(credential: Document, documents: dict[str, Document] | None = None) -> bool:
        asked = {"credential": credential, "documents": documents or published(credential)}
        by_node = node_verifies(node_verifier, **asked)
        by_python = python_verifies(**asked)
        assert by_node == by_python, ask_node_verifier(node_verifier, **asked)
        return by_node

    return verify


# What holds


def test_an_awarded_badge_verifies(awarded: Recognition, verified: Callable[..., bool]) -> None:
    assert issue_credentials() == 1

    assert verified(download(awarded))


def test_the_verifier_asks_for_nothing_but_the_key_and_the_status_list(
    awarded: Recognition, node_verifier: Path
) -> None:
    issue_credentials()
    credential = download(awarded)
    documents = published(credential)

    answer = ask_node_verifier(node_verifier, credential=credential, documents=documents)

    assert set(answer["asked"]) == {SCHEMA_ADDRESS, *documents}


def test_a_badge_has_the_form_that_the_standards_own_schema_asks_for(
    awarded: Recognition, node_verifier: Path
) -> None:
    issue_credentials()
    credential = download(awarded)

    answer = ask_node_verifier(
        node_verifier, credential=credential, documents=published(credential)
    )

    (schema,) = (one for one in answer["additionalInformation"] if one["id"] == "schema_check")
    assert [one["result"] for one in schema["results"]] == [{"valid": True}]


def test_every_signed_member_of_the_status_list_is_known_to_the_standard(
    awarded: Recognition,
) -> None:
    issue_credentials()
    status_list = published(download(awarded))[
        f"{SITE}/badges/status/{awarded.credential.key_id}.json"
    ]

    assert status_list["issuer"] == download(awarded)["issuer"]["id"]
    assert status_list["credentialSubject"]["statusPurpose"] == "revocation"
    assert status_list["validFrom"] < status_list["validUntil"]


def test_a_badge_says_who_gave_it_and_for_what_in_both_languages(awarded: Recognition) -> None:
    issue_credentials()
    credential = download(awarded)
    achievement = credential["credentialSubject"]["achievement"]

    assert credential["type"] == ["VerifiableCredential", "OpenBadgeCredential"]
    assert credential["issuer"]["name"] == "香港中路街道平安志愿队"
    assert achievement["name"] == "夜巡十次 · Ten night patrols"
    narrative = achievement["criteria"]["narrative"]
    assert "夜里走过十趟" in narrative
    assert "Ten rounds at night." in narrative
    assert "For serving 10 times, each confirmed." in narrative
    assert "between 18:00 and 06:00" in narrative


def test_the_document_is_the_same_in_whichever_language_it_is_made(awarded: Recognition) -> None:
    key = ensure_badge_key(organisation=awarded.badge.issuer)
    made = []
    for language in ("zh-hans", "en"):
        with translation.override(language):
            made.append(
                signed_credential(recognition=awarded, key=key, status_index=1, now=timezone.now())
            )

    assert made[0]["credentialSubject"] == made[1]["credentialSubject"]


def test_no_private_thing_of_the_holder_stands_in_it(awarded: Recognition, alice: User) -> None:
    issue_credentials()
    text = json.dumps(download(awarded), ensure_ascii=False)

    volunteer = alice.volunteer
    private = [volunteer.name, volunteer.name[0] + "*", alice.phone, "13800000001"]
    private += [str(volunteer.public_id), str(alice.public_id), volunteer.cards.get().number]
    assert not [one for one in private if one and one in text]


def test_two_badges_of_one_person_name_the_same_holder(
    awarded: Recognition, organisation: Organisation, alice: User, territory: Territory
) -> None:
    other_badge = Badge.objects.create(
        slug="first", name="第一次", about="第一次。", issuer=organisation, criterion="times",
        threshold=1,
    )  # fmt: skip
    second = award(other_badge, alice.volunteer)
    stranger = award(other_badge, make_volunteer(user=None, name="路人", community=territory))
    issue_credentials()

    holders = [download(one)["credentialSubject"]["id"] for one in (awarded, second, stranger)]
    assert holders[0] == holders[1] != holders[2]


# What is revoked


def test_a_withdrawn_badge_no_longer_verifies(
    awarded: Recognition, verified: Callable[..., bool]
) -> None:
    issue_credentials()
    credential = download(awarded)
    withdraw(awarded)
    assert revoke_credentials() == 1
    assert revoke_credentials() == 0

    assert not verified(credential)
    assert BadgeCredential.objects.get().revoked_at is not None


def test_a_withdrawn_badge_is_revoked_in_the_list_even_before_the_sweep(
    awarded: Recognition, node_verifier: Path
) -> None:
    issue_credentials()
    credential = download(awarded)
    withdraw(awarded)

    answer = ask_node_verifier(
        node_verifier, credential=credential, documents=published(credential)
    )
    status = {step["id"]: step.get("valid") for step in answer["log"]}
    assert status["revocation_status"] is False
    assert status["valid_signature"] is True


def test_the_copy_of_ones_data_takes_the_signed_badge_along(
    awarded: Recognition, alice: User
) -> None:
    sweep_credentials()
    _room, copy = copy_points(volunteer=alice.volunteer)

    [recognition] = copy["recognitions"]
    assert recognition["credential"]["id"] == download(awarded)["id"]


def test_hours_that_are_voided_revoke_the_badge_that_stood_on_them(
    organisation: Organisation,
    alice: User,
    bao: User,
    per_hour: Any,
    confirmed: Callable[..., ServiceRecord],
    verified: Callable[..., bool],
    sound_ledger: None,
) -> None:
    badge = Badge.objects.create(
        slug="first", name="第一次", about="第一次。", issuer=organisation, criterion="times",
        threshold=1,
    )  # fmt: skip
    record = confirmed(90)
    settle_and_evaluate()
    recognition, _ = Recognition.objects.get_or_create(
        volunteer=alice.volunteer, kind="badge", badge=badge,
        defaults={"state": "awarded", "awarded_at": timezone.now()},
    )  # fmt: skip
    sweep_credentials()
    credential = download(recognition)
    assert verified(credential)

    void_record(record=record, by=bao, reason="没有到场")
    settle_and_evaluate()
    sweep_credentials()

    recognition.refresh_from_db()
    assert recognition.state == Recognition.State.WITHDRAWN
    assert recognition.credential.revoked_at is not None
    assert not verified(credential)


def settle_and_evaluate() -> None:
    settle_all()
    while evaluate_recognition():
        pass


def test_revoking_one_leaves_the_others(
    awarded: Recognition, badge: Badge, territory: Territory, verified: Callable[..., bool]
) -> None:
    other = award(badge, make_volunteer(user=None, name="路人", community=territory))
    issue_credentials()
    withdraw(awarded)
    revoke_credentials()

    assert verified(download(other))


def test_a_badge_earned_again_is_a_new_credential(
    awarded: Recognition, badge: Badge, alice: User, verified: Callable[..., bool]
) -> None:
    sweep_credentials()
    withdraw(awarded)
    sweep_credentials()
    again = award(badge, alice.volunteer)
    sweep_credentials()

    assert verified(download(again))
    assert not verified(download(awarded))


# What was tampered with


def another_place(credential: Document) -> str:
    return str((int(credential["credentialStatus"]["statusListIndex"]) + 1) % 1000)


@pytest.mark.parametrize(
    "change",
    [
        lambda it: it["credentialSubject"]["achievement"].update(name="夜巡一百次"),
        lambda it: it["credentialSubject"].update(
            id="urn:uuid:11111111-1111-4111-8111-111111111111"
        ),
        lambda it: it.update(validFrom="2020-01-01T00:00:00Z"),
        lambda it: it["issuer"].update(name="市公安局"),
        lambda it: it["credentialStatus"].update(statusListIndex=another_place(it)),
        lambda it: it.pop("credentialStatus") and None,
    ],
    ids=["badge", "holder", "date", "issuer", "place in the list", "status taken out"],
)
def test_a_changed_document_fails(
    change: Callable[[Document], Any], awarded: Recognition, verified: Callable[..., bool]
) -> None:
    issue_credentials()
    credential = download(awarded)
    documents = published(credential)
    change(credential)

    assert not verified(credential, documents)


def test_a_status_list_that_was_tampered_with_revokes_nothing_back(
    awarded: Recognition, verified: Callable[..., bool]
) -> None:
    issue_credentials()
    credential = download(awarded)
    withdraw(awarded)
    documents = published(credential)
    place = credential["credentialStatus"]["statusListCredential"]
    documents[place]["credentialSubject"]["encodedList"] = encode_bits([])

    assert not verified(credential, documents)


def test_a_stale_status_list_counts_no_more(
    awarded: Recognition, verified: Callable[..., bool]
) -> None:
    """Somebody serves yesterday's list, in which the badge was not revoked yet."""
    issue_credentials()
    credential = download(awarded)
    key = awarded.credential.key
    documents = published(credential)
    documents[credential["credentialStatus"]["statusListCredential"]] = signed_status_list(
        listed=key, revoked=[], signer=key, now=timezone.now() - timedelta(days=2)
    )

    assert not verified(credential, documents)


def test_a_document_signed_with_another_key_fails(
    awarded: Recognition, verified: Callable[..., bool]
) -> None:
    issue_credentials()
    credential = download(awarded)
    true_key = awarded.credential.key
    public_key, private_key = data_integrity.new_key()
    # Names the true key, signs with another; then names its own.
    for named in (true_key.public_key, public_key):
        forged_by = BadgeKey(
            pk=true_key.pk, organisation=true_key.organisation, public_key=named,
            private_key=private_key,
        )  # fmt: skip
        forged = signed_credential(
            recognition=awarded, key=forged_by, status_index=1, now=timezone.now()
        )
        assert not verified(forged, published(credential))


def test_another_organisation_cannot_sign_in_this_ones_name(
    awarded: Recognition, other_organisation: Organisation, verified: Callable[..., bool]
) -> None:
    issue_credentials()
    credential = download(awarded)
    documents = published(credential)
    theirs = ensure_badge_key(organisation=other_organisation)
    their_did = fetch(f"{SITE}/badges/keys/{other_organisation.pk}/did.json")
    documents[f"{SITE}/badges/keys/{other_organisation.pk}/did.json"] = their_did
    unsigned = {name: value for name, value in credential.items() if name != "proof"}

    forged = data_integrity.sign(
        unsigned,
        private_key=theirs.private_key,
        verification_method=their_did["assertionMethod"][0],
        created=timezone.now(),
    )

    assert not verified(forged, documents)


# Keys


def test_what_a_retired_key_signed_still_verifies_and_can_still_be_revoked(
    awarded: Recognition, organisation: Organisation, verified: Callable[..., bool]
) -> None:
    issue_credentials()
    credential = download(awarded)
    BadgeKey.objects.update(retired_at=timezone.now())
    assert verified(credential)

    fresh = ensure_badge_key(organisation=organisation)
    assert fresh.pk != awarded.credential.key_id
    assert len(fetch(did_address(credential))["verificationMethod"]) == 2
    assert verified(credential)

    withdraw(awarded)
    sweep_credentials()
    documents = published(credential)
    status_list = documents[credential["credentialStatus"]["statusListCredential"]]
    assert status_list["proof"]["verificationMethod"].endswith(
        data_integrity.multikey(fresh.public_key)
    )
    assert not verified(credential, documents)


def test_a_key_is_made_once_and_its_private_half_is_unreadable_at_rest(
    organisation: Organisation,
) -> None:
    from django.db import connection

    key = ensure_badge_key(organisation=organisation)
    assert ensure_badge_key(organisation=organisation) == key

    with connection.cursor() as cursor:
        cursor.execute("SELECT private_key FROM points_badgekey")
        (stored,) = cursor.fetchone()
    assert key.private_key.encode() not in bytes(stored)
    assert key.private_key not in json.dumps(fetch(f"{SITE}/badges/keys/{organisation.slug}.json"))


def test_a_half_full_list_is_closed_and_the_next_key_begins_another(
    badge: Badge, territory: Territory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(credentials, "CREDENTIALS_PER_KEY", 2)
    for number in range(3):
        award(badge, make_volunteer(user=None, name=f"人{number}", community=territory))
        issue_credentials()

    assert [key.credentials.count() for key in BadgeKey.objects.order_by("pk")] == [2, 1]
    assert BadgeKey.objects.get(retired_at=None) == BadgeKey.objects.latest("pk")


# Level-triggered, by any number of workers


def test_issuing_and_revoking_twice_changes_nothing(awarded: Recognition) -> None:
    sweep_credentials()
    first = BadgeCredential.objects.get()
    sweep_credentials()
    assert BadgeCredential.objects.get().document == first.document


def test_only_awarded_badges_get_a_credential(
    badge: Badge, alice: User, awarded: Recognition
) -> None:
    withdraw(awarded)
    Recognition.objects.create(
        volunteer=alice.volunteer, kind="star", level=1, state="awarded", awarded_at=timezone.now()
    )

    assert issue_credentials() == 0


def test_a_limit_is_kept_and_the_rest_comes_next_time(badge: Badge, territory: Territory) -> None:
    for number in range(5):
        award(badge, make_volunteer(user=None, name=f"人{number}", community=territory))

    assert [issue_credentials(limit=2) for _ in range(4)] == [2, 2, 1, 0]


def test_a_place_in_the_list_is_nobodys_twice(awarded: Recognition, badge: Badge) -> None:
    issue_credentials()
    taken = awarded.credential
    other = award(badge, make_volunteer(user=None, name="路人", community=None))

    with pytest.raises(IntegrityError), transaction.atomic():
        BadgeCredential.objects.create(
            recognition=other, key=taken.key, status_index=taken.status_index, document={}
        )


@pytest.mark.django_db(transaction=True)
def test_workers_side_by_side_sign_each_badge_once(
    badge: Badge, other_organisation: Organisation, territory: Territory
) -> None:
    other_badge = Badge.objects.create(
        slug="beach", name="净滩", about="净滩。", issuer=other_organisation, criterion="times",
        threshold=1,
    )  # fmt: skip
    for number in range(12):
        volunteer = make_volunteer(user=None, name=f"人{number}", community=territory)
        award(badge, volunteer)
        award(other_badge, volunteer)

    def work() -> int:
        issued = 0
        while some := issue_credentials(limit=3):
            issued += some
        return issued

    run_together(*[work] * 4)
    while work():
        pass

    assert BadgeCredential.objects.count() == 24
    assert BadgeKey.objects.count() == 2


# Pages


def test_the_badge_page_masks_the_name_until_the_holder_gives_the_link(
    awarded: Recognition, alice: User, dai: User, client: Client
) -> None:
    sweep_credentials()
    address = reverse("badge_page", args=[awarded.public_id])
    page = client.get(address).content.decode()
    assert "林*" in page
    assert "林爱丽" not in page

    client.force_login(alice)
    response = client.get(address)
    assert "林爱丽" in response.content.decode()
    token = response.context["name_token"]
    client.force_login(dai)
    response = client.get(address)
    assert "林爱丽" not in response.content.decode()
    assert response.context["name_token"] == ""

    client.logout()
    assert "林爱丽" in client.get(address, {"name": token}).content.decode()
    assert "林爱丽" not in client.get(address, {"name": token[:-1] + "x"}).content.decode()


def test_the_link_with_the_name_lapses_and_opens_no_other_badge(
    awarded: Recognition, badge: Badge, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from points import permissions

    other = award(badge, make_volunteer(user=None, name="欧阳路人", community=None))
    token = permissions.badge_name_token(awarded)
    page = client.get(reverse("badge_page", args=[other.public_id]), {"name": token})
    assert "欧阳路人" not in page.content.decode()

    monkeypatch.setattr(permissions, "BADGE_NAME_DAYS", -1)
    page = client.get(reverse("badge_page", args=[awarded.public_id]), {"name": token})
    assert "林爱丽" not in page.content.decode()


def test_a_closed_accounts_badge_names_nobody(
    awarded: Recognition, alice: User, client: Client
) -> None:
    from points.permissions import badge_name_token

    token = badge_name_token(awarded)
    Volunteer.objects.filter(pk=alice.volunteer.pk).update(closed_at=timezone.now())

    page = client.get(reverse("badge_page", args=[awarded.public_id]), {"name": token})
    assert "林爱丽" not in page.content.decode()


def test_the_badge_page_says_when_it_is_no_longer_valid(
    awarded: Recognition, client: Client
) -> None:
    sweep_credentials()
    address = reverse("badge_page", args=[awarded.public_id])
    assert "verdict-good" in client.get(address).content.decode()
    withdraw(awarded)
    assert "verdict-bad" in client.get(address).content.decode()


def test_a_badge_that_is_not_signed_yet_has_a_page_but_no_document(
    awarded: Recognition, client: Client
) -> None:
    assert client.get(reverse("badge_page", args=[awarded.public_id])).status_code == 200
    document = client.get(reverse("badge_credential", args=[awarded.public_id]))
    assert document.status_code == 404


def test_the_holders_list_links_to_the_page_and_to_the_document_once_it_is_signed(
    awarded: Recognition,
) -> None:
    page = reverse("badge_page", args=[awarded.public_id])
    document = reverse("badge_credential", args=[awarded.public_id])

    def links() -> str:
        recognition = Recognition.objects.select_related("credential").get(pk=awarded.pk)
        return render_to_string("points/badge_links.html", {"recognition": recognition})

    assert page in links()
    assert document not in links()
    sweep_credentials()
    assert document in links()


def test_the_organisations_page_of_keys_is_its_did_document(
    awarded: Recognition, organisation: Organisation
) -> None:
    issue_credentials()
    credential = download(awarded)

    assert fetch(credential["issuer"]["url"]) == fetch(did_address(credential))
    # Its word in addresses may change; where verifiers look does not.
    Organisation.objects.filter(pk=organisation.pk).update(slug="renamed")
    assert fetch(did_address(credential))["id"] == credential["issuer"]["id"]


def test_the_achievement_is_published_under_its_own_address(awarded: Recognition) -> None:
    issue_credentials()
    inside = download(awarded)["credentialSubject"]["achievement"]
    alone = fetch(inside["id"])

    assert {name: alone[name] for name in inside} == inside


# What the signature rests on


def test_a_pinned_context_is_byte_for_byte_the_one_listed() -> None:
    folder = data_integrity.CONTEXTS
    listed = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["contexts"]
    for entry in listed:
        content = (folder / entry["file"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == entry["sha256"]
        assert (folder / entry["licence_file"]).is_file()
    own = {"manifest.json", "README.md"} | {entry["licence_file"] for entry in listed}
    present = {path.name for path in folder.iterdir()}
    assert present == own | {entry["file"] for entry in listed}


def test_a_context_that_is_not_kept_here_is_never_fetched() -> None:
    _, private_key = data_integrity.new_key()

    with pytest.raises(data_integrity.UnknownContext):
        data_integrity.sign(
            {"@context": ["https://evil.example/context"], "id": "urn:x"},
            private_key=private_key,
            verification_method="did:web:linli.example#key",
            created=timezone.now(),
        )
