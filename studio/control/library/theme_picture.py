"""A process that turns one picture of a theme into plain pixels: ``python -m
studio.control.library.theme_picture DEST W H``.

The picture comes on standard input; decoding it may do no harm but to this process, which has limits of its
own. DEST is written as :mod:`mixer.graphics.stills` reads it. Exit status 0, or 1 with one line on standard
output that says why.
"""

import os
import resource
import sys

MAX_PIXELS = 100_000_000
"""Of what is decoded; a larger one is a bomb, or nothing for a theme."""
MEMORY = 2 << 30
CPU_S = 20
FILE_BYTES = 64 << 20

_LOADERS = {"pngload_buffer", "jpegload_buffer", "webpload_buffer", "svgload_buffer"}


def limit() -> None:
    """Less of the machine for this process."""
    for what, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, CPU_S),
        (resource.RLIMIT_FSIZE, FILE_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        least = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (least, least))


def convert(content: bytes, dest: str, width: int, height: int) -> str:
    """Write the picture, fitted into a box of ``width`` × ``height``, to ``dest``. Why not, or an empty text.

    A drawing (SVG) fills the box, a photograph is never enlarged.
    """
    os.environ["VIPS_CONCURRENCY"] = "1"
    import numpy as np
    import pyvips

    pyvips.cache_set_max(0)
    try:
        head = pyvips.Image.new_from_buffer(content, "")
        loader = head.get("vips-loader")
        if loader not in _LOADERS:
            return "is neither PNG, JPEG, WebP nor SVG"
        if loader != "svgload_buffer" and head.width * head.height > MAX_PIXELS:
            return f"has more than {MAX_PIXELS // 1_000_000} million pixels"
        how = "both" if loader == "svgload_buffer" else "down"
        image = pyvips.Image.thumbnail_buffer(content, width, height=height, size=how)
        if image.bands < 3:
            image = image.colourspace("srgb")
        if not image.hasalpha():
            image = image.addalpha()
        pixels = image.cast("uchar").numpy()
    except pyvips.Error:
        return "can't be read: it is damaged, or no picture"
    with open(dest, "wb") as file:  # noqa: PTH123 - np.save would add a suffix to a path
        np.save(file, np.ascontiguousarray(pixels[..., :4], np.uint8), allow_pickle=False)
    return ""


def main(argv: list[str]) -> int:
    dest, width, height = argv[0], int(argv[1]), int(argv[2])
    content = sys.stdin.buffer.read()
    limit()
    try:
        reason = convert(content, dest, width, height)
    except (MemoryError, OSError):
        reason = "is too large"
    if reason:
        sys.stdout.write(reason + "\n")
    return 1 if reason else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
