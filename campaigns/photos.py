"""Photographs that people send: looked at, and drawn anew without what a camera adds to them."""

from __future__ import annotations

from io import BytesIO
from typing import BinaryIO

from PIL import Image, ImageOps

MOST_BYTES = 5 * 1024 * 1024
MOST_PIXELS = 50_000_000
LONGEST_SIDE = 2400
FORMATS = ("JPEG", "PNG", "WEBP")


class NotAPhoto(Exception):
    """No picture of a kind we know, a broken one, or one that would fill the memory."""


def plain_jpeg(file: BinaryIO) -> bytes:
    """The picture as a JPEG of moderate size that holds nothing but its pixels: a camera writes
    down when, with which phone and at which place. Raises NotAPhoto."""
    try:
        plain = _only_pixels(_small_and_upright(file))
    except NotAPhoto:
        raise
    except Exception as broken:
        # Pillow's readers fail in many ways on what is no picture: OSError, SyntaxError, struct's.
        raise NotAPhoto from broken
    kept = BytesIO()
    plain.save(kept, "JPEG", quality=82, optimize=True)
    return kept.getvalue()


def _small_and_upright(file: BinaryIO) -> Image.Image:
    picture = Image.open(file, formats=FORMATS)
    # A JPEG is read at a fraction of its size; other kinds ignore this.
    picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
    if picture.width * picture.height > MOST_PIXELS:
        raise NotAPhoto
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    return ImageOps.exif_transpose(picture)


def _only_pixels(picture: Image.Image) -> Image.Image:
    """On white where it was transparent. Saving the picture itself would carry comments along."""
    plain = Image.new("RGB", picture.size, "white")
    if picture.has_transparency_data:
        layered = picture.convert("RGBA")
        plain.paste(layered, mask=layered)
    else:
        plain.paste(picture.convert("RGB"))
    return plain
