"""Who hears which bus, and what of it: no listener their own voice, and each something while changing over.
Pure.

A listener who asks for another bus goes on hearing the one before until the new one's first packet is there,
for the mixer begins to encode a bus when somebody wants it. All buses are mixed in the same blocks, so that
the block's time tells what was sent already: none goes out twice, and none is left out.

A listener who is heard has a packet of their own on one of the two buses only, and the mixer learns of the
change a little before or after the shard. So for a moment that packet decides which bus it is to be."""

from collections.abc import Hashable, Iterator, KeysView
from typing import Generic, TypeVar

from mixer.contract.names import SourceName, StreamName
from mixer.ipc.bus.packets import ReturnAudio

OPUS_SILENCE = b"\xf8\xff\xfe"
"""20 ms of digital silence (RFC 6716: CELT, full band)."""
RATE = 48_000
PATIENCE = RATE // 10
"""How long that moment lasts, in samples: then silence stands in for a missing packet of their own."""

S = TypeVar("S", bound=Hashable)


class _Listener(Generic[S]):
    def __init__(self, sender: S, source: SourceName | None, stream: StreamName) -> None:
        self.sender = sender
        self.source = source
        self.hears = self.wants = stream
        self.last = -RATE
        """Time of the last block that was sent, 1/48000 s."""
        self.waits_until: int | None = None
        """While changing over: the time up to which a packet of the listener's own is waited for."""


class Listeners(Generic[S]):
    """All who hear something, by their sender."""

    def __init__(self) -> None:
        self._all: dict[S, _Listener[S]] = {}
        self._streams: dict[StreamName, dict[S, _Listener[S]]] = {}

    def add(self, sender: S, source: SourceName | None, stream: StreamName) -> None:
        """``source`` is the listener's own, which the listener never hears; None for one that has none."""
        self.remove(sender)
        self._all[sender] = listener = _Listener(sender, source, stream)
        self._streams.setdefault(stream, {})[sender] = listener

    def tune(self, sender: S, stream: StreamName) -> None:
        """Let the listener hear ``stream`` from its next packet on. Nothing for unknown senders."""
        listener = self._all.get(sender)
        if listener is None or listener.wants == stream:
            return
        if listener.wants != listener.hears:
            self._drop(listener.wants, sender)
        listener.wants = stream
        listener.waits_until = None
        self._streams.setdefault(stream, {})[sender] = listener

    def remove(self, sender: S) -> None:
        listener = self._all.pop(sender, None)
        if listener is not None:
            for stream in {listener.hears, listener.wants}:
                self._drop(stream, sender)

    def settle(self) -> None:
        """The streams begin again, with another mixer: nobody waits for one of the old ones."""
        for listener in self._all.values():
            if listener.hears != listener.wants:
                self._drop(listener.hears, listener.sender)
                listener.hears = listener.wants

    @property
    def streams(self) -> KeysView[StreamName]:
        """Exactly those that somebody hears now or wants to."""
        return self._streams.keys()

    def take(self, sound: ReturnAudio) -> Iterator[tuple[S, bytes]]:
        """Yield each listener's sender and its packet of this block. :attr:`streams` may be fewer
        afterwards."""
        for sender, listener in list(self._streams.get(sound.stream, {}).items()):
            own = listener.source if listener.source in sound.heard else None
            if listener.wants != listener.hears:
                if own is not None and own not in sound.own and self._waits(listener, sound.pts):
                    continue
                if sound.stream == listener.wants:
                    self._drop(listener.hears, sender)
                    listener.hears = sound.stream
            if 0 <= listener.last - sound.pts < RATE:
                continue  # the listener has had this block from the other bus
            listener.last = sound.pts
            yield sender, sound.common if own is None else sound.own.get(own, OPUS_SILENCE)

    def _waits(self, listener: _Listener[S], pts: int) -> bool:
        if listener.waits_until is None:
            listener.waits_until = pts + PATIENCE
        return pts < listener.waits_until

    def _drop(self, stream: StreamName, sender: S) -> None:
        of = self._streams.get(stream)
        if of is not None:
            of.pop(sender, None)
            if not of:
                del self._streams[stream]
