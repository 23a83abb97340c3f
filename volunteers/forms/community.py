"""Choosing one community among thousands, with or without JavaScript."""

from __future__ import annotations

from typing import Any, NamedTuple

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.forms.widgets import Script
from django.utils.translation import gettext_lazy as _

from volunteers.models import Territory

MATCHES_SHOWN = 12


class Typed(NamedTuple):
    """What a form sent: the words in the search box (None where there was no box) and the tick."""

    text: str | None
    ticked: str


def find_communities(text: str) -> list[Territory]:
    """Communities whose name, street or district holds every word; by their own name first."""
    words = text.replace("\x00", "").split()
    if not words:
        return []
    found = Territory.objects.communities().select_related("parent__parent")
    for word in words:
        found = found.filter(
            Q(name__icontains=word)
            | Q(parent__name__icontains=word)
            | Q(parent__parent__name__icontains=word)
        )
    by_name = found.filter(name__icontains=words[0])[:MATCHES_SHOWN]
    return list(by_name) or list(found[:MATCHES_SHOWN])


def community_label(community: Territory) -> str:
    """`浮山所社区 · 香港中路街道 · 市南区`."""
    names: list[str] = []
    place: Territory | None = community
    while place is not None and place.level > Territory.Level.CITY:
        names.append(str(place))
        place = place.parent
    return " · ".join(names)


class CommunityWidget(forms.Widget):
    """A search box `<name>_name` and, below it, the communities that fit as radio buttons `<name>`.

    Without JavaScript the form comes back with the radio buttons; htmx brings them while one types.
    """

    template_name = "volunteers/widgets/community.html"

    class Media:
        js = [Script("vendor/htmx/htmx.min.js", defer=True)]

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Typed:
        return Typed(text=data.get(f"{name}_name"), ticked=str(data.get(name) or ""))

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return name not in data and f"{name}_name" not in data

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, None, attrs)
        if isinstance(value, Typed):
            ticked, text = _community(value.ticked), value.text or ""
        else:
            ticked = _community(value.pk if isinstance(value, Territory) else value)
            text = ticked.name if ticked else ""
        matches = find_communities(text) if isinstance(value, Typed) else []
        if ticked and _fits(ticked, text):
            matches = [ticked, *(place for place in matches if place.pk != ticked.pk)]
        else:
            ticked = None
        context["widget"] |= {
            "text": text,
            "options": [
                {"pk": place.pk, "label": community_label(place), "checked": place == ticked}
                for place in matches
            ],
        }
        return context


class CommunityField(forms.Field):
    """Cleans to a community, or None where nothing was written."""

    widget = CommunityWidget

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Community"))
        kwargs.setdefault("help_text", _("Part of its name is enough, for example 浮山所."))
        super().__init__(required=False, **kwargs)

    def clean(self, value: Any) -> Territory | None:
        ticked, text = _community(value.ticked), (value.text or "").strip()
        if ticked and (value.text is None or _fits(ticked, text)):
            return ticked
        if not text:
            return None
        # Another name was typed than the one ticked before: what was typed counts.
        matches = find_communities(text)
        exact = [place for place in matches if place.name == text]
        if len(matches) == 1 or len(exact) == 1:
            return (exact or matches)[0]
        if matches:
            raise ValidationError(_("Several communities fit. Please tick yours."), code="several")
        raise ValidationError(
            _("No community has that in its name. Try fewer characters, or leave it empty."),
            code="none",
        )


def _community(value: Any) -> Territory | None:
    number = str(value or "")
    if not number.isdecimal() or len(number) > 18:
        return None
    places = Territory.objects.communities().select_related("parent__parent")
    return places.filter(pk=int(number)).first()


def _fits(community: Territory, text: str) -> bool:
    label = community_label(community)
    return bool(text) and all(word in label for word in text.split())
