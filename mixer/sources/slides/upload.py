"""Uploaded slides, PDF files: what they are told by, and what is in them."""

from pathlib import Path

from mixer.contract.findings import Demands, Found
from mixer.sources.upload import check_size

PDF_BYTES = 200_000_000


def recognised(head: bytes) -> bool:
    """See :class:`mixer.sources.upload.UploadKind`."""
    return b"%PDF-" in head[:1024]


def examined(path: Path, folder: Path, demands: Demands) -> Found:
    """Raises :class:`mixer.sources.player.MediaError`."""
    check_size(path, PDF_BYTES, "A PDF")
    from mixer.sources.slides.pdf import Deck

    deck = Deck(path, Path(demands.fonts) if demands.fonts else None)
    try:
        width, height = deck.size(1)
        deck.render(1, (320, 180))
        warnings = ("pdf.fonts",) if deck.lacks_fonts() else ()
        return Found("slides", round(width), round(height), pages=deck.pages, warnings=warnings)
    finally:
        deck.close()
