"""People, cats and gulls."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, replace

from .paper import Colour, Paper, Point, colour, mix

SKINS = (colour("#F3C9A5"), colour("#EBBB94"), colour("#E3AE86"), colour("#F7D3B4"))
HAIRS = (colour("#2F2A2E"), colour("#3B2E2A"), colour("#4A362D"), colour("#25262F"))
GREY_HAIR = colour("#DAD8D2")
VESTS = {
    "brick": colour("#D9502F"),
    "teal": colour("#1F7A82"),
    "sun": colour("#F0B429"),
    "leaf": colour("#4C8A5F"),
}
SHIRTS = (
    colour("#F2E6D2"),
    colour("#C9DCDD"),
    colour("#E9CFC0"),
    colour("#B9C7D8"),
    colour("#D8C9DD"),
    colour("#CFD9B8"),
)
COATS = (
    colour("#7A8FA6"),
    colour("#B98A7A"),
    colour("#8E9A73"),
    colour("#A67A8F"),
    colour("#C79A5B"),
    colour("#6E8B88"),
)
TROUSERS = (colour("#34435A"), colour("#4B4A55"), colour("#5A4A42"), colour("#3F5A5C"))
CREAM = colour("#FFF6DF")
SHOE = colour("#2B2B33")
BLUSH = colour("#E88E70")

# Where a hand is, from the shoulder, in heights of the person; x grows towards the facing side.
DOWN = (0.10, 0.29)
HIP = (0.13, 0.20)
AHEAD = (0.26, 0.10)
OUT = (0.27, 0.16)
UP = (0.15, -0.30)
HELLO = (0.22, -0.20)
CHEST = (0.06, 0.14)
KNEE = (0.20, 0.34)


@dataclass(frozen=True)
class Look:
    """How somebody looks; `vest` None is a neighbour in a coat."""

    skin: Colour
    hair: Colour
    shirt: Colour
    trousers: Colour
    vest: Colour | None = None
    style: str = "short"
    hat: Colour | None = None
    is_elder: bool = False
    is_child: bool = False


def anyone(rng: random.Random, *, vest: str | None = None, **changes: object) -> Look:
    look = Look(
        skin=rng.choice(SKINS),
        hair=rng.choice(HAIRS),
        shirt=rng.choice(SHIRTS) if vest else rng.choice(COATS),
        trousers=rng.choice(TROUSERS),
        vest=VESTS[vest] if vest else None,
        style=rng.choice(("short", "bob", "bun", "short", "tail")),
    )
    return replace(look, **changes)  # type: ignore[arg-type]


def elder(rng: random.Random, **changes: object) -> Look:
    look = anyone(rng, hair=GREY_HAIR, is_elder=True, style=rng.choice(("short", "bun")))
    return replace(look, **changes)  # type: ignore[arg-type]


def child(rng: random.Random, **changes: object) -> Look:
    bright = rng.choice((*VESTS.values(), colour("#7FB2C9"), colour("#E38F8A")))
    look = anyone(rng, is_child=True, style=rng.choice(("short", "bob", "tails")))
    return replace(look, **{"shirt": bright, **changes})  # type: ignore[arg-type]


def person(
    paper: Paper,
    look: Look,
    *,
    x: float,
    y: float,
    h: float = 200,
    facing: int = 1,
    near: Point = DOWN,
    far: Point = DOWN,
    legs: str = "stand",
) -> tuple[Point, Point]:
    """Draw somebody whose feet stand at (x, y), `h` high; return where the two hands are.

    `near` is the hand on the facing side. `legs`: stand, walk, run, sit, kneel.
    """
    if legs == "sit":
        lowered = h * 0.20
    elif legs == "kneel":
        lowered = h * 0.22
    else:
        lowered = 0.0
    top = y - h + lowered
    head = h * (0.155 if look.is_child else 0.13)
    shoulder = top + head * 2.05
    hip = top + h * (0.64 if not look.is_child else 0.66)
    wide = h * (0.15 if not look.is_child else 0.155)
    paper.oval(x, y + h * 0.005, h * 0.19, h * 0.025, _shadow_under(paper, x, y))
    _draw_legs(paper, look, x=x, y=y, hip=hip, h=h, facing=facing, legs=legs)
    far_hand = _arm(
        paper, look, x=x - facing * wide * 0.82, y=shoulder, to=far, h=h, side=-facing, shade=0.16
    )
    _draw_body(paper, look, x=x, shoulder=shoulder, hip=hip, wide=wide, h=h)
    _draw_head(paper, look, x=x + facing * h * 0.012, y=top + head, r=head, facing=facing)
    near_hand = _arm(
        paper, look, x=x + facing * wide * 0.82, y=shoulder, to=near, h=h, side=facing, shade=0.0
    )
    return near_hand, far_hand


def _shadow_under(paper: Paper, x: float, y: float) -> Colour:
    px = min(max(round(x * 2), 0), paper.image.width - 1)
    py = min(max(round(y * 2) + 6, 0), paper.image.height - 1)
    here = paper.image.getpixel((px, py))
    assert isinstance(here, tuple)
    return mix((here[0], here[1], here[2]), (30, 30, 50), 0.18)


def _draw_legs(
    paper: Paper, look: Look, *, x: float, y: float, hip: float, h: float, facing: int, legs: str
) -> None:
    thick = h * 0.085
    far = mix(look.trousers, (0, 0, 0), 0.18)
    foot = h * 0.045
    if legs == "sit":
        knee = (x + facing * h * 0.21, hip + h * 0.02)
        paper.stroke([(x, hip), knee, (knee[0], y - thick / 2)], look.trousers, thick * 1.15)
        paper.oval(knee[0] + facing * foot * 0.6, y - foot * 0.35, foot * 1.3, foot * 0.7, SHOE)
        return
    if legs == "kneel":
        knee = (x + facing * h * 0.16, y - thick * 0.7)
        paper.stroke([(x, hip), knee, (x - facing * h * 0.14, y - thick * 0.5)], far, thick * 1.1)
        front = (x + facing * h * 0.20, hip + h * 0.06)
        paper.stroke([(x, hip), front, (front[0], y - thick / 2)], look.trousers, thick * 1.1)
        paper.oval(front[0] + facing * foot * 0.5, y - foot * 0.35, foot * 1.3, foot * 0.7, SHOE)
        return
    spread = {"stand": 0.055, "walk": 0.13, "run": 0.24}[legs] * h
    lift = h * 0.10 if legs == "run" else 0.0
    for side, shade in ((-1, far), (1, look.trousers)):
        fx = x + side * spread * (facing if legs != "stand" else 1)
        fy = y - (lift if side == -1 else 0)
        knee = ((x + fx) / 2 + (facing * h * 0.03 if legs != "stand" else 0), (hip + fy) / 2)
        paper.stroke(
            [(x + side * h * 0.045, hip - h * 0.02), knee, (fx, fy - thick / 2)], shade, thick
        )
        paper.oval(fx + facing * foot * 0.55, fy - foot * 0.35, foot * 1.25, foot * 0.68, SHOE)


def _draw_body(
    paper: Paper, look: Look, *, x: float, shoulder: float, hip: float, wide: float, h: float
) -> None:
    cloth = look.vest or look.shirt
    top, bottom = shoulder - h * 0.035, hip + h * 0.035
    flare = wide * (1.16 if not look.vest else 1.1)
    paper.box(x - wide, top, wide * 2, (bottom - top) * 0.6, cloth, radius=wide * 0.55)
    paper.shape(
        [
            (x - wide, top + wide * 0.5),
            (x + wide, top + wide * 0.5),
            (x + flare, bottom - h * 0.02),
            (x - flare, bottom - h * 0.02),
        ],
        cloth,
    )
    paper.box(x - flare, bottom - h * 0.045, flare * 2, h * 0.045, cloth, radius=h * 0.02)
    neck = h * 0.05
    paper.shape(
        [(x - neck, top), (x + neck, top), (x, top + neck * 1.5)],
        look.shirt if look.vest else look.skin,
    )
    if look.vest:
        band = top + (bottom - top) * 0.58
        paper.box(x - flare * 0.97, band, flare * 1.94, h * 0.034, CREAM)
        paper.box(x - wide * 0.72, top + h * 0.02, h * 0.026, band - top - h * 0.01, CREAM)
        paper.box(
            x + wide * 0.72 - h * 0.026, top + h * 0.02, h * 0.026, band - top - h * 0.01, CREAM
        )
    else:
        paper.stroke(
            [(x, top + neck * 1.7), (x, bottom - h * 0.03)], mix(cloth, (0, 0, 0), 0.13), h * 0.01
        )


def _arm(
    paper: Paper, look: Look, *, x: float, y: float, to: Point, h: float, side: int, shade: float
) -> Point:
    hand = (x + side * to[0] * h * 0.8, y + to[1] * h + h * 0.02)
    elbow = (
        (x + hand[0]) / 2 + side * h * 0.035,
        (y + hand[1]) / 2 + h * (0.045 if to[1] < 0.2 else 0.0),
    )
    sleeve = mix(look.shirt, (0, 0, 0), shade + (0.06 if not look.vest else 0.0))
    paper.stroke([(x, y + h * 0.01), elbow, hand], sleeve, h * 0.068)
    paper.disc(hand[0], hand[1], h * 0.036, look.skin)
    return hand


def _draw_head(paper: Paper, look: Look, *, x: float, y: float, r: float, facing: int) -> None:
    hair = look.hair
    if look.style == "bob":
        paper.box(x - r * 1.1, y - r * 0.9, r * 2.2, r * 1.9, hair, radius=r * 0.8)
    if look.style == "tail":
        paper.oval(x - facing * r * 1.15, y + r * 0.25, r * 0.42, r * 0.85, hair)
    if look.style == "tails":
        for side in (-1, 1):
            paper.disc(x + side * r * 1.12, y + r * 0.1, r * 0.38, hair)
    if look.style == "bun":
        paper.disc(x - facing * r * 0.3, y - r * 1.12, r * 0.42, hair)
    paper.box(x - r * 0.25, y + r * 0.6, r * 0.5, r * 0.6, mix(look.skin, (120, 60, 30), 0.16))
    paper.disc(x, y - r * 0.06, r * 1.04, hair)
    face = x + facing * r * 0.12
    paper.oval(face, y + r * 0.14, r * 0.88, r * 0.84, look.skin)
    paper.pie(x, y - r * 0.1, r * 1.03, r * 0.98, 188, 352, hair)
    if look.style != "short":
        paper.pie(x - facing * r * 0.42, y - r * 0.25, r * 0.75, r * 0.55, 80, 260, hair)
    eyes = face + facing * r * 0.1
    for side in (-1, 1):
        paper.oval(eyes + side * r * 0.32, y + r * 0.17, r * 0.085, r * 0.115, colour("#33251F"))
        paper.oval(
            eyes + side * r * 0.53, y + r * 0.43, r * 0.15, r * 0.1, mix(look.skin, BLUSH, 0.6)
        )
    paper.bow(eyes, y + r * 0.36, r * 0.2, r * 0.2, 25, 155, colour("#8E4634"), r * 0.09)
    if look.hat:
        paper.pie(x, y - r * 0.18, r * 1.12, r * 1.02, 180, 360, look.hat)
        paper.box(
            x - r * 1.02 + facing * r * 0.5,
            y - r * 0.3,
            r * 2.04,
            r * 0.2,
            look.hat,
            radius=r * 0.1,
        )
        paper.disc(x, y - r * 1.2, r * 0.12, mix(look.hat, (255, 255, 255), 0.4))


def gull(paper: Paper, *, x: float, y: float, span: float, shade: Colour, tilt: float = 0) -> None:
    """A gull far off: two bows that meet."""
    lift = span * 0.22
    for side in (-1, 1):
        points = [
            (x + side * span * 0.5 * t, y - lift * math.sin(t * math.pi * 0.75) + tilt * side * t)
            for t in (0, 0.25, 0.5, 0.75, 1)
        ]
        paper.stroke(points, shade, max(2.0, span * 0.07))


def near_gull(paper: Paper, *, x: float, y: float, size: float, facing: int = 1) -> None:
    """A gull that stands."""
    white, grey = colour("#FFFDF8"), colour("#AEBBC4")
    for side in (-0.12, 0.12):
        paper.stroke(
            [(x + side * size, y - size * 0.3), (x + side * size, y)],
            colour("#E58A2E"),
            size * 0.05,
        )
    paper.oval(x, y - size * 0.48, size * 0.42, size * 0.27, white)
    paper.shape(
        [
            (x + facing * size * 0.1, y - size * 0.66),
            (x - facing * size * 0.66, y - size * 0.42),
            (x - facing * size * 0.1, y - size * 0.32),
        ],
        grey,
    )
    paper.disc(x + facing * size * 0.3, y - size * 0.78, size * 0.2, white)
    paper.shape(
        [
            (x + facing * size * 0.46, y - size * 0.84),
            (x + facing * size * 0.7, y - size * 0.74),
            (x + facing * size * 0.46, y - size * 0.7),
        ],
        colour("#F0A22E"),
    )
    paper.disc(x + facing * size * 0.36, y - size * 0.82, size * 0.03, SHOE)


def cat(paper: Paper, *, x: float, y: float, size: float, fur: Colour, facing: int = 1) -> None:
    """A cat that sits."""
    dark = mix(fur, (0, 0, 0), 0.2)
    paper.bow(
        x - facing * size * 0.42,
        y - size * 0.25,
        size * 0.3,
        size * 0.25,
        20,
        300,
        dark,
        size * 0.1,
    )
    paper.oval(x, y - size * 0.34, size * 0.32, size * 0.36, fur)
    head = (x + facing * size * 0.1, y - size * 0.78)
    for side in (-1, 1):
        tip = head[0] + side * size * 0.2
        paper.shape(
            [
                (tip - size * 0.11, head[1] - size * 0.1),
                (tip + size * 0.11, head[1] - size * 0.1),
                (tip + side * size * 0.04, head[1] - size * 0.36),
            ],
            fur,
        )
    paper.oval(head[0], head[1], size * 0.28, size * 0.24, fur)
    for side in (-1, 1):
        paper.disc(head[0] + side * size * 0.11, head[1] - size * 0.02, size * 0.035, SHOE)
    paper.oval(head[0], head[1] + size * 0.08, size * 0.04, size * 0.03, colour("#E88E70"))
    paper.oval(x + facing * size * 0.1, y - size * 0.04, size * 0.14, size * 0.06, CREAM)
