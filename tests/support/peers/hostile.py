"""A guest that is let in and then sends whatever does harm: through its real SRTP session, and past it.

Everything is drawn from one seed, so that what broke something can be sent again.
"""

import asyncio
import contextlib
import random
import re
import struct
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Protocol, cast

import pylibsrtp

from signaling.rtc.transport.dtls import DtlsTransport
from signaling.rtc.transport.rtp import build_rtp
from signaling.rtc.transport.send import RtpSender

_KEPT = 200

Sendings = Iterator[tuple[Callable[[bytes], None], bytes]]
"""How to send, and what."""


class Guest(Protocol):
    """What is needed of a guest: real senders on a connected transport."""

    @property
    def senders(self) -> list[RtpSender]: ...


class Hostile:
    """Misuses a connected guest's transport. ``answer``: the SDP it was let in with."""

    def __init__(self, guest: Guest, answer: str, seed: int) -> None:
        self._guest = guest
        self._chance = random.Random(seed)
        self._studio = [int(ssrc) for ssrc in dict.fromkeys(re.findall(r"a=ssrc:(\d+)", answer))]
        self._kept: deque[bytes] = deque(maxlen=_KEPT)
        self._everything = [_asking(range(first, first + 5_100)) for first in range(0, 65_536, 5_100)]
        self.sent = 0
        transport = self._video.transport
        self._genuine: Callable[[bytes], None] = transport.send_media
        transport.send_media = self._tamper  # type: ignore[method-assign]
        self.tampering = True

    @property
    def _video(self) -> RtpSender:
        return next(sender for sender in self._guest.senders if sender.kind == "video")

    @property
    def _transport(self) -> DtlsTransport:
        return self._video.transport

    def behave(self) -> None:
        """From now on it is a guest like any other."""
        self.tampering = False

    # --- what it can do ------------------------------------------------------------------------------

    def raw(self, data: bytes) -> None:
        """Send what is encrypted already, or never was."""
        pair = cast(Any, self._transport.transport)._connection._nominated.get(1)
        if pair is not None:
            pair.protocol.transport.sendto(data, pair.remote_addr)
            self.sent += 1

    def media(self, data: bytes) -> None:
        with contextlib.suppress(pylibsrtp.Error, ValueError, TypeError):
            self.raw(self._transport._tx_srtp.protect(data))

    def control(self, data: bytes) -> None:
        with contextlib.suppress(pylibsrtp.Error, ValueError, TypeError):
            self.raw(self._transport._tx_srtp.protect_rtcp(data))

    def _tamper(self, data: bytes) -> None:
        """What becomes of its own camera's and microphone's packets."""
        if not self.tampering:
            self._genuine(data)
            return
        try:
            sealed = self._transport._tx_srtp.protect(data)
        except pylibsrtp.Error:
            return
        self._kept.append(sealed)
        chance = self._chance
        match chance.randrange(6):
            case 0:  # out of order, or much later
                asyncio.get_running_loop().call_later(chance.uniform(0, 0.4), self.raw, sealed)
            case 1:
                for _ in range(chance.randrange(2, 5)):
                    self.raw(sealed)
            case 2:
                self.raw(sealed[: chance.randrange(len(sealed))])
            case 3:
                broken = bytearray(sealed)
                broken[chance.randrange(len(broken))] ^= 1 << chance.randrange(8)
                self.raw(bytes(broken))
            case 4:
                self.raw(chance.choice(self._kept))
            case _:
                self.raw(sealed)

    async def storm(self) -> None:
        """One round of everything, a little at a time: others send from the same loop."""
        self._jump()
        for attack in (
            self._rubbish,
            self._odd_headers,
            self._odd_payloads,
            self._other_streams,
            self._control_rubbish,
            self._feedback,
            self._goodbye,
        ):
            for send, data in attack():
                send(data)
                await asyncio.sleep(0.0003)

    def _rubbish(self) -> Sendings:
        chance = self._chance
        for _ in range(10):
            yield self.raw, bytes([chance.randrange(128, 192)]) + chance.randbytes(chance.randrange(0, 300))
            yield (
                self.raw,
                bytes([0x80, chance.randrange(192, 224)]) + chance.randbytes(chance.randrange(0, 300)),
            )
        yield self.raw, b"\x80\xc8" + chance.randbytes(60_000)

    def _header(self, **changes: int) -> bytes:
        video = self._video
        assert video.codec is not None
        return build_rtp(
            changes.get("kind", int(video.codec.payloadType or 0)),
            bool(self._chance.randrange(2)),
            # near its own: far ones would only upset its own encryption
            changes.get("seq", video._seq + self._chance.randrange(-20, 60)),
            changes.get("timestamp", self._chance.randrange(1 << 32)),
            changes.get("ssrc", video._ssrc),
            b"",
        )

    def _odd_headers(self) -> Sendings:
        """Lists of sources, extensions and padding that are longer than the packet."""
        for first in (0x8F, 0x90, 0xA0, 0xBF, 0x40):
            header = bytes([first]) + self._header()[1:]
            yield self.media, header + self._chance.randbytes(self._chance.randrange(0, 20))
        yield self.media, bytes([0x90]) + self._header()[1:] + b"\xbe\xde\xff\xff" + bytes(8)

    def _odd_payloads(self) -> Sendings:
        """Fragments without a beginning, aggregates that run over their end, parameter sets of rubbish."""
        chance = self._chance
        for start in (b"", b"\x1c", b"\x7c\x85", b"\x7c\x45", b"\x78\xff\xff", b"\x67", b"\x65", b"\x78\0\0"):
            yield self.media, self._header() + start + chance.randbytes(chance.randrange(0, 900))
        sound = next(sender for sender in self._guest.senders if sender.kind == "audio")
        assert sound.codec is not None
        for _ in range(4):
            kind, seq = int(sound.codec.payloadType or 0), sound._seq + chance.randrange(-5, 20)
            header = self._header(ssrc=sound._ssrc, kind=kind, seq=seq)
            yield self.media, header + chance.randbytes(chance.randrange(0, 400))

    def _jump(self) -> None:
        # A whole storm of jumps must stay under 2^15: beyond, SRTP counts wraps that never were, and what is
        # sent later is old for good (RFC 3711 §3.3.1), which harms nobody but the sender.
        self._video._seq = self._video._seq + self._chance.choice((2, 40, 300, 700, 1_500)) & 0xFFFF
        self._video._origin = self._chance.randrange(1 << 32)

    def _other_streams(self) -> Sendings:
        """SSRCs and payload types that nobody agreed to, and repairs of what was never sent."""
        chance = self._chance
        for _ in range(40):
            ssrc = chance.randrange(1 << 32)
            yield self.media, self._header(ssrc=ssrc, seq=chance.randrange(1 << 15)) + chance.randbytes(20)
            yield self.control, struct.pack("!BBHI", 0x80, 201, 1, ssrc)
        for kind in range(0, 128, 5):
            yield self.media, self._header(kind=kind) + chance.randbytes(30)
        repair = self._video._rtx_type
        if repair is not None:
            for size in (0, 1, 2, 40):
                header = self._header(kind=repair, ssrc=self._video._rtx_ssrc, seq=chance.randrange(1 << 15))
                yield self.media, header + chance.randbytes(size)

    def _control_rubbish(self) -> Sendings:
        chance = self._chance
        for kind in range(192, 224):
            words = chance.randrange(0, 40)
            head = struct.pack("!BBH", 0x80 | chance.randrange(64), kind, chance.choice((words, 0, 65535)))
            yield self.control, head + chance.randbytes(4 * words)
        own = struct.pack("!I", self._video._ssrc)
        for _ in range(5):  # reports of times that never were
            words = 6 + 6 * chance.randrange(0, 3)
            body = own + chance.randbytes(4 * words - 4)
            yield self.control, struct.pack("!BBH", 0x80 | (words - 6) // 6, 200, words) + body
        part = struct.pack("!BBH", 0x81, 205, 2) + own + own
        yield self.control, part * 170
        yield self.control, part * 5_000

    def _feedback(self) -> Sendings:
        """Asks for everything again, for a keyframe at once, and for any bit rate."""
        chance = self._chance
        own = struct.pack("!I", self._video._ssrc)
        for studio in self._studio:
            target = struct.pack("!I", studio)
            for entries in self._everything:
                yield (
                    self.control,
                    struct.pack("!BBH", 0x81, 205, 2 + len(entries) // 4) + own + target + entries,
                )
            for _ in range(20):
                yield self.control, struct.pack("!BBH", 0x81, 206, 2) + own + target
            fir = target + bytes(4)
            yield self.control, struct.pack("!BBH", 0x84, 206, 2 + 2 * 150) + own + bytes(4) + fir * 150
            remb = b"REMB\x01" + chance.randbytes(3) + target
            yield self.control, struct.pack("!BBH", 0x8F, 206, 2 + len(remb) // 4) + own + bytes(4) + remb
        for size in (0, 4, 12, 400):
            head = struct.pack("!BBH", 0x8F, 206, 2 + size // 4) + own + bytes(4)
            yield self.control, head + chance.randbytes(size)

    def _goodbye(self) -> Sendings:
        """It says that its own streams end, and others' too."""
        for ssrc in (self._video._ssrc, *self._studio, self._chance.randrange(1 << 32)):
            yield self.control, struct.pack("!BBHI", 0x81, 203, 1, ssrc)
        yield self.control, struct.pack("!BBH", 0x9F, 203, 1) + bytes(4)


def _asking(seqs: range) -> bytes:
    """Generic NACK entries (RFC 4585 §6.2.1) for all of these."""
    return b"".join(struct.pack("!HH", seq & 0xFFFF, 0xFFFF) for seq in seqs[::17])
