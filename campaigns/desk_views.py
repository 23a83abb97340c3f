"""The organiser's desk: what is on today, who came, whose hours wait. Made for a phone."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, time, timedelta
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from campaigns.actions.venue_keys import renew_venue_key
from campaigns.asked import shift_to_run
from campaigns.attendance_rules import check_out_until
from campaigns.desk_forms import (
    AttendanceByHandForm,
    ConfirmForm,
    CorrectForm,
    HandEntryForm,
    RateForm,
    UpholdForm,
    VoidForm,
)
from campaigns.models import Attendance, Scan, Shift, SignUp
from campaigns.models.shifts import ShiftQuerySet
from campaigns.permissions import (
    RUNNING_ROLES,
    can_use_desk,
    get_attendances_for,
    get_evidence_for,
    get_flags_for,
    get_shifts_for,
)
from volunteers.actions.records import confirm_records
from volunteers.models import Objection, ServiceRecord
from volunteers.permissions import (
    can_confirm_record,
    can_decide_objection,
    get_desk_records_for,
    get_organisations_for,
)

State = ServiceRecord.State
WAITING = (State.DRAFT, State.SUBMITTED)
RECORDS_A_PAGE = 30
# R7 gives ten working days: two weeks of the calendar.
RECORDING_DAYS = 14
UNFILLED_DAYS = 3

P = ParamSpec("P")


def organisers_only(
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """A page for those who run shifts somewhere; what they see on it, permissions.py decides."""

    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not can_use_desk(request.user):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded


# The first page


@organisers_only
@require_GET
def desk(request: HttpRequest) -> HttpResponse:
    today = timezone.localdate()
    begin = timezone.make_aware(datetime.combine(today, time()))
    shifts = _with_counts(get_shifts_for(request.user).open())
    context = {
        "organisations": get_organisations_for(request.user, roles=RUNNING_ROLES)[:3],
        "now": timezone.now(),
        "today": shifts.filter(ends_at__gte=begin, starts_at__lt=begin + timedelta(days=1))[:30],
        "this_week": shifts.filter(
            starts_at__gte=begin + timedelta(days=1), starts_at__lt=begin + timedelta(days=8)
        )[:30],
        "needs": _what_needs(request),
    }
    return render(request, "campaigns/desk.html", context)


def _with_counts(shifts: ShiftQuerySet) -> QuerySet[Shift]:
    came = Q(sign_ups__attendance__isnull=False)
    is_in = came & Q(sign_ups__attendance__checked_out_at=None)
    return (
        shifts.select_related("activity__campaign__organisation")
        .annotate(came=Count("sign_ups", filter=came), still_in=Count("sign_ups", filter=is_in))
        .order_by("starts_at", "pk")
    )


def _what_needs(request: HttpRequest) -> dict[str, int]:
    """How many things of each kind wait for this organiser."""
    user, now = request.user, timezone.now()
    records = get_desk_records_for(user).order_by()
    open_objections = Q(objections__state=Objection.State.OPEN)
    waiting = Q(state__in=WAITING)
    counts: dict[str, int] = records.filter(waiting | Q(state=State.OBJECTED)).aggregate(
        waiting=Count("pk", filter=waiting & Q(is_by_hand=False), distinct=True),
        overdue=Count(
            "pk",
            filter=waiting & Q(served_on__lt=timezone.localdate() - timedelta(days=RECORDING_DAYS)),
            distinct=True,
        ),
        review=Count("pk", filter=waiting & ~Q(review_reason=""), distinct=True),
        by_hand=Count(
            "pk", filter=waiting & Q(is_by_hand=True) & ~Q(entered_by=user), distinct=True
        ),
        objections=Count("pk", filter=open_objections, distinct=True),
    )
    counts["forgot"] = (
        get_attendances_for(user)
        .filter(checked_out_at=None, sign_up__shift__ends_at__lte=now)
        .count()
    )
    counts["scans"] = get_flags_for(user).open().of_others(user).count()
    counts["unfilled"] = (
        get_shifts_for(user)
        .open()
        .with_places()
        .filter(starts_at__gt=now, starts_at__lt=now + timedelta(days=UNFILLED_DAYS))
        .count()
    )
    return counts


# A shift


@organisers_only
@require_GET
def desk_shift(request: HttpRequest, shift_id: int) -> HttpResponse:
    return _show_shift(request, shift_to_run(request, shift_id))


@organisers_only
@require_POST
def desk_attendance(request: HttpRequest, shift_id: int, sign_up_id: int) -> HttpResponse:
    """Somebody is checked in or out by hand, with the reason."""
    shift = shift_to_run(request, shift_id)
    sign_up = get_object_or_404(
        SignUp.objects.select_related("volunteer", "shift"), pk=sign_up_id, shift=shift
    )
    form = AttendanceByHandForm(request.POST)
    if not form.is_valid():
        return _show_shift(request, shift, wrong=(sign_up.pk, form))
    result = form.act(sign_up=sign_up, by=request.user)
    tell = messages.error if result.is_refused else messages.success
    tell(request, f"{sign_up.volunteer.name}: {result.sentence}")
    return redirect("desk_shift", shift_id=shift.pk)


@organisers_only
@require_POST
def desk_new_codes(request: HttpRequest, shift_id: int) -> HttpResponse:
    """A poster went astray: every code of the shift made so far stops working."""
    shift = shift_to_run(request, shift_id)
    renew_venue_key(shift=shift)
    messages.success(request, _("There is a new poster. The old one no longer works."))
    return redirect("desk_shift", shift_id=shift.pk)


def _show_shift(
    request: HttpRequest,
    shift: Shift,
    *,
    wrong: tuple[int, AttendanceByHandForm] | None = None,
) -> HttpResponse:
    rows = [_roster_row(sign_up, shift) for sign_up in _roster(shift)]
    if wrong is not None:
        for row in rows:
            if row["sign_up"].pk == wrong[0]:
                row["form"] = wrong[1]
    waiting = get_desk_records_for(request.user).filter(
        attendance__sign_up__shift=shift, state__in=WAITING
    )
    context = {
        "shift": shift,
        "now": timezone.now(),
        "rows": [row for row in rows if row["state"] != "gone"],
        "gone": [row for row in rows if row["state"] == "gone"],
        "counts": {
            state: sum(row["state"] == state for row in rows)
            for state in ("expected", "in", "out", "missing")
        },
        "waiting": waiting.count(),
        "strangers": _refused_scans(shift),
        "evidence": get_evidence_for(request.user).filter(shift=shift).select_related("by"),
        "check_out_until": check_out_until(shift),
    }
    return render(request, "campaigns/desk_shift.html", context, status=422 if wrong else 200)


def _roster(shift: Shift) -> QuerySet[SignUp]:
    return (
        SignUp.objects.filter(shift=shift)
        .select_related("volunteer", "attendance__record")
        .defer("volunteer__id_number")
        .order_by("volunteer__name", "pk")
    )


def _roster_row(sign_up: SignUp, shift: Shift) -> dict[str, Any]:
    """One person: where they stand, and what may be done by hand."""
    attendance = getattr(sign_up, "attendance", None)
    kind = None
    if attendance is not None:
        state = "in" if attendance.is_in else "out"
        kind = Scan.Kind.OUT if attendance.is_in else None
    elif sign_up.state != SignUp.State.SIGNED_UP:
        state = "gone"
    else:
        state = "missing" if shift.ends_at <= timezone.now() else "expected"
        kind = Scan.Kind.IN if state == "expected" else None
    return {
        "sign_up": sign_up,
        "volunteer": sign_up.volunteer,
        "attendance": attendance,
        "state": state,
        "kind": kind,
        "form": AttendanceByHandForm(
            initial={"kind": kind, "nonce": uuid.uuid4()}, auto_id=f"hand_{sign_up.pk}_%s"
        ),
    }


def _refused_scans(shift: Shift) -> list[Scan]:
    """People who stood at the door and were not let in: they may be known to somebody."""
    return list(
        Scan.objects.filter(
            shift=shift, volunteer__isnull=False, outcome__in=["not_signed_up", "wrong_shift"]
        )
        .select_related("volunteer")
        .defer("volunteer__id_number")
        .order_by("volunteer", "-received_at")
        .distinct("volunteer")[:20]
    )


# Records


VIEWS_OF_RECORDS: dict[str, Q] = {
    "waiting": Q(state__in=WAITING),
    "review": Q(state__in=WAITING) & ~Q(review_reason=""),
    "by_hand": Q(state__in=WAITING, is_by_hand=True),
    "objections": Q(state=State.OBJECTED),
    "confirmed": Q(state=State.CONFIRMED),
    "voided": Q(state=State.VOIDED),
}


@organisers_only
@require_http_methods(["GET", "HEAD", "POST"])
def desk_records(request: HttpRequest) -> HttpResponse:
    """The list; a POST confirms what is ticked and says of each what became of it."""
    outcomes: dict[int, str] = {}
    if request.method == "POST":
        outcomes = _confirm_ticked(request)
    show = request.GET.get("show", "waiting")
    show = show if show in VIEWS_OF_RECORDS else "waiting"
    records = get_desk_records_for(request.user).filter(VIEWS_OF_RECORDS[show])
    shift = _chosen_shift(request)
    if shift is not None:
        records = records.filter(attendance__sign_up__shift=shift)
    if show in {"confirmed", "voided"}:
        records = records.order_by("-served_on", "-pk")
    page = Paginator(records.defer("volunteer__id_number"), RECORDS_A_PAGE).get_page(
        request.GET.get("page")
    )
    rows = [_record_row(request, record, outcomes) for record in page]
    context = {
        "show": show,
        "shift": shift,
        "page_obj": page,
        "rows": rows,
        "select_all": "select" in request.GET,
        "can_confirm_some": any(row["can_confirm"] for row in rows),
        "refused": _refused_rows(request, outcomes),
        "counts": _what_needs(request),
    }
    return render(request, "campaigns/desk_records.html", context)


def _confirm_ticked(request: HttpRequest) -> dict[int, str]:
    """Sentence by record of what was not confirmed. Ids that are not the user's are left out."""
    numbers = (whole_number(text) for text in request.POST.getlist("record")[:500])
    ticked = [number for number in numbers if number is not None]
    own = get_desk_records_for(request.user).filter(pk__in=ticked)
    outcomes = confirm_records(records=own.values_list("pk", flat=True), by=request.user)
    done = sum(outcome.confirmed for outcome in outcomes)
    if done:
        messages.success(
            request,
            ngettext("%(count)s record confirmed.", "%(count)s records confirmed.", done)
            % {"count": done},
        )
    elif not ticked:
        messages.warning(request, _("Nothing was ticked."))
    return {outcome.record_id: outcome.sentence for outcome in outcomes if not outcome.confirmed}


def _refused_rows(request: HttpRequest, outcomes: dict[int, str]) -> list[dict[str, Any]]:
    refused = get_desk_records_for(request.user).filter(pk__in=outcomes)
    return [{"record": record, "sentence": outcomes[record.pk]} for record in refused]


def _record_row(
    request: HttpRequest, record: ServiceRecord, outcomes: dict[int, str]
) -> dict[str, Any]:
    # can_confirm_record would ask the database for every row; the list holds own records only.
    is_own_or_typed = record.volunteer.user_id == request.user.pk or (
        record.is_by_hand and record.entered_by_id == request.user.pk
    )
    return {
        "record": record,
        "can_confirm": record.state in WAITING and not is_own_or_typed,
        "review": _review_label(record),
        "sentence": outcomes.get(record.pk, ""),
    }


def _review_label(record: ServiceRecord) -> str:
    reason = record.review_reason
    if not reason:
        return ""
    known = dict(Attendance.Review.choices)
    return str(known.get(reason, reason))


def _chosen_shift(request: HttpRequest) -> Shift | None:
    number = whole_number(request.GET.get("shift", ""))
    return None if number is None else shift_to_run(request, number)


def whole_number(text: str) -> int | None:
    # int() refuses thousands of digits, and no id is longer than this.
    return int(text) if text.isdecimal() and len(text) < 19 else None


@organisers_only
@require_http_methods(["GET", "HEAD", "POST"])
def desk_record(request: HttpRequest, record_id: int) -> HttpResponse:
    """One record, its history, and every decision that can be taken about it now."""
    record = get_object_or_404(get_desk_records_for(request.user), pk=record_id)
    chosen = request.POST.get("decision", "")
    forms = _decisions(request, record, chosen)
    if request.method == "POST" and chosen in forms and forms[chosen].act(by=request.user):
        messages.success(request, _("Done. The history below shows it."))
        return redirect("desk_record", record_id=record.pk)
    if request.method == "POST" and chosen not in forms:
        messages.error(request, _("That can no longer be done with this record."))
        return redirect("desk_record", record_id=record.pk)
    context = {
        "record": record,
        "review": _review_label(record),
        "forms": forms,
        "chosen": chosen,
        "objection": record.objections.filter(state=Objection.State.OPEN).first(),
        "objections": record.objections.exclude(state=Objection.State.OPEN).order_by("-pk"),
        "changes": record.changes.select_related("by").order_by("-pk"),
        "is_own": record.volunteer.user_id == request.user.pk,
        "attendance": get_attendances_for(request.user)
        .filter(record=record)
        .select_related("sign_up")
        .first(),
    }
    return render(
        request, "campaigns/desk_record.html", context,
        status=422 if request.method == "POST" else 200,
    )  # fmt: skip


def _decisions(request: HttpRequest, record: ServiceRecord, chosen: str) -> dict[str, Any]:
    """The forms that make sense in the record's state, the chosen one filled in."""
    offered: dict[str, Any] = {}
    if not can_decide_objection(request.user, record) or record.state == State.VOIDED:
        return offered
    if record.state in WAITING and can_confirm_record(request.user, record):
        offered["confirm"] = ConfirmForm
    if record.state == State.OBJECTED:
        offered["uphold"] = UpholdForm
    offered["correct"] = CorrectForm
    if record.is_counted:
        offered["rate"] = RateForm
    offered["void"] = VoidForm
    return {
        name: form(request.POST if name == chosen else None, record=record, prefix=name)
        for name, form in offered.items()
    }


@organisers_only
@require_http_methods(["GET", "HEAD", "POST"])
def desk_record_new(request: HttpRequest) -> HttpResponse:
    """Hours that no check-in shows: typed in by one person, confirmed by another (E1)."""
    form = HandEntryForm(request.POST if request.method == "POST" else None, user=request.user)
    if request.method == "POST":
        record = form.enter()
        if record is not None:
            messages.success(
                request, _("Noted. Somebody else of your organisation has to confirm these hours.")
            )
            return redirect(f"{reverse('desk_records')}?show=by_hand")
    return render(
        request, "campaigns/desk_record_new.html", {"form": form},
        status=422 if form.is_bound else 200,
    )  # fmt: skip
