"""Things people hold and stand beside."""

from __future__ import annotations

import math
import random

from .figures import CREAM, SHOE, VESTS
from .light import Light
from .paper import Colour, Paper, Point, colour, mix

STOP_RED = colour("#C8402B")
WOOD = colour("#A8714B")
DARK_WOOD = colour("#7E5238")
BRIGHT = (
    colour("#D9502F"),
    colour("#1F7A82"),
    colour("#F0B429"),
    colour("#7FB2C9"),
    colour("#4C8A5F"),
    colour("#E58FA0"),
)


def torch(paper: Paper, *, hand: Point, facing: int, reach: float = 330) -> None:
    x, y = hand
    paper.veil(
        [(x, y - 4), (x + facing * reach, y + 62), (x + facing * reach, y + 190), (x, y + 8)],
        colour("#FFE7A3"),
        0.34,
    )
    paper.glow(x + facing * reach * 0.9, y + 128, 110, 70, colour("#FFE7A3"), 0.5)
    paper.stroke([(x - facing * 4, y), (x + facing * 16, y + 4)], SHOE, 10)
    paper.disc(x + facing * 20, y + 5, 7, colour("#FFF2C6"))


def lantern(paper: Paper, *, hand: Point, size: float = 20) -> None:
    x, y = hand
    paper.glow(x, y + size * 1.6, size * 7, size * 7, colour("#FFCf7a"), 0.65)
    paper.stroke([(x, y), (x, y + size * 0.7)], SHOE, 3)
    paper.box(x - size * 0.55, y + size * 0.7, size * 1.1, size * 1.6, colour("#FFE6A4"), radius=7)
    paper.box(x - size * 0.7, y + size * 0.6, size * 1.4, size * 0.28, SHOE, radius=3)
    paper.box(x - size * 0.7, y + size * 2.2, size * 1.4, size * 0.28, SHOE, radius=3)


def paddle(paper: Paper, *, hand: Point, sign: Colour = STOP_RED) -> None:
    """A stop paddle; the sign stands above the hand."""
    x, y = hand
    paper.stroke([(x, y + 14), (x, y - 34)], DARK_WOOD, 7)
    paper.disc(x, y - 64, 37, CREAM)
    paper.disc(x, y - 64, 32, sign)
    paper.box(x - 18, y - 71, 36, 14, CREAM, radius=5)


def umbrella(paper: Paper, *, hand: Point, size: float, shade: Colour) -> None:
    x, y = hand
    top = y - size * 0.95
    paper.stroke([(x, y + 12), (x, top + size * 0.2)], DARK_WOOD, 4)
    paper.pie(x, top + size * 0.42, size * 0.72, size * 0.6, 180, 360, shade)
    paper.pie(x, top + size * 0.42, size * 0.26, size * 0.6, 180, 360, mix(shade, CREAM, 0.3))
    for i in range(4):
        left = x - size * 0.72 + i * size * 0.36
        paper.pie(
            left + size * 0.18,
            top + size * 0.42,
            size * 0.18,
            size * 0.07,
            180,
            360,
            mix(shade, (0, 0, 0), 0.18),
        )
    paper.disc(x, top - size * 0.17, 4, DARK_WOOD)


def bag(paper: Paper, *, hand: Point, size: float, shade: Colour, greens: Colour | None) -> None:
    x, y = hand
    if greens:
        for dx in (-0.22, 0.05, 0.26):
            paper.oval(x + dx * size, y + size * 0.24, size * 0.13, size * 0.3, greens)
    paper.bow(x, y + size * 0.22, size * 0.26, size * 0.28, 180, 360, mix(shade, SHOE, 0.4), 4)
    paper.box(x - size * 0.42, y + size * 0.3, size * 0.84, size * 0.74, shade, radius=8)
    paper.box(x - size * 0.42, y + size * 0.48, size * 0.84, size * 0.12, mix(shade, CREAM, 0.5))


def backpack(paper: Paper, *, x: float, y: float, size: float, shade: Colour) -> None:
    paper.box(x - size * 0.4, y, size * 0.8, size, shade, radius=size * 0.25)
    paper.box(
        x - size * 0.26,
        y + size * 0.45,
        size * 0.52,
        size * 0.36,
        mix(shade, CREAM, 0.4),
        radius=size * 0.1,
    )


def table(paper: Paper, *, x: float, y: float, w: float, h: float, top: Colour = WOOD) -> None:
    """A table whose legs end at `y`; `x` its left edge."""
    for leg in (x + 16, x + w - 28):
        paper.box(leg, y - h, 12, h, mix(top, (0, 0, 0), 0.3))
    paper.box(x, y - h, w, 16, top, radius=6)
    paper.box(x + 4, y - h + 14, w - 8, 7, mix(top, (0, 0, 0), 0.2))


def cloth_table(paper: Paper, *, x: float, y: float, w: float, h: float, cloth: Colour) -> None:
    paper.box(x, y - h, w, h, cloth, radius=8)
    for i in range(int(w // 46)):
        paper.box(x + 12 + i * 46, y - h + 22, 22, h - 26, mix(cloth, CREAM, 0.2))
    paper.box(x - 6, y - h - 4, w + 12, 22, mix(cloth, CREAM, 0.35), radius=7)


def stool(paper: Paper, *, x: float, y: float, size: float) -> None:
    for dx in (-0.36, 0.36):
        paper.stroke([(x + dx * size * 0.8, y - size), (x + dx * size, y)], DARK_WOOD, 7)
    paper.box(x - size * 0.5, y - size * 1.1, size, size * 0.2, WOOD, radius=6)


def bench(paper: Paper, *, x: float, y: float, w: float) -> None:
    for dx in (24, w - 36):
        paper.box(x + dx, y - 68, 12, 68, colour("#5A4A45"), radius=3)
    for i in range(3):
        paper.box(x, y - 140 + i * 22, w, 15, WOOD, radius=6)
    paper.box(x - 6, y - 76, w + 12, 17, mix(WOOD, CREAM, 0.12), radius=6)


def bins(paper: Paper, *, x: float, y: float, size: float) -> None:
    for i, shade in enumerate(("#3E7FB1", "#4C8A5F", "#C8402B", "#8A8F95")):
        left = x + i * size * 0.86
        body = colour(shade)
        paper.shape(
            [
                (left, y - size),
                (left + size * 0.74, y - size),
                (left + size * 0.66, y),
                (left + size * 0.08, y),
            ],
            body,
        )
        paper.box(
            left - size * 0.04,
            y - size * 1.13,
            size * 0.82,
            size * 0.16,
            mix(body, (0, 0, 0), 0.18),
            radius=5,
        )
        paper.disc(left + size * 0.37, y - size * 0.5, size * 0.19, mix(body, CREAM, 0.8))
        paper.disc(left + size * 0.37, y - size * 0.5, size * 0.09, body)


def stall(
    paper: Paper, light: Light, rng: random.Random, *, x: float, y: float, w: float, awning: Colour
) -> None:
    """A market stall with a striped awning, heaped with good things."""
    for post in (x + 8, x + w - 16):
        paper.box(post, y - 230, 8, 230, DARK_WOOD)
    if light.is_dark:
        paper.glow(x + w / 2, y - 150, w * 0.75, 150, colour("#FFD27A"), 0.6)
    paper.box(x, y - 78, w, 78, mix(WOOD, light.ground, 0.15), radius=5)
    paper.box(x - 6, y - 90, w + 12, 16, DARK_WOOD, radius=4)
    heaps = rng.sample(
        [
            colour("#E2574C"),
            colour("#F0A22E"),
            colour("#6DA35A"),
            colour("#F3DDA0"),
            colour("#8E5A8A"),
            colour("#F2EFE4"),
        ],
        3,
    )
    for i, shade in enumerate(heaps):
        cx = x + w * (i + 0.5) / 3
        for row, count in enumerate((4, 3, 2)):
            for j in range(count):
                px = cx + (j - (count - 1) / 2) * w * 0.075
                paper.disc(px, y - 98 - row * 13, w * 0.042, mix(shade, (0, 0, 0), 0.06 * (j % 2)))
    stripes = 8
    for i in range(stripes):
        shade = awning if i % 2 == 0 else CREAM
        left, right = x - 16 + (w + 32) * i / stripes, x - 16 + (w + 32) * (i + 1) / stripes
        top_left, top_right = x + 14 + (w - 28) * i / stripes, x + 14 + (w - 28) * (i + 1) / stripes
        paper.shape(
            [(top_left, y - 270), (top_right, y - 270), (right, y - 212), (left, y - 212)],
            mix(shade, light.sky[0], 0.25 if light.is_dark else 0.0),
        )
        paper.pie(
            (left + right) / 2,
            y - 213,
            (right - left) / 2,
            15,
            0,
            180,
            mix(shade, light.sky[0], 0.25 if light.is_dark else 0.0),
        )


def tent(paper: Paper, *, x: float, y: float, w: float, h: float, shade: Colour) -> None:
    paper.box(x + 12, y - h * 0.66, w - 24, h * 0.66, mix(shade, CREAM, 0.72))
    for post in (x + 6, x + w - 14):
        paper.box(post, y - h * 0.68, 8, h * 0.68, colour("#8B8680"))
    paper.shape([(x - 14, y - h * 0.62), (x + w / 2, y - h), (x + w + 14, y - h * 0.62)], shade)
    paper.shape(
        [(x + w / 2, y - h), (x + w + 14, y - h * 0.62), (x + w * 0.68, y - h * 0.62)],
        mix(shade, (0, 0, 0), 0.12),
    )
    scallops = 9
    step = (w + 28) / scallops
    for i in range(scallops):
        paper.pie(
            x - 14 + step * (i + 0.5),
            y - h * 0.625,
            step / 2,
            15,
            0,
            180,
            shade if i % 2 else CREAM,
        )


def shelf(paper: Paper, rng: random.Random, *, x: float, y: float, w: float, h: float) -> None:
    """A bookshelf against the wall, its foot at `y`."""
    paper.box(x, y - h, w, h, DARK_WOOD, radius=6)
    rows = max(2, round(h / 92))
    cell = (h - 16) / rows
    for row in range(rows):
        top = y - h + 10 + row * cell
        paper.box(x + 10, top, w - 20, cell - 10, mix(WOOD, CREAM, 0.35))
        left = x + 16.0
        while left < x + w - 30:
            wide = rng.uniform(11, 22)
            tall = rng.uniform(0.6, 0.9) * (cell - 12)
            if rng.random() < 0.88:
                spine = mix(rng.choice(BRIGHT), CREAM, rng.uniform(0.1, 0.45))
                paper.box(left, top + cell - 10 - tall, wide, tall, spine, radius=2)
                paper.box(left, top + cell - 10 - tall * 0.75, wide, 4, CREAM)
            left += wide + 2


def book(paper: Paper, *, at: Point, size: float, cover: Colour) -> None:
    x, y = at
    for side in (-1, 1):
        paper.shape(
            [
                (x, y),
                (x + side * size * 0.6, y - size * 0.14),
                (x + side * size * 0.6, y + size * 0.4),
                (x, y + size * 0.52),
            ],
            cover if side < 0 else mix(cover, (0, 0, 0), 0.12),
        )
        paper.shape(
            [
                (x, y + 1),
                (x + side * size * 0.54, y - size * 0.11),
                (x + side * size * 0.54, y + size * 0.33),
                (x, y + size * 0.45),
            ],
            CREAM,
        )


def board(paper: Paper, *, x: float, y: float, w: float, h: float) -> None:
    """A blackboard with chalk on it."""
    paper.box(x - 10, y - 10, w + 20, h + 20, WOOD, radius=8)
    green = colour("#2F5D56")
    paper.box(x, y, w, h, green, radius=3)
    chalk = mix(green, CREAM, 0.75)
    paper.stroke([(x + w * 0.1, y + h * 0.25), (x + w * 0.5, y + h * 0.25)], chalk, 5)
    paper.stroke([(x + w * 0.1, y + h * 0.45), (x + w * 0.38, y + h * 0.45)], chalk, 4)
    paper.bow(x + w * 0.75, y + h * 0.45, h * 0.2, h * 0.2, 0, 360, colour("#F0B429"), 4)
    for i in range(8):
        angle = i * math.pi / 4
        cx, cy = x + w * 0.75, y + h * 0.45
        paper.stroke(
            [
                (cx + math.cos(angle) * h * 0.27, cy + math.sin(angle) * h * 0.27),
                (cx + math.cos(angle) * h * 0.34, cy + math.sin(angle) * h * 0.34),
            ],
            colour("#F0B429"),
            4,
        )
    paper.stroke(
        [
            (x + w * 0.1, y + h * 0.75),
            (x + w * 0.22, y + h * 0.66),
            (x + w * 0.34, y + h * 0.75),
            (x + w * 0.46, y + h * 0.66),
        ],
        chalk,
        4,
    )


def kettle(paper: Paper, *, x: float, y: float, size: float, shade: Colour) -> None:
    paper.bow(x, y - size * 0.7, size * 0.34, size * 0.4, 180, 360, SHOE, size * 0.07)
    paper.shape(
        [
            (x + size * 0.3, y - size * 0.5),
            (x + size * 0.72, y - size * 0.72),
            (x + size * 0.4, y - size * 0.2),
        ],
        shade,
    )
    paper.oval(x, y - size * 0.36, size * 0.44, size * 0.36, shade)
    paper.oval(x - size * 0.12, y - size * 0.46, size * 0.1, size * 0.12, mix(shade, CREAM, 0.5))
    for i in range(3):
        paper.bow(
            x + size * 0.74 + i * 9, y - size * (1.0 + i * 0.16), 9, 12, 90, 270, (255, 255, 255), 3
        )


def cup(paper: Paper, *, x: float, y: float, size: float, shade: Colour = CREAM) -> None:
    paper.bow(x + size * 0.4, y - size * 0.42, size * 0.2, size * 0.2, 0, 360, shade, size * 0.1)
    paper.box(x - size * 0.4, y - size * 0.8, size * 0.8, size * 0.8, shade, radius=size * 0.16)
    paper.oval(x, y - size * 0.8, size * 0.4, size * 0.1, mix(shade, colour("#9B5B38"), 0.7))


def flag(paper: Paper, *, hand: Point, shade: Colour, facing: int = 1, tall: float = 120) -> None:
    x, y = hand
    paper.stroke([(x, y + 30), (x, y - tall)], DARK_WOOD, 6)
    top = y - tall + 2
    paper.shape(
        [
            (x, top),
            (x + facing * 50, top + 6),
            (x + facing * 92, top - 4),
            (x + facing * 86, top + 52),
            (x + facing * 46, top + 60),
            (x, top + 54),
        ],
        shade,
    )


def wheelchair(paper: Paper, *, x: float, y: float, size: float, facing: int = 1) -> None:
    """Drawn behind somebody who sits; `x` is where the seat is."""
    frame = colour("#3C4656")
    paper.stroke(
        [
            (x - facing * size * 0.34, y - size * 0.95),
            (x - facing * size * 0.34, y - size * 0.45),
            (x + facing * size * 0.4, y - size * 0.45),
            (x + facing * size * 0.5, y - size * 0.08),
        ],
        frame,
        7,
    )
    paper.stroke(
        [(x - facing * size * 0.34, y - size * 0.95), (x - facing * size * 0.52, y - size * 1.0)],
        frame,
        8,
    )
    paper.bow(x - facing * size * 0.12, y - size * 0.34, size * 0.34, size * 0.34, 0, 360, frame, 8)
    paper.bow(
        x - facing * size * 0.12,
        y - size * 0.34,
        size * 0.26,
        size * 0.26,
        0,
        360,
        colour("#1F7A82"),
        4,
    )
    paper.disc(x - facing * size * 0.12, y - size * 0.34, size * 0.05, frame)
    paper.disc(x + facing * size * 0.42, y - size * 0.1, size * 0.1, frame)


def kite(
    paper: Paper, *, x: float, y: float, size: float, hand: Point, shades: tuple[Colour, Colour]
) -> None:
    paper.stroke(
        [hand, ((hand[0] + x) / 2 + 26, (hand[1] + y) / 2 + 44), (x, y)], colour("#8D8478"), 2
    )
    tail = [
        (x + math.sin(i * 1.2) * size * 0.2 - i * size * 0.1, y + size * (0.7 + i * 0.26))
        for i in range(6)
    ]
    paper.stroke(tail, shades[1], 3)
    for px, py in tail[1::2]:
        paper.disc(px, py, size * 0.09, shades[0])
    left, right = (x - size * 0.52, y), (x + size * 0.52, y)
    top, bottom = (x, y - size * 0.7), (x, y + size * 0.75)
    paper.shape([top, left, bottom], shades[0])
    paper.shape([top, right, bottom], mix(shades[0], (0, 0, 0), 0.12))
    paper.shape([top, (x, y), right], shades[1])
    paper.shape([left, (x, y), bottom], shades[1])


def speech(paper: Paper, *, x: float, y: float, w: float, h: float, mark: str) -> None:
    """A bubble: `mark` is heart, bang, note or phone."""
    paper.box(x, y, w, h, (255, 255, 255), radius=h * 0.4)
    paper.shape(
        [(x + w * 0.25, y + h - 6), (x + w * 0.18, y + h * 1.32), (x + w * 0.45, y + h - 6)],
        (255, 255, 255),
    )
    cx, cy, r = x + w / 2, y + h / 2, h * 0.2
    brick = VESTS["brick"]
    if mark == "heart":
        for side in (-1, 1):
            paper.disc(cx + side * r * 0.7, cy - r * 0.35, r * 0.82, brick)
        paper.shape([(cx - r * 1.42, cy), (cx + r * 1.42, cy), (cx, cy + r * 1.5)], brick)
    elif mark == "bang":
        paper.stroke([(cx, cy - r * 1.3), (cx, cy + r * 0.3)], brick, r * 0.6)
        paper.disc(cx, cy + r * 1.2, r * 0.36, brick)
    elif mark == "note":
        paper.stroke(
            [
                (cx + r * 0.5, cy + r * 0.8),
                (cx + r * 0.5, cy - r * 1.3),
                (cx + r * 1.4, cy - r * 0.8),
            ],
            VESTS["teal"],
            6,
        )
        paper.oval(cx, cy + r * 0.9, r * 0.6, r * 0.45, VESTS["teal"])
    else:
        paper.box(cx - r * 0.8, cy - r * 1.4, r * 1.6, r * 2.8, SHOE, radius=6)
        paper.box(cx - r * 0.62, cy - r * 1.1, r * 1.24, r * 1.9, colour("#BFE0E2"), radius=3)
