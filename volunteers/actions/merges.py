"""Two registrations of one person become one (E4), and nobody takes over a stranger's.

A merge is proved by a code sent to the other registration's phone together with the same name, or
decided by a member of staff who has seen a document. Typing somebody's number proves nothing.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from volunteers.actions.absences import move_no_shows
from volunteers.actions.proofs import send_proof_code, use_proof_code
from volunteers.actions.records import move_records
from volunteers.actions.security import log_security_event
from volunteers.identity import same_name
from volunteers.models import (
    Consent,
    Guardian,
    Membership,
    MergeRequest,
    ProofCode,
    SecurityEvent,
    StudentAffiliation,
    User,
    Volunteer,
)
from volunteers.signals import volunteers_merged

State = MergeRequest.State
Proof = MergeRequest.Proof

MAX_OPEN_REQUESTS = 3
MAX_REQUESTS_A_MONTH = 5
FILLED_IN = ("birth_on", "community", "emergency_name", "emergency_phone", "entered_for", "phone")


class MergeRefused(Exception):
    """The two cannot be joined, or not in this way; the message says why."""


@transaction.atomic
def ask_merge(*, kept: Volunteer, merged: Volunteer, reason: str, by: User) -> MergeRequest:
    """Say that `merged` is the same person as one's own registration `kept`.

    The same request again is the same row. Raises MergeRefused for another's `kept`, for a
    registration that is no longer in use, and past MAX_OPEN_REQUESTS.
    """
    kept = Volunteer.objects.select_for_update(no_key=True).get(pk=kept.pk)
    if kept.user_id != by.pk:
        raise MergeRefused(_("You can ask this for your own registration only."))
    if kept.pk == merged.pk or not _in_use(kept) or not _in_use(merged):
        raise MergeRefused(_("This registration is no longer in use."))
    open_requests = MergeRequest.objects.filter(kept=kept, state=State.OPEN)
    same = open_requests.filter(merged=merged).first()
    if same:
        return same
    month = timezone.now() - timedelta(days=30)
    lately = MergeRequest.objects.filter(asked_by=by, asked_at__gt=month).count()
    if open_requests.count() >= MAX_OPEN_REQUESTS or lately >= MAX_REQUESTS_A_MONTH:
        raise MergeRefused(_("You have asked several times; please wait for the answers."))
    return MergeRequest.objects.create(
        kept=kept, merged=merged, reason=reason.strip()[:200], asked_by=by
    )


def can_prove_by_phone(request: MergeRequest) -> bool:
    """True when a code may prove it: the other has a phone, and both have the same name.

    A number changes hands: whoever holds it now and has another name must show a document.
    """
    return bool(_phone_of(request.merged)) and same_name(request.kept.name, request.merged.name)


def send_merge_code(*, request: MergeRequest, by: User) -> ProofCode:
    """Send the code to the other registration's phone. Raises MergeRefused, ProofRefused."""
    _refuse_foreign(request, by)
    if not can_prove_by_phone(request):
        raise MergeRefused(_("A member of staff will look at this request."))
    return send_proof_code(
        volunteer=request.kept,
        purpose=ProofCode.Purpose.MERGE,
        sent_to=_phone_of(request.merged),
        subject=str(request.pk),
    )


def merge_by_code(*, request: MergeRequest, code: str, by: User) -> Volunteer:
    """Join the two by the code. Raises MergeRefused, ProofRefused; a wrong code stays counted."""
    _refuse_foreign(request, by)
    if not can_prove_by_phone(request):
        raise MergeRefused(_("A member of staff will look at this request."))
    sent_to = use_proof_code(
        volunteer=request.kept,
        purpose=ProofCode.Purpose.MERGE,
        subject=str(request.pk),
        code=code,
    )
    if sent_to != _phone_of(request.merged):
        raise MergeRefused(_("The other registration has another phone number by now."))
    return merge_volunteers(kept=request.kept, merged=request.merged, proof=Proof.PHONE_CODE, by=by)


@transaction.atomic
def decide_merge(*, request: MergeRequest, accept: bool, answer: str, by: User) -> MergeRequest:
    """A member of staff decides. The caller has taken the request from get_merge_requests_for.

    Raises MergeRefused when it is decided already, or is the decider's own.
    """
    request = MergeRequest.objects.select_for_update(no_key=True).get(pk=request.pk)
    if request.state != State.OPEN:
        raise MergeRefused(_("This request has been decided already."))
    if by.pk in {request.asked_by_id, request.kept.user_id, request.merged.user_id}:
        raise MergeRefused(_("Nobody decides about their own request."))
    request.answer = answer.strip()[:200]
    request.decided_by = by
    request.save(update_fields=["answer", "decided_by"])
    if accept:
        merge_volunteers(kept=request.kept, merged=request.merged, proof=Proof.STAFF, by=by)
        request.refresh_from_db()
        return request
    request.state, request.decided_at = State.REFUSED, timezone.now()
    request.save(update_fields=["state", "decided_at"])
    return request


@transaction.atomic
def merge_volunteers(
    *, kept: Volunteer, merged: Volunteer, by: User | None, proof: str = Proof.STAFF
) -> Volunteer:
    """Join `merged` into `kept` and return `kept`. Whoever calls this has the proof.

    Cards, records, consents, skills, student affiliation and what `kept` lacks move over; rooms
    above move theirs on `volunteers_merged`, in the same transaction. The merged account is closed.
    Raises MergeRefused when either is no longer in use, when both carry an ID number and the
    numbers differ, and when the merged account holds a role.
    """
    kept, merged = _lock_both(kept, merged)
    if kept.pk == merged.pk or not _in_use(kept) or not _in_use(merged):
        raise MergeRefused(_("This registration is no longer in use."))
    if kept.id_number_hash and merged.id_number_hash:
        raise MergeRefused(_("The two registrations carry different ID numbers."))
    if merged.user and _holds_role(merged.user):
        raise MergeRefused(_("The other account holds a role; that has to be given back first."))
    _move_cards(kept, merged, by=by)
    _move_identity(kept, merged)
    _move_student(kept, merged)
    _move_consents(kept, merged)
    kept.skills.add(*merged.skills.all())
    kept.categories.add(*merged.categories.all())
    move_records(kept=kept, merged=merged, by=by)
    move_no_shows(kept=kept, merged=merged)
    volunteers_merged.send(sender=Volunteer, kept=kept, merged=merged, by=by)
    _close_other_account(merged)
    _close_requests(kept, merged, proof=proof, by=by)
    log_security_event(
        kind=SecurityEvent.Kind.VOLUNTEERS_MERGED,
        user=kept.user,
        by=by,
        detail=f"volunteer {merged.pk} into {kept.pk} by {proof}",
    )
    return kept


def _lock_both(kept: Volunteer, merged: Volunteer) -> tuple[Volunteer, Volunteer]:
    """In id order, so that two merges of the same pair wait for one another."""
    ids = {kept.pk, merged.pk}
    locked = {
        v.pk: v
        # Not the key: a settlement that opens an account for one of them must not wait for us.
        for v in Volunteer.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")
    }
    return locked[kept.pk], locked[merged.pk]


def _in_use(volunteer: Volunteer) -> bool:
    return volunteer.merged_into_id is None and volunteer.closed_at is None


def _phone_of(volunteer: Volunteer) -> str:
    """The proven number where there is an account: what a profile says can be anybody's."""
    if volunteer.user:
        return volunteer.user.phone or ""
    return volunteer.phone


def _holds_role(user: User) -> bool:
    return user.is_staff or user.is_superuser or Membership.objects.filter(user=user).exists()


def _refuse_foreign(request: MergeRequest, by: User) -> None:
    if request.kept.user_id != by.pk or request.state != State.OPEN:
        raise MergeRefused(_("This request is no longer open."))


def _move_cards(kept: Volunteer, merged: Volunteer, *, by: User | None) -> None:
    """The kept one's card stays in force; the other's moves over, in force only if it is alone."""
    has_card = kept.cards.filter(revoked_at=None).exists()
    cards = merged.cards.select_for_update(no_key=True)
    if has_card:
        cards.filter(revoked_at=None).update(
            revoked_at=timezone.now(), revoked_by=by, revoke_reason="registrations merged"
        )
    cards.update(volunteer=kept)


def _move_identity(kept: Volunteer, merged: Volunteer) -> None:
    """Fill in what is not known. The number leaves the merged row first: it is unique."""
    id_type, id_number, id_hash = merged.id_type, merged.id_number, merged.id_number_hash
    merged.merged_into = kept
    merged.id_type, merged.id_number, merged.id_number_hash = "", "", None
    merged.save(update_fields=["merged_into", "id_type", "id_number", "id_number_hash"])
    if id_hash:
        kept.id_type, kept.id_number, kept.id_number_hash = id_type, id_number, id_hash
    for field in FILLED_IN:
        if not getattr(kept, field):
            setattr(kept, field, getattr(merged, field))
    if kept.sex in (Volunteer.Sex.UNKNOWN, Volunteer.Sex.UNSTATED):
        kept.sex = merged.sex
    kept.star_level = max(kept.star_level, merged.star_level)
    kept.save()


def _move_student(kept: Volunteer, merged: Volunteer) -> None:
    own = StudentAffiliation.objects.filter(volunteer=kept).first()
    other = StudentAffiliation.objects.filter(volunteer=merged).first()
    if other is None or (own and own.verified_at):
        return
    if own and not other.verified_at:
        return
    if own:
        own.delete()
    other.volunteer = kept
    other.save(update_fields=["volunteer"])


def _move_consents(kept: Volunteer, merged: Volunteer) -> None:
    """Those in force that the kept one lacks move; the rest stays where it was given."""
    has = Consent.objects.filter(volunteer=kept, withdrawn_at=None).values("notice_id")
    Consent.objects.filter(volunteer=merged, withdrawn_at=None).exclude(
        notice_id__in=list(has.values_list("notice_id", flat=True))
    ).update(volunteer=kept)
    if not Guardian.objects.filter(volunteer=kept).exists():
        Guardian.objects.filter(volunteer=merged).update(volunteer=kept)


def _close_other_account(merged: Volunteer) -> None:
    """The merged account can no longer log in; its phone number is free again."""
    if merged.user is None:
        return
    user = merged.user
    user.is_active = False
    user.phone = None
    user.phone_verified_at = None
    user.save(update_fields=["is_active", "phone", "phone_verified_at"])


def _close_requests(kept: Volunteer, merged: Volunteer, *, proof: str, by: User | None) -> None:
    """Every merge has its row, asked for or not; other requests about the merged one are moot."""
    now = timezone.now()
    done = MergeRequest.objects.filter(kept=kept, merged=merged, state=State.OPEN).update(
        state=State.MERGED, proof=proof, decided_by=by, decided_at=now
    )
    if not done:
        MergeRequest.objects.create(
            kept=kept, merged=merged, state=State.MERGED, proof=proof,
            asked_by=by, decided_by=by, decided_at=now,
        )  # fmt: skip
    stale = MergeRequest.objects.filter(state=State.OPEN)
    for moot in (stale.filter(merged=merged), stale.filter(kept=merged)):
        moot.update(state=State.REFUSED, decided_at=now, answer=_("Merged with another."))
