"""Production settings are read in a process of their own, from exactly the environment given."""

import json
import os
import subprocess
import sys
from base64 import urlsafe_b64encode

import pytest

from config.embedded import PROJECT

REPORT = """
import django, json
from django.conf import settings
django.setup()
print(json.dumps({name: getattr(settings, name) for name in %r}))
"""


def key() -> str:
    return urlsafe_b64encode(os.urandom(32)).decode()


@pytest.fixture
def complete() -> dict[str, str]:
    return {
        "SECRET_KEY": key() + key(),
        "LINLI_ID_KEY": key(),
        "LINLI_ID_HASH_KEY": key(),
        "LINLI_CODE_KEY": key(),
        "ALLOWED_HOSTS": "linli.example",
        "LINLI_BASE_URL": "https://linli.example",
        "DATABASE_URL": "postgresql://linli:pw@db/linli",
        "REDIS_URL": "redis://redis:6379",
        "LINLI_SMS_BACKEND": "volunteers.sms.HttpBackend",
        "LINLI_SMS_URL": "https://sms.example/send",
        "LINLI_SMS_SECRET": key(),
        "EMAIL_HOST": "mail.example",
        "DEFAULT_FROM_EMAIL": "linli@linli.example",
    }


def start(environment: dict[str, str], *names: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", REPORT % (names,)],
        cwd=PROJECT, capture_output=True, text=True, timeout=120, check=False,
        env=environment
        | {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "config.settings.production"},
    )  # fmt: skip


def refusal(environment: dict[str, str]) -> str:
    done = start(environment)
    assert done.returncode != 0, "it started"
    assert "Linli does not start like this" in done.stderr
    return done.stderr.rpartition("Linli does not start like this")[2]


def test_a_complete_environment_starts_with_everything_locked(complete):
    done = start(
        complete, "DEBUG", "LINLI_DEMO", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE",
        "SECURE_HSTS_SECONDS", "SECURE_SSL_REDIRECT", "CSRF_TRUSTED_ORIGINS",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "DEBUG": False,
        "LINLI_DEMO": False,
        "SESSION_COOKIE_SECURE": True,
        "CSRF_COOKIE_SECURE": True,
        "SECURE_HSTS_SECONDS": 31536000,
        "SECURE_SSL_REDIRECT": True,
        "CSRF_TRUSTED_ORIGINS": ["https://linli.example"],
    }


def test_an_empty_environment_is_told_everything_that_is_missing_at_once(complete):
    said = refusal({})
    for name in complete:
        if name not in {"LINLI_SMS_URL", "LINLI_SMS_SECRET"}:  # asked for once a backend is named
            assert name in said


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"LINLI_BASE_URL": "http://linli.example"}, "LINLI_BASE_URL must start with https://"),
        ({"LINLI_DEMO": "1"}, "LINLI_DEMO must be off"),
        ({"DEBUG": "true"}, "DEBUG must be off"),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS must name the hosts"),
        ({"SECRET_KEY": "django-insecure-" + "a" * 50}, "SECRET_KEY must be at least 50"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY must be at least 50"),
        ({"LINLI_ID_KEY": "A" * 43 + "="}, "LINLI_ID_KEY must be 32 random bytes"),
        ({"LINLI_CODE_KEY": "not base64"}, "LINLI_CODE_KEY must be 32 random bytes"),
        ({"LINLI_SMS_BACKEND": "volunteers.sms.DatabaseBackend"}, "must not be the demo's"),
        ({"LINLI_SMS_URL": "http://sms.example"}, "LINLI_SMS_URL must start with https://"),
        ({"DATABASE_URL": "sqlite:///linli.db"}, "must start with postgresql://"),
        ({"REDIS_URL": "memcached://x"}, "REDIS_URL must start with redis://"),
        ({"LINLI_WECHAT_APP_ID": "wx1"}, "belong together"),
        ({"LINLI_STRIPE_URL": "http://127.0.0.1:12111"}, "LINLI_STRIPE_URL must not be set"),
        ({"LINLI_STRIPE_KEY": "sk_live_1"}, "LINLI_STRIPE_CONNECT_SECRET is not set"),
        ({"LINLI_STRIPE_KEY": "pk_live_1"}, "must be a secret or restricted key"),
        ({"LINLI_OIDC_URL": "https://sso.example"}, "LINLI_OIDC_CLIENT_ID is not set"),
    ],
)  # fmt: skip
def test_one_unsafe_value_is_refused_in_words(complete, change, sentence):
    assert sentence in refusal(complete | change)


def test_the_same_key_twice_is_refused(complete):
    said = refusal(complete | {"LINLI_ID_HASH_KEY": complete["LINLI_ID_KEY"]})
    assert "must all differ" in said


def test_django_has_nothing_to_warn_of_for_deployment(complete):
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=PROJECT, capture_output=True, text=True, timeout=120, check=False,
        env=complete
        | {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "config.settings.production"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_single_sign_on_appears_when_the_environment_names_it(complete):
    done = start(
        complete
        | {
            "LINLI_WECHAT_APP_ID": "wx1",
            "LINLI_WECHAT_SECRET": "s",
            "LINLI_OIDC_URL": "https://sso.campus.example/realms/a",
            "LINLI_OIDC_CLIENT_ID": "linli",
            "LINLI_OIDC_SECRET": "s",
            "LINLI_SAML_METADATA_URL": "https://idp.campus.example/metadata",
            "LINLI_SAML_ENTITY_ID": "https://idp.campus.example/",
        },
        "SOCIALACCOUNT_PROVIDERS",
        "CONTENT_SECURITY_POLICY",
    )
    found = json.loads(done.stdout)
    assert sorted(found["SOCIALACCOUNT_PROVIDERS"]) == ["openid_connect", "saml", "weixin"]
    # A form that leads to a sign-in elsewhere is followed only where the policy allows it.
    assert set(found["CONTENT_SECURITY_POLICY"]["DIRECTIVES"]["form-action"]) >= {
        "https://open.weixin.qq.com",
        "https://sso.campus.example",
        "https://idp.campus.example",
    }
