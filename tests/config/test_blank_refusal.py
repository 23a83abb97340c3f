"""A session that ended in the middle of a press leads to a sentence, never to an empty page."""

import pytest
from django.urls import reverse


@pytest.mark.django_db
@pytest.mark.parametrize(("language", "sentence"), [("zh-hans", "还差一按"), ("en", "One press")])
def test_the_address_of_a_button_says_that_it_is_one(client, alice, shift, language, sentence):
    client.force_login(alice)
    client.cookies["linli_language"] = language
    response = client.get(reverse("shift_cancel", args=[shift.pk]))
    assert response.status_code == 405
    assert response["Allow"] == "POST"
    assert sentence in response.content.decode()


@pytest.mark.django_db
def test_after_signing_in_anew_a_press_lost_on_the_way_is_explained(client, alice, shift):
    sent = client.post(reverse("shift_cancel", args=[shift.pk]))
    client.force_login(alice)
    came_back = client.get(sent.url.partition("next=")[2])
    assert "还差一按" in came_back.content.decode()
