"""Yuan in Chinese capital numerals, as receipts write them: 1,005.40 is 壹仟零伍元肆角整."""

from __future__ import annotations

DIGITS = "零壹贰叁肆伍陆柒捌玖"
PLACES = ("", "拾", "佰", "仟")
GROUPS = ("", "万", "亿")  # of four digits each; no amount here is longer


def in_capitals(minor: int) -> str:
    """Whole fen in words: 整 after yuan or jiao, and one 零 for the digits that are nought."""
    yuan, fen = divmod(minor, 100)
    jiao, fen = divmod(fen, 10)
    words = f"{_whole(yuan)}元" if yuan else ""
    if not jiao and not fen:
        return f"{words or '零元'}整"
    if jiao:
        # «107,000.53»: the place before the jiao is nought, and says so.
        words += "零" if yuan and yuan % 10 == 0 else ""
        words += f"{DIGITS[jiao]}角"
    elif yuan:
        words += "零"
    return words + (f"{DIGITS[fen]}分" if fen else "整")


def _whole(number: int) -> str:
    groups = []
    while number:
        number, group = divmod(number, 10_000)
        groups.append(group)
    words = ""
    for place in reversed(range(len(groups))):
        group = groups[place]
        if not group:
            continue
        was_skipped = place + 1 < len(groups) and (group < 1000 or not groups[place + 1])
        words += ("零" if was_skipped else "") + _group(group) + GROUPS[place]
    return words


def _group(group: int) -> str:
    """Below ten thousand, without a nought before its first digit or after its last."""
    words, is_nought = "", False
    for place in reversed(range(4)):
        digit = group // 10**place % 10
        if digit:
            words += ("零" if is_nought and words else "") + DIGITS[digit] + PLACES[place]
            is_nought = False
        else:
            is_nought = True
    return words
