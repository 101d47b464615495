"""A process that looks into one font: ``python -m studio.control.library.font_check FILE CACHE``.

The mixer draws with the operator's fonts while the show is on air, so a font is tried here first: a file
that hangs or crashes the typesetter does it in this process, which has limits of its own. What is good is
copied to CACHE under its content's name, never to be changed there, and told as a
:class:`~mixer.graphics.fonts.FontFile` in JSON on standard output. Exit status 1 with one line that says why,
where it isn't.
"""

import hashlib
import os
import resource
import sys
import tempfile
from pathlib import Path

import msgspec

from mixer.graphics.fonts import FONTCONFIG, FontFile, FontRefusedError, read_font
from mixer.ipc.limits import confine
from studio.contract.paths import FONTS

MEMORY = 2 << 30
CPU_S = 20
NICENESS = 10
FILE_BYTES = 64 << 20
TRIED = 2000
"""Characters drawn of a font, spread over all it has."""


def checked(path: Path, cache: Path) -> FontFile:
    """The font, copied. Raises FontRefusedError, OSError."""
    if path.stat().st_size > FILE_BYTES:
        raise FontRefusedError(f"is larger than {FILE_BYTES >> 20} MB")
    content = path.read_bytes()
    cache.mkdir(parents=True, exist_ok=True, mode=0o700)
    number, name = tempfile.mkstemp(suffix=".part", dir=cache)
    os.close(number)
    new = Path(name)
    try:
        new.write_bytes(content)
        font = read_font(new)
        _try(font, new)
        kept = new.replace(cache / f"{hashlib.sha256(content).hexdigest()[:32]}{path.suffix.lower()}")
    finally:
        new.unlink(missing_ok=True)
    return msgspec.structs.replace(font, file=str(kept))


def _try(font: FontFile, path: Path) -> None:
    os.environ["FONTCONFIG_FILE"] = str(FONTS / FONTCONFIG)
    os.environ["VIPS_CONCURRENCY"] = "1"
    import pyvips

    every = [chr(number) for first, last in font.ranges for number in range(first, last + 1)]
    some = [char for char in every[:: max(1, len(every) // TRIED)] if char.isprintable() and char not in "<&"]
    for start in range(0, len(some), 50):
        line = "".join(some[start : start + 50])
        try:
            pyvips.Image.text(line, font=f"{font.family}, 32", dpi=72, fontfile=str(path)).avg()
        except pyvips.Error:
            continue  # nothing but blanks


def main(argv: list[str]) -> int:
    confine(MEMORY, NICENESS)
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    try:
        font = checked(Path(argv[0]), Path(argv[1]))
    except (FontRefusedError, OSError) as error:
        sys.stdout.write(f"{error.strerror if isinstance(error, OSError) else error}\n")
        return 1
    sys.stdout.buffer.write(msgspec.json.encode(font))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
