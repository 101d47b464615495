"""One microphone's packets → samples without clicks: decoded, recovered, made up, or resting."""

from collections.abc import Iterable

import numpy as np

from signaling.rtc.audio.conceal import FADE, Concealer, Samples, faded, faded_out
from signaling.rtc.audio.opus import Decoder, open_decoder

DTX_BYTES = 2
"""An Opus packet no longer than this holds no sound: the sender is silent on purpose (RFC 7587 §3.1.3)."""
_PIECE = 120
"""libopus makes up multiples of 2.5 ms."""


class Voice:
    """Blocks are float32 of shape (n, 2). What is lost is recovered from the next packet where that holds it,
    else made up by the codec, else by repeating the last period of pitch. For one thread."""

    def __init__(self, decoder: Decoder | None = None) -> None:
        self._decoder = decoder or open_decoder()
        self._concealer = Concealer()
        self._made = 0
        self.recovered = 0
        """Samples that came from error correction."""
        self.resting = False
        """Whether the sender said that it is silent on purpose."""

    def decode(self, payload: bytes, expected: int, late: bool = False, skipped: int = 0) -> Samples:
        """A packet's samples; ``expected`` made-up ones where it is broken.

        ``late``: something was made up while it was awaited. Then it begins after ``skipped`` samples, or up
        to a period later.
        """
        block = self._decoder.decode(payload)
        if block is None:
            return self.lost(expected)
        if late:
            self._concealer.cut(late=True)
            block = block[skipped:]
        self.resting = len(payload) <= DTX_BYTES
        self._made = 0
        return self._concealer.good(block)

    def lost(self, count: int, following: bytes = b"", skipped: int = 0) -> Samples:
        """``count`` samples in place of a packet's, after ``skipped`` ones that were made up already.

        ``following``: the next packet, if it is there.
        """
        if following:
            block = self._decoder.recover(following, count + skipped)
            if block is not None:
                if skipped:
                    self._concealer.cut(late=True)
                self.recovered += count
                self._made = 0
                return self._concealer.good(block[skipped:])
        block = self._made_up(count)
        if block is None:
            self._made += count
            return self._concealer.lost(count)
        block = faded(block, self._made)
        self._made += count
        self._concealer.keep(block)
        return block

    def rest(self, count: int) -> Samples:
        """``count`` samples of a silence on purpose: the codec's comfort noise, or nothing."""
        block = self._made_up(count)
        if block is None:
            if self._made >= FADE:
                return np.zeros((count, 2), np.float32)
            self._made += count
            return self._concealer.lost(count)
        self._concealer.keep(block)
        return block

    def end(self, count: int) -> Samples:
        """``count`` samples that fade to nothing; what comes next comes out of silence."""
        block = faded_out(self.lost(count))
        self.silent()
        return block

    def silent(self) -> None:
        """Fall silent: what comes next comes out of silence, without a click."""
        self._concealer.silent()
        self._made = 0
        self.resting = False

    def cut(self) -> None:
        """Samples are left out before what comes next: join it."""
        self._concealer.cut()

    def prepare(self, payloads: Iterable[bytes]) -> None:
        """Begin in the middle of a stream: these came just before and were not decoded."""
        self._decoder.reset()
        for payload in payloads:
            self._decoder.decode(payload)
        self.silent()

    @property
    def faded(self) -> bool:
        """True if nothing is left to make up from."""
        return self._made >= FADE

    def _made_up(self, count: int) -> Samples | None:
        block = self._decoder.conceal(-(-count // _PIECE) * _PIECE)
        return None if block is None else block[:count]
