"""Organisations' emblems and people's portraits."""

from __future__ import annotations

import random

from PIL import Image

from . import places
from .figures import VESTS, anyone, elder, near_gull, person
from .light import LIGHTS
from .paper import Paper, colour, mix, wave_line

GROUNDS = ("#C8452E", "#1F7A82", "#E0A32B", "#4C8A5F", "#5D6F94", "#A85A6B", "#B9643F", "#3E7FB1")
CREAM = colour("#FFF6DF")


def draw_emblem(kind: str, *, seed: int) -> Image.Image:
    """A round sign of 256 × 256 for an organisation of this kind."""
    rng = random.Random(f"emblem/{kind}/{seed}")
    ground = colour(GROUNDS[seed % len(GROUNDS)])
    paper = Paper(width=256, height=256, ground=colour("#FBF7F0"))
    paper.disc(128, 128, 122, ground)
    paper.bow(128, 128, 110, 110, 0, 360, mix(ground, CREAM, 0.55), 4)
    light = LIGHTS["day"]
    if kind in ("street_office", "community"):
        for x, h in ((62, 60), (112, 84), (160, 52)):
            paper.box(x, 176 - h, 42, h, CREAM)
            paper.shape(
                [(x - 7, 178 - h), (x + 21, 146 - h), (x + 49, 178 - h)],
                mix(ground, colour("#7A1F14"), 0.55),
            )
            paper.box(x + 14, 190 - h, 14, 18, mix(ground, CREAM, 0.3), radius=3)
        paper.box(52, 174, 156, 10, CREAM, radius=4)
    elif kind == "hub":
        for shift in (0, 24, 48):
            line = wave_line(left=50, right=206, y=112 + shift, swell=11, length=78, phase=1.0)
            paper.stroke(line, CREAM, 10)
        paper.disc(128, 76, 20, colour("#FFE3A1"))
    elif kind == "university":
        paper.shape([(128, 70), (208, 104), (128, 138), (48, 104)], CREAM)
        paper.shape(
            [(84, 122), (128, 142), (172, 122), (172, 160), (128, 180), (84, 160)],
            mix(CREAM, ground, 0.25),
        )
        paper.stroke([(198, 108), (198, 160)], CREAM, 6)
        paper.disc(198, 166, 9, colour("#FFE3A1"))
    elif kind == "foundation":
        places.tree(paper, light, rng, x=128, y=200, size=150)
        paper.box(74, 196, 108, 10, CREAM, radius=5)
    elif kind == "public_body":
        paper.box(64, 108, 128, 40, CREAM, radius=10)
        paper.box(108, 64, 40, 128, CREAM, radius=10)
    elif kind == "volunteer_team":
        near_gull(paper, x=126, y=192, size=130)
    else:
        for side in (-1, 1):
            paper.disc(128 + side * 27, 108, 34, CREAM)
        paper.shape([(70, 124), (186, 124), (128, 192)], CREAM)
    return paper.finished()


def draw_portrait(*, seed: int) -> Image.Image:
    """An invented face of 256 × 256."""
    rng = random.Random(f"portrait/{seed}")
    ground = mix(colour(GROUNDS[seed % len(GROUNDS)]), CREAM, 0.62)
    paper = Paper(width=256, height=256, ground=ground)
    paper.disc(128, 150, 150, mix(ground, CREAM, 0.4))
    vest = rng.choice((None, *VESTS))
    look = elder(rng) if rng.random() < 0.3 else anyone(rng, vest=vest)
    person(paper, look, x=128, y=590, h=540)
    return paper.finished()
