"""The numbers of fiscal receipts: kept beside our confirmations, corrected with a trace."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from wagtail.models import ModelLogEntry

from foundations.actions import fiscal
from foundations.actions.fiscal import store_fiscal_receipt
from foundations.actions.offline import approve_offline_gift, enter_offline_gift
from foundations.models import Confirmation, Foundation, Fund
from volunteers.models import User

pytestmark = pytest.mark.usefixtures("sound_books", "books")


@pytest.fixture
def papers(fund: Fund, chen: User, tan: User) -> list[Confirmation]:
    for _ in range(3):
        entry = enter_offline_gift(
            fund=fund, how="cash", amount_minor=5000, happened_on=timezone.localdate(), by=chen
        )
        approve_offline_gift(entry=entry, by=tan)
    return list(Confirmation.objects.order_by("running"))


def test_a_number_is_kept_and_a_correction_leaves_what_stood_before(
    papers: list[Confirmation], chen: User
) -> None:
    paper = store_fiscal_receipt(
        confirmation=papers[0], number=" '0012345678 ", check_code="a1b2c3", by=chen
    )
    assert (paper.fiscal_number, paper.fiscal_check_code) == ("0012345678", "a1b2c3")
    store_fiscal_receipt(confirmation=paper, number="0012345679", check_code="a1b2c3", by=chen)

    logged = ModelLogEntry.objects.get(action="foundations.correct_fiscal")
    assert logged.data["was"] == ["0012345678", "a1b2c3"]


@pytest.mark.parametrize(
    ("number", "refused"),
    [
        (" ", fiscal.NumberMissing),
        ("1" * 41, fiscal.NumberTooLong),
        ("777", fiscal.NumberTaken),
    ],
)
def test_what_is_no_number_of_its_own_is_refused(
    papers: list[Confirmation], chen: User, number: str, refused: type[Exception]
) -> None:
    store_fiscal_receipt(confirmation=papers[1], number="777", check_code="", by=chen)

    with pytest.raises(refused) as raised:
        store_fiscal_receipt(confirmation=papers[0], number=number, check_code="", by=chen)

    assert str(raised.value)


def test_a_file_keeps_what_it_can_and_says_of_the_rest_why_not(
    papers: list[Confirmation], foundation: Foundation, chen: User, client: Client
) -> None:
    first, second, third = papers
    store_fiscal_receipt(confirmation=third, number="900", check_code="z", by=chen)
    rows = [
        "确认书,票据号码,校验码", f"{first.number},100,a", f"{second.number},100,b",
        f"{third.number},901,z", "1999-000001,102,c",
    ]  # fmt: skip
    client.force_login(chen)

    answer = client.post(
        reverse("foundation-receipts:upload"),
        {
            "foundation": foundation.pk,
            "file": SimpleUploadedFile("票据.csv", "\n".join(rows).encode("gb18030")),
        },
    )

    assert answer.status_code == 200
    assert [given.row.row for given in answer.context["refused"]] == [3, 4, 5]
    numbers = Confirmation.objects.order_by("running").values_list("fiscal_number", flat=True)
    assert list(numbers) == ["100", "", "900"]


def test_a_treasurer_writes_one_number_and_an_outsider_none(
    papers: list[Confirmation], tan: User, dai: User, client: Client
) -> None:
    address = reverse("foundation-receipts:number", args=[papers[0].pk])
    for user, number in ((dai, "1"), (tan, "2")):
        client.force_login(user)
        client.post(address, {"number": number, "check_code": ""})

    assert Confirmation.objects.get(pk=papers[0].pk).fiscal_number == "2"
