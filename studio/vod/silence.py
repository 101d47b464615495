"""Silence for where a sound track has nothing: a language that began later than the pictures.

Without it an MP4 file would say so in its edit list alone, and players that ignore edit lists would play all
that comes after too early. It is the one thing here that is encoded, and the same packet each time.
"""

import numpy as np

from mixer.contract.clock import RATE
from mixer.contract.names import sound_stream
from mixer.encode.audio import AAC_BLOCK, AacEncoder

MAX_S = 3600
"""A longer gap is no recording of ours, and stays one."""
_LC_STEREO = b"\x11\x90"
"""AAC-LC, 48 kHz, two channels: AudioSpecificConfig (ISO/IEC 14496-3 §1.6.2.1)."""


def silence(codec: str, rate: int, extradata: bytes | None) -> bytes:
    """A packet of silence of such a track; empty where there is none that its decoder would take."""
    if codec != "aac" or rate != RATE or not (extradata or b"").startswith(_LC_STEREO):
        return b""
    return (
        AacEncoder(sound_stream("silence"), 48_000).push(0, np.zeros((4 * AAC_BLOCK, 2), np.float32))[-1].data
    )


def filling(end: int, start: int, samples: int, rate: int) -> range:
    """Return where packets of ``samples`` begin that fill the time from sample ``end`` to ``start`` as far as
    whole ones do: the last of them ends at ``start``."""
    count = (start - end) // samples
    return range(start - count * samples, start, samples) if 0 < count * samples <= MAX_S * rate else range(0)
