"""What FFmpeg's ``ebur128`` says of some sound: the reference that our own meter and limiter are held
against."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import av
import numpy as np

from mixer.contract.clock import RATE
from mixer.ipc.slot import Samples

_BLOCK = 4800


@dataclass
class Reference:
    """Per 100 ms: ``momentary`` and ``short_term``. At the end: ``integrated``, ``range_lu``; ``true_peak``
    in dBTP, of the whole.
    """

    momentary: list[float] = field(default_factory=list)
    short_term: list[float] = field(default_factory=list)
    integrated: float = -math.inf
    range_lu: float = 0.0
    true_peak: float = -math.inf


def measured(samples: Samples, *, true_peak: bool = False) -> Reference:
    """Of (n, 2) at 48 kHz."""
    graph = av.filter.Graph()
    source = graph.add(
        "abuffer", f"sample_rate={RATE}:sample_fmt=flt:channel_layout=stereo:time_base=1/{RATE}"
    )
    meter = graph.add("ebur128", "metadata=1" + (":peak=true" if true_peak else ""))
    sink = graph.add("abuffersink")
    source.link_to(meter)
    meter.link_to(sink)
    graph.configure()
    result, highest = Reference(), 0.0

    def told() -> Iterator[dict[str, str]]:
        while True:
            try:
                yield dict(sink.pull().metadata)
            except (av.error.BlockingIOError, av.error.EOFError):
                return

    for at in range(0, len(samples) + 1, _BLOCK):
        block = np.ascontiguousarray(samples[at : at + _BLOCK])
        if len(block):
            frame = av.AudioFrame.from_ndarray(block.reshape(1, -1), "flt", "stereo")
            frame.sample_rate, frame.pts = RATE, at
            source.push(frame)
        else:
            source.push(None)
        for values in told():
            if "lavfi.r128.M" not in values:
                continue
            result.momentary.append(float(values["lavfi.r128.M"]))
            result.short_term.append(float(values["lavfi.r128.S"]))
            result.integrated = float(values["lavfi.r128.I"])
            result.range_lu = float(values["lavfi.r128.LRA"])
            if true_peak:
                highest = max(highest, *(float(values[f"lavfi.r128.true_peaks_ch{c}"]) for c in (0, 1)))
    if highest:
        result.true_peak = 20 * math.log10(highest)
    return result
