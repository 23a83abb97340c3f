"""The year as a picture to share: a lane of twelve houses, the taller the more was given."""

from __future__ import annotations

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, npgettext

from points.drawing import Sheet, text_width
from points.year import YearSummary
from volunteers.models import ServiceRecord

WIDTH, HEIGHT = 1080, 1440
MARGIN = 76
INNER = WIDTH - 2 * MARGIN

# Those of static/css/tokens.css by daylight; a test compares them.
COLOURS = {
    "sky": "#fbedca",
    "paper-raised": "#fffdf9",
    "paper-sunk": "#f3ebde",
    "ink": "#2a211b",
    "ink-soft": "#64574a",
    "roof": "#b23a22",
    "roof-strong": "#8f2b17",
    "roof-ink": "#9c301b",
    "sea": "#1d6668",
    "sea-strong": "#134b4d",
    "sea-soft": "#dcecea",
    "sun": "#f0b03a",
    "seal": "#c02c1c",
}
HILL_FAR, HILL_NEAR, BAY = "#a9c3ae", "#80a694", "#3f8585"

LANE_TOP = 1150
MOST_CATEGORIES = 4


def draw_year(*, summary: YearSummary, name: str, site: str) -> bytes:
    """PNG, 1080 × 1440. `name` is what the person chose to show; `site` stands at the foot."""
    sheet = Sheet(width=WIDTH, height=HEIGHT, ground=COLOURS["sky"])
    _sun_and_hills(sheet)
    _eaves(sheet)
    _heading(sheet, summary, name)
    if summary.is_empty:
        _nothing_yet(sheet)
    else:
        _sums(sheet, summary)
        _categories(sheet, summary)
        _moments(sheet, summary)
    _lane(sheet, summary.months)
    _foot(sheet, site)
    return sheet.png()


def _eaves(sheet: Sheet) -> None:
    sheet.box((0, 0), (WIDTH, 34), fill=COLOURS["roof"])
    for number in range(19):
        sheet.circle((number * 60, 32), 30, fill=COLOURS["roof"])


def _sun_and_hills(sheet: Sheet) -> None:
    sheet.circle((WIDTH - 150, 190), 62, fill=COLOURS["sun"])
    sheet.ellipse((230, LANE_TOP + 130), (520, 190), fill=HILL_FAR)
    sheet.ellipse((880, LANE_TOP + 150), (560, 180), fill=HILL_NEAR)
    sheet.box((0, LANE_TOP + 70), (WIDTH, HEIGHT - LANE_TOP), fill=BAY)


def _heading(sheet: Sheet, summary: YearSummary, name: str) -> None:
    _mark(sheet, MARGIN, 106, scale=1.6)
    sheet.text((MARGIN + 96, 166), _("Linli"), size=44, fill=COLOURS["ink"], bold=True)
    title = _("%(year)s, next door") % {"year": summary.year}
    sheet.text((MARGIN, 290), title, size=60, fill=COLOURS["ink"], bold=True)
    of_whom = _("The year of %(name)s") % {"name": name}
    sheet.text_within(
        (MARGIN, 350), of_whom, width=INNER, size=38, smallest=26, fill=COLOURS["ink-soft"]
    )


def _mark(sheet: Sheet, left: float, top: float, *, scale: float) -> None:
    """The house's mark: one roof over two neighbours (static/img/mark.svg)."""

    def at(x: float, y: float) -> tuple[float, float]:
        return left + x * scale, top + (y - 4) * scale

    sheet.stroke([at(4, 21), at(24, 6), at(44, 21)], fill=COLOURS["roof"], width=5 * scale)
    for x, colour in ((16.2, COLOURS["sea"]), (31.8, COLOURS["sun"])):
        sheet.circle(at(x, 24), 4.4 * scale, fill=colour)
        sheet.box(at(x - 7.4, 30), (14.8 * scale, 14 * scale), fill=colour, radius=7 * scale)
        sheet.box(at(x - 7.4, 37), (14.8 * scale, 7 * scale), fill=colour)


def _nothing_yet(sheet: Sheet) -> None:
    sheet.box((MARGIN, 430), (INNER, 330), fill=COLOURS["paper-raised"], radius=36)
    sheet.text_within(
        (WIDTH / 2, 580), _("Twelve houses, and every door is open."),
        width=INNER - 96, size=46, smallest=30, fill=COLOURS["ink"], bold=True, anchor="ms",
    )  # fmt: skip
    sheet.text_within(
        (WIDTH / 2, 660), _("The first hour lights the first window."),
        width=INNER - 96, size=36, smallest=26, fill=COLOURS["ink-soft"], anchor="ms",
    )  # fmt: skip


def _sums(sheet: Sheet, summary: YearSummary) -> None:
    unit = ngettext(
        "hour for the neighbourhood", "hours for the neighbourhood", round(summary.hours)
    )
    width = sheet.text_within(
        (MARGIN - 6, 530), summary.hours_shown, width=INNER * 0.62, size=170, smallest=96,
        fill=COLOURS["roof"], bold=True,
    )  # fmt: skip
    sheet.text_within(
        (MARGIN + width + 22, 530), unit, width=INNER - width - 22, size=42, smallest=22,
        fill=COLOURS["ink"], bold=True,
    )  # fmt: skip
    facts = [
        (str(summary.times), npgettext("the year", "time", "times", summary.times)),
        (str(summary.days), npgettext("the year", "day", "days", summary.days)),
        (
            str(summary.organisations),
            npgettext("the year", "team", "teams", summary.organisations),
        ),
        (
            str(summary.points),
            npgettext("the year", "point", "points", summary.points),
        ),
    ]
    column = INNER / len(facts)
    for number, (figure, word) in enumerate(facts):
        left = MARGIN + number * column
        wide = sheet.text_within(
            (left, 622), figure, width=column * 0.62, size=58, smallest=32,
            fill=COLOURS["sea"], bold=True,
        )  # fmt: skip
        sheet.text_within(
            (left + wide + 10, 622), word, width=column - wide - 18, size=32, smallest=20,
            fill=COLOURS["ink-soft"],
        )  # fmt: skip


def _categories(sheet: Sheet, summary: YearSummary) -> None:
    shown = summary.categories[:MOST_CATEGORIES]
    most = shown[0][1]
    names = min(300.0, max(text_width(name, size=30) for name, _minutes in shown)) + 24
    hours = [_("%(hours)s h") % {"hours": _hours(minutes)} for _name, minutes in shown]
    room = INNER - names - max(text_width(text, size=28) for text in hours) - 20
    top = 664
    for number, (name, minutes) in enumerate(shown):
        y = top + number * 48
        sheet.text_within(
            (MARGIN, y + 29), name, width=names - 24, size=30, smallest=22, fill=COLOURS["ink"]
        )
        sheet.box((MARGIN + names, y + 6), (room, 26), fill=COLOURS["paper-sunk"], radius=13)
        sheet.box(
            (MARGIN + names, y + 6), (max(26, room * minutes / most), 26), fill=COLOURS["sea"],
            radius=13,
        )  # fmt: skip
        sheet.text(
            (WIDTH - MARGIN, y + 30), hours[number], size=28, fill=COLOURS["ink-soft"], anchor="rs"
        )


def _hours(minutes: int) -> str:
    return f"{minutes / 60:.1f}".removesuffix(".0")


def _moments(sheet: Sheet, summary: YearSummary) -> None:
    lines = []
    if summary.first is not None:
        lines.append((_("First"), _day_and_name(summary.first)))
    if summary.last is not None and summary.times > 1:
        lines.append((_("Last"), _day_and_name(summary.last)))
    if summary.favourite_times > 1:
        often = ngettext(
            "%(name)s, %(times)s time", "%(name)s, %(times)s times", summary.favourite_times
        ) % {
            "name": summary.favourite,
            "times": summary.favourite_times,
        }
        lines.append((_("Most often"), often))
    if summary.honours:
        lines.append((_("Honours"), _("; ").join(summary.honours)))
    top = 664 + min(len(summary.categories), MOST_CATEGORIES) * 48 + 26
    labels = max(text_width(label, size=30) for label, _text in lines) + 28
    sheet.box((MARGIN, top), (INNER, len(lines) * 52 + 28), fill=COLOURS["paper-raised"], radius=28)
    for number, (label, text) in enumerate(lines):
        y = top + 54 + number * 52
        sheet.text((MARGIN + 32, y), label, size=30, fill=COLOURS["roof-ink"], bold=True)
        sheet.text_within(
            (MARGIN + 32 + labels, y), text, width=INNER - 64 - labels, size=30, smallest=24,
            fill=COLOURS["ink"],
        )  # fmt: skip


def _day_and_name(record: ServiceRecord) -> str:
    from volunteers.language import in_language

    return f"{date_format(record.served_on, 'm-d')}  {in_language(record, 'activity_name')}"


def _lane(sheet: Sheet, months: list[int]) -> None:
    most = max(*months, 1)
    step = WIDTH / 12
    ground = HEIGHT - 74
    for number, minutes in enumerate(months):
        left = number * step + 6
        wide = step - 12
        height = 62 + (128 * minutes / most if minutes else 0)
        _house(sheet, left, ground - height, wide, height, lit=minutes > 0)
    sheet.box((0, ground), (WIDTH, 74), fill=COLOURS["sea-strong"])


def _house(sheet: Sheet, left: float, top: float, wide: float, height: float, *, lit: bool) -> None:
    right = left + wide
    sheet.box((left + 4, top), (wide - 8, height), fill=COLOURS["paper-raised"])
    sheet.polygon(
        [(left - 5, top), (left + 16, top - 42), (right - 16, top - 42), (right + 5, top)],
        fill=COLOURS["roof"],
    )
    sheet.polygon(
        [(right - 22, top - 42), (right - 16, top - 42), (right + 5, top), (right - 12, top)],
        fill=COLOURS["roof-strong"],
    )
    window = COLOURS["sun"] if lit else COLOURS["sea"]
    y = top + 16
    while y + 26 <= top + height - 6:
        for x in (left + 18, right - 18 - 17):
            sheet.box((x, y), (17, 26), fill=window, radius=2)
        y += 42


def _foot(sheet: Sheet, site: str) -> None:
    y = HEIGHT - 26
    for number in range(12):
        sheet.text(
            (number * WIDTH / 12 + WIDTH / 24, HEIGHT - 46), str(number + 1), size=24,
            fill=COLOURS["sea-soft"], anchor="ms",
        )  # fmt: skip
    sheet.text_within(
        (WIDTH / 2, y + 14), _("Linli · %(site)s") % {"site": site}, width=INNER, size=22,
        smallest=14, fill=COLOURS["sea-soft"], anchor="ms",
    )  # fmt: skip
