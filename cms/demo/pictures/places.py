"""Where a scene stands: sky, hills, the red-roofed town, the shore, a room, a courtyard."""

from __future__ import annotations

import math
import random

from .figures import gull
from .light import Light
from .paper import Colour, Paper, colour, mix, wave_line

WIDTH, HEIGHT = 1200, 675
LAMP = colour("#FFDF95")


def sky(paper: Paper, light: Light, rng: random.Random, *, down_to: float) -> None:
    paper.fade(0, down_to, light.sky)
    if light.is_dark:
        for _ in range(60):
            x, y = rng.uniform(0, WIDTH), rng.uniform(0, down_to * 0.75)
            paper.disc(x, y, rng.choice((1.2, 1.6, 2.2)), mix(light.sky[0], (255, 244, 214), 0.75))
        x, y = rng.uniform(820, 1080), rng.uniform(70, 130)
        paper.glow(x, y, 150, 150, colour("#F9E6B3"), 0.35)
        paper.disc(x, y, 44, colour("#FBEFC9"))
        for dx, dy, r in ((-14, -8, 9), (12, 10, 12), (16, -16, 6)):
            paper.disc(x + dx, y + dy, r, colour("#EFDDAA"))
    elif light.sun:
        x, y = rng.uniform(150, 1050), rng.uniform(80, 150)
        paper.glow(x, y, 210, 210, (255, 250, 226), 0.8)
        paper.disc(x, y, 46, light.sun)
    for _ in range(rng.randint(3, 5)):
        cloud(
            paper, light, x=rng.uniform(0, WIDTH), y=rng.uniform(50, 210), size=rng.uniform(26, 50)
        )
    if not light.is_dark:
        for _ in range(rng.randint(2, 5)):
            gull(
                paper,
                x=rng.uniform(120, 1080),
                y=rng.uniform(70, 230),
                span=rng.uniform(18, 34),
                shade=mix(light.sky[0], (60, 70, 85), 0.55),
            )


def cloud(paper: Paper, light: Light, *, x: float, y: float, size: float) -> None:
    shade = mix(light.cloud, light.sky[0], 0.12)
    for dx, dy, r in ((-1.3, 0, 0.55), (-0.6, -0.35, 0.75), (0.2, -0.5, 0.9), (1, -0.15, 0.65)):
        paper.disc(x + dx * size, y + dy * size, r * size, shade)
    paper.box(x - size * 1.85, y - size * 0.1, size * 3.5, size * 0.65, shade, radius=size * 0.32)


def hills(paper: Paper, light: Light, rng: random.Random, *, y: float) -> None:
    for shade, lift, swell in ((light.hill[0], 70, 34), (light.hill[1], 20, 26)):
        line = wave_line(
            left=0,
            right=WIDTH,
            y=y - lift,
            swell=swell,
            length=rng.uniform(520, 800),
            phase=rng.uniform(0, 6),
        )
        paper.shape([(0, HEIGHT), *line, (WIDTH, HEIGHT)], shade)


def house(
    paper: Paper,
    light: Light,
    rng: random.Random,
    *,
    x: float,
    y: float,
    w: float,
    h: float,
    haze: float = 0,
) -> None:
    """A house whose foot is at `y`; the roof rises above `h`."""
    wall = mix(rng.choice(light.walls), light.haze, haze)
    roof = mix(rng.choice(light.roofs), light.haze, haze)
    glass = mix(light.window, light.haze, haze * 0.6)
    trim = mix(mix(wall, (255, 255, 255), 0.35), light.haze, haze)
    dim = mix(wall, (40, 45, 70), 0.45)
    rise = w * rng.uniform(0.26, 0.4)
    eaves = w * 0.07
    paper.box(x, y - h, w, h, wall)
    paper.box(x + w * 0.78, y - h, w * 0.22, h, mix(wall, (60, 50, 70), 0.08))
    style = rng.random()
    if rng.random() < 0.5:
        cx = x + w * rng.uniform(0.2, 0.7)
        paper.box(cx, y - h - rise * 0.95, w * 0.08, rise * 0.8, mix(wall, (90, 50, 40), 0.35))
    if style < 0.55:  # hipped
        inset = w * rng.uniform(0.14, 0.3)
        ridge = [(x + inset, y - h - rise), (x + w - inset, y - h - rise)]
        paper.shape([(x - eaves, y - h), *ridge, (x + w + eaves, y - h)], roof)
        paper.shape(
            [ridge[1], (x + w + eaves, y - h), (x + w * 0.72, y - h)], mix(roof, (60, 20, 20), 0.16)
        )
    else:  # gable
        peak = (x + w / 2, y - h - rise * 1.25)
        paper.shape([(x - eaves, y - h + 2), peak, (x + w + eaves, y - h + 2)], roof)
        paper.shape(
            [(x + w * 0.12, y - h + 3), (peak[0], peak[1] + w * 0.12), (x + w * 0.88, y - h + 3)],
            wall,
        )
        paper.disc(peak[0], y - h - rise * 0.35, w * 0.055, glass)
    paper.box(
        x - eaves, y - h - 2, w + eaves * 2, max(3.0, h * 0.025), mix(roof, (40, 10, 10), 0.22)
    )
    columns = max(1, round(w / 46))
    rows = max(1, round(h / 62))
    cell_w, cell_h = w / columns, h / rows
    for row in range(rows):
        for column in range(columns):
            lit = not light.is_dark or rng.random() < 0.6
            wx = x + cell_w * (column + 0.5)
            wy = y - h + cell_h * (row + 0.52)
            ww, wh = min(20, cell_w * 0.4), min(30, cell_h * 0.5)
            paper.box(wx - ww / 2 - 3, wy - wh / 2 - 3, ww + 6, wh + 6, trim, radius=3)
            paper.box(wx - ww / 2, wy - wh / 2, ww, wh, glass if lit else dim, radius=2)
            paper.box(wx - 0.9, wy - wh / 2, 1.8, wh, trim)
            if rng.random() < 0.25:
                paper.box(
                    wx - ww / 2 - 4,
                    wy + wh / 2 + 2,
                    ww + 8,
                    5,
                    mix(rng.choice(light.leaf), light.haze, haze),
                    radius=2,
                )


def town(
    paper: Paper,
    light: Light,
    rng: random.Random,
    *,
    y: float,
    left: float = -30,
    right: float = WIDTH + 30,
    size: float = 1.0,
    haze: float = 0,
) -> None:
    """A row of houses side by side along a street."""
    x = left
    while x < right:
        w = rng.uniform(80, 150) * size
        h = rng.uniform(70, 150) * size
        if rng.random() < 0.3:
            tree(
                paper,
                light,
                rng,
                x=x + w + 8 * size,
                y=y,
                size=rng.uniform(60, 95) * size,
                haze=haze,
            )
        house(paper, light, rng, x=x, y=y, w=w, h=h, haze=haze)
        x += w + rng.uniform(-6, 26) * size


def church(paper: Paper, light: Light, *, x: float, y: float, size: float, haze: float) -> None:
    """Two towers over the old town, far off."""
    wall = mix(light.walls[1], light.haze, haze)
    roof = mix(light.roofs[0], light.haze, haze)
    for dx in (0, size * 0.52):
        paper.box(x + dx, y - size * 1.5, size * 0.3, size * 1.5, wall)
        paper.shape(
            [
                (x + dx - size * 0.03, y - size * 1.5),
                (x + dx + size * 0.15, y - size * 2.25),
                (x + dx + size * 0.33, y - size * 1.5),
            ],
            roof,
        )
        paper.box(
            x + dx + size * 0.1,
            y - size * 1.3,
            size * 0.1,
            size * 0.22,
            mix(light.window, light.haze, haze),
            radius=2,
        )
    paper.box(x + size * 0.28, y - size, size * 0.26, size, wall)
    paper.disc(x + size * 0.41, y - size * 0.72, size * 0.09, mix(light.window, light.haze, haze))


def tree(
    paper: Paper,
    light: Light,
    rng: random.Random,
    *,
    x: float,
    y: float,
    size: float,
    haze: float = 0,
) -> None:
    """A round tree; `size` is its height."""
    leaf = [mix(shade, light.haze, haze) for shade in light.leaf]
    base = rng.choice(leaf)
    paper.stroke([(x, y), (x, y - size * 0.5)], mix(light.trunk, light.haze, haze), size * 0.06)
    paper.disc(x, y - size * 0.66, size * 0.3, base)
    paper.disc(x - size * 0.19, y - size * 0.54, size * 0.21, mix(base, (0, 0, 0), 0.08))
    paper.disc(x + size * 0.2, y - size * 0.55, size * 0.2, base)
    paper.disc(x - size * 0.06, y - size * 0.76, size * 0.15, mix(base, (255, 255, 230), 0.14))


def pine(paper: Paper, light: Light, *, x: float, y: float, size: float, haze: float = 0) -> None:
    leaf = mix(light.leaf[3], light.haze, haze)
    paper.stroke([(x, y), (x, y - size * 0.4)], mix(light.trunk, light.haze, haze), size * 0.06)
    for i, (lift, half) in enumerate(((0.22, 0.27), (0.45, 0.22), (0.68, 0.16))):
        paper.shape(
            [
                (x - size * half, y - size * lift),
                (x, y - size * (lift + 0.36)),
                (x + size * half, y - size * lift),
            ],
            mix(leaf, (255, 255, 255), i * 0.07),
        )


def lamp(paper: Paper, light: Light, *, x: float, y: float, h: float = 210) -> None:
    post = mix(light.trunk, (30, 40, 50), 0.5)
    if light.is_dark:
        paper.glow(x, y - h, 130, 130, LAMP, 0.6)
    paper.stroke([(x, y), (x, y - h)], post, 6)
    paper.box(x - 9, y - 12, 18, 12, post, radius=3)
    paper.box(x - 13, y - h - 6, 26, 5, post, radius=2)
    paper.box(x - 10, y - h - 32, 20, 27, LAMP if light.is_dark else colour("#FFF3D4"), radius=5)
    paper.shape([(x - 15, y - h - 31), (x, y - h - 46), (x + 15, y - h - 31)], post)


def street(paper: Paper, light: Light, rng: random.Random, *, y: float = 470) -> None:
    """A lane of the old town; people stand below `y`."""
    sky(paper, light, rng, down_to=y)
    hills(paper, light, rng, y=y - 130)
    if rng.random() < 0.55:
        church(paper, light, x=rng.uniform(200, 900), y=y - 110, size=95, haze=0.42)
    town(paper, light, rng, y=y - 62, size=0.78, haze=0.4)
    town(paper, light, rng, y=y, size=1.25)
    floor(paper, light, rng, y=y)


def floor(paper: Paper, light: Light, rng: random.Random, *, y: float) -> None:
    paper.box(0, y - 4, WIDTH, HEIGHT - y + 4, light.ground)
    paper.box(0, y - 4, WIDTH, 12, mix(light.ground, (70, 60, 70), 0.2))
    line = wave_line(left=0, right=WIDTH, y=y + 70, swell=9, length=900, phase=rng.uniform(0, 6))
    paper.shape([(0, HEIGHT), *line, (WIDTH, HEIGHT)], light.path)
    stone = mix(light.path, (90, 75, 70), 0.09)
    for _ in range(42):
        x, sy = rng.uniform(0, WIDTH), rng.uniform(y + 90, HEIGHT)
        paper.oval(x, sy, rng.uniform(12, 26), rng.uniform(3, 6), stone)


def waves(paper: Paper, light: Light, rng: random.Random, *, top: float, bottom: float) -> None:
    paper.fade(top, bottom, light.sea)
    y = top + 14
    while y < bottom:
        nearness = (y - top) / (bottom - top)
        for _ in range(4):
            x = rng.uniform(0, WIDTH)
            long = rng.uniform(20, 60) * (0.5 + nearness)
            paper.stroke(
                [(x, y), (x + long, y)],
                mix(light.sea[0], light.foam, 0.32 + 0.3 * nearness),
                2 + 2 * nearness,
            )
        y += 13 + 12 * nearness


def shore(
    paper: Paper, light: Light, rng: random.Random, *, sea_top: float = 270, sand_top: float = 450
) -> None:
    """A bay: hills and town far off, sea, sand in front."""
    sky(paper, light, rng, down_to=sea_top)
    hills(paper, light, rng, y=sea_top - 4)
    town(paper, light, rng, y=sea_top, left=rng.uniform(560, 700), size=0.55, haze=0.35)
    waves(paper, light, rng, top=sea_top, bottom=sand_top + 40)
    for _ in range(rng.randint(1, 3)):
        boat(
            paper,
            light,
            x=rng.uniform(80, 1100),
            y=rng.uniform(sea_top + 24, sand_top - 50),
            size=rng.uniform(34, 62),
        )
    for lift, shade in (
        (14, light.foam),
        (0, mix(light.sand, (90, 70, 60), 0.13)),
        (-16, light.sand),
    ):
        line = wave_line(left=0, right=WIDTH, y=sand_top - lift, swell=11, length=640, phase=1.4)
        paper.shape([(0, HEIGHT), *line, (WIDTH, HEIGHT)], shade)
    for _ in range(26):
        paper.oval(
            rng.uniform(0, WIDTH),
            rng.uniform(sand_top + 60, HEIGHT),
            5,
            2,
            mix(light.sand, (120, 90, 60), 0.2),
        )


def boat(paper: Paper, light: Light, *, x: float, y: float, size: float) -> None:
    hull = mix(light.roofs[0], light.haze, 0.15)
    paper.shape(
        [
            (x - size * 0.6, y - size * 0.16),
            (x + size * 0.6, y - size * 0.16),
            (x + size * 0.42, y + size * 0.1),
            (x - size * 0.42, y + size * 0.1),
        ],
        hull,
    )
    paper.stroke([(x, y - size * 0.16), (x, y - size * 1.2)], light.trunk, 2.5)
    white = mix((255, 253, 246), light.haze, 0.3 if light.is_dark else 0.0)
    paper.shape(
        [(x + 3, y - size * 1.15), (x + 3, y - size * 0.25), (x + size * 0.5, y - size * 0.25)],
        white,
    )
    paper.shape(
        [(x - 3, y - size * 0.95), (x - 3, y - size * 0.25), (x - size * 0.4, y - size * 0.25)],
        mix(white, light.haze, 0.3),
    )


def lighthouse(paper: Paper, light: Light, *, x: float, y: float, size: float) -> None:
    white = mix((255, 252, 243), light.sky[1], 0.35 if light.is_dark else 0.0)
    if light.is_dark:
        paper.veil(
            [(x, y - size * 1.0), (x + size * 5, y - size * 1.9), (x + size * 5, y - size * 0.9)],
            LAMP,
            0.16,
        )
        paper.glow(x, y - size, size * 0.9, size * 0.9, LAMP, 0.6)
    paper.shape(
        [
            (x - size * 0.17, y),
            (x - size * 0.1, y - size * 0.9),
            (x + size * 0.1, y - size * 0.9),
            (x + size * 0.17, y),
        ],
        white,
    )
    paper.shape(
        [
            (x - size * 0.145, y - size * 0.32),
            (x - size * 0.122, y - size * 0.58),
            (x + size * 0.122, y - size * 0.58),
            (x + size * 0.145, y - size * 0.32),
        ],
        light.roofs[0],
    )
    paper.box(x - size * 0.14, y - size * 0.92, size * 0.28, size * 0.05, light.trunk)
    paper.box(x - size * 0.075, y - size * 1.08, size * 0.15, size * 0.17, LAMP)
    paper.shape(
        [
            (x - size * 0.13, y - size * 1.07),
            (x, y - size * 1.24),
            (x + size * 0.13, y - size * 1.07),
        ],
        light.roofs[0],
    )


def room(
    paper: Paper, light: Light, rng: random.Random, *, y: float = 500, is_bare: bool = False
) -> float:
    """Inside: a wall with a window on the red roofs, a wooden floor below `y`.

    Returns the middle of the wall without the window; a bare room has no pictures there.
    """
    evening = light.is_dark
    wall = colour("#F6E7CF") if not evening else colour("#E9CDA6")
    wall = mix(wall, rng.choice((colour("#CFE0DA"), colour("#F3D3C2"), wall)), 0.45)
    paper.box(0, 0, WIDTH, HEIGHT, wall)
    paper.box(0, y - 120, WIDTH, 120, mix(wall, colour("#C98F6B"), 0.22))
    paper.box(0, y - 124, WIDTH, 6, mix(wall, (255, 255, 255), 0.5))
    wx, wy, ww, wh = rng.choice((120, 690)), 74, 390, 244
    frame = colour("#FFFaF0")
    view = Paper(width=ww, height=wh, ground=light.sky[1])
    view.fade(0, wh, light.sky)
    line = wave_line(left=0, right=ww, y=wh * 0.52, swell=16, length=300, phase=1)
    view.shape([(0, wh), *line, (ww, wh)], light.hill[0])
    if light.is_dark:
        view.disc(ww * 0.78, 46, 22, colour("#FBEFC9"))
    town(view, light, rng, y=wh * 0.86, left=-20, right=ww + 20, size=0.62, haze=0.12)
    view.box(0, wh * 0.85, ww, wh, light.leaf[0])
    paper.box(wx - 16, wy - 16, ww + 32, wh + 32, frame, radius=12)
    paper.image.paste(view.image, (wx * 2, wy * 2))
    paper.box(wx + ww / 2 - 5, wy, 10, wh, frame)
    paper.box(wx, wy + wh * 0.36, ww, 9, frame)
    paper.box(wx - 26, wy + wh + 12, ww + 52, 14, mix(frame, (120, 80, 60), 0.18), radius=5)
    curtain = rng.choice((colour("#D9735A"), colour("#5D9AA0"), colour("#E3B04B")))
    for side in (wx - 34, wx + ww + 4):
        paper.box(side, wy - 26, 30, wh + 40, curtain, radius=12)
    paper.box(wx - 44, wy - 34, ww + 88, 10, colour("#8A5F48"), radius=5)
    px = wx + ww + 120 if wx < 400 else wx - 300
    hung = () if is_bare else (colour("#D9735A"), colour("#3F8A8F"), colour("#F0B429"))
    for i, shade in enumerate(hung):
        paper.box(px + i * 74, 130 + (i % 2) * 22, 58, 74, frame, radius=4)
        paper.box(px + i * 74 + 7, 137 + (i % 2) * 22, 44, 60, mix(shade, frame, 0.35), radius=2)
        paper.disc(px + i * 74 + 29, 172 + (i % 2) * 22, 12, mix(shade, frame, 0.75))
    plank = colour("#C99B6D")
    paper.box(0, y, WIDTH, HEIGHT - y, plank)
    paper.box(0, y - 12, WIDTH, 14, mix(frame, (140, 100, 80), 0.2))
    for i in range(5):
        paper.stroke(
            [(0, y + 26 + i * 36), (WIDTH, y + 26 + i * 36)], mix(plank, (80, 40, 20), 0.14), 2
        )
    paper.glow(600, y + 60, 620, 120, colour("#FFE9C0"), 0.4)
    return 880 if wx < 400 else 320


def yard(paper: Paper, light: Light, rng: random.Random, *, y: float = 480) -> None:
    """The inside of a courtyard house: two galleries, wooden rails, red roofs above."""
    sky(paper, light, rng, down_to=260)
    wall = light.walls[1]
    wood = mix(light.trunk, light.roofs[3], 0.45)
    paper.box(0, 150, WIDTH, y - 150, wall)
    paper.shape([(-10, 156), (60, 78), (1140, 78), (WIDTH + 10, 156)], light.roofs[0])
    for i in range(26):
        x = 60 + i * 43
        paper.stroke(
            [(x, 80), (x + (x - 600) * 0.09, 154)], mix(light.roofs[0], (50, 10, 10), 0.18), 2.5
        )
    for floor_top, floor_y in ((160, 312), (326, y)):
        _gallery(paper, light, rng, top=floor_top, foot=floor_y, wall=wall, wood=wood)
    for _ in range(4):
        left = rng.uniform(60, 1080)
        for i in range(3):
            paper.box(
                left + i * 32,
                262,
                24,
                rng.uniform(28, 44),
                rng.choice((colour("#D9735A"), colour("#7FB2C9"), colour("#F0D08A"))),
                radius=3,
            )
    floor(paper, light, rng, y=y)
    for _ in range(5):
        flowerpot(paper, light, rng, x=rng.uniform(30, 1170), y=y + 6, size=rng.uniform(34, 52))


def _gallery(
    paper: Paper,
    light: Light,
    rng: random.Random,
    *,
    top: float,
    foot: float,
    wall: Colour,
    wood: Colour,
) -> None:
    """One storey: doors and windows behind posts, a rail in front where it is the upper one."""
    for i in range(9):
        x = 44 + i * 140
        lit = not light.is_dark or rng.random() < 0.7
        glass = light.window if lit else mix(wall, (30, 40, 70), 0.5)
        if i % 3 == 1:
            paper.box(x, foot - 112, 54, 112, wood, radius=3)
            paper.box(x + 9, foot - 100, 36, 44, glass, radius=3)
        else:
            paper.box(x - 4, foot - 104, 66, 62, mix(wall, (255, 255, 255), 0.4), radius=4)
            paper.box(x, foot - 100, 58, 54, glass, radius=3)
            paper.box(x + 27, foot - 100, 4, 54, mix(wall, (255, 255, 255), 0.4))
    paper.box(0, top - 2, WIDTH, 12, mix(wood, (30, 10, 10), 0.25))
    for i in range(7):
        paper.box(i * 198 - 6, top, 14, foot - top, wood)
    if top < 200:
        paper.box(0, foot - 46, WIDTH, 7, wood)
        for i in range(60):
            paper.box(i * 20 + 4, foot - 42, 4, 44, wood)
        paper.box(0, foot - 2, WIDTH, 16, mix(wood, (20, 10, 10), 0.25))


def flowerpot(
    paper: Paper, light: Light, rng: random.Random, *, x: float, y: float, size: float
) -> None:
    pot = mix(colour("#B9643F"), light.haze, 0.35 if light.is_dark else 0.0)
    leaf = rng.choice(light.leaf)
    for dx in (-0.28, 0, 0.28):
        paper.oval(x + dx * size, y - size * 0.66, size * 0.24, size * 0.34, leaf)
    bloom = rng.choice((colour("#E2574C"), colour("#F0B429"), colour("#E58FA0"), colour("#FFF3D4")))
    for dx, dy in ((-0.25, -0.8), (0.05, -0.95), (0.3, -0.72)):
        paper.disc(x + dx * size, y + dy * size, size * 0.11, bloom)
    paper.shape(
        [
            (x - size * 0.32, y - size * 0.42),
            (x + size * 0.32, y - size * 0.42),
            (x + size * 0.22, y),
            (x - size * 0.22, y),
        ],
        pot,
    )
    paper.box(
        x - size * 0.36,
        y - size * 0.5,
        size * 0.72,
        size * 0.12,
        mix(pot, (0, 0, 0), 0.12),
        radius=3,
    )


def hillside(paper: Paper, light: Light, rng: random.Random) -> None:
    """A trail among pines with the sea behind."""
    sky(paper, light, rng, down_to=360)
    hills(paper, light, rng, y=300)
    paper.fade(300, 350, light.sea)
    for lift, shade, swell in (
        (330, light.leaf[2], 30),
        (420, light.leaf[0], 34),
        (520, light.leaf[1], 22),
    ):
        line = wave_line(
            left=0,
            right=WIDTH,
            y=lift,
            swell=swell,
            length=rng.uniform(600, 900),
            phase=rng.uniform(0, 6),
        )
        paper.shape([(0, HEIGHT), *line, (WIDTH, HEIGHT)], shade)
        for _ in range(9):
            x = rng.uniform(0, WIDTH)
            base = min((abs(along - x), height) for along, height in line)[1] + 12
            pine(
                paper, light, x=x, y=base, size=rng.uniform(60, 120), haze=0.25 if lift < 400 else 0
            )
    left = [
        (520 + 90 * math.sin(t * 4) - 260 * t * t, 470 + 205 * t) for t in (0, 0.25, 0.5, 0.75, 1)
    ]
    right = [
        (560 + 90 * math.sin(t * 4) + 330 * t * t, 470 + 205 * t) for t in (1, 0.75, 0.5, 0.25, 0)
    ]
    paper.shape([*left, *right], light.path)


def rain(paper: Paper, rng: random.Random, *, drops: int = 170) -> None:
    for _ in range(drops):
        x, y = rng.uniform(-30, WIDTH), rng.uniform(0, HEIGHT)
        long = rng.uniform(14, 26)
        paper.stroke([(x, y), (x - long * 0.35, y + long)], (226, 236, 236), 1.6)


def snowfall(paper: Paper, rng: random.Random) -> None:
    for _ in range(150):
        paper.disc(
            rng.uniform(0, WIDTH), rng.uniform(0, HEIGHT), rng.uniform(2, 5), (255, 255, 255)
        )


def lanterns(
    paper: Paper, light: Light, *, y: float, sag: float, how_many: int = 9, size: float = 22
) -> None:
    """A string of red lanterns across the whole width."""

    def height(x: float) -> float:
        return y + sag * (1 - ((x - WIDTH / 2) / (WIDTH / 2)) ** 2)

    paper.stroke([(x, height(x)) for x in range(0, WIDTH + 1, 40)], light.trunk, 2.5)
    red: Colour = colour("#E0492F")
    for i in range(how_many):
        x = WIDTH * (i + 0.5) / how_many
        top = height(x)
        if light.is_dark:
            paper.glow(x, top + size, size * 3, size * 3, colour("#FFB061"), 0.55)
        paper.oval(x, top + size + 4, size, size * 0.86, red)
        paper.oval(x, top + size + 4, size * 0.5, size * 0.86, mix(red, colour("#FFC46B"), 0.55))
        paper.box(x - size * 0.4, top + 2, size * 0.8, 5, colour("#F0B429"), radius=2)
        paper.box(x - size * 0.4, top + size * 1.86 + 3, size * 0.8, 5, colour("#F0B429"), radius=2)
        paper.stroke([(x, top + size * 2 + 6), (x, top + size * 2 + 18)], colour("#F0B429"), 2.5)
