"""Which app answers which address. Each app's urls.py is included without a prefix."""

from django.conf import settings
from django.urls import include, path, re_path
from django.views.generic.base import RedirectView
from wagtail import urls as wagtail_urls
from wagtail.admin import urls as wagtailadmin_urls
from wagtail.documents import urls as wagtaildocs_urls

from cms.views import editor_texts
from config.views import healthz, public_picture

APPS = ("volunteers", "campaigns", "points", "foundations", "cms")

urlpatterns = [
    path("healthz/", healthz, name="healthz"),
    path("", include("config.device_urls")),
    path("accounts/", include("allauth.urls")),
    *(path("", include(f"{app}.urls")) for app in APPS),
    # Pictures only: documents and evidence go through views that ask for permission. In front of a
    # busy site the web server gives these out before Django is asked (see the Procfile).
    re_path(r"^media/(?P<folder>images|original_images)/(?P<path>.+)$", public_picture),
    path("favicon.ico", RedirectView.as_view(url=f"{settings.STATIC_URL}img/favicon.svg")),
    # Wagtail's own form knows neither our lock-outs nor second factors.
    path("admin/login/", RedirectView.as_view(pattern_name="account_login", query_string=True)),
    path("admin/jsi18n/", editor_texts),
    path("admin/", include(wagtailadmin_urls)),
    path("documents/", include(wagtaildocs_urls)),
    path("", include(wagtail_urls)),
]
