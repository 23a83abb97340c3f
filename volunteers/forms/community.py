"""Choosing one community among thousands, with or without JavaScript."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from volunteers.models import Territory

MATCHES_SHOWN = 12


def find_communities(text: str) -> list[Territory]:
    """Communities whose name, street or district holds every word; by their own name first."""
    words = text.split()
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
    names, place = [], community
    while place is not None and place.level > Territory.Level.CITY:
        names.append(str(place))
        place = place.parent  # type: ignore[assignment]
    return " · ".join(names)


class CommunityChoice(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return community_label(obj)


class CommunityForm(forms.Form):
    """A search box; when its words fit several communities, the form comes back with them to tick.

    The chosen community is `cleaned_data["community"]`, None where nothing was written.
    """

    community_name = forms.CharField(
        label=_("Community"),
        required=False,
        max_length=60,
        help_text=_("Part of its name is enough, for example 浮山所."),
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "hx-get": "/communities/",
                "hx-trigger": "input changed delay:300ms",
                "hx-target": "next .community-choices",
                "hx-swap": "innerHTML",
            }
        ),
    )
    community = CommunityChoice(
        label=_("Which one?"),
        required=False,
        queryset=Territory.objects.communities(),
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer_communities([])
        chosen = self._posted_community()
        if chosen:
            self.offer_communities([chosen])

    def offer_communities(self, communities: list[Territory]) -> None:
        self.community_choices = communities
        field = self.fields["community"]
        field.widget.choices = [(place.pk, community_label(place)) for place in communities]  # type: ignore[attr-defined]

    def clean(self) -> Any:
        data = super().clean() or self.cleaned_data
        if "community" in self.errors:
            return data
        text = (data.get("community_name") or "").strip()
        chosen = data.get("community")
        if chosen and (not self._was_asked() or _fits(chosen, text)):
            return data
        # Another name was typed than the one ticked before: what was typed counts.
        data["community"] = self._find(text) if text else None
        return data

    def _find(self, text: str) -> Territory | None:
        matches = find_communities(text)
        exact = [place for place in matches if place.name == text]
        if len(matches) == 1 or len(exact) == 1:
            found = (exact or matches)[0]
            self.offer_communities([found])
            return found
        if matches:
            self.offer_communities(matches)
            self.add_error("community", _("Several communities fit. Please tick yours."))
        else:
            self.add_error(
                "community_name",
                _("No community has that in its name. Try fewer characters, or leave it empty."),
            )
        return None

    def _was_asked(self) -> bool:
        return self.add_prefix("community_name") in self.data

    def _posted_community(self) -> Territory | None:
        value = self.data.get(self.add_prefix("community")) or self.initial.get("community")
        if isinstance(value, Territory):
            value = value.pk
        if not str(value or "").isdigit():
            return None
        places = Territory.objects.communities().select_related("parent__parent")
        return places.filter(pk=value).first()


def _fits(community: Territory, text: str) -> bool:
    label = community_label(community)
    return bool(text) and all(word in label for word in text.split())
