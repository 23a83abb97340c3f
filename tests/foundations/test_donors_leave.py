"""The copy of one's data and the closing of an account know of gifts (P4)."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from foundations.actions.donors import GiftOnItsWay, StillGives, anonymise_donor
from foundations.documents import confirmation_pdf
from foundations.models import Donor, Gift, Letter, MonthlyGift, Question
from tests.foundations.donor_cast import WANG, begin, by_mail, give, monthly_of, prove_mail
from tests.foundations.test_gift_papers import text_of
from volunteers.actions.leaving import CannotLeave, close_account, copy_data

pytestmark = pytest.mark.django_db


def test_the_copy_of_ones_data_lists_gifts_and_monthly_gifts(alice, fund):
    prove_mail(alice, WANG)
    gift, monthly = give(fund, 12_345), monthly_of(fund)
    give(fund, email="li@example.org")
    copy = copy_data(volunteer=alice.volunteer)["giving"]
    (row,) = copy["gifts"]
    assert (row["number"], row["amount"], row["given_by"]) == (gift.number, "123.45", "王小善")
    assert row["confirmation"] == gift.confirmation.number
    assert [one["number"] for one in copy["monthly_gifts"]] == [monthly.number]


def test_a_closed_account_leaves_the_name_on_the_paper_and_nowhere_else(alice, fund):
    gift = give(fund, user=alice, message="加油", dedication="奶奶", shown_as="full")
    begun = begin(fund, user=alice, state="expired")
    Question.objects.create(
        foundation=fund.foundation, gift=gift, user=alice, name="王小善", email=WANG, text="？"
    )
    close_account(user=alice, by=alice)
    donor = Donor.objects.get()
    assert (donor.name, donor.email, donor.user) == ("", "", None)
    assert donor.anonymised_at is not None
    gift.refresh_from_db()
    begun.refresh_from_db()
    assert (gift.donor_name, gift.shown_as, gift.message) == ("王小善", "anonymous", "")
    assert begun.donor_name == ""
    question = Question.objects.get()
    assert (question.name, question.email, question.user) == ("", "", None)
    assert WANG not in "".join(Letter.objects.values_list("email", flat=True))
    assert "王小善" in text_of(confirmation_pdf(confirmation=gift.confirmation))
    page = Client().get(reverse("verify_confirmation", args=[gift.number])).content.decode()
    assert "王" not in page
    assert by_mail().get(reverse("my_gift", args=[gift.uuid])).status_code == 404


def test_gifts_under_a_proven_address_are_let_go_of_too(alice, fund):
    prove_mail(alice, WANG.upper())
    give(fund)
    close_account(user=alice, by=alice)
    assert Donor.objects.get().anonymised_at is not None


def test_an_account_without_a_volunteer_is_closed_the_same_way(tan, fund):
    give(fund, user=tan)
    close_account(user=tan, by=tan)
    assert Donor.objects.get().anonymised_at is not None


def test_a_running_monthly_gift_is_stopped_first(alice, fund):
    monthly = monthly_of(fund)
    Donor.objects.update(user=alice)
    with pytest.raises(CannotLeave) as refused:
        close_account(user=alice, by=alice)
    assert "monthly gift" in str(refused.value) or "每月" in str(refused.value)
    alice.refresh_from_db()
    assert alice.is_active
    MonthlyGift.objects.filter(pk=monthly.pk).update(state="stopped", stopped_at=monthly.started_at)
    close_account(user=alice, by=alice)
    alice.refresh_from_db()
    assert not alice.is_active


def test_a_donor_is_not_made_nobody_while_money_is_on_its_way(fund, tan):
    gift = begin(fund, state="pending")
    with pytest.raises(GiftOnItsWay):
        anonymise_donor(donor=gift.donor, by=tan)
    Gift.objects.filter(pk=gift.pk).update(state="expired")
    monthly_of(fund, state="past_due")
    with pytest.raises(StillGives):
        anonymise_donor(donor=gift.donor, by=tan)


def test_somebody_else_with_the_same_address_later_sees_none_of_it(fund, tan):
    gift = give(fund)
    anonymise_donor(donor=gift.donor, by=tan)
    anonymise_donor(donor=gift.donor, by=tan)
    later = give(fund)
    assert later.donor_id != gift.donor_id
    client = by_mail()
    assert client.get(reverse("my_gift", args=[later.uuid])).status_code == 200
    assert client.get(reverse("my_gift", args=[gift.uuid])).status_code == 404
