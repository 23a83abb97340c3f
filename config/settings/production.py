"""Production: the environment only, and a refusal to start while anything is missing or unsafe."""

from base64 import urlsafe_b64decode
from binascii import Error as NotBase64
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from config import environment
from config.settings.base import *

_wrong: list[str] = []


def _needed(name: str, why: str) -> str:
    value = environment.text(name)
    if not value:
        _wrong.append(f"{name} is not set: {why}")
    return value


def _key(name: str, why: str) -> str:
    """32 random bytes in URL-safe base64; anything shorter or guessable is refused."""
    value = _needed(name, why)
    if value:
        try:
            raw = urlsafe_b64decode(value)
        except (NotBase64, ValueError):
            raw = b""
        if len(raw) != 32 or len(set(raw)) < 12:
            _wrong.append(
                f"{name} must be 32 random bytes in URL-safe base64; make one with"
                " `openssl rand -base64 32 | tr '+/' '-_'`"
            )
    return value


SECRET_KEY = _needed("SECRET_KEY", "it signs sessions and links")
if SECRET_KEY and (len(SECRET_KEY) < 50 or len(set(SECRET_KEY)) < 12 or "insecure" in SECRET_KEY):
    _wrong.append("SECRET_KEY must be at least 50 random characters")
LINLI_ID_KEY = _key("LINLI_ID_KEY", "ID numbers are encrypted with it (P-6)")
LINLI_ID_HASH_KEY = _key("LINLI_ID_HASH_KEY", "ID numbers are compared by a hash keyed with it")
LINLI_CODE_KEY = _key("LINLI_CODE_KEY", "QR codes are signed with it")
_keys = [key for key in (SECRET_KEY, LINLI_ID_KEY, LINLI_ID_HASH_KEY, LINLI_CODE_KEY) if key]
if len(set(_keys)) < len(_keys):
    _wrong.append("SECRET_KEY, LINLI_ID_KEY, LINLI_ID_HASH_KEY and LINLI_CODE_KEY must all differ")

ALLOWED_HOSTS = environment.words("ALLOWED_HOSTS")
if not ALLOWED_HOSTS:
    _wrong.append("ALLOWED_HOSTS is not set: the names this site answers to, comma-separated")
if any(host in {"*", "."} for host in ALLOWED_HOSTS):
    _wrong.append("ALLOWED_HOSTS must name the hosts, not '*'")

LINLI_BASE_URL = _needed("LINLI_BASE_URL", "QR codes and messages carry it").rstrip("/")
WAGTAILADMIN_BASE_URL = LINLI_BASE_URL
if LINLI_BASE_URL and urlsplit(LINLI_BASE_URL).scheme != "https":
    _wrong.append("LINLI_BASE_URL must start with https://")

if environment.flag("DEBUG") or environment.flag("LINLI_DEBUG"):
    _wrong.append("DEBUG must be off: it shows settings and data to anyone")
if environment.flag("LINLI_DEMO"):
    _wrong.append("LINLI_DEMO must be off: it shows everyone's sign-in codes")

_database_url = _needed("DATABASE_URL", "postgresql://user:password@host/name")
_redis_url = _needed("REDIS_URL", "redis://host:6379")
_needed("LINLI_SMS_BACKEND", "residents sign in by text message, e.g. volunteers.sms.HttpBackend")
if LINLI_SMS_BACKEND.endswith("DatabaseBackend"):
    _wrong.append("LINLI_SMS_BACKEND must not be the demo's: it shows everyone's sign-in codes")
elif LINLI_SMS_BACKEND:
    if urlsplit(_needed("LINLI_SMS_URL", "the SMS gateway's address")).scheme not in {"", "https"}:
        _wrong.append("LINLI_SMS_URL must start with https://")
    _needed("LINLI_SMS_SECRET", "requests to the SMS gateway are signed with it")
_needed("EMAIL_HOST", "the mail server")
_needed("DEFAULT_FROM_EMAIL", "whom e-mail is from")

if bool(environment.text("LINLI_WECHAT_APP_ID")) != bool(environment.text("LINLI_WECHAT_SECRET")):
    _wrong.append("LINLI_WECHAT_APP_ID and LINLI_WECHAT_SECRET belong together")
if environment.text("LINLI_OIDC_URL"):
    _needed("LINLI_OIDC_CLIENT_ID", "campus single sign-on knows us by it")
    _needed("LINLI_OIDC_SECRET", "campus single sign-on trusts us by it")
if environment.text("LINLI_SAML_METADATA_URL"):
    _needed("LINLI_SAML_ENTITY_ID", "campus single sign-on is known by it")

if environment.text("LINLI_STRIPE_URL"):
    _wrong.append("LINLI_STRIPE_URL must not be set: payments would go to something else")
if LINLI_STRIPE_KEY:
    if not LINLI_STRIPE_KEY.startswith(("sk_", "rk_")):
        _wrong.append("LINLI_STRIPE_KEY must be a secret or restricted key (sk_…, rk_…)")
    _needed("LINLI_STRIPE_CONNECT_SECRET", "what Stripe tells of foundations' accounts is signed")

try:
    DATABASES = {"default": environment.database(_database_url or "postgresql:///")}
    _cache_url = environment.redis(_redis_url or "redis://", database=1)
    CELERY_BROKER_URL = environment.broker(_redis_url or "redis://", database=0)
except ValueError as error:
    _wrong.append(str(error))

if _wrong:
    raise ImproperlyConfigured(
        "Linli does not start like this:\n" + "\n".join(f"  - {line}" for line in _wrong)
    )

DEBUG = False
LINLI_DEMO = False
LINLI_STAFF_TWO_FACTOR = environment.flag("LINLI_STAFF_TWO_FACTOR", default=True)
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": _cache_url,
        "KEY_PREFIX": "linli",
        "OPTIONS": {"socket_timeout": 2, "socket_connect_timeout": 2},
    }
}

# https only, said to the browser for a year
CSRF_TRUSTED_ORIGINS = [LINLI_BASE_URL]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = environment.flag("LINLI_SSL_REDIRECT", default=True)
SECURE_REDIRECT_EXEMPT = [r"^healthz/$"]
SECURE_HSTS_SECONDS = environment.number("LINLI_HSTS_SECONDS", 365 * 24 * 3600)
SECURE_HSTS_INCLUDE_SUBDOMAINS = environment.flag("LINLI_HSTS_SUBDOMAINS", default=False)
SECURE_HSTS_PRELOAD = False
SILENCED_SYSTEM_CHECKS += [
    "security.W005",  # other hosts of the domain may not be ours: LINLI_HSTS_SUBDOMAINS
    "security.W019",  # Wagtail's live preview frames our own pages
    "security.W021",  # the preload list is a step that cannot be taken back: the operator's to take
]
# The prefixes make a browser refuse these cookies from anywhere but this host over https.
SESSION_COOKIE_NAME = "__Host-session"
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_NAME = "__Host-csrf"
CSRF_COOKIE_SECURE = True
LANGUAGE_COOKIE_SECURE = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https"
# How many proxies of ours stand in front: the rest of X-Forwarded-For is anybody's word.
ALLAUTH_TRUSTED_PROXY_COUNT = environment.number("LINLI_PROXIES", 1)

STORAGES["staticfiles"]["BACKEND"] = "whitenoise.storage.CompressedManifestStaticFilesStorage"
STATIC_ROOT = Path(environment.text("LINLI_STATIC", str(BASE_DIR / "staticfiles")))
MEDIA_ROOT = Path(environment.text("LINLI_MEDIA", str(BASE_DIR / "media")))

EMAIL_HOST = environment.text("EMAIL_HOST")
EMAIL_PORT = environment.number("EMAIL_PORT", 587)
EMAIL_HOST_USER = environment.text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = environment.text("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = environment.flag("EMAIL_USE_TLS", default=EMAIL_PORT != 465)
EMAIL_USE_SSL = environment.flag("EMAIL_USE_SSL", default=EMAIL_PORT == 465)
EMAIL_TIMEOUT = 10
