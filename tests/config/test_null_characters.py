"""A NUL in an address or a field is nobody's typing, and never an error of the house."""

import pytest
from django.urls import reverse

from volunteers.forms.community import find_communities


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address",
    ["/rankings/?district=%00", "/communities/?community_name=%E6%B5%AE%00", "/search/?q=%00"],
)
def test_a_page_with_a_null_in_its_query_answers_as_without(client, address):
    assert client.get(address).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/c/%00/", "/v/a%00b/", "/media/images/%00", "/no%00where/"])
def test_a_null_in_a_path_fits_nothing(client, address):
    assert client.get(address).status_code in {404, 410}


@pytest.mark.django_db
def test_a_null_in_the_search_box_of_a_community_finds_what_stands_around_it(territory):
    assert find_communities(f"\x00{territory.name[:3]}\x00")[0] == territory


@pytest.mark.django_db
def test_a_typed_card_with_a_null_is_an_unknown_card(client, bao, shift):
    client.force_login(bao)
    sent = {"card": "https://linli.example/c/a\x00b", "kind": "in"}
    answer = client.post(
        reverse("console_scan", args=[shift.pk]), sent, HTTP_ACCEPT="application/json"
    )
    assert answer.json()["code"] == "card_unknown"
