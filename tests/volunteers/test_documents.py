"""PDFs are read back by programs that had no part in making them: PDFium and ZXing."""

from datetime import date
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp
from fontTools.ttLib import TTFont

from campaigns.documents import poster_pdf
from volunteers.documents import TEMPLATES, card_pdf, render_pdf

CARD_URL = "https://linli.example.org/c/Q3nS8kV0aZpW2r/"
POSTER_URL = "https://linli.example.org/v/eyJzIjoxMjM0LCJwIjoicG9zdGVyIn0.c2lnbmF0dXJl/"

HARD_NAMES = [
    "王",
    "䶮㛃堃喆𬭚㼆",
    "阿卜杜热合曼·买买提依明·吐尔逊江·艾合买提",
    "Alexandria Wolfeschlegelsteinhausenbergerdorff-O’Neill",
    '#panic("no") *x* $y$ <z> @w _v_ \\ // /* `u` "t" \'s',
]


def card(**changes) -> bytes:
    facts = {
        "url": CARD_URL,
        "number": "QD-2026-000123",
        "holder": "王小明",
        "kind": "平安志愿者",
        "level": "三星志愿者",
        "issuer": "市南区八大峡街道",
        "issued_on": date(2026, 11, 23),
    }
    return card_pdf(**{**facts, **changes})


def poster(**changes) -> bytes:
    facts = {
        "url": POSTER_URL,
        "title": "海边净滩",
        "organisation": "市南区八大峡街道",
        "place": "第一海水浴场东入口",
        "when": "2026年11月28日 09:00–11:30",
    }
    return poster_pdf(**{**facts, **changes})


def text_of(pdf: bytes) -> str:
    """Return all the text of the PDF without its white space, which depends on line breaks."""
    document = pypdfium2.PdfDocument(pdf)
    text = "".join(page.get_textpage().get_text_range() for page in document)
    # PDFium writes U+FFFE for a hyphen that ends a line.
    return "".join(text.split()).replace("\ufffe", "-")


def codes_in(pdf: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(pdf)
    pictures = [page.render(scale=150 / 72).to_pil() for page in document]
    return [code.text for picture in pictures for code in zxingcpp.read_barcodes(picture)]


@pytest.mark.parametrize("holder", HARD_NAMES)
def test_a_card_shows_its_holder_exactly_as_written(holder):
    shown = text_of(card(holder=holder))

    assert "".join(holder.replace("’", "'").split()) in shown


def test_a_card_shows_what_it_was_given():
    shown = text_of(card(affiliation="中国海洋大学"))

    for fact in ("QD-2026-000123", "平安志愿者", "三星志愿者", "2026-11-23", "中国海洋大学"):
        assert fact in shown


def test_the_code_on_a_card_reads_back_as_its_address():
    assert codes_in(card()) == [CARD_URL]


@pytest.mark.parametrize("holder", HARD_NAMES)
def test_a_card_is_one_page_of_a4_however_long_its_words_are(holder):
    pdf = card(holder=holder, affiliation=holder, kind=holder, level=holder, issuer=holder * 3)
    document = pypdfium2.PdfDocument(pdf)

    assert len(document) == 1
    assert document[0].get_size() == pytest.approx((595.28, 841.89), abs=0.1)
    assert codes_in(pdf) == [CARD_URL]


def test_the_code_on_a_poster_reads_back_as_its_address():
    assert codes_in(poster()) == [POSTER_URL]


def test_a_poster_says_that_its_check_ins_are_reviewed():
    shown = text_of(poster())

    assert "组织者会逐条复核" in shown
    assert "reviewedbytheorganiser" in shown


def test_a_poster_with_a_very_long_name_and_place_stays_one_page():
    pdf = poster(
        title="老旧小区楼道安全隐患排查暨独居老人冬季取暖用电用气安全入户宣传志愿服务活动" * 3,
        title_en="Safety walk through the stairwells of the older housing estates " * 4,
        place="青岛市市北区延安路街道大成路社区居民委员会一楼党群服务中心多功能活动室" * 2,
        organisation="青岛市市北区延安路街道平安志愿者协会联合中国海洋大学学生志愿服务总队" * 2,
        contact="包老师 0532-8888 6666",
    )

    assert len(pypdfium2.PdfDocument(pdf)) == 1
    assert codes_in(pdf) == [POSTER_URL]


def test_the_same_data_gives_the_same_bytes():
    assert card() == card()


@pytest.mark.parametrize("template", ["none_such", "../base", "/etc/passwd", "fonts/../card"])
def test_a_template_outside_the_folder_is_refused(template):
    with pytest.raises(ValueError, match="No typst template"):
        render_pdf(template=template, data={})


@pytest.mark.parametrize("weight", ["Regular", "Bold"])
def test_the_font_has_every_character_of_the_state_table(weight):
    """通用规范汉字表 (2013): the 8,105 characters in which a name may be registered today."""
    table = (
        Path(__file__).with_name("tongyong_guifan_hanzi.txt").read_text(encoding="utf-8").strip()
    )
    with TTFont(TEMPLATES / "fonts" / f"NotoSansSC-{weight}.ttf", lazy=True) as font:
        covered = font.getBestCmap()

    assert len(set(table)) == 8105
    assert [character for character in table if ord(character) not in covered] == []


@pytest.mark.parametrize("weight", ["Regular", "Bold"])
def test_the_font_has_rare_characters_of_older_names(weight):
    """Outside the table, but found in identity cards and place names."""
    with TTFont(TEMPLATES / "fonts" / f"NotoSansSC-{weight}.ttf", lazy=True) as font:
        covered = font.getBestCmap()

    assert [c for c in "䶮㛃堃喆𬭚㼆𠅤頔甯丼㛹㸌䜣㴋昇淼翀祎𪟝𫖯𬱖" if ord(c) not in covered] == []
