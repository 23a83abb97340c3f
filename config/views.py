"""What watches over the servers asks here, and the pictures that anyone may see."""

from pathlib import Path

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django.views.static import serve


@require_safe
@never_cache
def healthz(_request: HttpRequest) -> HttpResponse:
    """200 when this process reaches the database; the error otherwise becomes a 500."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ok", content_type="text/plain")


def public_picture(request: HttpRequest, folder: str, path: str) -> HttpResponseBase:
    """Each folder is a root of its own, or «images/../evidence/» would lead out of it."""
    return serve(request, path, document_root=str(Path(settings.MEDIA_ROOT) / folder))
