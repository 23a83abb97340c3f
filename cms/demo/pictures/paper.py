"""The sheet a picture is drawn on: drawn at twice its size, then reduced, which smooths edges."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Sequence

from PIL import Image, ImageDraw

Colour = tuple[int, int, int]
Point = tuple[float, float]

SCALE = 2


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """A colour between two: `share` 0 gives the first, 1 the other."""
    return (
        round(one[0] + (other[0] - one[0]) * share),
        round(one[1] + (other[1] - one[1]) * share),
        round(one[2] + (other[2] - one[2]) * share),
    )


def colour(code: str) -> Colour:
    return int(code[1:3], 16), int(code[3:5], 16), int(code[5:7], 16)


class Paper:
    """Shapes in picture units; the origin is the top left corner."""

    def __init__(self, *, width: int, height: int, ground: Colour) -> None:
        self.width = width
        self.height = height
        self.image = Image.new("RGB", (width * SCALE, height * SCALE), ground)
        self.pen = ImageDraw.Draw(self.image)

    def box(self, x: float, y: float, w: float, h: float, fill: Colour, radius: float = 0) -> None:
        corners = (x * SCALE, y * SCALE, (x + w) * SCALE, (y + h) * SCALE)
        if radius:
            self.pen.rounded_rectangle(corners, radius * SCALE, fill)
        else:
            self.pen.rectangle(corners, fill)

    def disc(self, x: float, y: float, r: float, fill: Colour) -> None:
        self.oval(x, y, r, r, fill)

    def oval(self, x: float, y: float, rx: float, ry: float, fill: Colour) -> None:
        corners = ((x - rx) * SCALE, (y - ry) * SCALE, (x + rx) * SCALE, (y + ry) * SCALE)
        self.pen.ellipse(corners, fill)

    def pie(
        self, x: float, y: float, rx: float, ry: float, start: float, end: float, fill: Colour
    ) -> None:
        """A slice between two angles in degrees, clockwise from the right."""
        corners = ((x - rx) * SCALE, (y - ry) * SCALE, (x + rx) * SCALE, (y + ry) * SCALE)
        self.pen.pieslice(corners, start, end, fill)

    def bow(
        self,
        x: float,
        y: float,
        rx: float,
        ry: float,
        start: float,
        end: float,
        stroke: Colour,
        width: float,
    ) -> None:
        corners = ((x - rx) * SCALE, (y - ry) * SCALE, (x + rx) * SCALE, (y + ry) * SCALE)
        self.pen.arc(corners, start, end, stroke, max(1, round(width * SCALE)))

    def shape(self, points: Iterable[Point], fill: Colour) -> None:
        self.pen.polygon([(x * SCALE, y * SCALE) for x, y in points], fill)

    def stroke(self, points: Sequence[Point], fill: Colour, width: float) -> None:
        """A line with round ends and joints."""
        scaled = [(x * SCALE, y * SCALE) for x, y in points]
        self.pen.line(scaled, fill, max(1, round(width * SCALE)), joint="curve")
        r = width * SCALE / 2
        if r >= 2:
            for x, y in (scaled[0], scaled[-1]):
                self.pen.ellipse((x - r, y - r, x + r, y + r), fill)

    def fade(self, top: float, bottom: float, colours: Sequence[Colour]) -> None:
        """Bands melting into one another from one height to another."""
        strip = Image.new("RGB", (1, len(colours)))
        strip.putdata(list(colours))
        size = (self.image.width, round((bottom - top) * SCALE))
        # Bilinear keeps half a pixel of plain colour at each end: the stretch is cut to hide it.
        inner = (0, 0.5, 1, len(colours) - 0.5)
        stretched = strip.resize(size, Image.Resampling.BILINEAR, box=inner)
        self.image.paste(stretched, (0, round(top * SCALE)))

    def glow(self, x: float, y: float, rx: float, ry: float, tint: Colour, strength: float) -> None:
        """Light that fades outwards; `strength` 0 to 1."""
        size = (round(2 * rx * SCALE), round(2 * ry * SCALE))
        mask = GLOW.point([round(v * strength) for v in range(256)]).resize(
            size, Image.Resampling.BILINEAR
        )
        self.image.paste(tint, (round((x - rx) * SCALE), round((y - ry) * SCALE)), mask)

    def veil(self, points: Sequence[Point], tint: Colour, strength: float) -> None:
        """A see-through shape: a torch's beam, rain mist."""
        mask = Image.new("L", self.image.size, 0)
        scaled = [(x * SCALE, y * SCALE) for x, y in points]
        ImageDraw.Draw(mask).polygon(scaled, round(255 * strength))
        self.image.paste(tint, (0, 0), mask)

    def finished(self) -> Image.Image:
        return self.image.reduce(SCALE)


def _glow_mask() -> Image.Image:
    inverted = Image.radial_gradient("L")
    return inverted.point([round(255 * max(0.0, 1 - v / 180) ** 1.6) for v in range(256)])


GLOW = _glow_mask()


def as_jpeg(picture: Image.Image, *, most_bytes: int = 80_000) -> bytes:
    """As good as fits into `most_bytes`; a picture full of flowers is kept a little coarser."""
    jpeg = b""
    for quality in (80, 74, 66, 56, 45):
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=quality, optimize=True, progressive=True)
        jpeg = out.getvalue()
        if len(jpeg) <= most_bytes:
            break
    return jpeg


def as_png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True)
    return out.getvalue()


def wave_line(
    *, left: float, right: float, y: float, swell: float, length: float, phase: float
) -> list[Point]:
    """Points of a gentle line, `swell` high and `length` from crest to crest."""
    steps = 48
    return [
        (
            left + (right - left) * i / steps,
            y
            + swell * math.sin((left + (right - left) * i / steps) / length * math.tau + phase)
            + swell
            * 0.45
            * math.sin((left + (right - left) * i / steps) / length * 11 + phase * 2),
        )
        for i in range(steps + 1)
    ]
