"""For commands that need the settings but no server: collectstatic, type checks."""

from config.settings.base import *

SECRET_KEY = "only for commands that sign nothing"  # noqa: S105
LINLI_ID_KEY = LINLI_ID_HASH_KEY = LINLI_CODE_KEY = ""
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "none"}}
CELERY_BROKER_URL = "memory://"
STORAGES["staticfiles"]["BACKEND"] = "whitenoise.storage.CompressedManifestStaticFilesStorage"
MEDIA_ROOT = BASE_DIR / "media"
