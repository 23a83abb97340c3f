"""QR codes. They hold plain https URLs only, so that any phone's own scanner opens them."""

from io import BytesIO

import qrcode
from django.utils.safestring import SafeString
from qrcode.constants import ERROR_CORRECT_M
from qrcode.image.pil import PilImage

QUIET_ZONE_MODULES = 4


def qr_svg(*, url: str) -> SafeString:
    """Return one `<svg>` element, black on white with its quiet zone, that scales to its container.

    The white ground is part of the picture: a reader needs it in dark mode too. Nothing of `url`
    appears as text in the SVG, so the result is safe to put into a page.
    """
    matrix = _code(url=url).get_matrix()
    size = len(matrix)
    path = "".join(
        f"M{start} {y}h{length}v1h-{length}z"
        for y, row in enumerate(matrix)
        for start, length in _dark_runs(row)
    )
    # One rectangle per run of dark modules: a square per module is twice as long, and shows
    # hairlines between neighbours where the browser smooths edges.
    return SafeString(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" role="img" '
        'shape-rendering="crispEdges">'
        f'<rect width="{size}" height="{size}" fill="#fff"/><path d="{path}" fill="#000"/></svg>'
    )


def qr_png(*, url: str, pixels_per_module: int = 8) -> bytes:
    """Return a PNG for the places that take no SVG: mail, and a picture that WeChat can save."""
    code = _code(url=url)
    code.box_size = pixels_per_module
    output = BytesIO()
    code.make_image(image_factory=PilImage).save(output, "PNG")
    return output.getvalue()


def _code(*, url: str) -> qrcode.QRCode:
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=QUIET_ZONE_MODULES)
    code.add_data(url)
    code.make(fit=True)
    return code


def _dark_runs(row: list[bool]) -> list[tuple[int, int]]:
    """Return (start, length) of each unbroken run of dark modules in a row."""
    runs: list[tuple[int, int]] = []
    start = None
    for x, dark in enumerate([*row, False]):
        if dark and start is None:
            start = x
        elif not dark and start is not None:
            runs.append((start, x - start))
            start = None
    return runs
