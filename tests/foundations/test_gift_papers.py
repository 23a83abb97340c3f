"""The paper for a gift (D5): what it says, what it is not, and that anybody can check it."""

from __future__ import annotations

import pypdfium2
import pytest
import zxingcpp
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from foundations.actions.books import create_fund
from foundations.capitals import in_capitals
from foundations.documents import confirmation_pdf, year_pdf
from foundations.models import Confirmation, Donor, Gift, ShownAs
from tests.foundations.donor_cast import WANG, begin, give, with_facts

pytestmark = pytest.mark.django_db


def text_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    text = "".join(page.get_textpage().get_text_range() for page in document)
    return "".join(text.split()).replace("￾", "-")


def paper(gift: Gift) -> str:
    return text_of(confirmation_pdf(confirmation=Confirmation.objects.get(gift=gift)))


@pytest.mark.parametrize(
    ("minor", "words"),
    [
        (0, "零元整"), (5, "伍分"), (50, "伍角整"), (1_000, "壹拾元整"), (100_500, "壹仟零伍元整"),
        (140_950, "壹仟肆佰零玖元伍角整"), (600_714, "陆仟零柒元壹角肆分"),
        (1_640_902, "壹万陆仟肆佰零玖元零贰分"), (32_504, "叁佰贰拾伍元零肆分"),
        (10_700_053, "壹拾万柒仟元零伍角叁分"), (10_010_000, "壹拾万零壹佰元整"),
        (10_000_000_005, "壹亿元零伍分"), (10_000_050_000, "壹亿零伍佰元整"),
        (123_456_789_012, "壹拾贰亿叁仟肆佰伍拾陆万柒仟捌佰玖拾元零壹角贰分"),
    ],
)  # fmt: skip
def test_yuan_are_written_in_capitals_as_receipts_write_them(minor, words):
    assert in_capitals(minor) == words


def test_the_confirmation_says_all_that_the_law_asks_for(foundation, fund):
    with_facts(foundation)
    gift = give(fund, 100_540)
    shown = paper(gift)
    assert gift.paid_at is not None
    for fact in (
        "王小善", "¥1,005.40", "壹仟零伍元肆角整", "老人食堂", "香港中路社区基金会",
        "53370200MJD123456X", "鲁民募2026-018", "孙经手", gift.confirmation.number, gift.number,
        timezone.localdate(gift.paid_at).isoformat(), "Card",
    ):  # fmt: skip
        assert fact in shown, fact


def test_it_says_that_it_is_no_fiscal_receipt_in_both_languages(fund):
    shown = paper(give(fund))
    assert "不是财政部监制的公益事业捐赠统一票据" in shown
    assert "Itisnotafiscalreceipt" in shown


def test_a_test_payment_says_test_across_the_paper_and_a_real_one_does_not(fund):
    assert "TEST" in paper(give(fund, is_live=False))
    assert "TEST" not in paper(give(fund, is_live=True))


def test_cash_is_never_a_test(fund):
    gift = give(fund, is_live=False)
    Gift.objects.filter(pk=gift.pk).update(gateway="offline", method=Gift.Method.CASH)
    assert "TEST" not in paper(gift)


def test_what_is_anonymous_waived_or_receipted_stands_on_it(fund):
    gift = give(fund, shown_as=ShownAs.ANONYMOUS)
    assert "公开时匿名" in paper(gift)
    assert "尚未登记" in paper(gift)
    Confirmation.objects.filter(gift=gift).update(is_waived=True)
    assert "捐赠人表示不需要" in paper(gift)
    Confirmation.objects.filter(gift=gift).update(
        fiscal_number="37010123", fiscal_check_code="a1b2c3"
    )
    assert "37010123（校验码checkcodea1b2c3）" in paper(gift)


def test_a_gift_without_a_name_says_so(fund):
    assert "未署名" in paper(give(fund, donor_name=""))


def test_what_was_paid_back_stands_on_it(fund):
    gift = give(fund)
    assert "退回" not in paper(gift)
    Gift.objects.filter(pk=gift.pk).update(refunded_minor=4_000)
    assert "已部分退回" in paper(gift)
    assert "¥60.00" in paper(gift)
    Gift.objects.filter(pk=gift.pk).update(refunded_minor=10_000)
    assert "已全额退回" in paper(gift)


def test_another_currency_stands_in_figures_only(foundation):
    fund = create_fund(foundation=foundation, name="日元", purpose="书", currency="JPY", by=None)
    shown = paper(give(fund, 1_234))
    assert "JP¥1,234" in shown
    assert "大写" not in shown


def test_its_code_leads_to_the_page_that_proves_it(fund):
    gift = give(fund)
    document = pypdfium2.PdfDocument(confirmation_pdf(confirmation=gift.confirmation))
    codes = zxingcpp.read_barcodes(document[0].render(scale=2).to_pil())
    url = settings.LINLI_BASE_URL + reverse("verify_confirmation", args=[gift.number])
    assert [code.text for code in codes] == [url]


def test_it_is_one_page_however_long_its_words_are(foundation, fund):
    with_facts(foundation)
    fund.name, fund.name_en = "老" * 80, "Canteen " * 15
    fund.save()
    gift = give(
        fund, donor_name="阿卜杜热合曼·买买提依明·" * 6, dedication="献" * 120, kind="company"
    )
    Donor.objects.filter(pk=gift.donor_id).update(credit_code="9" * 40)
    Confirmation.objects.filter(gift=gift).update(
        fiscal_number="3" * 40, fiscal_check_code="4" * 40
    )
    Gift.objects.filter(pk=gift.pk).update(refunded_minor=1)
    pdf = confirmation_pdf(confirmation=Confirmation.objects.get(gift=gift))
    assert len(pypdfium2.PdfDocument(pdf)) == 1


def test_words_of_a_donor_are_words_and_no_code(fund):
    name = '#panic("no") *x* $y$ <z> @w'
    assert "".join(name.split()) in paper(give(fund, donor_name=name))


def test_the_paper_opens_by_its_address_and_only_once_it_is_paid(fund):
    gift, begun = give(fund), begin(fund)
    answer = Client().get(reverse("gift_confirmation", args=[gift.uuid]))
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert answer.content.startswith(b"%PDF")
    assert "no-store" in answer["Cache-Control"]
    for uuid in (begun.uuid, begun.nonce):
        assert Client().get(reverse("gift_confirmation", args=[uuid])).status_code == 404


def test_whoever_scans_the_paper_sees_masked_facts(foundation, fund):
    gift = give(fund, 12_300)
    page = Client().get(reverse("verify_confirmation", args=[gift.number]))
    text = page.content.decode()
    assert page.status_code == 200
    for fact in ("123.00", "老人食堂", str(foundation), gift.confirmation.number, "王*"):
        assert fact in text
    assert "王小善" not in text
    assert WANG not in text
    assert page["X-Robots-Tag"] == "noindex"


def test_the_page_that_proves_it_knows_what_was_paid_back_and_what_was_a_test(fund):
    gift = give(fund, is_live=False)
    address = reverse("verify_confirmation", args=[gift.number])
    headers = {"Accept-Language": "en"}
    assert "genuine" in Client().get(address, headers=headers).content.decode()
    assert "TEST" in Client().get(address).content.decode()
    Gift.objects.filter(pk=gift.pk).update(refunded_minor=1)
    assert "paid back in part" in Client().get(address, headers=headers).content.decode()
    Gift.objects.filter(pk=gift.pk).update(refunded_minor=gift.amount_minor)
    assert "proves nothing any more" in Client().get(address, headers=headers).content.decode()


@pytest.mark.parametrize("number", ["G000000-XXXXXXXX", "2026-000001", "-", "_"])
def test_what_is_not_ours_is_not_genuine(fund, number):
    assert Client().get(reverse("verify_confirmation", args=[number])).status_code == 404


@pytest.mark.parametrize("number", ["%00", "a" * 40, "..%2f", "王"])
def test_garbage_in_the_address_is_not_found(number):
    assert Client().get(f"/gifts/verify/{number}/").status_code == 404


def test_a_year_adds_up_what_stayed_with_the_foundation(foundation, fund, general):
    with_facts(foundation)
    gifts = [give(fund, 10_000), give(general, 5_050), give(fund, 3_000)]
    Gift.objects.filter(pk=gifts[0].pk).update(refunded_minor=4_000)
    year = timezone.localdate().year
    shown = text_of(year_pdf(foundation=foundation, year=year, gifts=_fresh(gifts)))
    for fact in ("¥140.50", "壹佰肆拾元零伍角整", "¥40.00", "王小善", gifts[1].confirmation.number):
        assert fact in shown
    assert "不是财政部监制" in shown
    assert "TEST" not in shown


def test_tests_are_no_gifts_of_the_year_and_alone_they_say_so(foundation, fund):
    real, tried = give(fund, 1_000), give(fund, 99_000, is_live=False)
    mixed = text_of(year_pdf(foundation=foundation, year=2026, gifts=_fresh([real, tried])))
    assert "¥990.00" not in mixed
    assert "TEST" not in mixed
    assert "TEST" in text_of(year_pdf(foundation=foundation, year=2026, gifts=_fresh([tried])))


def test_many_gifts_take_several_pages(foundation, fund):
    gift = give(fund)
    pdf = year_pdf(foundation=foundation, year=2026, gifts=_fresh([gift]) * 70)
    one = year_pdf(foundation=foundation, year=2026, gifts=_fresh([gift]))
    assert len(pypdfium2.PdfDocument(one)) == 1
    assert len(pypdfium2.PdfDocument(pdf)) > 1


def _fresh(gifts: list[Gift]) -> list[Gift]:
    return list(Gift.objects.filter(pk__in=[gift.pk for gift in gifts]).order_by("pk"))
