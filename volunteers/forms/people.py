"""Forms of a person's own pages, and of the organisation that enters somebody."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from volunteers.identity import InvalidIdNumber, read_id_number
from volunteers.models import Category, Organisation, Skill, Volunteer
from volunteers.phones import PhoneField

from .community import CommunityField
from .names import NameField

OLDEST_YEAR = 1900


class BirthField(forms.DateField):
    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Birth date"))
        kwargs.setdefault("widget", forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
        super().__init__(**kwargs)

    def clean(self, value: Any) -> date | None:
        day: date | None = super().clean(value)
        if day and (day > timezone.localdate() or day.year < OLDEST_YEAR):
            raise ValidationError(_("This birth date cannot be right."))
        return day


class ProfileForm(forms.Form):
    field_order = [
        "name", "sex", "birth_on", "community", "categories", "skills",
        "emergency_name", "emergency_phone", "is_ranked",
    ]  # fmt: skip

    name = NameField(widget=forms.TextInput(attrs={"autocomplete": "name"}))
    sex = forms.TypedChoiceField(
        label=_("Sex"),
        coerce=int,
        choices=Volunteer.Sex.choices,
        empty_value=Volunteer.Sex.UNSTATED,
    )
    birth_on = BirthField(
        required=False, help_text=_("Some activities have a minimum age; they ask for this.")
    )
    community = CommunityField()
    categories = forms.ModelMultipleChoiceField(
        label=_("What I like to do"),
        required=False,
        queryset=Category.objects.all(),
        widget=forms.CheckboxSelectMultiple,
    )
    skills = forms.ModelMultipleChoiceField(
        label=_("What I can do"),
        required=False,
        queryset=Skill.objects.all(),
        widget=forms.CheckboxSelectMultiple,
    )
    emergency_name = NameField(label=_("Emergency contact"), required=False)
    emergency_phone = PhoneField(label=_("Emergency contact's mobile number"), required=False)
    is_ranked = forms.BooleanField(
        label=_("Show me in rankings, with a masked name"),
        required=False,
        help_text=_("Nobody appears there who did not ask to. You can leave at any time."),
    )

    def __init__(self, *args: Any, volunteer: Volunteer, **kwargs: Any) -> None:
        initial = {
            "name": volunteer.name,
            "sex": volunteer.sex,
            "birth_on": volunteer.birth_on,
            "community": volunteer.community_id,
            "categories": volunteer.categories.all(),
            "skills": volunteer.skills.all(),
            "emergency_name": volunteer.emergency_name,
            "emergency_phone": volunteer.emergency_phone,
            "is_ranked": volunteer.is_ranked,
        }
        super().__init__(*args, initial=initial, **kwargs)
        self.order_fields(self.field_order)

    def clean(self) -> Any:
        data = super().clean() or self.cleaned_data
        if bool(data.get("emergency_name")) != bool(data.get("emergency_phone")):
            missing = "emergency_phone" if data.get("emergency_name") else "emergency_name"
            if missing not in self.errors:
                self.add_error(missing, _("Please give both the name and the number."))
        return data


class DocumentForm(forms.Form):
    """An ID document's kind and number; the number is cleaned to its normal form."""

    id_type = forms.ChoiceField(
        label=_("Kind of document"),
        choices=[choice for choice in Volunteer.IdType.choices if choice[0]],
    )
    number = forms.CharField(
        label=_("ID number"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def clean(self) -> Any:
        data = super().clean() or self.cleaned_data
        if data.get("id_type") and data.get("number"):
            try:
                data["number"] = read_id_number(id_type=data["id_type"], text=data["number"]).number
            except InvalidIdNumber as error:
                self.add_error("number", str(error))
        return data


class IdNumberForm(DocumentForm):
    agree = forms.BooleanField(
        label=_("I agree that Linli keeps my ID number for this"),
        error_messages={"required": _("We may keep an ID number only if you agree to it.")},
    )


class GuardianForm(forms.Form):
    name = NameField(label=_("Guardian's name"))
    relation = forms.CharField(
        label=_("Relation"), max_length=30, help_text=_("For example mother, father, aunt.")
    )
    phone = PhoneField(
        label=_("Guardian's mobile number"),
        help_text=_("We send the guardian a code to agree with."),
    )


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("Code"),
        max_length=12,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "class": "input-code"}
        ),
    )


class StudentForm(forms.Form):
    university = forms.ModelChoiceField(
        label=_("University"),
        queryset=Organisation.objects.none(),
        empty_label=_("Choose your university"),
    )
    college = forms.CharField(label=_("College"), max_length=80, required=False)
    student_number = forms.CharField(
        label=_("Student number"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["university"]
        field.queryset = Organisation.objects.active().universities()


class CampusEmailForm(forms.Form):
    email = forms.EmailField(label=_("Campus e-mail"), max_length=254)


class RosterForm(forms.Form):
    university = forms.ModelChoiceField(
        label=_("University"), queryset=Organisation.objects.none(), empty_label=None
    )
    file = forms.FileField(
        label=_("List of students (CSV)"),
        help_text=_("The first line names the columns: 学号, 姓名 and, if you like, 学院."),
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
    )

    def __init__(self, *args: Any, universities: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["university"]
        field.queryset = universities


class ClaimIdForm(DocumentForm):
    """«I am already registered»: by the ID number of the other registration."""

    reason = forms.CharField(
        label=_("Anything the staff should know"), max_length=200, required=False
    )


class DecisionForm(forms.Form):
    answer = forms.CharField(label=_("Answer to the person"), max_length=200)


class EnterVolunteerForm(forms.Form):
    field_order = [
        "organisation", "name", "phone", "birth_on", "community", "evidence",
    ]  # fmt: skip

    organisation = forms.ModelChoiceField(
        label=_("For"), queryset=Organisation.objects.none(), empty_label=None
    )
    name = NameField()
    phone = PhoneField(
        required=False,
        help_text=_("With it the person can take over this registration later, by a code."),
    )
    birth_on = BirthField(required=False)
    community = CommunityField()
    evidence = forms.CharField(
        label=_("How the person agreed"),
        max_length=120,
        help_text=_("For example: signed form no. 12, 3 March."),
    )

    def __init__(self, *args: Any, organisations: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["organisation"]
        field.queryset = organisations
        self.order_fields(self.field_order)


class EnteredVolunteerForm(forms.Form):
    """What an organisation may correct about somebody it entered and nobody has claimed."""

    name = NameField(label=_("Name"))
    phone = PhoneField(required=False)
    birth_on = BirthField(required=False)
    community = CommunityField()


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=200, required=False)


class CloseAccountForm(forms.Form):
    sure = forms.BooleanField(
        label=_("I understand that this cannot be undone"),
        error_messages={"required": _("Please tick this if you are sure.")},
    )
