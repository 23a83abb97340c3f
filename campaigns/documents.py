"""The PDFs that speak of campaigns: plain data in, PDF bytes out (see volunteers/documents.py)."""

from collections.abc import Sequence

from volunteers.documents import render_pdf
from volunteers.qr import qr_svg


def poster_pdf(
    *,
    url: str,
    title: str,
    organisation: str,
    place: str,
    when: str,
    title_en: str = "",
    contact: str = "",
) -> bytes:
    """Return the A4 poster of a venue, whose QR code holds `url`.

    The poster itself speaks Chinese and English; `when` is the shift's time as the reader sees it.
    It says that check-ins made by it are reviewed, since a printed code can be photographed (E6).
    """
    return render_pdf(
        template="poster",
        data={
            "url": url,
            "qr": qr_svg(url=url),
            "title": title,
            "title_en": title_en,
            "organisation": organisation,
            "place": place,
            "when": when,
            "contact": contact,
        },
    )


def check_points_pdf(
    *,
    points: Sequence[tuple[str, str, str]],
    title: str,
    role: str,
    organisation: str,
    contact: str = "",
) -> bytes:
    """Return the A4 posters of a patrol's check points, one a page.

    `points` are their names, names in English (may be empty) and addresses.
    """
    return render_pdf(
        template="check_points",
        data={
            "points": [
                {"name": name, "name_en": name_en, "url": url, "qr": qr_svg(url=url)}
                for name, name_en, url in points
            ],
            "title": title,
            "role": role,
            "organisation": organisation,
            "contact": contact,
        },
    )
