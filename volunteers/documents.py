"""Where PDFs are made: plain data in, PDF bytes out. Templates lie in templates/typst/.

Nothing here reads the database. A room above gives its own documents a function like `card_pdf`
in its own documents.py and a template beside card.typ.
"""

import json
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import typst
from django.conf import settings

from volunteers.qr import qr_svg

TEMPLATES = Path(__file__).resolve().parent.parent / "templates" / "typst"


def render_pdf(*, template: str, data: Mapping[str, Any]) -> bytes:
    """Return the PDF of templates/typst/<template>.typ filled with `data`.

    `data` must be JSON-serialisable. The template reads it with `json(bytes(sys.inputs.data))`, so
    every text in it stays text: what a person typed is never read as typst markup or code. The same
    data gives the same bytes. Raises ValueError for a template that does not exist, and
    typst.TypstError for a template that is wrong.
    """
    source = TEMPLATES / f"{template}.typ"
    if source.parent != TEMPLATES or not source.is_file():
        raise ValueError(f"No typst template is named {template!r}")
    pdf = typst.compile(
        source,
        root=TEMPLATES,
        font_paths=_fonts(),
        format="pdf",
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        timestamp=0,
    )
    assert isinstance(pdf, bytes)
    return pdf


def card_pdf(
    *,
    url: str,
    number: str,
    holder: str,
    kind: str,
    level: str,
    issuer: str,
    issued_on: date,
    affiliation: str = "",
) -> bytes:
    """Return an A4 page with the volunteer-service card in its real size, to cut and fold.

    `url` is the card's public address, which its QR code holds. `affiliation` is what stands below
    the holder's name, such as a student's university.
    """
    return render_pdf(
        template="card",
        data={
            "url": url,
            "qr": qr_svg(url=url),
            "number": number,
            "holder": holder,
            "kind": kind,
            "level": level,
            "issuer": issuer,
            "issued_on": issued_on.isoformat(),
            "affiliation": affiliation,
        },
    )


@cache
def _fonts() -> typst.Fonts:
    """Read the fonts once in each process: Linli's own, then those of the place that runs it.

    DOCUMENT_FONT_PATHS names folders with further fonts, for names with characters beyond the
    30,000 of Noto Sans SC. The machine's own fonts are left out: a PDF must look the same anywhere.
    """
    return typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[TEMPLATES / "fonts", *map(Path, getattr(settings, "DOCUMENT_FONT_PATHS", []))],
    )
