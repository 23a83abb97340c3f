"""The scenes themselves. Each is a place, an hour, and people doing what the campaign asks."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

from PIL import Image

from . import places, props
from .figures import (
    AHEAD,
    CHEST,
    CREAM,
    DOWN,
    HELLO,
    HIP,
    KNEE,
    OUT,
    UP,
    VESTS,
    anyone,
    cat,
    child,
    elder,
    near_gull,
    person,
)
from .light import LIGHTS, Light
from .paper import Paper, colour, mix, wave_line
from .places import HEIGHT, WIDTH

Draw = Callable[[Paper, Light, random.Random], None]
SCENES: dict[str, Draw] = {}

BRICK, TEAL, SUN, LEAF = VESTS["brick"], VESTS["teal"], VESTS["sun"], VESTS["leaf"]
SKY_BLUE = colour("#7FB2C9")


def scene(draw: Draw) -> Draw:
    SCENES[draw.__name__] = draw
    return draw


def draw_scene(name: str, *, time: str, seed: int) -> Image.Image:
    """A picture of 1200 × 675. Raises KeyError for a scene or a time that does not exist."""
    light = LIGHTS[time]
    paper = Paper(width=WIDTH, height=HEIGHT, ground=light.ground)
    rng = random.Random(f"{name}/{time}/{seed}")
    SCENES[name](paper, light, rng)
    if time == "rain":
        places.rain(paper, random.Random(seed))
    if time == "snow":
        places.snowfall(paper, random.Random(seed))
    return _framed(paper, rng)


def _framed(paper: Paper, rng: random.Random) -> Image.Image:
    """The same street is looked at from nearer or further, and from either side."""
    full = paper.image
    share = rng.uniform(0.84, 1.0)
    w, h = full.width * share, full.height * share
    left = (full.width - w) * rng.uniform(0.3, 0.7)
    top = (full.height - h) * rng.uniform(0.75, 1.0)
    framed = full.resize(
        (WIDTH, HEIGHT),
        Image.Resampling.BILINEAR,
        box=(left, top, left + w, top + h),
        reducing_gap=2.0,
    )
    if rng.random() < 0.5:
        framed = framed.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return framed


@scene
def patrol(paper: Paper, light: Light, rng: random.Random) -> None:
    places.street(paper, light, rng)
    places.lamp(paper, light, x=rng.uniform(80, 200), y=520, h=250)
    places.lamp(paper, light, x=rng.uniform(980, 1100), y=520, h=250)
    places.tree(paper, light, rng, x=rng.uniform(20, 80), y=560, size=300)
    x = rng.uniform(420, 520)
    person(paper, anyone(rng, vest="sun", hat=TEAL), x=x - 150, y=632, h=236, legs="walk", near=HIP)
    near, _ = person(paper, anyone(rng, vest="brick"), x=x, y=640, h=248, legs="walk", near=AHEAD)
    if light.is_dark:
        props.torch(paper, hand=near, facing=1)
    else:
        props.lantern(paper, hand=near)
        near, _ = person(
            paper, anyone(rng, vest="teal"), x=x + 300, y=610, h=220, facing=-1, near=OUT
        )
        props.lantern(paper, hand=near)
    cat(paper, x=rng.uniform(880, 1000), y=618, size=66, fur=colour("#D99A5B"), facing=-1)


@scene
def market(paper: Paper, light: Light, rng: random.Random) -> None:
    places.street(paper, light, rng, y=430)
    for i, awning in enumerate((BRICK, TEAL, SUN)):
        props.stall(paper, light, rng, x=30 + i * 420, y=545, w=250, awning=awning)
    if light.is_dark:
        places.lanterns(paper, light, y=150, sag=50, how_many=11, size=16)
    person(paper, elder(rng), x=330, y=600, h=215, facing=1, near=HIP, far=HIP)
    near, _ = person(paper, anyone(rng, vest="brick"), x=430, y=615, h=244, legs="walk", near=DOWN)
    props.bag(paper, hand=near, size=66, shade=colour("#4F7F86"), greens=colour("#6DA35A"))
    look = anyone(rng, vest="sun")
    person(paper, look, x=780, y=620, h=240, facing=-1, near=AHEAD, legs="walk")
    person(paper, child(rng), x=870, y=630, h=150, facing=-1, near=HELLO)


@scene
def neighbours(paper: Paper, light: Light, rng: random.Random) -> None:
    places.street(paper, light, rng, y=480)
    wall = light.walls[3]
    paper.box(700, 150, 420, 350, wall, radius=6)
    paper.shape([(672, 156), (760, 70), (1060, 70), (1148, 156)], light.roofs[1])
    paper.box(672, 150, 476, 14, mix(light.roofs[1], (0, 0, 0), 0.2))
    paper.box(842, 268, 132, 232, colour("#8B3A2B"), radius=8)
    paper.box(856, 284, 104, 90, light.window, radius=6)
    paper.disc(952, 400, 7, SUN)
    for x in (736, 1014):
        paper.box(x - 8, 254, 86, 106, CREAM, radius=6)
        paper.box(x, 262, 70, 90, light.window, radius=4)
        paper.box(x + 33, 262, 5, 90, CREAM)
        for i in range(4):
            paper.disc(x + 8 + i * 18, 364, 9, rng.choice(light.leaf))
            paper.disc(x + 8 + i * 18, 357, 5, colour("#E2574C"))
    paper.box(824, 498, 168, 16, mix(light.ground, (80, 70, 70), 0.2), radius=4)
    person(paper, elder(rng), x=906, y=502, h=206, facing=-1, near=HELLO)
    person(paper, anyone(rng, vest="brick"), x=690, y=600, h=246, facing=1, near=HELLO)
    near, _ = person(paper, anyone(rng, vest="teal"), x=550, y=612, h=240, facing=1, near=CHEST)
    paper.box(near[0] - 6, near[1] - 34, 46, 58, CREAM, radius=4)
    paper.stroke([(near[0] + 4, near[1] - 18), (near[0] + 30, near[1] - 18)], TEAL, 4)
    paper.stroke([(near[0] + 4, near[1] - 4), (near[0] + 24, near[1] - 4)], TEAL, 4)
    person(paper, child(rng), x=400, y=622, h=150, legs="walk", near=HELLO)
    places.tree(paper, light, rng, x=190, y=560, size=330)
    cat(paper, x=1080, y=600, size=70, fur=colour("#F1E6D6"), facing=-1)


@scene
def courtyard(paper: Paper, light: Light, rng: random.Random) -> None:
    places.yard(paper, light, rng)
    x = rng.uniform(340, 460)
    props.table(paper, x=x, y=620, w=250, h=96)
    props.kettle(paper, x=x + 70, y=524, size=54, shade=TEAL)
    props.cup(paper, x=x + 140, y=524, size=30)
    props.cup(paper, x=x + 190, y=524, size=30)
    props.stool(paper, x=x - 60, y=626, size=56)
    person(paper, elder(rng), x=x - 66, y=628, h=222, legs="sit", near=AHEAD)
    person(paper, anyone(rng, vest="brick"), x=x + 330, y=628, h=242, facing=-1, near=AHEAD)
    person(paper, elder(rng), x=x + 440, y=612, h=212, facing=-1, near=HIP)
    if light.is_dark or light.sky == LIGHTS["dusk"].sky:
        places.lanterns(paper, light, y=130, sag=30, how_many=7, size=20)
    person(paper, child(rng), x=x - 210, y=640, h=150, near=UP, far=UP)
    cat(paper, x=x + 560, y=638, size=66, fur=colour("#5A5560"), facing=-1)


@scene
def crossing(paper: Paper, light: Light, rng: random.Random) -> None:
    places.street(paper, light, rng, y=400)
    road = mix(light.path, (70, 76, 92), 0.62)
    paper.box(0, 470, WIDTH, HEIGHT - 470, road)
    paper.box(0, 462, WIDTH, 12, mix(light.path, (255, 255, 255), 0.4))
    for i in range(8):
        left = 250 + i * 92
        paper.shape(
            [(left, 480), (left + 48, 480), (left + 30, HEIGHT), (left - 30, HEIGHT)],
            mix(CREAM, road, 0.12),
        )
    places.lamp(paper, light, x=70, y=470, h=230)
    near, _ = person(paper, anyone(rng, vest="sun", hat=SUN), x=250, y=610, h=256, near=UP, far=OUT)
    props.paddle(paper, hand=near, sign=rng.choice((BRICK, TEAL)))
    wet = light is LIGHTS["rain"]
    first = rng.uniform(410, 450)
    for i, x in enumerate((first, first + 110, first + 220)[: rng.choice((2, 3, 3))]):
        look = child(rng)
        props.backpack(paper, x=x - 22, y=520, size=54, shade=props.BRIGHT[(i + 2) % 6])
        near, _ = person(
            paper, look, x=x, y=606 + i % 2 * 14, h=158, legs="walk", near=UP if wet else DOWN
        )
        if wet:
            props.umbrella(paper, hand=near, size=120, shade=colour("#EF8A3C"))
    near, _ = person(paper, anyone(rng), x=770, y=610, h=236, legs="walk", near=UP if wet else HIP)
    if wet:
        props.umbrella(paper, hand=near, size=150, shade=TEAL)
    near, _ = person(
        paper, anyone(rng, vest="brick"), x=930, y=606, h=246, facing=-1, near=OUT, far=DOWN
    )
    scooter(paper, x=1090, y=604)


@scene
def walkingbus(paper: Paper, light: Light, rng: random.Random) -> None:
    places.shore(paper, light, rng, sea_top=240, sand_top=370)
    places.lighthouse(paper, light, x=180, y=238, size=110)
    paper.box(0, 440, WIDTH, HEIGHT, light.path)
    paper.box(0, 432, WIDTH, 14, mix(light.path, (80, 80, 90), 0.3))
    hands = []
    for i in range(6):
        x = 270 + i * 112
        look = child(rng, shirt=props.BRIGHT[i])
        props.backpack(paper, x=x - 22, y=532, size=52, shade=props.BRIGHT[(i + 2) % 6])
        near, _ = person(paper, look, x=x, y=614 + i % 2 * 16, h=160, legs="walk", near=DOWN)
        hands.append(near)
    tail, _ = person(paper, anyone(rng, vest="sun"), x=140, y=628, h=242, legs="walk", near=AHEAD)
    _, lead = person(
        paper,
        anyone(rng, vest="brick", hat=BRICK),
        x=1010,
        y=628,
        h=246,
        legs="walk",
        near=UP,
        far=DOWN,
    )
    paper.stroke([tail, *hands, lead], CREAM, 7)
    for i, hand in enumerate(hands):
        paper.bow(hand[0], hand[1], 15, 15, 0, 360, props.BRIGHT[(i + 1) % 6], 6)


@scene
def sewing(paper: Paper, light: Light, rng: random.Random) -> None:
    places.yard(paper, light, rng)
    paper.stroke([(0, 300), (600, 330), (1200, 300)], light.trunk, 3)
    for i in range(4):
        left = 60 + i * 290
        for row in range(4):
            for column in range(5):
                shade = mix(rng.choice(props.BRIGHT), CREAM, rng.uniform(0.1, 0.6))
                paper.box(left + column * 34, 316 + row * 34, 34, 34, shade)
    for x, vest in ((330, "teal"), (760, "brick")):
        props.stool(paper, x=x - 60, y=628, size=62)
        person(
            paper,
            elder(rng) if x < 500 else anyone(rng, vest=vest),
            x=x - 60,
            y=630,
            h=226,
            legs="sit",
            near=AHEAD,
        )
        props.table(paper, x=x, y=630, w=180, h=100)
        paper.box(x + 40, 470, 110, 30, SHOE_DARK, radius=8)
        paper.box(x + 40, 470, 26, 62, SHOE_DARK, radius=6)
        paper.box(x + 118, 470, 32, 62, SHOE_DARK, radius=6)
        paper.disc(x + 152, 490, 14, SUN)
        paper.box(x + 20, 524, 150, 12, mix(BRICK, CREAM, 0.4), radius=4)
    person(paper, anyone(rng, vest="sun"), x=1090, y=634, h=240, facing=-1, near=UP, far=UP)


@scene
def barber(paper: Paper, light: Light, rng: random.Random) -> None:
    places.yard(paper, light, rng)
    props.stool(paper, x=560, y=628, size=74)
    person(paper, elder(rng), x=560, y=626, h=232, legs="sit", near=CHEST, far=CHEST)
    paper.shape([(520, 506), (600, 506), (640, 612), (480, 612)], CREAM)
    near, _ = person(paper, anyone(rng, vest="brick"), x=440, y=622, h=248, near=AHEAD)
    paper.stroke([near, (near[0] + 26, near[1] - 26)], colour("#7C858C"), 5)
    paper.stroke([near, (near[0] + 34, near[1] - 12)], colour("#7C858C"), 5)
    near, _ = person(paper, anyone(rng, vest="teal"), x=770, y=626, h=238, facing=-1, near=AHEAD)
    paper.oval(near[0] - 8, near[1] - 26, 34, 42, props.DARK_WOOD)
    paper.oval(near[0] - 8, near[1] - 26, 27, 35, colour("#CFE6EA"))
    for x in (930, 1050):
        props.stool(paper, x=x, y=630, size=60)
        person(paper, elder(rng), x=x, y=632, h=220, legs="sit", facing=-1, near=CHEST)
    near, _ = person(paper, child(rng), x=250, y=640, h=156, near=AHEAD)
    paper.stroke([(near[0], near[1] - 70), (near[0] + 16, near[1] + 60)], props.DARK_WOOD, 5)
    paper.shape(
        [
            (near[0] - 4, near[1] + 60),
            (near[0] + 36, near[1] + 56),
            (near[0] + 50, near[1] + 84),
            (near[0] - 14, near[1] + 88),
        ],
        colour("#D9B56B"),
    )


@scene
def compost(paper: Paper, light: Light, rng: random.Random) -> None:
    places.street(paper, light, rng, y=440)
    for i in range(4):
        x = 290 + i * 170
        paper.box(x, 470, 150, 120, props.WOOD, radius=6)
        for j in range(4):
            paper.box(x, 476 + j * 29, 150, 5, props.DARK_WOOD)
        for j in range(7):
            paper.oval(
                x + 18 + j * 19,
                468 - (j % 3) * 7,
                17,
                11,
                (LEAF, colour("#A8C46C"), colour("#7E5A43"))[j % 3],
            )
        places.flowerpot(paper, light, rng, x=x + 75, y=612, size=44)
    paper.stroke([(520, 462), (520, 400)], colour("#8A8F95"), 5)
    paper.disc(520, 392, 17, CREAM)
    paper.stroke([(520, 392), (529, 384)], BRICK, 4)
    near, _ = person(paper, anyone(rng, vest="leaf"), x=190, y=630, h=244, near=AHEAD)
    paper.stroke([(near[0] - 30, near[1] - 60), (near[0] + 40, near[1] + 96)], props.DARK_WOOD, 6)
    near, _ = person(paper, anyone(rng, vest="brick"), x=1010, y=632, h=240, facing=-1, near=AHEAD)
    props.bag(paper, hand=near, size=84, shade=colour("#CDB58A"), greens=colour("#8DBB5E"))
    person(paper, elder(rng), x=1110, y=634, h=214, facing=-1, near=HELLO)


def scooter(paper: Paper, *, x: float, y: float) -> None:
    body = SKY_BLUE
    for dx in (-62, 62):
        paper.disc(x + dx, y - 22, 24, colour("#33333C"))
        paper.disc(x + dx, y - 22, 10, colour("#C9CDD2"))
    paper.stroke([(x - 62, y - 24), (x - 40, y - 118)], colour("#5A6270"), 9)
    paper.stroke([(x - 58, y - 124), (x - 22, y - 120)], colour("#33333C"), 9)
    paper.shape(
        [
            (x - 50, y - 84),
            (x - 32, y - 40),
            (x + 76, y - 40),
            (x + 84, y - 78),
            (x + 24, y - 80),
            (x + 10, y - 52),
            (x - 22, y - 56),
        ],
        body,
    )
    paper.box(x + 18, y - 96, 70, 18, colour("#7A4A38"), radius=8)
    paper.disc(x - 52, y - 100, 11, colour("#FFE9A8"))


@scene
def school(paper: Paper, light: Light, rng: random.Random) -> None:
    places.sky(paper, light, rng, down_to=460)
    places.hills(paper, light, rng, y=340)
    paper.box(140, 190, 920, 290, light.walls[0])
    paper.shape([(110, 196), (190, 120), (1010, 120), (1090, 196)], light.roofs[0])
    paper.shape([(490, 150), (600, 60), (710, 150)], light.roofs[1])
    paper.box(510, 148, 180, 60, light.walls[1])
    paper.disc(600, 150, 34, CREAM)
    paper.stroke([(600, 150), (600, 128)], colour("#33333C"), 5)
    paper.stroke([(600, 150), (616, 156)], colour("#33333C"), 5)
    for row in (226, 346):
        for i in range(9):
            if 3 < i < 5 and row > 300:
                continue
            x = 176 + i * 96
            paper.box(x - 6, row - 6, 72, 92, CREAM, radius=5)
            paper.box(x, row, 60, 80, light.window, radius=3)
            paper.box(x + 28, row, 4, 80, CREAM)
    paper.box(540, 350, 120, 130, BRICK, radius=6)
    places.floor(paper, light, rng, y=478)
    for x in (50, 1150):
        places.tree(paper, light, rng, x=x, y=560, size=290)
    for x, shade in ((330, "sun"), (860, "brick")):
        near, _ = person(paper, anyone(rng, vest=shade), x=x, y=624, h=244, near=UP, facing=1)
        props.paddle(paper, hand=near, sign=TEAL)
    for x in (520, 620, 700):
        person(paper, anyone(rng), x=x, y=612 + rng.uniform(-8, 10), h=206, legs="walk", facing=-1)
        props.backpack(paper, x=x + 24, y=484, size=56, shade=rng.choice(props.BRIGHT))


@scene
def visit(paper: Paper, light: Light, rng: random.Random) -> None:
    places.room(paper, light, rng)
    paper.box(250, 420, 240, 150, colour("#5D8A87"), radius=26)
    paper.box(230, 470, 60, 120, colour("#4B7673"), radius=20)
    paper.box(450, 470, 60, 120, colour("#4B7673"), radius=20)
    person(paper, elder(rng), x=366, y=606, h=236, legs="sit", near=AHEAD)
    props.table(paper, x=540, y=612, w=180, h=92, top=colour("#B9804F"))
    props.kettle(paper, x=590, y=520, size=52, shade=BRICK)
    props.cup(paper, x=660, y=520, size=32)
    props.stool(paper, x=812, y=616, size=72)
    person(paper, anyone(rng, vest="teal"), x=812, y=616, h=240, legs="sit", facing=-1, near=AHEAD)
    props.speech(paper, x=860, y=270, w=92, h=76, mark=rng.choice(("heart", "note")))
    person(paper, anyone(rng, vest="brick"), x=990, y=620, h=246, facing=-1, near=CHEST, far=CHEST)
    props.bag(paper, hand=(966, 500), size=70, shade=colour("#EAD2A6"), greens=colour("#6DA35A"))
    cat(paper, x=140, y=640, size=80, fur=colour("#D99A5B"))


@scene
def class_(paper: Paper, light: Light, rng: random.Random) -> None:
    middle = places.room(paper, light, rng, is_bare=True)
    props.board(paper, x=middle - 170, y=100, w=340, h=200)
    for i, x in enumerate((210, 520, 830)):
        pupil = elder(rng) if rng.random() < 0.3 else child(rng, is_child=False)
        props.stool(paper, x=x, y=600, size=64)
        person(paper, pupil, x=x, y=604, h=206, legs="sit", near=AHEAD)
        props.table(paper, x=x + 20, y=628, w=190, h=104)
        props.book(paper, at=(x + 92, 494), size=52, cover=props.BRIGHT[i])
    person(paper, anyone(rng, vest="brick"), x=470, y=600, h=240, facing=-1, near=AHEAD)
    person(paper, anyone(rng, vest="teal"), x=1090, y=622, h=244, facing=-1, near=AHEAD, far=CHEST)
    props.speech(paper, x=1010, y=292, w=88, h=72, mark=rng.choice(("phone", "heart", "bang")))


SCENES["class"] = SCENES.pop("class_")


@scene
def island(paper: Paper, light: Light, rng: random.Random) -> None:
    places.sky(paper, light, rng, down_to=300)
    places.waves(paper, light, rng, top=290, bottom=520)
    ridge = wave_line(left=380, right=1130, y=250, swell=26, length=420, phase=2)
    paper.shape([(300, 372), *ridge, (1230, 372)], light.leaf[0])
    paper.shape([(300, 372), *[(x, y + 46) for x, y in ridge], (1230, 372)], light.leaf[2])
    places.town(paper, light, rng, y=368, left=560, right=980, size=0.5)
    places.lighthouse(paper, light, x=1080, y=240, size=110)
    places.boat(paper, light, x=220, y=410, size=90)
    pier = mix(light.trunk, light.sand, 0.35)
    paper.shape([(0, 540), (760, 500), (800, 540), (0, HEIGHT)], pier)
    paper.shape([(0, 560), (0, HEIGHT), (WIDTH, HEIGHT), (WIDTH, 566), (800, 536)], light.sand)
    for i in range(9):
        paper.stroke(
            [(i * 90, 545 - i * 5), (i * 94 - 10, 575 - i * 3)], mix(pier, (0, 0, 0), 0.2), 3
        )
    near, _ = person(paper, anyone(rng, vest="brick"), x=420, y=632, h=244, legs="walk", near=DOWN)
    props.bag(paper, hand=near, size=74, shade=colour("#E3C48B"), greens=colour("#6DA35A"))
    near, _ = person(paper, anyone(rng, vest="teal"), x=270, y=640, h=236, legs="walk", near=CHEST)
    paper.box(near[0] - 26, near[1] - 12, 66, 46, CREAM, radius=4)
    paper.shape(
        [(near[0] - 26, near[1] - 12), (near[0] + 40, near[1] - 12), (near[0] + 7, near[1] + 14)],
        mix(CREAM, BRICK, 0.35),
    )
    person(paper, elder(rng), x=760, y=622, h=212, facing=-1, near=HELLO)
    person(paper, elder(rng), x=880, y=630, h=206, facing=-1, near=HIP)
    near_gull(paper, x=1060, y=622, size=70, facing=-1)


@scene
def sorting(paper: Paper, light: Light, rng: random.Random) -> None:
    places.street(paper, light, rng, y=470)
    paper.box(420, 250, 470, 26, TEAL, radius=8)
    for x in (440, 856):
        paper.box(x, 270, 14, 300, colour("#7C8A8C"))
    paper.box(454, 290, 402, 150, mix(CREAM, light.ground, 0.3), radius=6)
    for i in range(5):
        for j in range(2):
            paper.box(
                480 + i * 74,
                310 + j * 62,
                54,
                46,
                mix(props.BRIGHT[(i + j) % 6], CREAM, 0.25),
                radius=6,
            )
    props.bins(paper, x=466, y=600, size=112)
    near, _ = person(paper, anyone(rng, vest="leaf"), x=356, y=626, h=246, near=AHEAD)
    near, _ = person(paper, child(rng), x=950, y=630, h=158, facing=-1, near=AHEAD)
    props.bag(paper, hand=near, size=46, shade=colour("#8FC0B4"), greens=None)
    person(paper, elder(rng), x=1060, y=622, h=214, facing=-1, near=HIP)
    places.tree(paper, light, rng, x=120, y=590, size=320)


@scene
def garden(paper: Paper, light: Light, rng: random.Random) -> None:
    places.street(paper, light, rng, y=400)
    paper.box(0, 430, WIDTH, HEIGHT, light.leaf[2])
    soil = colour("#7E5A43")
    for row, y in enumerate((486, 570, 650)):
        paper.box(0, y - 14, WIDTH, 40, soil, radius=16)
        for i in range(14):
            x = i * 92 + row * 36 + rng.uniform(-10, 10)
            rose(paper, light, rng, x=x, y=y, size=70 + row * 16)
    person(
        paper,
        anyone(rng, vest="leaf", hat=colour("#E8C77A")),
        x=330,
        y=560,
        h=216,
        legs="kneel",
        near=KNEE,
    )
    near, _ = person(paper, anyone(rng, vest="brick"), x=640, y=566, h=240, near=AHEAD)
    watering_can(paper, x=near[0] + 20, y=near[1] + 30)
    person(paper, elder(rng, hat=colour("#E8C77A")), x=880, y=562, h=210, facing=-1, near=AHEAD)
    person(paper, child(rng), x=1000, y=570, h=150, facing=-1, near=UP)
    for i in range(3):
        bx, by = rng.uniform(200, 1000), rng.uniform(330, 450)
        for side in (-1, 1):
            paper.oval(bx + side * 8, by, 8, 11, (SUN, colour("#F4A6B0"), CREAM)[i])


def rose(
    paper: Paper, light: Light, rng: random.Random, *, x: float, y: float, size: float
) -> None:
    leaf = rng.choice(light.leaf[:2])
    paper.stroke([(x, y), (x + rng.uniform(-6, 6), y - size)], mix(leaf, (0, 0, 0), 0.2), 4)
    for side in (-1, 1):
        paper.oval(
            x + side * size * 0.2, y - size * rng.uniform(0.3, 0.6), size * 0.2, size * 0.1, leaf
        )
    bloom = rng.choice((colour("#D8432F"), colour("#F07F6A"), colour("#F6B7B0"), SUN, CREAM))
    paper.disc(x, y - size, size * 0.23, bloom)
    paper.bow(x, y - size, size * 0.12, size * 0.12, 20, 300, mix(bloom, (90, 10, 20), 0.3), 3)


def watering_can(paper: Paper, *, x: float, y: float) -> None:
    paper.bow(x - 8, y - 10, 26, 30, 180, 360, TEAL, 6)
    paper.box(x - 32, y - 14, 58, 50, TEAL, radius=8)
    paper.stroke([(x + 22, y + 20), (x + 62, y - 8)], TEAL, 9)
    for i in range(5):
        paper.stroke(
            [(x + 66 + i * 5, y + 2 + i * 3), (x + 72 + i * 8, y + 46)], (214, 240, 244), 2.5
        )


@scene
def hill(paper: Paper, light: Light, rng: random.Random) -> None:
    places.hillside(paper, light, rng)
    for i, (x, vest) in enumerate(((430, "leaf"), (560, "brick"), (760, "sun"))):
        near, far = person(
            paper,
            anyone(rng, vest=vest, hat=(TEAL, None, BRICK)[i]),
            x=x,
            y=618 + i % 2 * 22,
            h=236,
            legs="walk",
            facing=-1 if x > 700 else 1,
            near=(AHEAD, UP, HIP)[i],
        )
        if i == 0:
            paper.stroke([near, (near[0] + 26, near[1] + 110)], colour("#8A8F95"), 5)
            props.bag(paper, hand=far, size=64, shade=colour("#8FC0B4"), greens=None)
        if i == 1:
            paper.box(near[0] - 16, near[1] - 12, 18, 22, SHOE_DARK, radius=4)
            paper.box(near[0] + 2, near[1] - 12, 18, 22, SHOE_DARK, radius=4)
    paper.box(938, 470, 12, 170, props.DARK_WOOD)
    for i, shade in enumerate((BRICK, TEAL)):
        paper.shape(
            [
                (900, 470 + i * 48),
                (1010, 470 + i * 48),
                (1034, 488 + i * 48),
                (1010, 506 + i * 48),
                (900, 506 + i * 48),
            ],
            mix(shade, CREAM, 0.12),
        )
    places.tree(paper, light, rng, x=130, y=640, size=260)


SHOE_DARK = colour("#2B2B33")


@scene
def festival(paper: Paper, light: Light, rng: random.Random) -> None:
    places.street(paper, light, rng, y=450)
    for sag, y in ((40, 90), (60, 30)):
        bunting(paper, y=y, sag=sag)
    props.tent(paper, x=60, y=560, w=290, h=260, shade=SUN)
    props.tent(paper, x=860, y=560, w=280, h=250, shade=BRICK)
    mug(paper, x=604, y=446, size=150)
    crowd(paper, rng, y=560, left=330, right=860, how_many=8, h=150)
    near, _ = person(paper, anyone(rng, vest="sun"), x=330, y=636, h=250, near=UP, far=OUT)
    arrow_sign(paper, x=near[0], y=near[1])
    person(paper, anyone(rng, vest="teal"), x=860, y=640, h=246, facing=-1, near=OUT, far=HIP)
    props.table(paper, x=930, y=640, w=200, h=86)
    for i in range(3):
        props.cup(paper, x=976 + i * 52, y=556, size=34)


def bunting(paper: Paper, *, y: float, sag: float) -> None:
    def height(x: float) -> float:
        return y + sag * (1 - ((x - 600) / 600) ** 2)

    paper.stroke([(x, height(x)) for x in range(0, 1201, 40)], colour("#8A6A55"), 2.5)
    for i in range(20):
        x = i * 62 + 12
        paper.shape(
            [(x, height(x)), (x + 36, height(x + 36)), (x + 18, height(x + 18) + 36)],
            props.BRIGHT[i % 6],
        )


def mug(paper: Paper, *, x: float, y: float, size: float) -> None:
    """A big glass of beer on a plinth: the festival's own sign."""
    paper.box(x - size * 0.6, y, size * 1.2, 24, colour("#6A4A3A"), radius=6)
    amber = colour("#F2B33D")
    paper.bow(x + size * 0.42, y - size * 0.5, size * 0.24, size * 0.28, 270, 90, CREAM, 14)
    paper.box(x - size * 0.4, y - size, size * 0.8, size, amber, radius=14)
    for i in range(3):
        paper.box(
            x - size * 0.3 + i * size * 0.23,
            y - size * 0.84,
            12,
            size * 0.7,
            mix(amber, CREAM, 0.35),
            radius=6,
        )
    for dx, r in ((-0.32, 0.16), (-0.08, 0.2), (0.18, 0.18), (0.36, 0.13)):
        paper.disc(x + dx * size, y - size, r * size, CREAM)


def arrow_sign(paper: Paper, *, x: float, y: float) -> None:
    paper.stroke([(x, y + 20), (x, y - 30)], props.DARK_WOOD, 7)
    paper.shape(
        [(x - 50, y - 92), (x + 34, y - 92), (x + 68, y - 62), (x + 34, y - 32), (x - 50, y - 32)],
        CREAM,
    )
    paper.stroke([(x - 30, y - 62), (x + 30, y - 62)], BRICK, 9)
    paper.stroke([(x + 12, y - 80), (x + 32, y - 62), (x + 12, y - 44)], BRICK, 9)


def crowd(
    paper: Paper,
    rng: random.Random,
    *,
    y: float,
    left: float,
    right: float,
    how_many: int,
    h: float,
) -> None:
    for i in range(how_many):
        x = left + (right - left) * (i + 0.5) / how_many + rng.uniform(-14, 14)
        look = rng.choice((anyone, anyone, elder))(rng)
        person(
            paper,
            look,
            x=x,
            y=y + rng.uniform(-12, 12),
            h=h * rng.uniform(0.92, 1.08),
            facing=rng.choice((-1, 1)),
            near=rng.choice((DOWN, UP, HELLO, HIP)),
        )


@scene
def marathon(paper: Paper, light: Light, rng: random.Random) -> None:
    places.shore(paper, light, rng, sea_top=250, sand_top=400)
    road = colour("#8D949B")
    paper.shape([(0, 470), (WIDTH, 452), (WIDTH, 610), (0, 640)], road)
    for i in range(8):
        paper.box(i * 160 + 30, 540 - i * 1.5, 80, 8, CREAM, radius=4)
    bunting(paper, y=20, sag=46)
    for i, x in enumerate((180, 370, 560)):
        runner = anyone(rng, shirt=(BRICK, SKY_BLUE, SUN)[i])
        person(paper, runner, x=x, y=566 - i * 6, h=226, legs="run", near=AHEAD, far=HIP)
        paper.box(x - 22, 420 - i * 6, 44, 34, (255, 255, 255), radius=4)
        paper.stroke([(x - 12, 437 - i * 6), (x + 12, 437 - i * 6)], SHOE_DARK, 6)
    props.cloth_table(paper, x=720, y=640, w=390, h=92, cloth=TEAL)
    for i in range(9):
        props.cup(paper, x=748 + i * 40, y=544, size=28, shade=CREAM)
    near, _ = person(paper, anyone(rng, vest="brick"), x=676, y=640, h=246, facing=-1, near=AHEAD)
    props.cup(paper, x=near[0] - 6, y=near[1] + 4, size=30)
    person(paper, anyone(rng, vest="sun"), x=1010, y=560, h=214, facing=-1, near=UP, far=UP)
    gong(paper, x=1150, y=600)


def gong(paper: Paper, *, x: float, y: float) -> None:
    for dx in (-56, 56):
        paper.box(x + dx - 5, y - 170, 10, 170, colour("#8B3A2B"))
    paper.box(x - 68, y - 178, 136, 14, colour("#8B3A2B"), radius=6)
    paper.disc(x, y - 96, 50, colour("#C98A2E"))
    paper.disc(x, y - 96, 42, colour("#E5B04A"))
    paper.disc(x, y - 96, 14, colour("#F6D58A"))


@scene
def lanterns(paper: Paper, light: Light, rng: random.Random) -> None:
    places.sky(paper, light, rng, down_to=480)
    places.town(paper, light, rng, y=430, size=0.9, haze=0.25)
    wall = mix(light.walls[0], (70, 66, 84), 0.35)
    paper.box(330, 250, 540, 250, wall)
    for i in range(14):
        paper.box(330 + i * 40, 228, 26, 30, wall)
    paper.pie(600, 500, 96, 170, 180, 360, mix(light.sky[0], (0, 0, 0), 0.2))
    for rise, half in ((0, 230), (86, 170)):
        y = 214 - rise
        paper.box(600 - half * 0.72, y - 36, half * 1.44, 46, colour("#8B3A2B"))
        for i in range(5):
            paper.box(600 - half * 0.6 + i * half * 0.28, y - 30, half * 0.14, 34, light.window)
        paper.shape(
            [
                (600 - half * 1.16, y - 30),
                (600 - half * 0.8, y - 78),
                (600 + half * 0.8, y - 78),
                (600 + half * 1.16, y - 30),
            ],
            light.roofs[0],
        )
        for side in (-1, 1):
            paper.shape(
                [
                    (600 + side * half * 1.16, y - 30),
                    (600 + side * half * 1.3, y - 54),
                    (600 + side * half * 0.98, y - 46),
                ],
                light.roofs[0],
            )
    places.floor(paper, light, rng, y=492)
    places.lanterns(paper, light, y=60, sag=120, how_many=9, size=27)
    places.lanterns(paper, light, y=200, sag=120, how_many=7, size=19)
    crowd(paper, rng, y=570, left=380, right=840, how_many=7, h=152)
    for x, facing in ((300, 1), (920, -1)):
        near, _ = person(
            paper, anyone(rng, vest="brick"), x=x, y=640, h=248, facing=facing, near=OUT, far=UP
        )
    rabbit_lamp(paper, x=1070, y=630)
    near, _ = person(paper, child(rng), x=170, y=636, h=150, near=OUT)
    props.lantern(paper, hand=near, size=15)


def rabbit_lamp(paper: Paper, *, x: float, y: float) -> None:
    paper.glow(x, y - 60, 150, 130, colour("#FFD9A0"), 0.7)
    body = colour("#FFF1D6")
    paper.oval(x, y - 48, 66, 46, body)
    paper.disc(x - 56, y - 88, 36, body)
    for dx in (-74, -46):
        paper.oval(x + dx, y - 142, 11, 36, body)
        paper.oval(x + dx, y - 140, 5, 24, colour("#F3A08D"))
    paper.disc(x - 70, y - 90, 5, BRICK)
    paper.disc(x + 64, y - 64, 16, body)
    for dx in (-30, 30):
        paper.disc(x + dx, y - 8, 12, BRICK)


@scene
def concert(paper: Paper, light: Light, rng: random.Random) -> None:
    places.sky(paper, light, rng, down_to=330)
    places.hills(paper, light, rng, y=280)
    places.town(paper, light, rng, y=300, size=0.6, haze=0.35)
    places.waves(paper, light, rng, top=298, bottom=380)
    lawn = light.leaf[0]
    paper.box(0, 372, WIDTH, HEIGHT, lawn)
    line = wave_line(left=0, right=WIDTH, y=470, swell=14, length=700, phase=1)
    paper.shape([(0, HEIGHT), *line, (WIDTH, HEIGHT)], light.leaf[2])
    for i in range(7):  # the red spiral of the square
        half = 34 + 15 * (i % 4) + i * 4
        paper.bow(905, 372 - i * 34, half, 20, 0, 360, colour("#D8412B"), 15)
    props.tent(paper, x=110, y=560, w=300, h=270, shade=SUN)
    props.table(paper, x=170, y=572, w=190, h=70)
    person(paper, anyone(rng, vest="brick"), x=250, y=520, h=200, near=HIP)
    props.table(paper, x=170, y=572, w=190, h=70)
    for i, x in enumerate((520, 620, 720, 1010, 1110)):
        person(
            paper,
            (anyone, elder, anyone, child, anyone)[i](rng),
            x=x,
            y=590 + i % 2 * 26,
            h=190,
            legs="sit",
            facing=1 if x < 800 else -1,
            near=CHEST,
        )
    _near, _ = person(paper, anyone(rng, vest="teal"), x=440, y=640, h=246, near=DOWN)
    person(paper, child(rng), x=500, y=644, h=146, facing=-1, near=UP)
    for x, y in ((640, 250), (700, 200), (560, 190)):
        props.speech(paper, x=x, y=y, w=62, h=50, mark="note")


@scene
def parade(paper: Paper, light: Light, rng: random.Random) -> None:
    places.street(paper, light, rng, y=450)
    bunting(paper, y=34, sag=50)
    for i, x in enumerate((240, 400, 560, 720)):
        shade = (BRICK, colour("#E58FA0"), TEAL, SUN)[i]
        look = anyone(rng, shirt=shade, trousers=mix(shade, (0, 0, 0), 0.25), style="bun")
        near, far = person(
            paper,
            look,
            x=x,
            y=590 + i % 2 * 18,
            h=226,
            legs="walk",
            facing=1 if i % 2 else -1,
            near=UP,
            far=OUT,
        )
        for hand, tint in ((near, SUN), (far, colour("#F07F6A"))):
            paper.pie(hand[0], hand[1], 48, 48, 200, 340, tint)
            paper.pie(hand[0], hand[1], 26, 26, 200, 340, CREAM)
    drum(paper, x=900, y=620)
    person(paper, elder(rng, shirt=BRICK), x=980, y=620, h=220, facing=-1, near=UP, far=AHEAD)
    near, _ = person(paper, anyone(rng, vest="sun"), x=1100, y=636, h=244, facing=-1, near=AHEAD)
    props.kettle(paper, x=near[0] - 6, y=near[1] + 34, size=50, shade=SKY_BLUE)
    paper.stroke([(0, 640), (300, 648), (620, 644), (1200, 650)], colour("#F3E3C0"), 7)


def drum(paper: Paper, *, x: float, y: float) -> None:
    paper.box(x - 62, y - 100, 124, 92, colour("#C8402B"), radius=22)
    paper.oval(x, y - 100, 62, 20, colour("#F6E4BE"))
    for i in range(6):
        paper.disc(x - 50 + i * 20, y - 74, 4, SUN)
        paper.disc(x - 50 + i * 20, y - 22, 4, SUN)


@scene
def beach(paper: Paper, light: Light, rng: random.Random) -> None:
    places.shore(paper, light, rng)
    stone_man(paper, light, x=rng.uniform(170, 300), y=360)
    for _ in range(16):
        litter(paper, rng, x=rng.uniform(40, 1160), y=rng.uniform(540, 665))
    near, far = person(
        paper, anyone(rng, vest="teal", hat=BRICK), x=380, y=610, h=234, legs="walk", near=AHEAD
    )
    paper.stroke([near, (near[0] + 34, near[1] + 100)], colour("#7C858C"), 5)
    props.bag(paper, hand=far, size=70, shade=colour("#5D9AA0"), greens=None)
    person(paper, anyone(rng, vest="brick"), x=640, y=622, h=224, legs="kneel", near=KNEE)
    near, _ = person(paper, child(rng), x=800, y=616, h=152, facing=-1, near=AHEAD)
    starfish(paper, x=near[0] - 10, y=near[1] - 6)
    near, _ = person(paper, anyone(rng, vest="sun"), x=980, y=608, h=236, facing=-1, near=CHEST)
    paper.box(near[0] - 40, near[1] - 32, 50, 62, CREAM, radius=4)
    for i in range(3):
        paper.stroke(
            [(near[0] - 32, near[1] - 18 + i * 15), (near[0] - 4, near[1] - 18 + i * 15)], TEAL, 4
        )


def stone_man(paper: Paper, light: Light, *, x: float, y: float) -> None:
    """The rock in the sea that looks like an old man thinking."""
    stone = mix(light.trunk, light.haze, 0.35)
    paper.shape(
        [
            (x - 40, y),
            (x - 34, y - 60),
            (x - 18, y - 84),
            (x - 24, y - 112),
            (x - 6, y - 132),
            (x + 16, y - 122),
            (x + 22, y - 96),
            (x + 12, y - 80),
            (x + 34, y - 52),
            (x + 46, y),
        ],
        stone,
    )
    paper.oval(x + 2, y + 2, 78, 8, light.foam)


def litter(paper: Paper, rng: random.Random, *, x: float, y: float) -> None:
    kind = rng.randrange(4)
    if kind == 0:
        paper.stroke([(x, y), (x + 22, y - 5)], colour("#9FD0D8"), 9)
        paper.stroke([(x + 24, y - 6), (x + 28, y - 7)], BRICK, 7)
    elif kind == 1:
        paper.pie(x, y, 14, 14, 180, 360, colour("#F6C9A8"))
        for i in range(3):
            paper.stroke([(x, y), (x - 9 + i * 9, y - 10)], colour("#D89A75"), 2)
    elif kind == 2:
        paper.bow(x, y, 18, 8, 0, 300, colour("#5C9A6E"), 4)
    else:
        paper.disc(x, y, 6, CREAM)


def starfish(paper: Paper, *, x: float, y: float) -> None:
    import math

    points = []
    for i in range(10):
        r = 22 if i % 2 == 0 else 9
        angle = -math.pi / 2 + i * math.pi / 5
        points.append((x + r * math.cos(angle), y + r * math.sin(angle)))
    paper.shape(points, colour("#F08A3C"))
    paper.disc(x, y, 7, colour("#F6B26B"))


@scene
def tide(paper: Paper, light: Light, rng: random.Random) -> None:
    places.shore(paper, light, rng, sea_top=260, sand_top=500)
    places.lighthouse(paper, light, x=1040, y=256, size=130)
    for _ in range(12):
        x, y = rng.uniform(320, 1160), rng.uniform(400, 500)
        paper.oval(
            x, y, rng.uniform(30, 60), rng.uniform(12, 20), mix(light.trunk, light.sea[1], 0.5)
        )
        paper.oval(x, y + 12, 50, 5, light.foam)
    for i, x in enumerate((640, 780, 910)):
        near, far = person(
            paper,
            (anyone, elder, anyone)[i](rng, hat=(None, SUN, TEAL)[i]),
            x=x,
            y=560 - i * 14,
            h=160,
            legs="walk",
            facing=-1,
            near=HIP,
        )
        paper.shape(
            [
                (far[0] - 14, far[1] + 6),
                (far[0] + 14, far[1] + 6),
                (far[0] + 11, far[1] + 34),
                (far[0] - 11, far[1] + 34),
            ],
            (BRICK, SKY_BLUE, SUN)[i],
        )
    rock = mix(light.trunk, light.sand, 0.25)
    paper.shape([(0, 560), (120, 520), (330, 536), (420, 610), (460, HEIGHT), (0, HEIGHT)], rock)
    gong(paper, x=112, y=600)
    near, _ = person(paper, anyone(rng, vest="sun"), x=226, y=620, h=246, facing=-1, near=AHEAD)
    near, _ = person(
        paper, anyone(rng, vest="brick", hat=TEAL), x=350, y=640, h=250, near=UP, far=HELLO
    )
    props.flag(paper, hand=near, shade=colour("#E0392A"))


@scene
def pier(paper: Paper, light: Light, rng: random.Random) -> None:
    places.sky(paper, light, rng, down_to=300)
    places.hills(paper, light, rng, y=290)
    places.waves(paper, light, rng, top=284, bottom=560)
    stone = mix(light.walls[2], light.haze, 0.2)
    paper.shape([(0, 420), (860, 352), (1010, 352), (1010, 384), (860, 384), (0, 520)], stone)
    paper.shape(
        [(0, 520), (860, 384), (1010, 384), (1010, 398), (0, 560)], mix(stone, (60, 60, 80), 0.3)
    )
    for rise, half, high in ((0, 92, 56), (78, 64, 44)):
        y = 352 - rise
        paper.box(935 - half * 0.8, y - high, half * 1.6, high, colour("#B8412E"))
        for i in range(4):
            paper.box(
                935 - half * 0.64 + i * half * 0.36, y - high + 10, half * 0.2, high - 18, SUN
            )
        paper.shape(
            [
                (935 - half * 1.25, y - high + 4),
                (935 - half * 0.7, y - high - 34),
                (935 + half * 0.7, y - high - 34),
                (935 + half * 1.25, y - high + 4),
            ],
            colour("#D9A22E"),
        )
    paper.shape([(900, 200), (935, 150), (970, 200)], colour("#D9A22E"))
    for _ in range(14):
        from .figures import gull

        gull(
            paper,
            x=rng.uniform(60, 1140),
            y=rng.uniform(110, 420),
            span=rng.uniform(34, 66),
            shade=colour("#FFFFFF"),
            tilt=rng.uniform(-8, 8),
        )
    paper.box(0, 560, WIDTH, HEIGHT, light.path)
    paper.box(0, 552, WIDTH, 14, stone)
    props.table(paper, x=190, y=650, w=230, h=88)
    for i, shade in enumerate((colour("#E8C77A"), colour("#B9643F"), colour("#8FC0B4"))):
        paper.box(214 + i * 66, 516, 44, 50, mix(CREAM, SKY_BLUE, 0.3), radius=9)
        paper.box(218 + i * 66, 532, 36, 32, shade, radius=7)
    person(paper, anyone(rng, vest="teal", hat=BRICK), x=160, y=650, h=240, near=AHEAD)
    _near, _ = person(paper, child(rng, hat=SUN), x=520, y=648, h=160, near=AHEAD)
    near_gull(paper, x=620, y=652, size=76, facing=-1)
    person(paper, anyone(rng, vest="brick"), x=780, y=650, h=236, facing=-1, near=UP, far=CHEST)
    near_gull(paper, x=1010, y=646, size=84)
    near_gull(paper, x=1100, y=660, size=70, facing=-1)


@scene
def harbour(paper: Paper, light: Light, rng: random.Random) -> None:
    places.sky(paper, light, rng, down_to=300)
    places.hills(paper, light, rng, y=286)
    places.waves(paper, light, rng, top=284, bottom=540)
    for x, y, size in ((240, 380, 110), (620, 420, 150), (1010, 370, 100)):
        fishing_boat(paper, light, x=x, y=y, size=size, shade=rng.choice((BRICK, TEAL, LEAF)))
    paper.box(0, 520, WIDTH, HEIGHT, mix(light.path, (110, 110, 110), 0.2))
    paper.box(0, 514, WIDTH, 14, mix(light.path, (60, 60, 70), 0.4))
    net = colour("#4E8F7C")
    paper.shape([(430, 640), (470, 570), (560, 548), (680, 560), (740, 640)], net)
    for i in range(12):
        paper.stroke([(440 + i * 26, 640), (480 + i * 20, 560)], mix(net, CREAM, 0.3), 2)
        paper.stroke([(440 + i * 26, 570), (410 + i * 26, 640)], mix(net, CREAM, 0.3), 2)
    for x in (470, 540, 640, 710):
        paper.disc(x, 604 + (x % 3) * 8, 10, SUN)
    props.stool(paper, x=350, y=640, size=60)
    person(
        paper,
        elder(rng, hat=colour("#4B5A6E")),
        x=350,
        y=640,
        h=228,
        legs="sit",
        near=AHEAD,
        far=AHEAD,
    )
    props.stool(paper, x=830, y=642, size=60)
    person(paper, anyone(rng, vest="teal"), x=830, y=642, h=232, legs="sit", facing=-1, near=AHEAD)
    person(paper, anyone(rng, vest="brick"), x=970, y=640, h=240, facing=-1, near=CHEST)
    near_gull(paper, x=150, y=640, size=84)
    props.speech(paper, x=396, y=300, w=86, h=70, mark="note")


def fishing_boat(
    paper: Paper, light: Light, *, x: float, y: float, size: float, shade: tuple[int, int, int]
) -> None:
    paper.shape(
        [
            (x - size, y - size * 0.36),
            (x + size, y - size * 0.36),
            (x + size * 0.76, y),
            (x - size * 0.8, y),
        ],
        shade,
    )
    paper.box(x - size * 0.96, y - size * 0.42, size * 1.94, size * 0.1, CREAM)
    paper.box(x - size * 0.1, y - size * 0.84, size * 0.56, size * 0.44, CREAM, radius=6)
    paper.box(x + size * 0.02, y - size * 0.74, size * 0.32, size * 0.18, light.window, radius=3)
    paper.stroke(
        [(x - size * 0.4, y - size * 0.4), (x - size * 0.4, y - size * 1.2)], light.trunk, 4
    )
    paper.shape(
        [
            (x - size * 0.4, y - size * 1.2),
            (x - size * 0.1, y - size * 1.1),
            (x - size * 0.4, y - size),
        ],
        BRICK,
    )


@scene
def redwall(paper: Paper, light: Light, rng: random.Random) -> None:
    places.sky(paper, light, rng, down_to=400)
    places.town(paper, light, rng, y=300, size=0.8, haze=0.3)
    for x in (170, 470, 900):
        ginkgo(paper, rng, x=x, y=330, size=300)
    wall = colour("#B53A2C")
    paper.shape([(0, 270), (760, 300), (WIDTH, 240), (WIDTH, 530), (760, 500), (0, 540)], wall)
    paper.shape([(760, 300), (WIDTH, 240), (WIDTH, 530), (760, 500)], mix(wall, (0, 0, 0), 0.14))
    tile = colour("#E5B04A")
    paper.shape([(0, 240), (760, 276), (760, 306), (0, 276)], tile)
    paper.shape([(760, 276), (WIDTH, 210), (WIDTH, 246), (760, 306)], mix(tile, (0, 0, 0), 0.12))
    for i in range(38):
        paper.pie(i * 20 + 10, 276 + i * 0.8, 10, 8, 0, 180, mix(tile, (90, 50, 0), 0.25))
    paper.shape([(0, 540), (760, 500), (WIDTH, 530), (WIDTH, HEIGHT), (0, HEIGHT)], light.path)
    for _ in range(40):
        paper.oval(rng.uniform(0, WIDTH), rng.uniform(540, 665), 7, 4, colour("#F0C04A"))
    near, _ = person(paper, anyone(rng, vest="brick"), x=300, y=630, h=248, near=UP, far=HIP)
    props.flag(paper, hand=near, shade=TEAL, tall=60)
    for x, look in ((480, anyone(rng)), (590, elder(rng)), (690, child(rng))):
        person(paper, look, x=x, y=626, h=150 if look.is_child else 220, facing=-1, near=HIP)
    near, _ = person(paper, anyone(rng), x=910, y=632, h=226, facing=1, near=CHEST, far=CHEST)
    paper.box(near[0] - 10, near[1] - 18, 44, 30, SHOE_DARK, radius=6)
    paper.disc(near[0] + 12, near[1] - 3, 10, SKY_BLUE)


def ginkgo(paper: Paper, rng: random.Random, *, x: float, y: float, size: float) -> None:
    gold = colour("#EDB93C")
    paper.stroke([(x, y), (x, y - size * 0.5)], colour("#7A5640"), 16)
    for dx, dy, r in (
        (0, -0.72, 0.3),
        (-0.22, -0.55, 0.22),
        (0.24, -0.56, 0.22),
        (0.02, -0.95, 0.2),
    ):
        paper.disc(x + dx * size, y + dy * size, r * size, mix(gold, CREAM, rng.uniform(0, 0.2)))


@scene
def library(paper: Paper, light: Light, rng: random.Random) -> None:
    places.room(paper, light, rng)
    props.shelf(paper, rng, x=30, y=500, w=300, h=430)
    props.shelf(paper, rng, x=870, y=500, w=300, h=430)
    props.table(paper, x=360, y=628, w=430, h=104)
    for i, x in enumerate((430, 580, 720)):
        props.book(paper, at=(x, 492), size=62, cover=props.BRIGHT[i])
    paper.box(500, 484, 26, 42, SUN, radius=5)
    person(paper, anyone(rng, vest="teal"), x=440, y=560, h=232, near=CHEST, far=CHEST)
    props.table(paper, x=360, y=628, w=430, h=104)
    for i, x in enumerate((430, 580, 720)):
        props.book(paper, at=(x, 496), size=62, cover=props.BRIGHT[i])
    person(paper, anyone(rng, vest="brick"), x=850, y=636, h=240, facing=1, near=UP)
    person(paper, child(rng), x=270, y=640, h=156, near=AHEAD)
    person(paper, child(rng), x=960, y=646, h=150, facing=-1, near=CHEST)
    cat(paper, x=130, y=644, size=74, fur=colour("#8B7B74"))


@scene
def couplets(paper: Paper, light: Light, rng: random.Random) -> None:
    places.yard(paper, light, rng)
    places.lanterns(paper, light, y=120, sag=40, how_many=8, size=22)
    red = colour("#D8392A")
    for x in (70, 180, 1020, 1110):
        paper.box(x, 210, 48, 230, red, radius=3)
        for i in range(4):
            brush(paper, x=x + 24, y=242 + i * 54, size=30, ink=SHOE_DARK)
    props.table(paper, x=360, y=624, w=480, h=110, top=colour("#9C6543"))
    paper.box(410, 502, 330, 20, red, radius=3)
    for i in range(5):
        brush(paper, x=446 + i * 62, y=512, size=20, ink=SHOE_DARK)
    paper.box(770, 494, 46, 20, SHOE_DARK, radius=6)
    near, _ = person(paper, elder(rng), x=330, y=620, h=230, near=AHEAD)
    paper.stroke([(near[0], near[1] - 26), (near[0] + 10, near[1] + 26)], props.DARK_WOOD, 6)
    paper.stroke([(near[0] + 10, near[1] + 26), (near[0] + 14, near[1] + 40)], SHOE_DARK, 9)
    person(paper, anyone(rng, vest="brick"), x=880, y=622, h=240, facing=-1, near=AHEAD, far=AHEAD)
    person(paper, child(rng, hat=red), x=1010, y=640, h=154, facing=-1, near=UP)


def brush(paper: Paper, *, x: float, y: float, size: float, ink: tuple[int, int, int]) -> None:
    """Strokes that look like a character and are none."""
    paper.stroke(
        [(x - size * 0.4, y - size * 0.3), (x + size * 0.4, y - size * 0.34)], ink, size * 0.16
    )
    paper.stroke([(x, y - size * 0.5), (x - size * 0.06, y + size * 0.5)], ink, size * 0.16)
    paper.stroke(
        [
            (x - size * 0.36, y + size * 0.34),
            (x - size * 0.06, y),
            (x + size * 0.4, y + size * 0.36),
        ],
        ink,
        size * 0.15,
    )


@scene
def cinema(paper: Paper, light: Light, rng: random.Random) -> None:
    places.street(paper, light, rng, y=470)
    for x in (330, 870):
        paper.box(x - 6, 110, 12, 420, props.DARK_WOOD)
    paper.veil([(600, 640), (340, 140), (860, 140)], colour("#FFF1C9"), 0.18)
    paper.box(340, 120, 520, 300, CREAM, radius=6)
    inner = Paper(width=496, height=276, ground=colour("#BFE0E2"))
    inner.fade(0, 160, LIGHTS["dusk"].sky)
    inner.disc(370, 110, 40, colour("#FFDD9B"))
    places.waves(inner, LIGHTS["dusk"], rng, top=150, bottom=276)
    places.boat(inner, LIGHTS["dusk"], x=170, y=210, size=110)
    paper.image.paste(inner.image, (352 * 2, 132 * 2))
    for i, x in enumerate((250, 380, 500, 720, 840, 960)):
        back = (anyone, elder, child, anyone, elder, child)[i](rng)
        props.stool(paper, x=x, y=630, size=50)
        person(
            paper,
            back,
            x=x,
            y=634,
            h=170 if back.is_child else 205,
            legs="sit",
            facing=1 if x < 600 else -1,
            near=CHEST,
        )
    paper.box(572, 566, 60, 40, colour("#4B5A6E"), radius=8)
    paper.disc(602, 562, 15, colour("#FFF1C9"))
    person(paper, anyone(rng, vest="brick"), x=112, y=640, h=246, near=OUT)
    near, _ = person(paper, anyone(rng, vest="sun"), x=1090, y=640, h=240, facing=-1, near=OUT)
    props.lantern(paper, hand=near, size=16)


@scene
def firstaid(paper: Paper, light: Light, rng: random.Random) -> None:
    middle = places.room(paper, light, rng, is_bare=True)
    cross_box(paper, x=middle, y=190)
    for i, x in enumerate((300, 690)):
        paper.box(x - 150, 600, 330, 26, (SKY_BLUE, colour("#E9A08F"))[i], radius=12)
        dummy(paper, x=x + 20, y=596)
        person(
            paper,
            anyone(rng, vest=("brick", "teal")[i]),
            x=x - 80,
            y=606,
            h=240,
            legs="kneel",
            near=KNEE,
            far=KNEE,
        )
    person(paper, anyone(rng), x=500, y=590, h=230, near=CHEST)
    person(paper, elder(rng), x=900, y=594, h=214, facing=-1, near=HIP)
    person(paper, anyone(rng, vest="sun"), x=1060, y=626, h=246, facing=-1, near=HELLO)
    props.speech(paper, x=380, y=260, w=92, h=76, mark="heart")


def cross_box(paper: Paper, *, x: float, y: float) -> None:
    paper.box(x - 50, y - 50, 100, 100, CREAM, radius=14)
    paper.box(x - 30, y - 10, 60, 20, BRICK, radius=4)
    paper.box(x - 10, y - 30, 20, 60, BRICK, radius=4)


def dummy(paper: Paper, *, x: float, y: float) -> None:
    paper.box(x - 50, y - 42, 120, 44, colour("#DCE4E6"), radius=16)
    paper.disc(x + 96, y - 20, 24, colour("#F0D4BC"))
    paper.disc(x + 10, y - 22, 9, BRICK)


@scene
def hospital(paper: Paper, light: Light, rng: random.Random) -> None:
    middle = places.room(paper, light, rng, is_bare=True)
    cross_box(paper, x=middle, y=170)
    paper.box(60, 380, 220, 190, mix(TEAL, CREAM, 0.55), radius=12)
    paper.box(50, 372, 240, 22, CREAM, radius=8)
    person(paper, anyone(rng, shirt=(255, 255, 255)), x=170, y=560, h=224, near=CHEST)
    paper.box(60, 450, 220, 140, mix(TEAL, CREAM, 0.45), radius=12)
    paper.box(50, 440, 240, 22, CREAM, radius=8)
    props.wheelchair(paper, x=520, y=626, size=150)
    person(paper, elder(rng), x=520, y=606, h=226, legs="sit", near=AHEAD)
    person(paper, anyone(rng, vest="leaf"), x=400, y=628, h=246, near=AHEAD, far=AHEAD)
    person(paper, anyone(rng), x=760, y=622, h=226, facing=1, near=CHEST, far=CHEST)
    person(paper, child(rng), x=835, y=630, h=148, facing=1, near=HIP)
    _near, _ = person(
        paper, anyone(rng, vest="leaf"), x=990, y=626, h=246, facing=-1, near=UP, far=CHEST
    )
    for i in range(5):
        starfish(paper, x=330 + i * 190, y=652)


@scene
def reading(paper: Paper, light: Light, rng: random.Random) -> None:
    places.room(paper, light, rng)
    paper.box(90, 470, 360, 110, CREAM, radius=14)
    paper.box(90, 505, 360, 90, SKY_BLUE, radius=14)
    paper.box(70, 410, 24, 200, colour("#B9C3C9"), radius=8)
    paper.box(110, 452, 110, 46, (255, 255, 255), radius=18)
    person(paper, child(rng), x=210, y=586, h=190, legs="sit", near=AHEAD)
    paper.box(190, 505, 260, 80, SKY_BLUE, radius=14)
    near, far = person(
        paper,
        anyone(rng, vest="sun"),
        x=560,
        y=620,
        h=240,
        legs="sit",
        facing=-1,
        near=AHEAD,
        far=UP,
    )
    props.book(paper, at=(near[0] - 12, near[1] - 20), size=66, cover=BRICK)
    paper.disc(far[0], far[1] - 18, 26, colour("#E58A2E"))
    for side in (-1, 1):
        paper.shape(
            [
                (far[0] + side * 24, far[1] - 30),
                (far[0] + side * 22, far[1] - 58),
                (far[0] + side * 4, far[1] - 40),
            ],
            colour("#E58A2E"),
        )
        paper.disc(far[0] + side * 9, far[1] - 22, 4, SHOE_DARK)
    props.stool(paper, x=560, y=622, size=66)
    paper.box(800, 520, 220, 14, props.WOOD, radius=5)
    paper.box(800, 590, 220, 14, props.WOOD, radius=5)
    for x in (806, 1002):
        paper.box(x, 470, 12, 150, props.WOOD)
        paper.disc(x + 6, 632, 15, SHOE_DARK)
    for i in range(6):
        paper.box(826 + i * 28, 464 + i % 3 * 8, 20, 56 - i % 3 * 8, props.BRIGHT[i], radius=3)
        paper.box(826 + i * 28, 548, 20, 42, props.BRIGHT[(i + 3) % 6], radius=3)
    person(paper, anyone(rng, vest="brick"), x=1086, y=628, h=244, facing=-1, near=AHEAD)
    props.speech(paper, x=290, y=330, w=90, h=74, mark="heart")


@scene
def tent(paper: Paper, light: Light, rng: random.Random) -> None:
    places.street(paper, light, rng, y=460)
    bus(paper, x=700, y=580)
    props.tent(paper, x=110, y=590, w=420, h=320, shade=colour("#FBF3E4"))
    for i, x in enumerate((190, 330)):
        props.stool(paper, x=x, y=600, size=66)
        person(paper, (anyone, elder)[i](rng), x=x, y=602, h=222, legs="sit", near=CHEST)
    near, _ = person(paper, anyone(rng, vest="brick"), x=470, y=620, h=244, facing=-1, near=AHEAD)
    props.cup(paper, x=near[0] - 8, y=near[1] + 6, size=32, shade=CREAM)
    person(paper, anyone(rng, vest="teal"), x=620, y=636, h=240, near=HELLO)
    props.speech(paper, x=520, y=280, w=90, h=74, mark="heart")


def bus(paper: Paper, *, x: float, y: float) -> None:
    paper.box(x, y - 220, 430, 200, CREAM, radius=26)
    paper.box(x, y - 110, 430, 34, BRICK)
    for i in range(4):
        paper.box(x + 22 + i * 84, y - 196, 70, 66, SKY_BLUE, radius=10)
    paper.box(x + 356, y - 200, 56, 176, mix(SKY_BLUE, CREAM, 0.4), radius=10)
    for dx in (84, 330):
        paper.disc(x + dx, y - 18, 32, SHOE_DARK)
        paper.disc(x + dx, y - 18, 13, colour("#C9CDD2"))
    for side in (-1, 1):
        paper.disc(x + 180 + side * 13, y - 58, 15, BRICK)
    paper.shape([(x + 154, y - 53), (x + 206, y - 53), (x + 180, y - 24)], BRICK)


@scene
def talk(paper: Paper, light: Light, rng: random.Random) -> None:
    places.room(paper, light, rng)
    for i, x in enumerate((120, 240, 360)):
        props.stool(paper, x=x, y=630, size=62)
        person(
            paper,
            elder(rng) if i != 1 else anyone(rng),
            x=x,
            y=632,
            h=222,
            legs="sit",
            near=(UP, CHEST, UP)[i],
        )
    for x, shade in ((148, BRICK), (388, LEAF)):
        paper.disc(x, 400, 30, CREAM)
        paper.disc(x, 400, 25, shade)
    near, _ = person(
        paper, anyone(rng, shirt=colour("#4B4F5E"), hat=SHOE_DARK), x=620, y=620, h=240, near=UP
    )
    paper.box(near[0] - 12, near[1] - 30, 26, 50, SHOE_DARK, radius=6)
    person(paper, elder(rng), x=800, y=620, h=218, facing=-1, near=CHEST, far=CHEST)
    props.speech(paper, x=650, y=250, w=96, h=80, mark="bang")
    person(paper, anyone(rng, vest="brick"), x=970, y=626, h=248, facing=-1, near=OUT, far=UP)
    props.table(paper, x=1040, y=636, w=130, h=90)
    props.kettle(paper, x=1094, y=546, size=52, shade=TEAL)


@scene
def bench(paper: Paper, light: Light, rng: random.Random) -> None:
    places.street(paper, light, rng, y=470)
    blossom(paper, rng, x=250, y=580, size=400)
    props.bench(paper, x=400, y=620, w=360)
    person(paper, anyone(rng, shirt=colour("#4B5A6E")), x=480, y=618, h=232, legs="sit", near=AHEAD)
    person(paper, elder(rng), x=660, y=618, h=226, legs="sit", facing=-1, near=CHEST)
    near, _ = person(paper, anyone(rng, vest="teal"), x=880, y=634, h=238, facing=-1, near=CHEST)
    props.book(paper, at=(near[0] - 10, near[1] - 10), size=50, cover=BRICK)
    props.stool(paper, x=1010, y=632, size=56)
    props.lantern(paper, hand=(1010, 500), size=22)
    props.speech(paper, x=520, y=300, w=90, h=72, mark="heart")


def blossom(paper: Paper, rng: random.Random, *, x: float, y: float, size: float) -> None:
    paper.stroke([(x, y), (x - 8, y - size * 0.5)], colour("#6A4A40"), 18)
    paper.stroke(
        [(x - 4, y - size * 0.4), (x + size * 0.2, y - size * 0.62)], colour("#6A4A40"), 10
    )
    for _ in range(26):
        px = x + rng.gauss(0, size * 0.2)
        py = y - size * 0.72 + rng.gauss(0, size * 0.12)
        paper.disc(px, py, rng.uniform(20, 44), mix(colour("#F3A9AE"), CREAM, rng.uniform(0, 0.5)))
    for _ in range(24):
        paper.oval(x + rng.uniform(-200, 500), y + rng.uniform(-60, 70), 5, 3, colour("#F6C3C4"))


@scene
def counter(paper: Paper, light: Light, rng: random.Random) -> None:
    places.room(paper, light, rng)
    for i, x in enumerate((90, 320)):
        paper.box(x, 430, 210, 170, colour("#C28A5B"), radius=10)
        paper.box(x - 8, 420, 226, 22, CREAM, radius=8)
        paper.box(x + 60, 340, 90, 40, (BRICK, TEAL)[i], radius=10)
        paper.disc(x + 105, 360, 10, CREAM)
    person(paper, anyone(rng, vest="brick"), x=640, y=622, h=246, facing=-1, near=OUT)
    near, _ = person(paper, anyone(rng), x=770, y=622, h=232, facing=-1, near=CHEST)
    paper.box(near[0] - 34, near[1] - 24, 44, 56, (255, 255, 255), radius=4)
    person(paper, child(rng), x=860, y=630, h=150, facing=-1, near=UP)
    person(paper, anyone(rng), x=980, y=618, h=228, facing=-1, near=DOWN)
    paper.box(1010, 560, 74, 92, colour("#6E8B88"), radius=14)
    paper.stroke([(1030, 560), (1030, 520), (1064, 520), (1064, 560)], SHOE_DARK, 5)
    props.speech(paper, x=660, y=270, w=92, h=74, mark="heart")


@scene
def kites(paper: Paper, light: Light, rng: random.Random) -> None:
    places.shore(paper, light, rng, sea_top=330, sand_top=460)
    paper.box(0, 500, WIDTH, HEIGHT, light.leaf[2])
    line = wave_line(left=0, right=WIDTH, y=520, swell=10, length=700, phase=0)
    paper.shape([(0, HEIGHT), *line, (WIDTH, HEIGHT)], light.leaf[0])
    spots = ((180, 150), (430, 100), (760, 140), (1020, 190))
    for i, x in enumerate((300, 470, 660, 880)):
        look = (child(rng), child(rng), elder(rng), child(rng))[i]
        near, _ = person(
            paper,
            look,
            x=x,
            y=610 + i % 2 * 22,
            h=214 if i == 2 else 160,
            near=UP,
            facing=-1 if i < 2 else 1,
        )
        props.kite(
            paper,
            x=spots[i][0],
            y=spots[i][1],
            size=84,
            hand=near,
            shades=(props.BRIGHT[i], props.BRIGHT[(i + 2) % 6]),
        )
    person(paper, anyone(rng, vest="brick"), x=1040, y=636, h=240, facing=-1, near=UP, far=HIP)


@scene
def football(paper: Paper, light: Light, rng: random.Random) -> None:
    places.street(paper, light, rng, y=450)
    for x in (0, 420, 800):
        paper.stroke([(x, 330), (x + 400, 346)], light.trunk, 3)
        for i in range(4):
            paper.box(
                x + 40 + i * 84, 334, 56, rng.uniform(50, 80), rng.choice(props.BRIGHT), radius=4
            )
    paper.stroke([(980, 600), (980, 430), (1180, 430), (1180, 620)], CREAM, 9)
    for i in range(7):
        paper.stroke([(990 + i * 28, 436), (990 + i * 28, 600)], mix(CREAM, light.ground, 0.5), 2)
    for i, (x, legs) in enumerate(((250, "run"), (440, "walk"), (640, "run"), (830, "walk"))):
        look = child(rng, shirt=(BRICK, TEAL, BRICK, TEAL)[i])
        person(
            paper,
            look,
            x=x,
            y=618 + i % 2 * 18,
            h=176,
            legs=legs,
            facing=1 if i < 3 else -1,
            near=OUT,
        )
    paper.disc(724, 622, 20, (255, 255, 255))
    paper.disc(724, 622, 7, SHOE_DARK)
    for dx, dy in ((-13, -8), (13, -8), (0, 14)):
        paper.disc(724 + dx, 622 + dy, 4, SHOE_DARK)
    _near, _ = person(paper, anyone(rng, vest="sun"), x=110, y=630, h=244, near=UP)
    person(paper, elder(rng), x=1080, y=590, h=206, facing=-1, near=HELLO)


@scene
def repair(paper: Paper, light: Light, rng: random.Random) -> None:
    places.street(paper, light, rng, y=450)
    props.tent(paper, x=330, y=600, w=540, h=390, shade=TEAL)
    person(paper, anyone(rng, vest="brick"), x=520, y=560, h=232, near=CHEST, far=CHEST)
    person(paper, anyone(rng, vest="sun"), x=700, y=560, h=232, facing=-1, near=AHEAD)
    props.table(paper, x=380, y=630, w=450, h=104)
    paper.box(420, 470, 92, 58, colour("#B9643F"), radius=10)
    paper.disc(446, 498, 17, CREAM)
    paper.box(474, 486, 26, 6, CREAM)
    paper.box(474, 500, 26, 6, CREAM)
    paper.stroke([(496, 470), (520, 420)], SHOE_DARK, 3)
    paper.box(560, 482, 74, 46, (236, 238, 238), radius=16)
    paper.box(580, 472, 34, 12, SHOE_DARK, radius=5)
    props.umbrella(paper, hand=(740, 520), size=90, shade=BRICK)
    props.stool(paper, x=260, y=630, size=60)
    person(paper, elder(rng), x=260, y=632, h=222, legs="sit", near=CHEST)
    near, _ = person(paper, anyone(rng), x=960, y=632, h=232, facing=-1, near=CHEST)
    props.kettle(paper, x=near[0] - 14, y=near[1] + 20, size=50, shade=SKY_BLUE)
    person(paper, elder(rng), x=1070, y=636, h=214, facing=-1, near=HIP)


@scene
def access(paper: Paper, light: Light, rng: random.Random) -> None:
    places.street(paper, light, rng, y=480)
    paper.box(820, 220, 320, 300, light.walls[4], radius=6)
    paper.shape([(796, 226), (860, 150), (1100, 150), (1164, 226)], light.roofs[2])
    paper.box(930, 320, 110, 200, TEAL, radius=8)
    paper.box(850, 300, 60, 70, light.window, radius=5)
    paper.box(1060, 300, 60, 70, light.window, radius=5)
    paper.disc(986, 270, 24, SKY_BLUE)
    paper.bow(986, 268, 11, 11, 20, 160, CREAM, 4)
    ramp = mix(light.path, (120, 110, 110), 0.3)
    paper.shape([(560, 620), (900, 520), (1140, 520), (1140, 620)], ramp)
    paper.stroke([(600, 560), (900, 470), (1130, 470)], colour("#8B939B"), 7)
    for x, y in ((620, 556), (760, 514), (900, 470)):
        paper.stroke([(x, y), (x, y + 60)], colour("#8B939B"), 6)
    props.wheelchair(paper, x=480, y=634, size=150)
    person(paper, anyone(rng, vest="sun"), x=480, y=612, h=228, legs="sit", near=AHEAD)
    near, _ = person(paper, anyone(rng, vest="brick"), x=310, y=630, h=246, near=CHEST)
    paper.box(near[0] - 8, near[1] - 30, 46, 58, CREAM, radius=4)
    person(paper, anyone(rng, vest="teal"), x=700, y=628, h=224, legs="kneel", near=KNEE)
    paper.stroke([(748, 590), (860, 556)], SUN, 8)
    places.tree(paper, light, rng, x=130, y=580, size=330)


@scene
def table(paper: Paper, light: Light, rng: random.Random) -> None:
    places.street(paper, light, rng, y=430)
    places.lanterns(paper, light, y=90, sag=70, how_many=9, size=22)
    for i in range(8):
        x = 110 + i * 140
        look = rng.choice((anyone, elder, child, anyone))(rng)
        person(
            paper,
            look,
            x=x,
            y=570,
            h=180 if look.is_child else 206,
            facing=1 if i % 2 else -1,
            near=rng.choice((CHEST, UP, AHEAD)),
        )
    props.cloth_table(paper, x=30, y=640, w=1140, h=118, cloth=BRICK)
    for i in range(11):
        x = 80 + i * 104
        paper.oval(x, 522, 38, 12, CREAM)
        dish = rng.choice(
            (
                colour("#6DA35A"),
                colour("#E5A03A"),
                colour("#B9643F"),
                colour("#F0D08A"),
                colour("#E27A5E"),
            )
        )
        paper.pie(x, 520, 28, 22, 180, 360, dish)
        paper.disc(x + 8, 506, 4, LEAF)
    person(paper, anyone(rng, vest="sun"), x=1110, y=666, h=230, facing=-1, near=AHEAD, far=AHEAD)
    person(paper, anyone(rng, vest="teal"), x=96, y=666, h=230, near=AHEAD)


@scene
def cats(paper: Paper, light: Light, rng: random.Random) -> None:
    places.street(paper, light, rng, y=470)
    places.lamp(paper, light, x=180, y=540, h=260)
    paper.box(820, 260, 10, 300, props.DARK_WOOD)
    paper.box(1050, 260, 10, 300, props.DARK_WOOD)
    paper.box(800, 240, 280, 200, colour("#C28A5B"), radius=10)
    paper.box(846, 262, 100, 140, CREAM, radius=4)
    cat(paper, x=896, y=378, size=84, fur=colour("#E0934A"))
    paper.box(966, 270, 84, 60, mix(SKY_BLUE, CREAM, 0.5), radius=4)
    paper.box(962, 346, 90, 64, mix(SUN, CREAM, 0.5), radius=4)
    near, _ = person(
        paper, anyone(rng, vest="brick"), x=380, y=630, h=236, legs="kneel", near=AHEAD
    )
    if light.is_dark:
        props.torch(paper, hand=near, facing=1, reach=220)
    person(paper, anyone(rng, vest="teal"), x=270, y=622, h=242, near=CHEST)
    cat(paper, x=640, y=634, size=86, fur=colour("#E0934A"), facing=-1)
    cat(paper, x=720, y=630, size=64, fur=colour("#F1E6D6"), facing=-1)
    person(paper, child(rng), x=1130, y=640, h=156, facing=-1, near=UP)
    props.speech(paper, x=452, y=300, w=90, h=72, mark="heart")


@scene
def flood(paper: Paper, light: Light, rng: random.Random) -> None:
    places.street(paper, light, rng, y=380)
    stone = mix(light.walls[2], (90, 90, 100), 0.3)
    paper.box(0, 380, WIDTH, 60, stone)
    paper.fade(440, HEIGHT, light.sea)
    for x in (330, 640, 950):
        paper.pie(x, 470, 116, 90, 180, 360, mix(stone, (30, 40, 60), 0.5))
        paper.bow(x, 470, 122, 96, 180, 360, mix(stone, CREAM, 0.25), 12)
    paper.fade(462, HEIGHT, light.sea)
    for _ in range(36):
        left, y = rng.uniform(0, WIDTH), rng.uniform(476, 560)
        ripple = [(left, y), (left + rng.uniform(20, 60), y)]
        paper.stroke(ripple, mix(light.sea[0], light.foam, 0.6), 3)
    paper.box(480, 400, 22, 120, (255, 255, 255))
    for i in range(6):
        paper.box(480, 406 + i * 20, 22, 9, BRICK)
    paper.shape([(0, 560), (WIDTH, 540), (WIDTH, HEIGHT), (0, HEIGHT)], light.path)
    for i in range(8):
        paper.oval(
            800 + i % 4 * 72,
            630 - i // 4 * 30,
            42,
            19,
            (colour("#CDB58A"), colour("#BFA577"))[i % 2],
        )
    near, _ = person(paper, anyone(rng, vest="sun", hat=SUN), x=300, y=644, h=240, near=AHEAD)
    paper.stroke([near, (near[0] + 30, near[1] + 120)], props.DARK_WOOD, 6)
    near, _ = person(paper, anyone(rng, vest="brick", hat=BRICK), x=450, y=650, h=246, near=CHEST)
    paper.box(near[0] - 6, near[1] - 28, 24, 44, SHOE_DARK, radius=5)
    paper.stroke([(near[0] + 2, near[1] - 28), (near[0] + 2, near[1] - 60)], SHOE_DARK, 4)
    person(
        paper,
        anyone(rng, vest="teal", hat=TEAL),
        x=740,
        y=646,
        h=240,
        facing=1,
        near=AHEAD,
        far=AHEAD,
    )
    paper.oval(790, 556, 40, 18, colour("#CDB58A"))


@scene
def snow(paper: Paper, light: Light, rng: random.Random) -> None:
    snowy = replace(LIGHTS["snow"], trunk=light.trunk)
    places.street(paper, snowy, rng, y=470)
    for x in (90, 1110):
        places.pine(paper, snowy, x=x, y=560, size=280)
    for x, y, r in ((180, 640, 70), (860, 660, 60), (1050, 650, 90)):
        paper.pie(x, y, r * 1.5, r, 180, 360, (255, 255, 255))
    for x, vest in ((360, "brick"), (620, "teal")):
        near, _far = person(
            paper,
            anyone(rng, vest=vest, hat=SUN),
            x=x,
            y=630,
            h=244,
            legs="walk",
            near=AHEAD,
            far=CHEST,
        )
        paper.stroke(
            [(near[0] - 40, near[1] - 40), (near[0] + 60, near[1] + 108)], props.DARK_WOOD, 7
        )
        paper.shape(
            [
                (near[0] + 44, near[1] + 96),
                (near[0] + 84, near[1] + 76),
                (near[0] + 104, near[1] + 130),
                (near[0] + 66, near[1] + 140),
            ],
            colour("#7C858C"),
        )
    person(paper, elder(rng, hat=TEAL), x=800, y=620, h=214, facing=-1, near=HELLO)
    paper.box(966, 300, 12, 330, colour("#7C6A60"))
    paper.shape([(978, 380), (1030, 372), (1022, 404), (1034, 430), (978, 420)], BRICK)
    places.snowfall(paper, rng)


@scene
def storm(paper: Paper, light: Light, rng: random.Random) -> None:
    places.sky(paper, LIGHTS["rain"], rng, down_to=470)
    places.town(paper, LIGHTS["rain"], rng, y=400, size=0.8, haze=0.35)
    places.town(paper, light, rng, y=470, size=1.25)
    places.floor(paper, light, rng, y=470)
    for _ in range(24):
        x, y = rng.uniform(0, WIDTH), rng.uniform(60, 480)
        paper.bow(x, y, rng.uniform(40, 90), 12, 200, 340, (240, 244, 242), 3)
    for _ in range(16):
        paper.oval(rng.uniform(0, WIDTH), rng.uniform(80, 620), 8, 4, rng.choice(light.leaf))
    near, _far = person(
        paper,
        anyone(rng, vest="sun", hat=SUN),
        x=360,
        y=628,
        h=246,
        legs="walk",
        near=AHEAD,
        far=AHEAD,
    )
    places.flowerpot(paper, light, rng, x=near[0] + 14, y=near[1] + 16, size=80)
    person(paper, elder(rng), x=530, y=616, h=212, facing=-1, near=HIP)
    person(paper, anyone(rng, vest="brick", hat=BRICK), x=720, y=630, h=244, near=AHEAD, far=AHEAD)
    paper.box(772, 470, 190, 100, BRICK, radius=10)
    paper.box(790, 486, 154, 66, mix(BRICK, CREAM, 0.85), radius=6)
    brush(paper, x=836, y=518, size=40, ink=BRICK)
    brush(paper, x=896, y=518, size=40, ink=BRICK)
    person(
        paper,
        anyone(rng, vest="teal", hat=TEAL),
        x=1010,
        y=632,
        h=244,
        facing=-1,
        near=AHEAD,
        far=AHEAD,
    )
    for i in range(3):
        places.flowerpot(paper, light, rng, x=90 + i * 64, y=640, size=58)
