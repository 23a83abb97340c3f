"""A sheet to draw on: rounded shapes, our own letters, and text that finds room."""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO

from django.conf import settings
from PIL import Image, ImageDraw, ImageFont

# Drawn so many times larger and made smaller at the end: that is what smooths the edges.
SCALE = 2
ELLIPSIS = "…"

Point = tuple[float, float]


@lru_cache(maxsize=64)
def _font(size: int, *, bold: bool) -> ImageFont.FreeTypeFont:
    name = "NotoSansSC-Bold.ttf" if bold else "NotoSansSC-Regular.ttf"
    return ImageFont.truetype(settings.BASE_DIR / "templates" / "typst" / "fonts" / name, size)


class Sheet:
    """Lengths are pixels of the finished picture; colours are `#rrggbb`."""

    def __init__(self, *, width: int, height: int, ground: str) -> None:
        self.width, self.height = width, height
        self._image = Image.new("RGB", (width * SCALE, height * SCALE), ground)
        self._draw = ImageDraw.Draw(self._image)

    def box(self, at: Point, size: Point, *, fill: str, radius: float = 0) -> None:
        corners = (at[0], at[1], at[0] + size[0], at[1] + size[1])
        self._draw.rounded_rectangle(
            [length * SCALE for length in corners], radius * SCALE, fill=fill
        )

    def circle(self, centre: Point, radius: float, *, fill: str) -> None:
        self.ellipse(centre, (radius, radius), fill=fill)

    def ellipse(self, centre: Point, radii: Point, *, fill: str) -> None:
        corners = (
            centre[0] - radii[0],
            centre[1] - radii[1],
            centre[0] + radii[0],
            centre[1] + radii[1],
        )
        self._draw.ellipse([length * SCALE for length in corners], fill=fill)

    def polygon(self, points: list[Point], *, fill: str) -> None:
        self._draw.polygon([(x * SCALE, y * SCALE) for x, y in points], fill=fill)

    def stroke(self, points: list[Point], *, fill: str, width: float) -> None:
        """A line with round ends and corners."""
        scaled = [(x * SCALE, y * SCALE) for x, y in points]
        self._draw.line(scaled, fill=fill, width=round(width * SCALE), joint="curve")
        for point in points:
            self.circle(point, width / 2, fill=fill)

    def text(
        self, at: Point, text: str, *, size: int, fill: str, bold: bool = False, anchor: str = "ls"
    ) -> float:
        """Write one line; returns its width. `anchor` as Pillow has it, by default the baseline."""
        font = _font(size * SCALE, bold=bold)
        self._draw.text((at[0] * SCALE, at[1] * SCALE), text, font=font, fill=fill, anchor=anchor)
        return font.getlength(text) / SCALE

    def text_within(
        self, at: Point, text: str, *, width: float, size: int, smallest: int, fill: str,
        bold: bool = False, anchor: str = "ls",
    ) -> float:  # fmt: skip
        """Smaller until it fits, then cut off with an ellipsis; returns the width."""
        while size > smallest and text_width(text, size=size, bold=bold) > width:
            size -= 1
        shown = cut_off(text, width=width, size=size, bold=bold)
        return self.text(at, shown, size=size, fill=fill, bold=bold, anchor=anchor)

    def png(self) -> bytes:
        finished = self._image.resize((self.width, self.height), Image.Resampling.LANCZOS)
        output = BytesIO()
        finished.save(output, "PNG", optimize=True)
        return output.getvalue()


def text_width(text: str, *, size: int, bold: bool = False) -> float:
    return _font(size * SCALE, bold=bold).getlength(text) / SCALE


def cut_off(text: str, *, width: float, size: int, bold: bool = False) -> str:
    if text_width(text, size=size, bold=bold) <= width:
        return text
    while text and text_width(text + ELLIPSIS, size=size, bold=bold) > width:
        text = text[:-1]
    return text.rstrip() + ELLIPSIS
