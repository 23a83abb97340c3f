"""No rule is published that was not tried: form → dry run → publish, or back to the form.

What was typed travels along, signed, so that the page of the result needs no row of its own and
nothing is lost on the way back.
"""

from __future__ import annotations

import hashlib
from typing import Any

from django.core import signing
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin import messages

from points.actions.dry_run import DAYS, DryRun, DryRunTooLong, try_award_rule
from points.models import AwardRule
from points.rule_terms import SETTINGS

SALT = "points.award-rule.dry-run"
SECONDS_TO_DECIDE = 12 * 60 * 60
SPANS = (DAYS, 30, 7)


class DryRunFirst:
    """Mixed into the views that write a rule."""

    template_name = "points/admin/rule_form.html"
    dry_run_template_name = "points/admin/dry_run.html"
    submit_button_label = gettext_lazy("Try it over the last 90 days")
    typed: QueryDict | None = None
    state: dict[str, Any]

    def post(self: Any, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.object = self.get_object() if "pk" in self.kwargs else None
        if "state" not in request.POST:
            return self._try(days=_span(request.POST.get("days")))
        try:
            self._read_state(request.POST["state"])
        except signing.BadSignature:
            messages.error(request, _("This page has been open too long. Please enter it again."))
            return redirect(request.path)
        if "back" in request.POST:
            return self.render_to_response(self.get_context_data())
        return self._publish()

    def get_form_kwargs(self: Any) -> dict[str, Any]:
        kwargs: dict[str, Any] = super().get_form_kwargs()  # type: ignore[misc]
        if self.typed is not None:
            kwargs["data"] = self.typed
        return kwargs

    def get_context_data(self: Any, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)  # type: ignore[misc]
        return context | {"settings_by_kind": SETTINGS, "shorter_spans": SPANS[1:]}

    def save_instance(self: Any) -> AwardRule:
        rule: AwardRule = self.form.write(by=self.request.user, tried=self.state["tried"])
        return rule

    def _try(self: Any, *, days: int, is_again: bool = False) -> HttpResponse:
        form = self.form = self.get_form()
        if not self.is_valid(form):
            return self.form_invalid(form)
        try:
            found = try_award_rule(
                terms=form.terms, rule=self.object, by=self.request.user, days=days
            )
        except DryRunTooLong as refusal:
            form.add_error(None, str(refusal))
            self.produced_error_message = str(refusal)
            return self.form_invalid(form)
        context = self.get_context_data() | {
            "dry_run": found,
            "terms": form.terms,
            "is_again": is_again,
            "starts_on": form.cleaned_data["starts_on"],
            "last_day": form.cleaned_data["last_day"],
            "state": self._write_state(form, found),
        }
        return render(self.request, self.dry_run_template_name, context)

    def _publish(self: Any) -> HttpResponse:
        if self.state["rules"] != _rules_as_they_are():
            # Somebody wrote another rule meanwhile: what was shown is no longer what would be.
            return self._try(days=self.state["days"], is_again=True)
        form = self.get_form()
        if self.is_valid(form):
            return self.form_valid(form)
        return self.form_invalid(form)

    def _write_state(self: Any, form: Any, found: DryRun) -> str:
        typed = {name: form.data.getlist(name) for name in form.data if name in form.fields}
        state = {
            "typed": typed,
            "days": found.days,
            "tried": {name: str(value) for name, value in found.for_log().items()},
            "rules": _rules_as_they_are(),
            "whose": self._whose(),
        }
        return signing.dumps(state, salt=SALT, compress=True)

    def _read_state(self: Any, signed: str) -> None:
        """Raises BadSignature: altered, too old, another person's or another rule's."""
        self.state = signing.loads(signed, salt=SALT, max_age=SECONDS_TO_DECIDE)
        if self.state["whose"] != self._whose():
            raise signing.BadSignature
        self.typed = QueryDict(mutable=True)
        for name, values in self.state["typed"].items():
            self.typed.setlist(name, values)

    def _whose(self: Any) -> list[int | None]:
        return [self.request.user.pk, self.object.pk if self.object else None]


def _span(asked: str | None) -> int:
    return int(asked) if asked in {str(days) for days in SPANS} else DAYS


def _rules_as_they_are() -> str:
    rules = AwardRule.objects.order_by("pk").values_list("pk", "holds")
    return hashlib.sha256(repr(list(rules)).encode()).hexdigest()
