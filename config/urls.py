"""Which app answers which address. Each app's urls.py is included without a prefix."""

from django.conf import settings
from django.urls import include, path, re_path
from django.views.generic.base import RedirectView
from django.views.static import serve
from wagtail import urls as wagtail_urls
from wagtail.admin import urls as wagtailadmin_urls
from wagtail.documents import urls as wagtaildocs_urls

from cms.views import editor_texts
from config.views import healthz

urlpatterns = [
    path("healthz/", healthz, name="healthz"),
    path("", include("config.device_urls")),
    path("accounts/", include("allauth.urls")),
    *(path("", include(f"{app}.urls")) for app in ("volunteers", "campaigns", "points", "cms")),
    # Pictures only: documents and evidence go through views that ask for permission. Each folder is
    # a root of its own, or «images/../evidence/» would lead out of it. In front of a busy site the
    # web server gives them out before Django is asked (see the Procfile).
    *(
        re_path(
            rf"^media/{folder}/(?P<path>.+)$",
            serve,
            {"document_root": settings.MEDIA_ROOT / folder},
        )
        for folder in ("images", "original_images")
    ),
    path("favicon.ico", RedirectView.as_view(url=f"{settings.STATIC_URL}img/favicon.svg")),
    # Wagtail's own form knows neither our lock-outs nor second factors.
    path("admin/login/", RedirectView.as_view(pattern_name="account_login", query_string=True)),
    path("admin/jsi18n/", editor_texts),
    path("admin/", include(wagtailadmin_urls)),
    path("documents/", include(wagtaildocs_urls)),
    path("", include(wagtail_urls)),
]
