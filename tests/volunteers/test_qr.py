import re
from io import BytesIO
from xml.etree import ElementTree

import zxingcpp
from PIL import Image, ImageDraw

from volunteers.qr import qr_png, qr_svg

URL = "https://linli.example.org/c/Q3nS8kV0aZpW2r/"


def drawn(svg: str, *, pixels_per_module: int = 6) -> Image.Image:
    """Draw the rectangles which the SVG's path names, as a browser would."""
    root = ElementTree.fromstring(svg)
    size = int(root.attrib["viewBox"].split()[2])
    picture = Image.new("L", (size, size), 255)
    pen = ImageDraw.Draw(picture)
    path = root[1].attrib["d"]
    for x, y, length in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", path):
        pen.line([(int(x), int(y)), (int(x) + int(length) - 1, int(y))], fill=0)
    return picture.resize((size * pixels_per_module,) * 2, Image.Resampling.NEAREST)


def test_the_svg_reads_back_as_the_address():
    codes = zxingcpp.read_barcodes(drawn(qr_svg(url=URL)))

    assert [code.text for code in codes] == [URL]


def test_the_svg_keeps_a_white_quiet_zone_of_four_modules():
    root = ElementTree.fromstring(qr_svg(url=URL))
    size = int(root.attrib["viewBox"].split()[2])
    starts = re.findall(r"M(\d+) (\d+)", root[1].attrib["d"])

    assert root[0].attrib["fill"] == "#fff"
    assert min(int(x) for x, _ in starts) == 4
    assert min(int(y) for _, y in starts) == 4
    assert max(int(y) for _, y in starts) == size - 5


def test_the_png_reads_back_as_the_address():
    codes = zxingcpp.read_barcodes(Image.open(BytesIO(qr_png(url=URL))))

    assert [code.text for code in codes] == [URL]


def test_an_address_with_markup_cannot_leave_the_svg():
    assert "<script" not in qr_svg(url='https://x.example/"><script>alert(1)</script>')
