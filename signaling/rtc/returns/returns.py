"""Return feeds: what the mixer encoded once, cut into packets once, for all who watch and listen.

The hub holds this shard's end of the packet bus and asks for exactly those streams somebody needs now. Sound
goes out as it comes, pictures at the pacer's speed.
"""

import asyncio
import time
from collections.abc import Callable

import structlog
from aiortc.codecs.h264 import H264Encoder
from aiortc.codecs.vpx import Vp8Encoder

from mixer.containers import headers
from mixer.contract.names import SourceName, StreamName, picture_stream
from mixer.ipc.bus.client import BusReader
from mixer.ipc.bus.packets import Packet, ReturnAudio, StreamHeader
from signaling.rtc.returns.listening import Listeners
from signaling.rtc.returns.pacing import STEP_S, ReturnPacer
from signaling.rtc.transport.send import RATES, RtpSender
from signaling.rtc.video.bitstream import picture_size

KEY_INTERVAL_S = 1.0
_NTP_EPOCH_S = 2_208_988_800
_FILLER = 12
"""NAL units that hold nothing, with which the rate of what ingests get stays constant."""

log = structlog.get_logger()


def payloads_of(codec: str, data: bytes, picture_id: int) -> list[bytes]:
    """RTP payloads of one encoded picture (RFC 6184 mode 1, RFC 7741)."""
    if codec == "vp8":
        return Vp8Encoder._packetize(data, picture_id & 0x7FFF)
    units = H264Encoder._split_bitstream(data)
    return H264Encoder._packetize(unit for unit in units if unit and unit[0] & 0x1F != _FILLER)


class _Video:
    """The viewers of one stream."""

    def __init__(self, stream: StreamName) -> None:
        self.stream = stream
        self.codec = stream.rsplit("/", 1)[1]
        self.viewers: list[RtpSender] = []
        self.time_base: tuple[int, int] | None = None
        self.parameters = b""
        """H.264's parameter sets, which the stream has beside it where ingests get it, too."""
        self.picture_id = 0
        self.asked_s = -KEY_INTERVAL_S
        self.timer: asyncio.TimerHandle | None = None


class ReturnHub:
    """All senders of a shard, by what they want. Lives on the event loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._bus: BusReader | None = None
        self._video: dict[StreamName, _Video] = {}
        self._sound: Listeners[RtpSender] = Listeners()
        self._pacer: ReturnPacer[RtpSender] = ReturnPacer()
        self._next_step: asyncio.TimerHandle | None = None
        self._subscribed: tuple[str, ...] = ()
        self._wall_ntp: int | None = None

    # --- the bus -------------------------------------------------------------------------------------

    def attach(self, bus: BusReader) -> None:
        """Take a fresh bus, in place of the one before."""
        self._drop_bus()
        self._bus = bus
        self._subscribed = ()
        self._sound.settle()
        for video in self._video.values():
            video.time_base = None
            for viewer in video.viewers:
                viewer.wait_key = True
        self._loop.add_reader(bus.fileno(), self._readable)
        self._subscribe()

    def close(self) -> None:
        for video in self._video.values():
            if video.timer is not None:
                video.timer.cancel()
        if self._next_step is not None:
            self._next_step.cancel()
        self._drop_bus()

    def _drop_bus(self) -> None:
        if self._bus is not None:
            self._loop.remove_reader(self._bus.fileno())
            self._bus.close()
            self._bus = None

    def _readable(self) -> None:
        assert self._bus is not None
        try:
            messages = self._bus.receive()
        except (ConnectionError, ValueError) as error:
            # the supervisor brings a new bus with the new mixer
            log.warning("bus.lost", reason=str(error))
            self._drop_bus()
            return
        for message in messages:
            if isinstance(message, Packet):
                self._send_picture(message)
            elif isinstance(message, ReturnAudio):
                self._send_sound(message)
            elif isinstance(message, StreamHeader) and message.stream in self._video:
                self._begin(self._video[message.stream], message)

    def _begin(self, video: _Video, header: StreamHeader) -> None:
        video.time_base = header.time_base
        video.parameters = headers.extradata(header.nut) if video.codec == "h264" and header.nut else b""

    def _subscribe(self) -> None:
        wanted: list[StreamName] = sorted(stream for stream, video in self._video.items() if video.viewers)
        wanted += sorted(self._sound.streams)
        if self._bus is None or tuple(wanted) == self._subscribed:
            return
        self._subscribed = tuple(wanted)
        self._tell(lambda bus: bus.subscribe(wanted, live=True))

    def _tell(self, say: Callable[[BusReader], None]) -> None:
        if self._bus is None:
            return
        try:
            say(self._bus)
        except ConnectionError:
            self._drop_bus()

    # --- who watches and listens ---------------------------------------------------------------------

    def watch(self, sender: RtpSender, rendition: str) -> None:
        """Send a rendition's pictures to ``sender``, in the codec it negotiated, from a keyframe on."""
        assert sender.codec is not None
        stream = picture_stream(rendition, "vp8" if sender.codec.name.lower() == "vp8" else "h264")
        video = self._video.setdefault(stream, _Video(stream))
        sender.wait_key = True
        sender.on_key = lambda _: self._want_key(video)
        if video.viewers:  # the first one's subscription starts at a keyframe anyway
            self._want_key(video)
        video.viewers.append(sender)
        self._subscribe()

    def listen(self, sender: RtpSender, source: SourceName | None, stream: StreamName) -> None:
        """Send a bus's sound to ``sender``; ``source`` is the listener's own, which the listener
        never hears; None for one that has none."""
        self._sound.add(sender, source, stream)
        self._subscribe()

    def tune(self, sender: RtpSender, stream: StreamName) -> None:
        """Change over to another bus with its first packet; nothing for who doesn't listen (yet)."""
        self._sound.tune(sender, stream)
        self._subscribe()

    def leave(self, sender: RtpSender) -> None:
        self._sound.remove(sender)
        self._pacer.leave(sender)
        for stream, video in list(self._video.items()):
            if sender in video.viewers:
                video.viewers.remove(sender)
            if not video.viewers:
                if video.timer is not None:
                    video.timer.cancel()
                del self._video[stream]
        self._subscribe()

    def _want_key(self, video: _Video) -> None:
        """Ask the shared encoder for a keyframe: now if it was not asked within a second, else then."""
        if video.timer is not None:
            return
        wait_s = video.asked_s + KEY_INTERVAL_S - self._loop.time()
        if wait_s > 0:
            video.timer = self._loop.call_later(wait_s, self._ask_key, video)
        else:
            self._ask_key(video)

    def _ask_key(self, video: _Video) -> None:
        video.timer = None
        video.asked_s = self._loop.time()
        self._tell(lambda bus: bus.request_keyframe(video.stream))

    # --- sending -------------------------------------------------------------------------------------

    def _send_picture(self, packet: Packet) -> None:
        video = self._video.get(packet.stream)
        if video is None or video.time_base is None:
            return
        num, den = video.time_base
        timestamp = packet.pts * num * RATES["video"] // den
        ntp = self._ntp((packet.pts * num << 32) // den)
        data = packet.data
        if packet.key and video.parameters and picture_size(video.codec, data) is None:
            data = video.parameters + data
        payloads = payloads_of(video.codec, data, video.picture_id)
        video.picture_id += 1
        if self._pacer.behind(video.stream):
            for viewer in self._pacer.give_up(video.stream):
                viewer.wait_key = True
            if not packet.key:
                self._want_key(video)
        viewers = [viewer for viewer in video.viewers if packet.key or not viewer.wait_key]
        for viewer in viewers:
            viewer.wait_key = False
        if viewers and payloads:
            self._pacer.add(video.stream, payloads, timestamp, ntp, viewers)
            if self._next_step is None:
                self._step()

    def _step(self) -> None:
        self._next_step = None
        try:
            self._pacer.step()
        finally:  # whatever one viewer's packet broke, the others' go out
            if self._pacer.waiting:
                self._next_step = self._loop.call_later(STEP_S, self._step)

    def _send_sound(self, sound: ReturnAudio) -> None:
        ntp = self._ntp((sound.pts << 32) // RATES["audio"])
        streams = len(self._sound.streams)
        for sender, data in self._sound.take(sound):
            sender.send_frame((data,), sound.pts, ntp)
        if len(self._sound.streams) != streams:  # the last to hear one has left it
            self._subscribe()

    def _ntp(self, since_epoch: int) -> int:
        """Wall clock (32.32) of an instant of the programme (32.32 since its epoch): the same for all
        streams, so that browsers play together what belongs together."""
        if self._wall_ntp is None:
            self._wall_ntp = int((time.time() + _NTP_EPOCH_S) * (1 << 32)) - since_epoch
        return (self._wall_ntp + since_epoch) & 0xFFFFFFFFFFFFFFFF
