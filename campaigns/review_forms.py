"""What may be decided about a scan or a no-show. A form checks what was typed, then acts."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from campaigns.actions.flags import FlagRefused, RemarkMissing, decide_flag
from campaigns.desk_forms import ReasonField
from campaigns.models import ScanFlag
from volunteers.actions.absences import ExcuseRefused, excuse_no_show
from volunteers.models import NoShow, User


class DecideFlagForm(forms.Form):
    verdict = forms.ChoiceField(choices=ScanFlag.Verdict.choices)
    remark = forms.CharField(
        label=_("What you found out"),
        max_length=400,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Whom you asked, what you saw. Needed when something is not in order."),
    )

    def __init__(self, data: Any = None, *, flag: ScanFlag) -> None:
        super().__init__(data, auto_id=f"flag_{flag.pk}_%s")
        self.flag = flag

    def act(self, *, by: User) -> bool:
        """True when it is done; otherwise the form carries the reason."""
        if not self.is_valid():
            return False
        try:
            decide_flag(flag=self.flag, by=by, **self.cleaned_data)
        except RemarkMissing as refusal:
            self.add_error("remark", str(refusal))
        except FlagRefused as refusal:
            self.add_error(None, str(refusal))
        return not self.errors


class ExcuseForm(forms.Form):
    reason = ReasonField(label=_("The reason"), max_length=200)

    def __init__(self, data: Any = None, *, no_show: NoShow) -> None:
        super().__init__(data, auto_id=f"no_show_{no_show.pk}_%s")
        self.no_show = no_show

    def act(self, *, by: User) -> bool:
        """True when it is done; otherwise the form carries the reason."""
        if not self.is_valid():
            return False
        try:
            excuse_no_show(no_show=self.no_show, by=by, **self.cleaned_data)
        except ExcuseRefused as refusal:
            self.add_error(None, str(refusal))
        return not self.errors
