"""What every environment has in common. Nothing here is a secret and nothing starts a server."""

from pathlib import Path
from typing import Any

from celery.schedules import crontab
from csp.constants import SELF
from django.utils.translation import gettext_lazy as _

from config import environment

BASE_DIR = Path(__file__).resolve().parent.parent.parent
DEBUG = False

INSTALLED_APPS = [
    "cms",
    "campaigns",
    "points",
    "volunteers",
    "foundations",
    "wagtail.contrib.redirects",
    "wagtail.contrib.search_promotions",
    "wagtail.contrib.settings",
    "wagtail.contrib.simple_translation",
    "wagtail.locales",
    "wagtail.embeds",
    "wagtail.sites",
    "wagtail.users",
    "wagtail.snippets",
    "wagtail.documents",
    "wagtail.images",
    "wagtail.search",
    "wagtail.admin",
    "wagtail",
    "modelcluster",
    "taggit",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.socialaccount.providers.saml",
    "allauth.socialaccount.providers.weixin",
    "allauth.usersessions",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.sitemaps",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "config.middleware.NoNullCharacters",
    "django.middleware.security.SecurityMiddleware",
    "config.middleware.DeviceCalls",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "cms.middleware.AccountLanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "config.middleware.NoBlankRefusal",
    "volunteers.middleware.StaffGuard",
    "wagtail.contrib.redirects.middleware.RedirectMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
APPEND_SLASH = True

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.debug",
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "wagtail.contrib.settings.context_processors.settings",
                "cms.context_processors.navigation",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
INSTALLED_APPS.append("django.forms")

# Language and time

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
WAGTAIL_CONTENT_LANGUAGES = LANGUAGES
# The second one says in Chinese what our libraries would say in English, or say less well.
LOCALE_PATHS = [BASE_DIR / "locale", BASE_DIR / "locale" / "libraries"]
FORMAT_MODULE_PATH = "config.formats"
LANGUAGE_COOKIE_NAME = "linli_language"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_SAMESITE = "Lax"
TIME_ZONE = "Asia/Shanghai"
USE_I18N = True
USE_TZ = True

# Files

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = BASE_DIR / "staticfiles"
MEDIA_URL = "/media/"
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024

# People: phone and code for residents, e-mail for who prefers it, passkeys and TOTP on top

AUTH_USER_MODEL = "volunteers.User"
AUTHENTICATION_BACKENDS = [
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
AUTH_PASSWORD_VALIDATORS[1]["OPTIONS"] = {"min_length": 10}  # type: ignore[assignment]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/me/"
LOGOUT_REDIRECT_URL = "/"

ACCOUNT_ADAPTER = "volunteers.accounts.AccountAdapter"
ACCOUNT_SIGNUP_FORM_CLASS = "volunteers.forms.joining.JoinForm"
ACCOUNT_FORMS = {
    "signup": "volunteers.forms.accounts.SignupForm",
    "request_login_code": "volunteers.forms.accounts.RequestLoginCodeForm",
    "confirm_login_code": "volunteers.forms.accounts.ConfirmLoginCodeForm",
    "verify_phone": "volunteers.forms.accounts.VerifyPhoneForm",
    "confirm_email_verification_code": (
        "volunteers.forms.accounts.ConfirmEmailVerificationCodeForm"
    ),
    "confirm_password_reset_code": "volunteers.forms.accounts.ConfirmPasswordResetCodeForm",
}
ACCOUNT_USER_MODEL_USERNAME_FIELD: str | None = None
ACCOUNT_LOGIN_METHODS = {"phone", "email"}
# A phone is not required here, or allauth would turn away staff who have an e-mail address only;
# our sign-up forms ask for one of the two.
ACCOUNT_SIGNUP_FIELDS = ["phone", "email*", "password1"]
SILENCED_SYSTEM_CHECKS = ["account.W001"]
ACCOUNT_SIGNUP_FORM_HONEYPOT_FIELD = "website"
# Mandatory for who joins by e-mail; who has proven a phone is let through (AccountAdapter).
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = "[邻里 Linli] "
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS = 3
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 5 * 60
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ACCOUNT_PHONE_VERIFICATION_ENABLED = True
ACCOUNT_PHONE_VERIFICATION_MAX_ATTEMPTS = 3
ACCOUNT_PHONE_VERIFICATION_TIMEOUT = 5 * 60
ACCOUNT_PHONE_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_PHONE_VERIFICATION_SUPPORTS_CHANGE = True
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
ACCOUNT_PASSWORD_RESET_BY_CODE_TIMEOUT = 5 * 60
# Six digits, because that is what a phone's keyboard offers to fill in from a message.
ALLAUTH_USER_CODE_FORMAT = {"numeric": True, "length": 6, "dashed": False}
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 10 * 60
# By address and by number or account ("key"): neither one guesser nor many guess a code.
ACCOUNT_RATE_LIMITS = {
    "change_password": "5/m/user",
    "change_phone": "3/h/user",
    "manage_email": "10/h/user",
    "reset_password": "10/h/ip,3/h/key",
    "reauthenticate": "10/m/user",
    "reset_password_from_key": "10/m/ip",
    "signup": "60/h/ip",
    "login": "30/m/ip",
    "request_login_code": "30/h/ip,1/30s/key,6/h/key",
    "login_failed": "20/m/ip,5/300s/key",
    "confirm_email": "1/30s/key",
    "verify_phone": "1/30s/key,6/h/key,30/h/ip",
}

MFA_ADAPTER = "volunteers.accounts.MfaAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_PASSKEY_SIGNUP_ENABLED = False  # a resident signs up with a phone, then may add a passkey
MFA_TOTP_ISSUER = "邻里 Linli"
MFA_TOTP_TOLERANCE = 1
MFA_ALLOW_UNVERIFIED_EMAIL = True  # many residents have no e-mail address at all

USERSESSIONS_TRACK_ACTIVITY = False  # last-seen is ours to write, seldom, not at every request

# P-8: a forgotten session ends by itself. Residents stay signed in on their own phone for a month
# of use; whoever may enter the admin is asked again sooner (volunteers/middleware.py).
# In the database, not in Valkey: who is signed in stays signed in when the broker is away.
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 30 * 24 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
# P-8: whoever holds a role signs in with two factors. Production switches it on.
LINLI_STAFF_TWO_FACTOR = environment.flag("LINLI_STAFF_TWO_FACTOR")
LINLI_STAFF_IDLE_SECONDS = environment.number("LINLI_STAFF_IDLE_SECONDS", 2 * 3600)
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "django.views.csrf.csrf_failure"

# WeChat, campus OpenID Connect and campus SAML are there when the environment names them.

SOCIALACCOUNT_ADAPTER = "allauth.socialaccount.adapter.DefaultSocialAccountAdapter"
SOCIALACCOUNT_FORMS = {"signup": "volunteers.forms.accounts.SocialSignupForm"}
SOCIALACCOUNT_AUTO_SIGNUP = False  # a phone, a name and the privacy notice come first
SOCIALACCOUNT_LOGIN_ON_GET = False
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_PROVIDERS: dict[str, Any] = {}
_form_targets: list[str] = []

if environment.text("LINLI_WECHAT_APP_ID"):
    SOCIALACCOUNT_PROVIDERS["weixin"] = {
        "APPS": [
            {
                "client_id": environment.text("LINLI_WECHAT_APP_ID"),
                "secret": environment.text("LINLI_WECHAT_SECRET"),
            }
        ]
    }
    _form_targets.append("https://open.weixin.qq.com")

if environment.text("LINLI_OIDC_URL"):
    SOCIALACCOUNT_PROVIDERS["openid_connect"] = {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": environment.text("LINLI_OIDC_ID", "campus"),
                "name": environment.text("LINLI_OIDC_NAME", "校园统一身份认证"),
                "client_id": environment.text("LINLI_OIDC_CLIENT_ID"),
                "secret": environment.text("LINLI_OIDC_SECRET"),
                "settings": {"server_url": environment.text("LINLI_OIDC_URL")},
            }
        ],
    }
    _form_targets.append(environment.origin(environment.text("LINLI_OIDC_URL")))

if environment.text("LINLI_SAML_METADATA_URL"):
    SOCIALACCOUNT_PROVIDERS["saml"] = {
        "APPS": [
            {
                "provider_id": environment.text("LINLI_SAML_ID", "campus-saml"),
                "name": environment.text("LINLI_SAML_NAME", "校园统一身份认证"),
                "client_id": environment.text("LINLI_SAML_ID", "campus-saml"),
                "settings": {
                    "idp": {
                        "entity_id": environment.text("LINLI_SAML_ENTITY_ID"),
                        "metadata_url": environment.text("LINLI_SAML_METADATA_URL"),
                    },
                    "attribute_mapping": {
                        "uid": environment.text("LINLI_SAML_UID_ATTRIBUTE", "uid"),
                        "email": environment.text("LINLI_SAML_EMAIL_ATTRIBUTE", "mail"),
                    },
                },
            }
        ]
    }
    _form_targets.append(environment.origin(environment.text("LINLI_SAML_METADATA_URL")))

# Messages to phones: "volunteers.sms.<Backend>", one small interface
LINLI_SMS_BACKEND = environment.text("LINLI_SMS_BACKEND")
LINLI_SMS_URL = environment.text("LINLI_SMS_URL")
LINLI_SMS_SECRET = environment.text("LINLI_SMS_SECRET")
DEFAULT_FROM_EMAIL = environment.text("DEFAULT_FROM_EMAIL", "邻里 Linli <noreply@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# What a browser may load and do. Wagtail's admin needs inline scripts, so it goes without.

CONTENT_SECURITY_POLICY = {
    "EXCLUDE_URL_PREFIXES": ["/admin/"],
    "DIRECTIVES": {
        "default-src": [SELF],
        # The scanner is WebAssembly; nothing of ours is an inline script.
        "script-src": [SELF, "'wasm-unsafe-eval'"],
        "style-src": [SELF],
        "style-src-attr": ["'unsafe-inline'"],  # widths of bars, chosen by the server
        "img-src": [SELF, "data:", "blob:"],
        "media-src": [SELF, "blob:"],
        "worker-src": [SELF, "blob:"],
        "connect-src": [SELF],
        "font-src": [SELF],
        "object-src": ["'none'"],
        "base-uri": [SELF],
        "form-action": [SELF, *_form_targets],
        "frame-ancestors": [SELF],  # Wagtail's live preview shows a page in a frame
    },
}
X_FRAME_OPTIONS = "SAMEORIGIN"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"

# Wagtail

WAGTAIL_SITE_NAME = "邻里 Linli"
WAGTAIL_I18N_ENABLED = True
WAGTAILADMIN_PERMITTED_LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
WAGTAILADMIN_LOGIN_URL = LOGIN_URL
WAGTAIL_FRONTEND_LOGIN_URL = "/accounts/login/"
WAGTAIL_PASSWORD_MANAGEMENT_ENABLED = False  # allauth's pages do it
WAGTAIL_EMAIL_MANAGEMENT_ENABLED = False
WAGTAIL_GRAVATAR_PROVIDER_URL = None
WAGTAIL_ENABLE_UPDATE_CHECK = False
WAGTAIL_ALLOW_UNICODE_SLUGS = True
WAGTAILIMAGES_EXTENSIONS = ["gif", "jpg", "jpeg", "png", "webp"]
WAGTAILIMAGES_MAX_UPLOAD_SIZE = 10 * 1024 * 1024
WAGTAILDOCS_EXTENSIONS = ["csv", "docx", "pdf", "pptx", "txt", "xlsx", "zip"]
WAGTAILDOCS_SERVE_METHOD = "serve_view"
WAGTAILEMBEDS_FINDERS: list[dict[str, Any]] = []  # nothing is fetched from third parties
WAGTAIL_WORKFLOW_REQUIRE_REAPPROVAL_ON_EDIT = True
WAGTAILSEARCH_BACKENDS = {
    # English words are found by their stems; Chinese is found by trigrams in campaigns.
    "default": {"BACKEND": "wagtail.search.backends.database", "SEARCH_CONFIG": "simple"},
}
TAGGIT_CASE_INSENSITIVE = True

# Celery: the database says what is owed, a message only says when to look

CELERY_TASK_SERIALIZER = "json"
CELERY_RESULT_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TRACK_STARTED = False
CELERY_TASK_DEFAULT_QUEUE = "linli"
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_TASK_TIME_LIMIT = 300
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# Longer than any task may run, or a slow task would be delivered again while it works.
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 600, "socket_keepalive": True}
# A request must not hang when the broker is away: the sweep finds the work anyway.
CELERY_TASK_PUBLISH_RETRY = True
CELERY_TASK_PUBLISH_RETRY_POLICY = {
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.1,
    "interval_max": 0.2,
}
CELERY_TIMEZONE = TIME_ZONE
CELERY_ENABLE_UTC = True
CELERY_BEAT_MAX_LOOP_INTERVAL = 30
HOUR = 3600


def _every(seconds: int, task: str) -> dict[str, Any]:
    """A sweep. One that nobody took by the time of the next is not worth taking any more."""
    return {"task": task, "schedule": float(seconds), "options": {"expires": seconds}}


def _nightly(task: str) -> dict[str, Any]:
    return {"task": task, "schedule": crontab(hour=3, minute=20), "options": {"expires": HOUR}}


CELERY_BEAT_SCHEDULE = {
    "forget unproven sign-ups": _every(HOUR, "volunteers.tasks.forget_unproven_sign_ups"),
    "sweep owed records": _every(30, "points.tasks.sweep_owed_records"),
    "sweep recognition": _every(60, "points.tasks.sweep_recognition"),
    "sweep credentials": _every(60, "points.tasks.sweep_credentials"),
    "sweep lapsed points": _every(HOUR // 2, "points.tasks.sweep_lapsed_points"),
    "check new movements": _every(300, "points.tasks.check_new_movements"),
    "close months of the ledger": _every(HOUR, "points.tasks.close_ledger_months"),
    "sweep redemptions": _every(120, "points.tasks.sweep_redemptions"),
    "sweep anomalies": _every(HOUR, "points.tasks.sweep_anomalies"),
    "sweep outliers": _every(6 * HOUR, "points.tasks.sweep_outliers"),
    "draft records owed": _every(30, "campaigns.tasks.draft_records"),
    "sweep finished shifts": _every(60, "campaigns.tasks.sweep_finished_shifts"),
    "sweep scans": _every(60, "campaigns.tasks.sweep_scans"),
    "sweep scans of days": _nightly("campaigns.tasks.sweep_scans_of_days"),
    "sweep letters to donors": _every(60, "foundations.tasks.sweep_letters"),
    "prove the books of foundations": _nightly("foundations.tasks.check_money_books"),
    "draw up disclosures": _nightly("foundations.tasks.sweep_disclosures"),
    "sweep letters of days": _nightly("foundations.tasks.sweep_letters_of_days"),
    "work on notifications": _every(30, "foundations.tasks.sweep_notifications"),
    "read the lists of events": _every(HOUR, "foundations.tasks.back_fill_notifications"),
    "ask about quiet payments": _every(600, "foundations.tasks.check_quiet_payments"),
    "sweep refunds": _every(60, "foundations.tasks.sweep_refunds"),
    "compare with the processor": _every(HOUR, "foundations.tasks.reconcile_foundations"),
    "compare with the processor of days": _nightly(
        "foundations.tasks.reconcile_foundations_of_days"
    ),
}

# Linli's own

LINLI_DEMO = False
LINLI_DATA = BASE_DIR / ".data"  # what this machine makes for itself; $LINLI_DATA in the demo
LINLI_BASE_URL = "http://127.0.0.1:8000"
WAGTAILADMIN_BASE_URL = LINLI_BASE_URL

# Rules an office may set otherwise; docs/rules.md names the source of each

LINLI_CANCEL_HOURS = environment.number("LINLI_CANCEL_HOURS", 12)
LINLI_CHECK_IN_OPENS_MINUTES = environment.number("LINLI_CHECK_IN_OPENS_MINUTES", 60)
LINLI_GRACE_MINUTES = environment.number("LINLI_GRACE_MINUTES", 60)
LINLI_PRESENCE_SHARE = 0.6  # E9
# E8: so many no-shows (0: signing up never pauses) within so many days, and signing up pauses for
# so many days from the last of them.
LINLI_COOL_DOWN_NO_SHOWS = environment.number("LINLI_COOL_DOWN_NO_SHOWS", 3)
LINLI_COOL_DOWN_WITHIN_DAYS = environment.number("LINLI_COOL_DOWN_WITHIN_DAYS", 90)
LINLI_COOL_DOWN_DAYS = environment.number("LINLI_COOL_DOWN_DAYS", 30)
# E5, E6: what stands in the list of scans to look at. So far from the place; so fast from one
# place to another; so many people by one phone within twelve hours.
LINLI_FAR_METRES = environment.number("LINLI_FAR_METRES", 1000)
LINLI_TOO_FAST_KMH = environment.number("LINLI_TOO_FAST_KMH", 150)
LINLI_SHARED_PHONE_PEOPLE = environment.number("LINLI_SHARED_PHONE_PEOPLE", 3)
LINLI_STAR_HOURS = [100, 300, 600, 1000, 1500]  # R6
LINLI_STAR_MIN_RATING = 3.5  # R6: never hours alone
LINLI_NOTICE_DAYS = environment.number("LINLI_NOTICE_DAYS", 5)  # R6
# How many points a person may send within the family in a calendar month; 0: nobody may.
LINLI_FAMILY_POINTS_A_MONTH = environment.number("LINLI_FAMILY_POINTS_A_MONTH", 0)
# R6: new service after which a star that was refused may come into notice again
LINLI_STAR_AGAIN_HOURS = environment.number("LINLI_STAR_AGAIN_HOURS", 20)
# E1: what stands in the list of anomalies. So many minutes by hand within so many seconds;
LINLI_HURRIED_MINUTES = environment.number("LINLI_HURRIED_MINUTES", 300)
LINLI_HURRIED_SECONDS = environment.number("LINLI_HURRIED_SECONDS", 120)
# entered by one and approved by another within so many seconds, so many times a day;
LINLI_ONE_BREATH_SECONDS = environment.number("LINLI_ONE_BREATH_SECONDS", 20)
LINLI_ONE_BREATH_TIMES = environment.number("LINLI_ONE_BREATH_TIMES", 3)
# so many median distances above the median organiser, of so many records and organisers at least.
LINLI_OUTLIER_FACTOR = environment.number("LINLI_OUTLIER_FACTOR", 8)
LINLI_OUTLIER_MIN_RECORDS = environment.number("LINLI_OUTLIER_MIN_RECORDS", 10)
LINLI_OUTLIER_MIN_ACCOUNTS = environment.number("LINLI_OUTLIER_MIN_ACCOUNTS", 5)
# D10: a foundation that raises money from the public spends so much of last year's income, another
# so much of what it had at last year's end; management is at most so much of all that is spent.
LINLI_SPEND_OF_INCOME_PERCENT = environment.number("LINLI_SPEND_OF_INCOME_PERCENT", 70)
LINLI_SPEND_OF_BALANCE_PERCENT = environment.number("LINLI_SPEND_OF_BALANCE_PERCENT", 8)
LINLI_MANAGEMENT_PERCENT = environment.number("LINLI_MANAGEMENT_PERCENT", 10)
# D8: a report's days end so many days before it is due; D9: the year's report is due on this day.
LINLI_DISCLOSURE_WRITING_DAYS = environment.number("LINLI_DISCLOSURE_WRITING_DAYS", 10)
LINLI_ANNUAL_REPORT_DUE = environment.text("LINLI_ANNUAL_REPORT_DUE", "03-31")

# Donations: the platform's key at Stripe, and the secrets of its two webhook endpoints (its own
# events; those of the foundations' accounts). Without a key giving by card and wallet is off.
LINLI_STRIPE_KEY = environment.text("LINLI_STRIPE_KEY")
LINLI_STRIPE_WEBHOOK_SECRET = environment.text("LINLI_STRIPE_WEBHOOK_SECRET")
LINLI_STRIPE_CONNECT_SECRET = environment.text("LINLI_STRIPE_CONNECT_SECRET")
# Another place that answers as Stripe does: tests and the demo only, production refuses it.
LINLI_STRIPE_URL = ""
# What can be given at once, by currency in its minor unit: the least, the most, what is suggested.
LINLI_GIVING_AMOUNTS: dict[str, tuple[int, int, list[int]]] = {
    "CNY": (400, 5_000_000, [2_000, 5_000, 10_000, 50_000]),
    "HKD": (400, 5_000_000, [2_000, 5_000, 10_000, 50_000]),
    "USD": (100, 1_000_000, [500, 1_000, 2_500, 10_000]),
    "EUR": (100, 1_000_000, [500, 1_000, 2_500, 10_000]),
    "GBP": (100, 1_000_000, [500, 1_000, 2_500, 10_000]),
    "JPY": (100, 1_000_000, [500, 1_000, 3_000, 10_000]),
    "KWD": (500, 3_000_000, [2_000, 5_000, 10_000, 50_000]),
}
# What a payment costs, for donors who want to make it good: a share in ten thousandths and a fixed
# part. Look it up in the contract with the processor; a currency that is missing is not offered.
LINLI_GIVING_FEES: dict[str, tuple[int, int]] = {
    "CNY": (340, 100), "HKD": (340, 235), "USD": (290, 30), "EUR": (250, 25), "GBP": (250, 20),
    "JPY": (360, 0), "KWD": (340, 90),
}  # fmt: skip
# Who tries stolen cards (docs/decisions/card-testing.md): so many gifts begun by visitors at one
# address within an hour (a whole campus may share one), and how much their browsers compute.
LINLI_GIFTS_PER_ADDRESS_AN_HOUR = environment.number("LINLI_GIFTS_PER_ADDRESS_AN_HOUR", 30)
LINLI_GIVING_PROOF_WORK = environment.number("LINLI_GIVING_PROOF_WORK", 200_000)

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "format": "{asctime} {levelname:<7} {name} {message}",
            "style": "{",
        }
    },
    "handlers": {
        "stdout": {
            "class": "logging.StreamHandler",
            "stream": "ext://sys.stdout",
            "formatter": "line",
        }
    },
    "root": {"handlers": ["stdout"], "level": environment.text("LINLI_LOG_LEVEL", "INFO")},
    "loggers": {
        "django.server": {"handlers": ["stdout"], "level": "INFO", "propagate": False},
        "django.request": {"level": "WARNING"},
        "celery": {"level": "INFO"},
        "PIL": {"level": "WARNING"},
    },
}
