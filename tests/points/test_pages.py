from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from points.actions.recognition import evaluate_recognition
from points.models import Recognition, Redemption, Reward, Standing
from tests.points.conftest import make_rule, settle_all
from volunteers.actions.records import confirm_record, correct_record, void_record
from volunteers.models import ServiceRecord, User

Make = Callable[..., ServiceRecord]


@pytest.fixture
def reward(db: None) -> Reward:
    return Reward.objects.create(
        name="海边环保袋", price_points=15, stock=3, pick_up_place="党群中心"
    )


def test_my_points_says_in_words_where_each_point_came_from(
    client: Client, alice: User, confirmed: Make, per_hour: object, daily_cap: object
) -> None:
    make_rule("campaign_bonus", 5, campaign_number=9)
    confirmed(390, campaign_number=9)
    settle_all()
    client.force_login(alice)

    page = client.get(reverse("my_points"), headers={"accept-language": "en"}).content.decode()

    assert "浮山所平安夜巡" in page or "Fushansuo" in page
    assert "390 minutes at 10 points an hour" in page
    assert "campaign bonus +5" in page
    assert "+70" in page
    assert "70 points earned, at most 60 count. 10 lie over the limit" in page
    assert "−10" in page


def test_a_correction_stands_in_the_statement_with_its_reason(
    client: Client, alice: User, bao: User, confirmed: Make, per_hour: object
) -> None:
    record = confirmed(120)
    settle_all()
    correct_record(record=record, by=bao, credited_minutes=60, reason="提前一小时离开")
    settle_all()
    client.force_login(alice)

    page = client.get(reverse("my_points"), headers={"accept-language": "en"}).content.decode()

    assert "The record was corrected." in page
    assert "提前一小时离开" in page
    assert "Worth 10 points now, 20 had been given." in page
    assert "−10" in page


def test_a_day_over_the_limit_says_so_in_a_line_of_its_own(
    client: Client, alice: User, bao: User, submitted: Make, confirmed: Make,
    per_hour: object, daily_cap: object,
) -> None:  # fmt: skip
    earlier = submitted(300)
    confirmed(300)
    settle_all()
    confirm_record(record=earlier, by=bao)
    settle_all()
    client.force_login(alice)

    page = client.get(reverse("my_points"), headers={"accept-language": "en"}).content.decode()

    assert "The day&#x27;s limit" in page
    assert "100 points earned, at most 60 count" in page
    assert "your hours all count" in page


def test_a_debt_is_put_in_plain_words(
    client: Client, alice: User, bao: User, confirmed: Make, per_hour: object, reward: Reward
) -> None:
    record = confirmed(120)
    settle_all()
    client.force_login(alice)
    client.post(reverse("redeem_reward", args=[reward.pk]), {"nonce": uuid.uuid4()})
    void_record(record=record, by=bao, reason="没有到场")
    settle_all()

    page = client.get(reverse("my_points"), headers={"accept-language": "en"}).content.decode()

    assert "Your next 15 points make up for that" in page


def test_while_something_is_owed_the_summary_asks_again(
    client: Client, alice: User, confirmed: Make, per_hour: object
) -> None:
    confirmed(60)
    client.force_login(alice)
    assert "every 2s" in client.get(reverse("my_points_summary")).content.decode()

    settle_all()

    assert "every 2s" not in client.get(reverse("my_points_summary")).content.decode()


def test_progress_tells_the_hours_to_the_next_star(
    client: Client, alice: User, confirmed: Make, per_hour: object
) -> None:
    Standing.objects.create(volunteer=alice.volunteer, served_minutes=88 * 60, served_records=30)
    client.force_login(alice)

    page = client.get(reverse("my_points"), headers={"accept-language": "en"}).content.decode()

    assert "12 more hours to star level 1." in page
    assert "A star also needs service that has been rated." in page


def test_a_visitor_is_asked_to_sign_in_and_comes_back(client: Client, db: None) -> None:
    response = client.get(reverse("my_points"))

    assert response.status_code == 302
    assert "next=/me/points/" in response["Location"]


def test_pressing_redeem_twice_redeems_once(
    client: Client, alice: User, confirmed: Make, per_hour: object, reward: Reward
) -> None:
    confirmed(300)
    settle_all()
    client.force_login(alice)
    nonce = uuid.uuid4()

    for _ in range(2):
        response = client.post(
            reverse("redeem_reward", args=[reward.pk]), {"nonce": nonce}, follow=True
        )

    code = Redemption.objects.get().code
    assert code in response.content.decode()
    reward.refresh_from_db()
    assert reward.taken == 1


def test_too_few_points_is_a_sentence_and_takes_nothing(
    client: Client, alice: User, confirmed: Make, per_hour: object, reward: Reward
) -> None:
    confirmed(60)
    settle_all()
    client.force_login(alice)

    response = client.post(
        reverse("redeem_reward", args=[reward.pk]), {"nonce": uuid.uuid4()},
        follow=True, headers={"accept-language": "en"},
    )  # fmt: skip

    assert "5 more points are needed" in response.content.decode()
    assert not Redemption.objects.exists()
    reward.refresh_from_db()
    assert reward.taken == 0


def test_rewards_are_open_to_visitors(client: Client, reward: Reward) -> None:
    assert "海边环保袋" in client.get(reverse("rewards")).content.decode()


def test_stars_stand_in_public_notice_with_masked_names(
    client: Client, alice: User, settings: object
) -> None:
    Standing.objects.create(
        volunteer=alice.volunteer, served_minutes=6000, served_records=1, rated_records=1,
        rating_sum=5, revision=1,
    )  # fmt: skip
    evaluate_recognition()
    assert Recognition.objects.in_notice().count() == 1

    page = client.get(reverse("star_notice")).content.decode()

    assert "林*" in page
    assert "林爱丽" not in page


def test_the_rules_page_shows_the_rules_that_hold_today(
    client: Client, per_hour: object, daily_cap: object
) -> None:
    make_rule("campaign_bonus", 77, campaign_number=1, holds=(date(2020, 1, 1), date(2020, 2, 1)))

    page = client.get(reverse("award_rules"), headers={"accept-language": "en"}).content.decode()

    assert "10 points" in page
    assert "At most 60 points a day" in page
    assert "77 points" not in page
