"""Draw Linli's pictures: the bay behind the home page (day and evening), the touch icons and the
picture that chats and search engines show for a page that has none of its own.

    python scripts/draw_brand.py          # writes into static/img/

The results are committed; run this again only to change them. The share picture needs a Chinese
serif font (Noto Serif CJK) on the machine that draws it.
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

IMG = Path(__file__).resolve().parent.parent / "static" / "img"
SERIF = "/usr/share/fonts/opentype/noto/NotoSerifCJK-Bold.ttc"
SIMPLIFIED = 2  # index of the Simplified Chinese face in the collection

DAY = {
    "sun": "#f0b03a", "gold": "#f0b03a", "sail": "#fdf3e2", "hill": "#7fa593",
    "hill_far": "#a9c3ae", "sea": "#3f8586", "sea_far": "#5c9c9a", "foam": "#fffdf9",
    "roof": "#b23a22", "shade": "#8f2b17", "wall": "#fdf3e2", "wall_far": "#f3dfc0",
    "window": "#1d6668", "door": "#8f2b17", "stone": "#cdb48f", "tree": "#3c6932",
    "tree_light": "#527f44", "ground": "#e8cfa2", "neighbour": "#1d6668", "child": "#f0b03a",
}  # fmt: skip
EVENING = {
    "sun": "#f4ebde", "gold": "#b98a34", "sail": "#8f8272", "hill": "#24332e",
    "hill_far": "#1d2a27", "sea": "#16302f", "sea_far": "#1b3b39", "foam": "#82c8c3",
    "roof": "#8a3320", "shade": "#642212", "wall": "#3c332a", "wall_far": "#332a22",
    "window": "#f3be58", "door": "#642212", "stone": "#40372c", "tree": "#24351e",
    "tree_light": "#2c4125", "ground": "#2a231b", "neighbour": "#2f6d69", "child": "#b98a34",
}  # fmt: skip
Colours = dict[str, str]
WIDTH, HEIGHT = 1600, 360


def main() -> None:
    (IMG / "bay.svg").write_text(bay(DAY))
    (IMG / "bay-night.svg").write_text(bay(EVENING))
    icon(180).save(IMG / "touch-icon.png", optimize=True)
    icon(48, corner=0.23).save(IMG / "favicon-48.png", optimize=True)
    share_picture().save(IMG / "share.png", optimize=True)


# ------------------------------------------------------------------ the bay, as SVG


def bay(c: Colours) -> str:
    parts = [*far_shore(c), *pier(c), *old_town(c), *lane(c)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"'
        f' width="{WIDTH}" height="{HEIGHT}">{"".join(parts)}</svg>\n'
    )


def path(colour: str, d: str, more: str = "") -> str:
    return f'<path fill="{colour}" d="{d}"{more}/>'


def far_shore(c: Colours) -> list[str]:
    return [
        f'<circle cx="880" cy="104" r="44" fill="{c["sun"]}"/>',
        path(
            c["hill_far"],
            "M0 210C120 150 220 140 330 176c110 34 190-16 300-20 130-4 190 50 330 44 150-6 220-60"
            " 360-50 120 8 190 50 280 60v150H0z",
        ),
        path(
            c["hill"],
            "M0 236c90-34 200-50 320-24 90 18 150 20 250 10 160-16 330-10 480 8 200 22 380-14 550"
            " 6v124H0z",
            ' opacity=".75"',
        ),
        path(c["sea_far"], "M0 250c180-8 300 6 460 0s320-10 480-2 420 8 660 2v110H0z"),
        path(c["sea"], "M0 268c160 8 320-6 480 0s330 8 520 0 380-6 600 0v92H0z"),
        (
            f'<path stroke="{c["foam"]}" stroke-width="2.5" stroke-linecap="round" opacity=".7"'
            ' d="M900 262h44M986 274h60M1090 262h36M1300 270h70M820 278h36M560 262h40"/>'
        ),
        path(c["sail"], "M700 262v-50l30 46zM694 262v-34l-20 32z"),
        path(c["shade"], "M668 264h68l-10 12h-48z"),
    ]


def pier(c: Colours) -> list[str]:
    """Zhanqiao and the eight-sided pavilion at its end."""
    piles = "".join(f"M{x} 298h14v20h-14z" for x in range(790, 1031, 60))
    return [
        path(c["stone"], f"M760 286h360v12H760z{piles}M1080 272h110v34h-110z"),
        path(c["door"], "M1098 272v-34h74v34z"),
        path(c["gold"], "M1084 242l22-22h58l22 22z"),
        path(c["wall"], "M1110 220v-16h50v16z"),
        path(c["gold"], "M1098 206l37-30 37 30zM1132 178v-14h6v14z"),
        path(c["window"], "M1106 250h12v22h-12zM1129 248h12v24h-12zM1152 250h12v22h-12z"),
    ]


def old_town(c: Colours) -> list[str]:
    ground = (
        "M0 310c120-14 240-10 360-10 130 0 230 8 330 26 60 10 110 14 160 34H0z"
        "M1600 310c-100-14-220-12-330 0-70 8-110 28-170 50h500z"
    )
    return [
        spire(c, 330, 296, 118),
        spire(c, 404, 296, 118),
        path(c["wall_far"], "M352 296v-84h56v84z"),
        path(c["roof"], "M346 214l34-34 34 34z"),
        f'<circle fill="{c["window"]}" cx="380" cy="228" r="11"/>',
        house(c, 20, 104, 300, 62, 40, wall="wall_far"),
        house(c, 214, 96, 298, 56, 36, wall="wall_far", chimney=0.3),
        house(c, 470, 112, 300, 52, 40, wall="wall_far", dormer=True),
        house(c, 1270, 110, 300, 58, 40, wall="wall_far", chimney=0.3),
        house(c, 1480, 104, 300, 64, 38, wall="wall_far"),
        path(c["ground"], ground),
        tree(c["tree"], c["door"], 150, 316, 24),
        tree(c["tree_light"], c["door"], 610, 322, 20),
        tree(c["tree"], c["door"], 1420, 316, 24),
        tree(c["tree_light"], c["door"], 1232, 324, 16),
        house(c, -30, 150, 356, 66, 46, dormer=True),
        house(c, 176, 132, 356, 60, 44, chimney=0.28),
        house(c, 372, 152, 360, 66, 48, dormer=True),
        house(c, 1330, 128, 358, 62, 44),
        house(c, 1500, 130, 356, 66, 46, chimney=0.28, dormer=True),
    ]


def lane(c: Colours) -> list[str]:
    return [
        tree(c["tree_light"], c["door"], 344, 358, 18),
        tree(c["tree"], c["door"], 556, 360, 22),
        tree(c["tree_light"], c["door"], 1478, 358, 18),
        person(628, 356, c["roof"], 1.0),
        person(656, 356, c["neighbour"], 1.0),
        person(700, 358, c["child"], 0.72),
    ]


def house(
    c: Colours,
    left: float,
    width: float,
    ground: float,
    height: float,
    rise: float,
    *,
    wall: str = "wall",
    chimney: float = 0.6,
    dormer: bool = False,
) -> str:
    """A hipped red roof over a light wall with a row of windows and a door."""
    top, ridge, over = ground - height, ground - height - rise, width * 0.06
    right = left + width
    parts = [
        path(
            c["shade"],
            f"M{left + width * chimney:.0f} {ridge - 11:.0f}h{width * 0.09:.0f}"
            f"v{rise * 0.6:.0f}h-{width * 0.09:.0f}z",
        ),
        path(c[wall], f"M{left} {top}h{width}v{height}h-{width}z"),
        path(
            c["roof"],
            f"M{left - over:.0f} {top + 3}L{left + width * 0.26:.0f} {ridge}"
            f"h{width * 0.48:.0f}L{right + over:.0f} {top + 3}z",
        ),
        path(
            c["shade"],
            f"M{left + width * 0.74:.0f} {ridge}L{right + over:.0f} {top + 3}h-{width * 0.2:.0f}z",
        ),
    ]
    if dormer:
        x, w = left + width * 0.36, width * 0.22
        parts += [
            path(
                c[wall],
                f"M{x:.0f} {top - 2:.0f}v-{rise * 0.36:.0f}h{w:.0f}v{rise * 0.36:.0f}z",
            ),
            path(
                c["shade"],
                f"M{x - 4:.0f} {top - rise * 0.34:.0f}l{w / 2 + 4:.0f}-{rise * 0.26:.0f}"
                f" {w / 2 + 4:.0f} {rise * 0.26:.0f}z",
            ),
            path(
                c["window"],
                f"M{x + w * 0.34:.0f} {top - rise * 0.28:.0f}h{w * 0.32:.0f}"
                f"v{rise * 0.24:.0f}h-{w * 0.32:.0f}z",
            ),
        ]
    count = max(2, round(width / 34))
    pane, tall = width / count * 0.38, min(20, height * 0.42)
    for i in range(count):
        x = left + width / count * (i + 0.5) - pane / 2
        if i == count // 2:
            half = pane / 2 + 2
            parts.append(
                path(
                    c["door"],
                    f"M{x - 2:.0f} {ground}v-{height * 0.5:.0f}a{half:.1f} {half:.1f} 0 0 1"
                    f" {pane + 4:.0f} 0v{height * 0.5:.0f}z",
                )
            )
        else:
            y = top + height * 0.26
            parts.append(path(c["window"], f"M{x:.0f} {y:.0f}h{pane:.0f}v{tall:.0f}h-{pane:.0f}z"))
    return "".join(parts)


def spire(c: Colours, x: float, ground: float, height: float) -> str:
    """One of the two towers of St Michael's."""
    return (
        path(c["wall_far"], f"M{x} {ground}v-{height}h26v{height}z")
        + path(c["roof"], f"M{x - 4} {ground - height}l17-64 17 64z")
        + path(c["window"], f"M{x + 8} {ground - height + 16}a5 5 0 0 1 10 0v18h-10z")
        + f'<path stroke="{c["shade"]}" stroke-width="3"'
        f' d="M{x + 13} {ground - height - 62}v-16m-5 5h10"/>'
    )


def tree(leaf: str, trunk: str, x: float, ground: float, r: float) -> str:
    return (
        path(trunk, f"M{x - 2} {ground}v-{r}h4v{r}z")
        + f'<circle fill="{leaf}" cx="{x}" cy="{ground - r * 1.5:.0f}" r="{r}"/>'
        + f'<circle fill="{leaf}" cx="{x - r * 0.7:.0f}" cy="{ground - r}" r="{r * 0.7:.0f}"/>'
        + f'<circle fill="{leaf}" cx="{x + r * 0.7:.0f}" cy="{ground - r}" r="{r * 0.7:.0f}"/>'
    )


def person(x: float, ground: float, coat: str, scale: float) -> str:
    hair = 7.5 * scale
    return (
        f'<circle cx="{x}" cy="{ground - 40 * scale:.0f}" r="{7 * scale:.1f}" fill="#e3b48c"/>'
        + path(
            "#2a211b",
            f"M{x - hair:.1f} {ground - 41 * scale:.1f}a{hair:.1f} {hair:.1f} 0 0 1"
            f" {2 * hair:.1f} 0c-4-3-9-4-{2 * hair:.0f} 0z",
        )
        + path(
            coat,
            f"M{x - 9 * scale:.1f} {ground}v-{20 * scale:.1f}a{9 * scale:.1f} {11 * scale:.1f}"
            f" 0 0 1 {18 * scale:.1f} 0V{ground}z",
        )
    )


# ------------------------------------------------------------------ icons and the share picture


def draw_mark(
    draw: ImageDraw.ImageDraw, at: tuple[float, float], side: float, *, colours: tuple[str, ...]
) -> None:
    """One roof over two neighbours. `colours`: roof, left, right; `side` in pixels."""
    unit = side / 48
    roof, left, right = colours

    def point(x: float, y: float) -> tuple[float, float]:
        return at[0] + x * unit, at[1] + y * unit

    stroke = 4.8 * unit
    line = [point(5, 21.4), point(24, 6.4), point(43, 21.4)]
    draw.line(line, fill=roof, width=round(stroke), joint="curve")
    for x, y in line:
        draw.ellipse((x - stroke / 2, y - stroke / 2, x + stroke / 2, y + stroke / 2), fill=roof)
    for centre, colour in ((16, left), (32, right)):
        draw.ellipse((*point(centre - 4.4, 19.2), *point(centre + 4.4, 28)), fill=colour)
        draw.pieslice((*point(centre - 7.6, 29), *point(centre + 7.6, 45)), 180, 360, fill=colour)
        draw.rectangle((*point(centre - 7.6, 36.9), *point(centre + 7.6, 44)), fill=colour)


def icon(side: int, *, corner: float = 0) -> Image.Image:
    """`corner` as a share of the side; phones round the touch icon themselves."""
    big = side * 8
    picture = Image.new("RGBA", (big, big), (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    draw.rounded_rectangle((0, 0, big - 1, big - 1), radius=big * corner, fill="#b23a22")
    draw_mark(draw, (big * 0.15, big * 0.13), big * 0.7, colours=("#fffdf9", "#fffdf9", "#f6c766"))
    return picture.resize((side, side), Image.Resampling.LANCZOS)


def share_picture() -> Image.Image:
    """1200 by 630, drawn at twice that."""
    width, height = 2400, 1260
    picture = Image.new("RGB", (width, height), "#fbedca")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, width, 34), fill="#b23a22")
    for x in range(0, width, 75):
        draw.pieslice((x, 6, x + 75, 64), 0, 180, fill="#b23a22")
    draw.ellipse((1900, 190, 2140, 430), fill="#f0b03a")
    draw.ellipse((-300, 690, 1500, 1500), fill="#a9c3ae")
    draw.ellipse((900, 730, 2900, 1500), fill="#7fa593")
    draw.rectangle((0, 905, width, height), fill="#3f8586")
    left = -60
    for w, h, rise in (
        (360, 190, 120), (300, 240, 110), (400, 180, 130), (320, 260, 110), (380, 200, 130),
        (300, 170, 100), (360, 230, 120), (300, 190, 110),
    ):  # fmt: skip
        draw_house(draw, left, w, height, h, rise)
        left += w - 20
    draw_mark(draw, (180, 170), 330, colours=("#b23a22", "#1d6668", "#d98a1b"))
    title = ImageFont.truetype(SERIF, 250, index=SIMPLIFIED)
    line = ImageFont.truetype(SERIF, 96, index=SIMPLIFIED)
    draw.text((570, 315), "邻里", font=title, fill="#2a211b", anchor="lm")
    draw.text((190, 600), "远亲不如近邻，好事就在家门口。", font=line, fill="#2a211b", anchor="lm")
    small = picture.resize((1200, 630), Image.Resampling.LANCZOS)
    return small.quantize(colors=96, dither=Image.Dither.NONE)


def draw_house(
    draw: ImageDraw.ImageDraw, left: int, width: int, ground: int, height: int, rise: int
) -> None:
    top, right = ground - height, left + width
    draw.rectangle((left + 20, top, right - 20, ground), fill="#fdf3e2")
    draw.polygon(
        [
            (left, top + 8),
            (left + width * 0.26, top - rise),
            (right - width * 0.26, top - rise),
            (right, top + 8),
        ],
        fill="#b23a22",
    )
    draw.polygon(
        [(right - width * 0.26, top - rise), (right, top + 8), (right - width * 0.2, top + 8)],
        fill="#8f2b17",
    )
    for share in (0.2, 0.44, 0.68):
        x = left + width * share
        draw.rectangle((x, top + 48, x + width * 0.12, top + 110), fill="#1d6668")


if __name__ == "__main__":
    main()
