"""Second factors, and the log-ins that the environment switches on: WeChat, OIDC, SAML."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from allauth.socialaccount.models import SocialAccount
from django.test import Client

from volunteers.models import Organisation, SecurityEvent, StudentAffiliation, User, Volunteer

from .conftest import newest_code

pytestmark = pytest.mark.django_db


def code_of(secret: str) -> str:
    counter = next(totp.yield_hotp_counters_from_time())
    return totp.format_hotp_value(totp.hotp_value(secret, counter))


@pytest.fixture
def secret(bao: User) -> str:
    secret = totp.generate_totp_secret()
    totp.TOTP.activate(bao, secret)
    return secret


def test_who_has_an_authenticator_is_asked_for_its_code_after_the_password(
    client: Client, bao: User, secret: str
) -> None:
    answer = client.post(
        "/accounts/login/", {"login": "bao@linli.example", "password": "lin-li-2026"}
    )
    assert answer.url == "/accounts/2fa/authenticate/"
    assert "_auth_user_id" not in client.session

    client.post("/accounts/2fa/authenticate/", {"code": code_of(secret)})

    assert client.session["_auth_user_id"] == str(bao.pk)


def test_a_code_by_text_message_alone_does_not_pass_the_authenticator(
    client: Client, bao: User, secret: str
) -> None:
    answer = client.post("/accounts/login/code/", {"phone": "13800000002"})

    answer = client.post(answer.url, {"code": newest_code("+8613800000002")})

    assert answer.url == "/accounts/2fa/authenticate/"
    assert "_auth_user_id" not in client.session


def test_guessing_at_the_authenticator_is_locked_out(
    client: Client, bao: User, secret: str
) -> None:
    client.post("/accounts/login/", {"login": "bao@linli.example", "password": "lin-li-2026"})
    for _try in range(5):
        client.post("/accounts/2fa/authenticate/", {"code": "000000"})

    client.post("/accounts/2fa/authenticate/", {"code": code_of(secret)})

    assert "_auth_user_id" not in client.session


@pytest.mark.django_db(transaction=True)
def test_adding_an_authenticator_is_logged(client: Client, bao: User) -> None:
    client.post("/accounts/login/", {"login": "bao@linli.example", "password": "lin-li-2026"})
    asked = client.get("/accounts/2fa/totp/activate/")
    assert asked.url.startswith("/accounts/reauthenticate/"), "an open browser is not enough"
    client.post("/accounts/reauthenticate/", {"password": "lin-li-2026"})
    page = client.get("/accounts/2fa/totp/activate/")
    secret = page.context["form"].secret

    answer = client.post("/accounts/2fa/totp/activate/", {"code": code_of(secret)})

    assert answer.status_code == 302
    kept = Authenticator.objects.get(user=bao, type=Authenticator.Type.TOTP).data["secret"]
    assert secret not in kept
    assert SecurityEvent.objects.filter(kind="second_factor", user=bao, detail="totp").exists()


# A campus with OpenID Connect, on a real socket


class Campus(BaseHTTPRequestHandler):
    claims: dict[str, Any] = {}

    def do_GET(self) -> None:
        base = f"http://127.0.0.1:{self.server.server_port}"  # type: ignore[attr-defined]
        if self.path.startswith("/.well-known/"):
            self.answer(
                {
                    "issuer": base,
                    "authorization_endpoint": f"{base}/authorize",
                    "token_endpoint": f"{base}/token",
                    "userinfo_endpoint": f"{base}/userinfo",
                    "jwks_uri": f"{base}/jwks",
                    "token_endpoint_auth_methods_supported": ["client_secret_basic"],
                }
            )
        elif self.path == "/userinfo":
            assert self.headers["Authorization"] == "Bearer campus-token"
            self.answer(Campus.claims)

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        wanted = base64.b64encode(b"linli:campus-secret").decode()
        assert self.headers["Authorization"] == f"Basic {wanted}"
        assert form["code"] == ["campus-code"]
        assert form["code_verifier"], "PKCE"
        self.answer({"access_token": "campus-token", "token_type": "Bearer"})

    def answer(self, data: dict[str, Any]) -> None:
        body = json.dumps(data).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: Any) -> None:
        pass


@pytest.fixture
def campus(settings: Any) -> Iterator[None]:
    server = HTTPServer(("127.0.0.1", 0), Campus)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Campus.claims = {
        "sub": "2023010101",
        "name": "周小满",
        "email": "zhou@haiyun.example",
        "email_verified": True,
    }
    settings.SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {
            "OAUTH_PKCE_ENABLED": True,
            "APPS": [
                {
                    "provider_id": "campus",
                    "name": "海云大学统一身份认证",
                    "client_id": "linli",
                    "secret": "campus-secret",
                    "settings": {"server_url": f"http://127.0.0.1:{server.server_port}"},
                }
            ],
        }
    }
    yield
    server.shutdown()
    server.server_close()


def come_back_from_campus(client: Client, process: str = "login") -> Any:
    away = client.post(f"/accounts/oidc/campus/login/?process={process}")
    assert away.status_code == 302, away.content.decode()[:300]
    state = parse_qs(urlsplit(away.url).query)["state"][0]
    return client.get(
        "/accounts/oidc/campus/login/callback/", {"code": "campus-code", "state": state}
    )


def test_a_student_joins_by_the_campus_log_in_and_still_proves_a_phone(
    client: Client, campus: None, university: Organisation
) -> None:
    answer = come_back_from_campus(client)
    assert answer.url == "/accounts/3rdparty/signup/"
    page = client.get(answer.url)
    assert 'name="phone"' in page.content.decode()

    answer = client.post(
        "/accounts/3rdparty/signup/",
        {"phone": "13911110001", "name": "周小满", "agree": "on", "with": "phone"},
    )
    assert answer.url == "/accounts/phone/verify/"
    assert not Volunteer.objects.exists()
    client.post(
        "/accounts/phone/verify/", {"action": "verify", "code": newest_code("+8613911110001")}
    )

    volunteer = Volunteer.objects.get()
    assert volunteer.user is not None
    assert volunteer.user.phone == "+8613911110001"
    assert SocialAccount.objects.get().user == volunteer.user
    client.post("/me/student/", {"university": university.pk, "student_number": "2023010101"})
    client.post("/me/student/prove/", {"action": "single_sign_on"})
    student = StudentAffiliation.objects.get()
    assert (student.proof, student.campus_email) == ("single_sign_on", "zhou@haiyun.example")


def test_the_campus_log_in_opens_the_same_account_again(
    client: Client, campus: None, alice: User
) -> None:
    SocialAccount.objects.create(user=alice, provider="campus", uid="2023010101")

    answer = come_back_from_campus(client)

    assert answer.url == "/me/"
    assert client.session["_auth_user_id"] == str(alice.pk)


def test_an_address_the_campus_vouches_for_opens_nobody_elses_account(
    client: Client, campus: None, bao: User
) -> None:
    """The campus may say what it likes about bao@linli.example: Bao's account stays Bao's."""
    Campus.claims["email"] = "bao@linli.example"

    come_back_from_campus(client)

    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize(
    "environment",
    [
        {"LINLI_WECHAT_APP_ID": "wx1", "LINLI_WECHAT_SECRET": "s"},
        {"LINLI_OIDC_URL": "https://id.haiyun.example", "LINLI_OIDC_CLIENT_ID": "linli"},
        {
            "LINLI_SAML_METADATA_URL": "https://id.haiyun.example/metadata",
            "LINLI_SAML_ENTITY_ID": "haiyun",
        },
    ],
)
@pytest.mark.django_db(transaction=True)
def test_each_log_in_is_switched_on_by_the_environment_alone(
    environment: dict[str, str], live_environment: dict[str, str]
) -> None:
    script = (
        "import django; django.setup();"
        "from django.conf import settings;"
        "from django.core.management import call_command; call_command('check');"
        "from django.test import Client;"
        "print('PROVIDERS', *settings.SOCIALACCOUNT_PROVIDERS);"
        "print('BUTTON', '/login/' in Client(SERVER_NAME='localhost')"
        ".get('/accounts/login/').content.decode().split('<main')[1])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=Path(__file__).resolve().parent.parent.parent,
        env=live_environment | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stderr[-2000:]
    provider = {"W": "weixin", "O": "openid_connect", "S": "saml"}[next(iter(environment))[6]]
    assert f"PROVIDERS {provider}" in done.stdout
    assert "BUTTON True" in done.stdout
