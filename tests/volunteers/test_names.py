"""A name stands on a printed card: what no print can show is asked for again."""

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from volunteers.forms.names import NameField
from volunteers.models import User


@pytest.mark.parametrize(
    "name", ["欧阳慕容晓晓", "阿依古丽·买买提", "José O'Neil-Łuczak", "𬱖𫟼", "〇一"]
)
def test_every_script_of_names_is_welcome(name: str) -> None:
    assert NameField().clean(f" {name} ") == name


@pytest.mark.parametrize("name", ["晓晓😀", "☆林☆", "林👍🏽"])
def test_pictures_in_a_name_are_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        NameField().clean(name)


def test_a_refused_name_stays_in_the_form(client: Client, alice: User) -> None:
    client.force_login(alice)
    html = client.post("/me/profile/", {"name": "爱丽😀", "sex": "0"}).content.decode()
    assert "爱丽😀" in html
    assert "姓名里只写文字" in html
