"""How a new site gets its first person: `manage.py createsuperuser --email ...`."""

import pytest
from django.core.management import CommandError, call_command

from volunteers.models import User

pytestmark = pytest.mark.django_db
PASSWORD = "八大关-olive-2026"


@pytest.fixture(autouse=True)
def password(monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)


def create(email: str) -> None:
    call_command("createsuperuser", email=email, name="市文明办", no_input=True, verbosity=0)


def test_the_first_account_signs_in_by_e_mail_and_enters_the_admin(client):
    create("Chief@City.example")
    assert User.objects.get(email="chief@city.example").is_superuser
    answer = client.post(
        "/accounts/login/", {"login": "chief@city.example", "password": PASSWORD}, follow=True
    )
    assert answer.wsgi_request.user.is_authenticated
    assert client.get("/admin/").status_code == 200


def test_an_address_that_is_taken_is_refused_in_words():
    create("chief@city.example")
    with pytest.raises(CommandError, match=r"already|已"):
        create("CHIEF@city.example")
    assert User.objects.count() == 1


@pytest.mark.parametrize("bad", ["1234567890", "short"])
def test_a_weak_password_is_refused(bad, monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", bad)
    with pytest.raises(CommandError):
        create("chief@city.example")
    assert not User.objects.exists()
