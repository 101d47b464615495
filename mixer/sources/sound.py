"""Decoded sound of any kind → stereo at 48 kHz, and whether anything is heard in it."""

from collections.abc import Iterable
from fractions import Fraction

import av
import numpy as np

from mixer.contract.clock import RATE
from mixer.ipc.slot import Samples

_AUDIBLE = 0.001
"""Full scale is 1: −60 dBFS, over the noise of a microphone's input that nothing is plugged into."""


class StereoSound:
    """Any sound → float32 stereo at 48 kHz, one channel on both sides as loud as it was."""

    def __init__(self) -> None:
        self._resampler: av.AudioResampler | None = None
        self._form: tuple[str, str, int] | None = None

    def samples(self, frame: av.AudioFrame) -> list[tuple[Fraction, Samples]]:
        """Blocks (n, 2) with their time in seconds. Raises av.FFmpegError."""
        form = (frame.format.name, frame.layout.name, frame.sample_rate)
        if self._resampler is None or form != self._form:
            # One channel stays as it is, whatever side it says it is of: to be mixed it would lose 3 dB.
            layout = frame.layout if frame.layout.nb_channels == 1 else "stereo"
            self._resampler, self._form = av.AudioResampler("fltp", layout, RATE), form
        out = []
        for made in self._resampler.resample(frame):
            planes = made.to_ndarray()
            samples = np.ascontiguousarray(np.broadcast_to(planes, (2, planes.shape[1])).T)
            out.append(((made.pts or 0) * (made.time_base or Fraction(1, RATE)), samples))
        return out


def heard_in(frames: Iterable[object], seconds: float) -> bool:
    """Return whether there is more than noise in the first ``seconds`` of these frames."""
    stereo, left = StereoSound(), round(seconds * RATE)
    for frame in frames:
        if not isinstance(frame, av.AudioFrame):
            continue
        try:
            blocks = stereo.samples(frame)
        except av.FFmpegError:
            continue
        for _, samples in blocks:
            if len(samples) and float(np.abs(samples).max()) > _AUDIBLE:
                return True
            left -= len(samples)
        if left <= 0:
            return False
    return False
