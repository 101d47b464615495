"""What the importer and the kinds that are made of an uploaded file agree on."""

from pathlib import Path
from typing import Protocol

from mixer.contract.findings import Demands, Found
from mixer.sources.player import MediaError

HEAD = 4096
"""Bytes of a file by which its kind is told."""


class UploadKind(Protocol):
    """A module: :attr:`mixer.contract.source_kinds.Upload.module`."""

    def recognised(self, head: bytes) -> bool:
        """Whether a file is of this kind, by its first bytes (at least 1024, or all)."""
        ...

    def examined(self, path: Path, folder: Path, demands: Demands) -> Found:
        """Look into it; what is kept beside the file goes into ``folder``. Raises :class:`MediaError`."""
        ...


def check_size(path: Path, limit: int, what: str) -> None:
    """Raises :class:`MediaError` ``media.too-large``."""
    if path.stat().st_size > limit:
        raise MediaError("media.too-large", f"{what} may have at most {limit // 1_000_000} MB.")


def head_of(path: Path) -> bytes:
    """Raises OSError."""
    with path.open("rb") as file:
        return file.read(HEAD)
