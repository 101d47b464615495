"""What a clip costs its player, measured by some of its pictures."""

import contextlib
import time
from collections.abc import Collection
from fractions import Fraction
from pathlib import Path

import av

from mixer.sources.clips.clip_file import ClipInfo
from mixer.sources.clips.demux import Damage, alpha_decoder, decoded, opened
from mixer.sources.clips.read_ahead import sought
from mixer.sources.deinterlace import ENOUGH, Deinterlacer
from mixer.sources.frames import FrameConverter
from mixer.sources.tonemap import told_by

PLACES = 3
"""A clip's first pictures are often black."""
PICTURES = 12
"""At each place."""
BUDGET_S = 1.0
"""Of the processor's time, at each place."""
_LEAST = (1920, 1080)


def shown_size(info: ClipInfo, canvases: Collection[tuple[int, int]]) -> tuple[int, int]:
    """Width and height of the box that its pictures are made for: pixel for pixel on each of the canvases,
    never enlarged, no smaller than 1080p, and even."""
    if info.picture is None:
        return _LEAST
    boxes = (_LEAST, *canvases)
    share = min(1.0, max(min(width / info.width, height / info.height) for width, height in boxes))
    return max(2, round(info.width * share) & ~1), max(2, round(info.height * share) & ~1)


def effort(path: Path, info: ClipInfo, box: tuple[int, int], fps: Fraction) -> float:
    """Return how much of a processor a player needs for this clip: 0.5 is half of one. ``fps``: the
    programme's.

    Seconds of this process's processor time, not of the clock: what else the machine has to do doesn't count.
    Nothing else may run in the process.
    """
    if info.picture is None:
        return 0.0
    measured = [_at(path, info, box, fps, place) for place in range(PLACES)]
    seen = sum(count for _, count in measured)
    return sum(spent_s for spent_s, _ in measured) / seen / float(info.frame_s) if seen else 0.0


def _at(path: Path, info: ClipInfo, box: tuple[int, int], fps: Fraction, place: int) -> tuple[float, int]:
    """Seconds of the processor, and for how many pictures. What can't be read is no reason to refuse it."""
    first_s = last_s = 0.0
    count = -1  # the first one brings with it what is decoded and made ready before
    with contextlib.suppress(Exception), opened(path) as container:
        assert info.picture is not None
        stream = container.streams[info.picture]
        assert isinstance(stream, av.VideoStream)
        aspect = Fraction(stream.sample_aspect_ratio or 0)
        converter = FrameConverter(box)
        converter.told = told_by(stream)
        whole = Deinterlacer(fields=fps * info.frame_s >= ENOUGH)
        decoder = alpha_decoder(stream) if info.alpha else None
        (stream.codec_context if decoder is None else decoder).thread_count = 1
        if place:
            sought(container, stream, info.start_s + info.duration_s * place / PLACES)
        for frame in decoded(container, info.picture, lambda: None, Damage(), decoder):
            if isinstance(frame, av.VideoFrame):
                for each in whole.frames(frame):
                    converter.layer(each, aspect)
                count += 1
                last_s = time.process_time()
                first_s = first_s or last_s
            if count == PICTURES or last_s - first_s > BUDGET_S:
                break
    return last_s - first_s, max(0, count)
