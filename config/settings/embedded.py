"""The demo and every developer's machine: embedded servers, keys of the data folder's own.

With DATABASE_URL and REDIS_URL set, those servers are used and none is started.
"""

from config import embedded, environment
from config.settings.base import *

_data = LINLI_DATA = embedded.data_folder()
_database_url = environment.text("DATABASE_URL")
_redis_url = environment.text("REDIS_URL")
if not (_database_url and _redis_url):
    _embedded = embedded.ensure_running(_data)
    _database_url = _database_url or _embedded.database_url
    _redis_url = _redis_url or _embedded.redis_url

_secrets = embedded.secret_values(_data)
SECRET_KEY = environment.text("SECRET_KEY") or _secrets["SECRET_KEY"]
LINLI_ID_KEY = environment.text("LINLI_ID_KEY") or _secrets["LINLI_ID_KEY"]
LINLI_ID_HASH_KEY = environment.text("LINLI_ID_HASH_KEY") or _secrets["LINLI_ID_HASH_KEY"]
LINLI_CODE_KEY = environment.text("LINLI_CODE_KEY") or _secrets["LINLI_CODE_KEY"]

DEBUG = environment.flag("LINLI_DEBUG")
ALLOWED_HOSTS = ["*"]  # a phone in the same room opens the demo by this machine's address
INTERNAL_IPS = ["127.0.0.1"]
LINLI_DEMO = environment.flag("LINLI_DEMO", default=True)
LINLI_BASE_URL = environment.text(
    "LINLI_BASE_URL", f"http://127.0.0.1:{environment.number('PORT', 8000)}"
).rstrip("/")
WAGTAILADMIN_BASE_URL = LINLI_BASE_URL
CSRF_TRUSTED_ORIGINS = [LINLI_BASE_URL]
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = True  # passkeys on http://localhost

DATABASES = {"default": environment.database(_database_url)}
# Two numbers of Valkey's: the queue's and, after it, the cache's. The bench takes two of its own.
_redis_database = environment.number("LINLI_REDIS_DATABASE", 0)
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": environment.redis(_redis_url, database=_redis_database + 1),
        "KEY_PREFIX": "linli",
    }
}
CELERY_BROKER_URL = environment.broker(_redis_url, database=_redis_database)

MEDIA_ROOT = _data / "media"
STATIC_ROOT = _data / "static"
STATIC_ROOT.mkdir(exist_ok=True)  # nothing is collected here; WhiteNoise would miss the folder
WHITENOISE_USE_FINDERS = True  # static files as they stand, without a collectstatic
WHITENOISE_MAX_AGE = 0 if DEBUG else 300
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = _data / "mail"
LINLI_SMS_BACKEND = environment.text("LINLI_SMS_BACKEND", "volunteers.sms.DatabaseBackend")
# In the demo a Stripe of our own answers (config/demo.py).
LINLI_STRIPE_URL = environment.text("LINLI_STRIPE_URL")
