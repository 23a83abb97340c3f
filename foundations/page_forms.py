"""A fund's page inside Wagtail's editor. Imported by the models, so it names none of them."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from wagtail.admin.forms import WagtailAdminPageForm


class BranchForm(WagtailAdminPageForm):
    """Nobody has to think of an address: left empty, it is made from the title."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "slug" in self.fields:
            self.fields["slug"].required = False


class FundPageForm(BranchForm):
    """Offers the funds of the branch's own foundation that have no page yet."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "title" in self.fields:
            self.fields["title"].required = False
        if "fund" not in self.fields:
            return
        fund = self.fields["fund"]
        if self.instance.pk:
            fund.disabled = True  # what people read here is about this fund, and was
            return
        branch = self.parent_page.specific
        own = Q(foundation=getattr(branch, "foundation_id", None))
        fund.queryset = fund.queryset.filter(own, page=None)

    def clean(self) -> Any:
        """A page that nobody named is called like its fund."""
        fund = self.cleaned_data.get("fund")
        if fund and not self.cleaned_data.get("title"):
            self.cleaned_data["title"] = fund.name
            self.instance.title = fund.name
        return super().clean()
