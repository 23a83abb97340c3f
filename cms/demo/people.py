"""Invented people: names, telephone numbers and ID numbers that belong to nobody.

Telephone numbers begin with 1740, the series of satellite terminals: no resident's telephone has
one, and yet it passes as a number that a text message can reach. ID numbers are of the
test series that ends the standard's own example: area 110105, born on 31 December 1949.
"""

from __future__ import annotations

import random
from datetime import date

SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡"
    "贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段"
    "雷钱汤尹黎易常武乔贺赖龚文逄矫臧迟曲隋宫匡修战"
)
LONG_SURNAMES = ("欧阳", "司徒", "上官", "诸葛", "令狐", "皇甫", "尉迟", "慕容")
GIVEN_FIRST = (
    "子雨梓欣浩思佳嘉俊晓文明海建国志春秋玉秀桂丽红艳丹凤兰雪静慧婷诗若一书知清景云星承怀"
    "远立守念永安和平德成宝长金银福寿松柏青"
)
GIVEN_SECOND = (
    "涵轩怡然宇航辰阳彤琪博瑞杰伟强军涛鹏飞华梅英芳珍娟霞莲香云蓉萍敏燕莉妮雯瑶琳睿哲宁远舟"
    "帆潮岚溪禾苗野山川泉林桐枫月晴夏冬生根柱满仓喜乐康健"
)
# Characters that a common font lacks, and names that a narrow column does not expect.
RARE_NAMES = (
    "王䶮",
    "李㛃",
    "张𬭎",
    "刘垚",
    "陈犇",
    "赵彧喆",
    "孙𫍯",
    "周嫚㚷",
    "吴翀",
    "郑燚",
    "欧阳㛃",
    "司徒䶮之",
    "诸葛静茹",
    "尉迟长风",
    "慕容清欢",
    "阿依古丽·买买提",
    "迪丽努尔·阿卜杜热合曼",
    "次仁旺堆",
    "朴恩惠",
    "Anna Kowalska",
)
DEMO_PREFIX = "1740"


def invented_name(rng: random.Random) -> str:
    """A name for a demo volunteer; about one in two hundred is rare or long."""
    if rng.random() < 0.005:
        return rng.choice(RARE_NAMES)
    surname = rng.choice(LONG_SURNAMES) if rng.random() < 0.01 else rng.choice(SURNAMES)
    given = rng.choice(GIVEN_SECOND)
    return surname + (rng.choice(GIVEN_FIRST) if rng.random() < 0.82 else "") + given


def demo_phone(number: int) -> str:
    """The `number`-th demo telephone number, `+861740…`; up to 5,999,999."""
    return f"+86{DEMO_PREFIX}{number:07d}"


def standard_id_number(sequence: int) -> str:
    """An ID number of the test series; `sequence` (0–999) tells them apart."""
    from volunteers.identity import check_character

    body = f"11010519491231{sequence:03d}"
    return body + check_character(body)


def invented_birth_date(rng: random.Random, *, today: date, youngest: int, eldest: int) -> date:
    """A birth date of somebody between two ages, both in years and included."""
    days = rng.randrange(youngest * 365 + youngest // 4 + 1, (eldest + 1) * 365)
    return date.fromordinal(today.toordinal() - days)
