"""What devices call, answered by config.middleware.DeviceCalls: nothing else stands below /api/."""

from django.urls import path

from campaigns.api import api

urlpatterns = [path("api/v1/", api.urls)]
