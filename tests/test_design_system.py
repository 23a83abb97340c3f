"""The look keeps its promises: contrast in daylight and evening, targets large enough, nothing
fetched from elsewhere, no style or script inside a page. P-9: WCAG 2.2 AA, elder mode."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CSS = ROOT / "static" / "css"
TEMPLATES = ROOT / "templates"
TOKENS = (CSS / "tokens.css").read_text()

# Which ink components put on which ground. 4.5: text. 3: large text, icons, edges of controls.
TEXT_ON = [
    *((ink, ground) for ink in ("ink", "ink-soft", "roof-ink") for ground in
      ("paper", "paper-raised", "paper-sunk")),
    *((ink, "paper-raised") for ink in ("sea-ink", "alarm-ink", "leaf-ink", "sun-ink", "seal")),
    *((ink, "paper") for ink in ("sea-ink", "alarm-ink", "leaf-ink", "sun-ink", "seal")),
    ("sea-ink", "paper-sunk"), ("alarm-ink", "paper-sunk"),
    ("ink", "sky"), ("roof-ink", "sky"), ("ink", "sun-soft"), ("ink", "sea-soft"),
    ("ink", "leaf-soft"), ("ink", "alarm-soft"), ("ink", "roof-soft"),
    ("on-roof", "roof"), ("on-roof", "roof-strong"), ("on-sea", "sea"), ("on-sea", "sea-strong"),
    ("on-alarm", "alarm"), ("paper", "ink"),
    *((f"{name}-ink", f"{name}-soft") for name in ("roof", "sea", "sun", "leaf", "alarm")),
]  # fmt: skip
SHAPES_ON = [
    *(("line-strong", ground) for ground in ("paper", "paper-raised", "paper-sunk")),
    *(("focus", ground) for ground in ("paper", "paper-raised", "paper-sunk", "sky")),
    *((fill, "paper") for fill in ("roof", "sea", "leaf", "alarm")),
    *((fill, "paper-sunk") for fill in ("roof", "sea")),
]


def block(selector: str, css: str = TOKENS) -> dict[str, str]:
    body = css.split(selector, 1)[1].split("{", 1)[1].split("}", 1)[0]
    return dict(re.findall(r"--([\w-]+):\s*([^;]+);", body))


DAY = block(":root ")
EVENING = {**DAY, **block(':root[data-theme="dark"]')}


def luminance(colour: str) -> float:
    assert re.fullmatch(r"#[0-9a-f]{6}", colour), f"{colour} is not a plain colour"
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_is_computed_as_wcag_does() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("theme", [DAY, EVENING], ids=["day", "evening"])
def test_every_text_can_be_read_on_its_ground(theme: dict[str, str]) -> None:
    weak = {
        f"{ink} on {ground}": round(contrast(theme[ink], theme[ground]), 2)
        for ink, ground in TEXT_ON
        if contrast(theme[ink], theme[ground]) < 4.5
    }
    assert not weak


@pytest.mark.parametrize("theme", [DAY, EVENING], ids=["day", "evening"])
def test_edges_fills_and_the_focus_ring_stand_out(theme: dict[str, str]) -> None:
    weak = {
        f"{shape} on {ground}": round(contrast(theme[shape], theme[ground]), 2)
        for shape, ground in SHAPES_ON
        if contrast(theme[shape], theme[ground]) < 3
    }
    assert not weak


def test_the_volunteer_card_can_be_read_in_all_its_colours() -> None:
    pages = (CSS / "pages.css").read_text()
    for variant in ("", "-student", "-void"):
        card = block(".volunteer-card ", pages) | block(f".volunteer-card{variant} ", pages)
        for ground in ("card", "card-deep"):
            assert contrast(card["card-ink"], card[ground]) >= 4.5
            assert contrast(card["card-gold"], card[ground]) >= 4.5


def test_evening_is_the_same_by_the_phone_and_by_choice() -> None:
    by_phone = block(':root:not([data-theme="light"])')
    assert by_phone == block(':root[data-theme="dark"]')
    colours = {name for name, value in DAY.items() if value.startswith("#")}
    assert colours <= set(by_phone), "a colour of the day has no evening"


def test_elder_mode_has_letters_of_at_least_18_pixels_and_targets_of_60() -> None:
    elder = block(":root[data-elder]")
    percent = re.search(r":root\[data-elder\] \{\s*font-size: (\d+)%", TOKENS)
    assert percent
    pixels = 16 * int(percent[1]) / 100
    assert pixels >= 18
    for name in ("text-xs", "text-sm", "text-md"):
        size = elder.get(name, DAY[name])
        assert float(size.removesuffix("rem")) * pixels >= 18, name
    assert float(elder["target"].removesuffix("rem")) * pixels >= 60


def test_targets_are_at_least_44_pixels_in_every_other_mode() -> None:
    assert float(DAY["target"].removesuffix("rem")) * 16 >= 44


def test_every_custom_property_in_use_is_defined() -> None:
    for sheet in CSS.glob("*.css"):
        css = sheet.read_text()
        # What begins with w- is Wagtail's own, in sheets of the admin.
        used = set(re.findall(r"var\(--(?!w-)([\w-]+)", css))
        defined = set(re.findall(r"--([\w-]+):", css)) | set(DAY)
        assert used <= defined, f"{sheet.name}: {used - defined}"


def test_the_sheets_fetch_nothing_from_elsewhere_and_every_picture_exists() -> None:
    for sheet in CSS.glob("*.css"):
        css = sheet.read_text()
        assert "@import" not in css
        for address in re.findall(r"url\([\"']?([^\"')]+)", css):
            assert "//" not in address, address
            assert (CSS / address).resolve().is_file(), address


def test_the_sheets_keep_to_what_old_phones_understand() -> None:
    for sheet in CSS.glob("*.css"):
        css = re.sub(r"/\*.*?\*/", "", sheet.read_text(), flags=re.DOTALL)
        for newer in (":has(", "color-mix(", "@layer", "@container", "oklch("):
            assert newer not in css, f"{sheet.name} uses {newer}"
        assert css.count("{") == css.count("}"), f"{sheet.name}: braces"


def templates() -> list[Path]:
    admins = {"wagtailadmin", "admin"}
    return [path for path in TEMPLATES.rglob("*.html") if not admins & set(path.parts)]


def test_no_page_carries_a_script_or_a_style_sheet_inside_itself() -> None:
    for path in templates():
        html = path.read_text()
        for tag in re.findall(r"<script\b[^>]*>", html):
            is_data = "application/json" in tag or "application/ld+json" in tag
            assert "src=" in tag or is_data, f"{path}: {tag}"
        assert "<style" not in html, path
        assert not re.search(r"\son(click|change|submit|load)=", html), path
        assert "javascript:" not in html, path


def test_styles_on_an_element_are_only_the_sizes_of_bars() -> None:
    of_a_bar = re.compile(r"(?:width|height): ?\{\{[^}]+\}\}%;?")
    for path in templates():
        if "letters" in path.parts:  # a mail brings its styles along: mailboxes load no sheets
            continue
        for style in re.findall(r"\sstyle=\"([^\"]*)\"", path.read_text()):
            assert of_a_bar.fullmatch(style.strip()), f"{path}: {style}"


def test_pages_use_no_class_that_no_sheet_knows() -> None:
    css = "".join(sheet.read_text() for sheet in CSS.glob("*.css"))
    known = set(re.findall(r"\.([a-zA-Z][\w-]*)", css))
    for path in templates():
        html = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", "\x00", path.read_text())
        for value in re.findall(r'class="([^"]*)"', html):
            plain = {word for word in re.split(r"[ \n]+|\x00(?= )|(?<= )\x00", value) if word}
            names = {word for word in plain if re.fullmatch(r"[a-zA-Z][\w-]*[a-z0-9]", word)}
            assert names <= known, f"{path}: {names - known}"


def test_pages_fetch_nothing_from_other_hosts() -> None:
    fetching = re.compile(r"<(?:link|script|img|iframe|source)\b[^>]*(?:href|src)=\"(https?:)?//")
    for path in templates():
        assert not fetching.search(path.read_text()), path


def test_every_icon_that_a_page_asks_for_is_drawn() -> None:
    drawn = set(re.findall(r'<symbol id="([\w-]+)"', (ROOT / "static/img/icons.svg").read_text()))
    asked = re.compile(r"components/icon\.html\" with (?:[^%]*\s)?name=\"([\w-]+)\"")
    also = re.compile(r"\bicon=\"([\w-]+)\"")
    for path in templates():
        html = path.read_text()
        for name in [*asked.findall(html), *also.findall(html)]:
            assert name in drawn, f"{path}: no icon called {name}"


def test_pictures_are_small_enough_for_a_slow_phone() -> None:
    for path in (ROOT / "static" / "img").iterdir():
        assert path.stat().st_size <= 60_000, path.name
    # What every page loads; the rest belongs to single pages, beside it.
    base = re.findall(r"css/(\w+\.css)", (TEMPLATES / "base.html").read_text())
    assert sum((CSS / name).stat().st_size for name in base) < 80_000
    for sheet in CSS.glob("*.css"):
        assert sheet.name in base or sheet.stat().st_size < 16_000, sheet.name
