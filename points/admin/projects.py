"""Projects that people give points to; what they used is accounted for on the project's page."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.generic import View
from wagtail.admin import messages
from wagtail.admin.ui.tables import Column, DateColumn
from wagtail.admin.views import generic
from wagtail.admin.views.generic.permissions import PermissionCheckedMixin
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.permissions import register_permission_policy

from points.actions.projects import close_points_project
from points.forms.giving import PointsProjectForm
from points.models import PointsProject
from volunteers.wagtail_hooks import CityStaffPolicy

register_permission_policy(PointsProject, CityStaffPolicy(PointsProject, {"add", "change", "view"}))


class ProjectIndexView(generic.IndexView):
    def get_base_queryset(self) -> QuerySet[PointsProject]:
        return super().get_base_queryset().select_related("account", "organisation")  # type: ignore[no-any-return]


class ProjectCreateView(generic.CreateView):
    def save_instance(self) -> PointsProject:
        return self.form.write(by=self.request.user)


class ProjectInspectView(generic.InspectView):
    page_title = _("Project for points")

    def get_field_label(self, field_name: str, field: Any) -> str:
        if field_name == "closed_at":
            return gettext("Closed")
        return str(super().get_field_label(field_name, field))


class CloseProjectView(PermissionCheckedMixin, View):
    model = PointsProject
    permission_required = "change"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        project = get_object_or_404(PointsProject, pk=pk)
        close_points_project(project=project, by=request.user)  # type: ignore[arg-type]
        messages.success(request, gettext("The project takes no more points."))
        return redirect("points-projects:inspect", pk)


class PointsProjectViewSet(ModelViewSet):
    model = PointsProject
    name = "points-projects"
    menu_label = _("Projects for points")
    icon = "folder-open-inverse"
    copy_view_enabled = False
    index_view_class = ProjectIndexView
    add_view_class = ProjectCreateView
    inspect_view_enabled = True
    inspect_view_class = ProjectInspectView
    inspect_template_name = "points/admin/project.html"
    inspect_view_fields = ["name", "name_en", "organisation", "target_points", "closed_at"]
    list_display = [
        "name",
        Column("organisation", label=_("organisation"), accessor="organisation"),
        Column("balance", label=_("Points there"), accessor="account.balance_points"),
        "target_points",
        DateColumn("closed_at", label=_("Closed")),
    ]
    search_fields = ["name", "name_en"]

    def get_form_class(self, for_update: bool = False) -> type[PointsProjectForm]:
        return PointsProjectForm

    def get_urlpatterns(self) -> list[Any]:
        close = self.construct_view(CloseProjectView)
        return [*super().get_urlpatterns(), path("close/<int:pk>/", close, name="close")]
