"""Questions of donors and neighbours: open ones first, the oldest of them on top."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import path
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _
from wagtail.admin.ui.tables import Column, DateColumn
from wagtail.permissions import register_permission_policy

from foundations.actions.questions import QuestionRefused, answer_question
from foundations.admin.columns import OwnFilterSet, yes_or_no
from foundations.admin.policy import FoundationPolicy
from foundations.admin.viewsets import (
    FoundationFormPage,
    FoundationInspectView,
    FoundationViewSet,
)
from foundations.forms.donors import AnswerForm
from foundations.models import Question
from foundations.permissions import can_enter, get_questions_for

register_permission_policy(Question, FoundationPolicy(Question, rows=get_questions_for))


class QuestionFilterSet(OwnFilterSet):
    is_open = yes_or_no(_("To be answered"), "of_open")

    class Meta:
        model = Question
        fields = ["fund", "foundation"]

    def of_open(self, rows: QuerySet[Question], _name: str, value: str) -> QuerySet[Question]:
        return rows.filter(answered_at__isnull=value == "yes")


class QuestionInspect(FoundationInspectView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        question = self.object
        is_open = question.answered_at is None
        return super().get_context_data(**kwargs) | {
            "question": question,
            "may_answer": is_open and can_enter(self.request.user, question.foundation),  # type: ignore[arg-type]
        }


class AnswerView(FoundationFormPage):
    page_title = _("Answer")
    submit_button_label = _("Send the answer")
    success_words = _("Answered. The letter is on its way.")
    form_class = AnswerForm
    refusals = (QuestionRefused,)
    template_name = "foundations/admin/answer.html"

    def may(self, row: Question) -> bool:
        return can_enter(self.request.user, row.foundation)  # type: ignore[arg-type]

    def act(self, row: Question, data: dict[str, Any]) -> None:
        answer_question(question=row, answer=data["answer"], by=self.request.user)  # type: ignore[arg-type]


class QuestionViewSet(FoundationViewSet):
    model = Question
    name = "foundation-questions"
    menu_label = _("Questions asked")
    icon = "help"
    inspect_view_class = QuestionInspect
    inspect_template_name = "foundations/admin/question.html"
    filterset_class = QuestionFilterSet
    search_fields = ["text", "name", "email"]
    list_display = [
        "__str__",
        Column("name", label=_("Name")),
        Column("fund", label=_("Fund")),
        DateColumn("asked_at", label=_("Asked at"), sort_key="asked_at"),
        DateColumn("answered_at", label=_("Answered at"), sort_key="answered_at"),
        Column(
            "answer",
            label=_("Answer"),
            accessor=lambda question: Truncator(question.answer).chars(60),
        ),
    ]

    def get_urlpatterns(self) -> list[Any]:
        answer = self.construct_view(AnswerView)
        return [*super().get_urlpatterns(), path("answer/<int:pk>/", answer, name="answer")]
