"""A campaign inside Wagtail's page editor. Imported by the models, so it names none of them."""

from __future__ import annotations

from itertools import chain, count
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import slugify
from django.utils.translation import gettext as _
from modelcluster.forms import BaseChildFormSet
from wagtail.admin.forms import WagtailAdminModelForm, WagtailAdminPageForm
from wagtail.admin.panels import InlinePanel, get_form_for_model


class CampaignForm(WagtailAdminPageForm):
    """Nobody has to think of an address: left empty, it is made from the title."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "slug" in self.fields:
            self.fields["slug"].required = False

    def clean(self) -> Any:
        if self.cleaned_data.get("slug") == "" and self.cleaned_data.get("title"):
            self.cleaned_data["slug"] = self._free_slug()
        return super().clean()

    def _free_slug(self) -> str:
        base = slugify(self.cleaned_data["title"], allow_unicode=True)[:200] or "campaign"
        taken = set(self.parent_page.get_children().values_list("slug", flat=True))
        slugs = chain([base], (f"{base}-{number}" for number in count(2)))
        return next(slug for slug in slugs if slug not in taken)


class ActivityForm(WagtailAdminModelForm):
    """Carries an activity's key through drafts that have no row in the database yet."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        is_new = kwargs.get("instance") is None
        super().__init__(*args, **kwargs)
        self.fields["key"].widget = forms.HiddenInput()
        self.fields["key"].required = False
        if is_new:
            # The browser clones the empty form: all clones would carry this one's key.
            self.initial["key"] = ""


class ActivityFormSet(BaseChildFormSet):
    def clean(self, *args: Any, **kwargs: Any) -> None:
        super().clean(*args, **kwargs)
        stored = [form for form in self.deleted_forms if form.instance.pk]
        with_shifts = [form for form in stored if form.instance.shifts.exists()]
        with_points = [form for form in stored if form.instance.check_points.exists()]
        refused = with_shifts or with_points
        if not refused:
            return
        shown_again = self.data.copy()  # type: ignore[has-type]
        for form in refused:
            shown_again[form.add_prefix("DELETE")] = ""
        self.data = shown_again
        if with_shifts:
            sentence = _(
                "“%(role)s” has shifts, so it cannot be removed. Call its shifts off instead."
            )
        else:
            sentence = _(
                "“%(role)s” has check points, so it cannot be removed."
                " Remove them at the desk first."
            )
        raise ValidationError(sentence % {"role": refused[0].instance})


class ActivitiesPanel(InlinePanel):
    def get_form_options(self) -> dict[str, Any]:
        options: dict[str, Any] = super().get_form_options()
        of_activities = options["formsets"][self.relation_name]
        of_activities["form"] = get_form_for_model(
            self.db_field.related_model,
            form_class=ActivityForm,
            **_deferred(self.child_edit_handler.get_form_options()),
        )
        of_activities["formset"] = ActivityFormSet
        return options


def _deferred(child_options: dict[str, Any]) -> dict[str, Any]:
    name = "defer_required_on_fields"
    return {name: child_options[name]} if child_options.get(name) else {}
