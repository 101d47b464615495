"""A small programme for the senders' tests: real x264 and AAC on a real packet bus, as the mixer sends it.

The picture is dark and flashes white for two pictures at each whole second; the sound beeps there for 50 ms.
``pts`` counts from an epoch, so that a programme that begins later goes on as a restarted mixer would.
"""

import fcntl
import functools
import socket
import struct
import termios
import threading
import time
from fractions import Fraction

import msgspec
import numpy as np

from mixer.contract.clock import RATE
from mixer.contract.names import picture_stream, sound_stream
from mixer.encode.audio import AacEncoder
from mixer.encode.video import VideoEncoder, VideoSettings
from mixer.ipc.bus.packets import Packet, StreamHeader

VIDEO = picture_stream("program")
AUDIO = sound_stream("floor")
FPS = 30
LOOP_S = 8
"""A whole number of pictures and of AAC blocks."""


class Program:
    """Encodes in a thread, in real time, to every subscriber that :meth:`attach` gave a socket to.

    ``bitrate`` in bit/s; noise in the picture fills it. A loop is encoded beforehand, whose packets
    repeat with rising ``pts``: so the publisher costs next to nothing.
    """

    def __init__(
        self,
        width: int = 320,
        height: int = 180,
        bitrate: int = 800_000,
        keyframe_s: float = 1.0,
        audio: tuple[str, ...] = (AUDIO,),
    ) -> None:
        self.epoch_ns = time.monotonic_ns()
        video = _encode_video(width, height, bitrate, keyframe_s, LOOP_S)
        sound = _encode_audio(LOOP_S)
        self.headers = [
            video[0],
            *(msgspec.structs.replace(sound[0], stream=name) for name in audio),
        ]
        self._packets = sorted(
            video[1] + [msgspec.structs.replace(p, stream=name) for name in audio for p in sound[1]],
            key=self._time_s,
        )
        self.published_s = 0.0
        """The programme's time of the newest packet."""
        self.attached_s = 0.0
        """Where the group of pictures begins that the newest subscriber got."""
        self._lock = threading.Lock()
        self._subscribers: list[_Subscriber] = []
        self._group: list[Packet] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Program":
        self.epoch_ns = time.monotonic_ns()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(10)
        with self._lock:
            for subscriber in self._subscribers:
                subscriber.sock.close()

    def attach(self) -> socket.socket:
        """A new subscriber's end of the bus; it gets the headers and the current group of pictures."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        ours.setblocking(False)
        subscriber = _Subscriber(ours)
        with self._lock:
            for header in self.headers:
                subscriber.send(header)
            for packet in self._group:
                subscriber.send(packet)
            self._subscribers.append(subscriber)
            self.attached_s = self.group_start_s or 0.0
        return theirs

    def announce(self, header: StreamHeader) -> None:
        """Send a header that :attr:`headers` did not have, as of an encoder that only now begins."""
        with self._lock:
            self.headers.append(header)
            for subscriber in self._subscribers:
                subscriber.send(header)

    @property
    def group_start_s(self) -> float | None:
        """Time of the current keyframe; None before the first."""
        return next((self._time_s(packet) for packet in self._group if packet.stream == VIDEO), None)

    def unread(self) -> int:
        """Bytes that the subscribers haven't read yet."""
        with self._lock:
            return sum(subscriber.unread() for subscriber in self._subscribers)

    def drop_all(self) -> None:
        """Close every subscriber's socket: what a mixer's death looks like."""
        with self._lock:
            for subscriber in self._subscribers:
                subscriber.sock.close()
            self._subscribers.clear()

    def _time_s(self, packet: Packet) -> float:
        return packet.dts / (FPS if packet.stream == VIDEO else RATE)

    def _run(self) -> None:
        lap = 0
        while not self._stop.is_set():
            for packet in self._packets:
                due_ns = self.epoch_ns + round((lap * LOOP_S + self._time_s(packet)) * 1e9)
                self._stop.wait(max(0, due_ns - time.monotonic_ns()) / 1e9)
                if self._stop.is_set():
                    return
                shift = lap * LOOP_S * (FPS if packet.stream == VIDEO else RATE)
                self._publish(msgspec.structs.replace(packet, pts=packet.pts + shift, dts=packet.dts + shift))
            lap += 1

    def _publish(self, packet: Packet) -> None:
        with self._lock:
            if packet.stream == VIDEO and packet.key:
                self._group.clear()
            self._group.append(packet)
            self.published_s = self._time_s(packet)
            gone = [subscriber for subscriber in self._subscribers if not subscriber.send(packet)]
            for subscriber in gone:
                subscriber.sock.close()
                self._subscribers.remove(subscriber)


class _Subscriber:
    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._waiting = bytearray()

    def unread(self) -> int:
        in_kernel = fcntl.ioctl(self.sock, termios.TIOCOUTQ, bytes(4))
        return len(self._waiting) + int.from_bytes(in_kernel, "little")

    def send(self, message: Packet | StreamHeader) -> bool:
        """False when the subscriber is gone. What it doesn't read in time waits here: tests are short."""
        data = msgspec.msgpack.encode(message)
        self._waiting += struct.pack("<I", len(data)) + data
        try:
            del self._waiting[: self.sock.send(self._waiting)]
        except BlockingIOError:
            pass
        except OSError:
            return False
        return True


@functools.cache
def _encode_video(
    width: int, height: int, bitrate: int, keyframe_s: float, loop_s: int
) -> tuple[StreamHeader, list[Packet]]:
    settings = VideoSettings("h264", width, height, Fraction(FPS), bitrate, constant=True, threads=1)
    encoder = VideoEncoder(VIDEO, settings)
    rng = np.random.default_rng(1)
    packets: list[Packet] = []
    for number in range(FPS * loop_s):
        picture = rng.integers(40, 70, width * height * 3 // 2, np.uint8)
        picture[: width * height] += 150 if number % FPS < 2 else 0
        picture[width * height :] = 128
        packets += encoder.encode(picture, number, key=number % round(FPS * keyframe_s) == 0)
    return StreamHeader(VIDEO, "h264", (1, FPS), width, height, encoder.nut), packets


@functools.cache
def _encode_audio(loop_s: int) -> tuple[StreamHeader, list[Packet]]:
    encoder = AacEncoder(AUDIO, 128_000)
    time_s = np.arange(RATE * loop_s * 3) / RATE
    beep = np.where(time_s % 1.0 < 0.05, 0.5 * np.sin(2 * np.pi * 1000 * time_s), 0).astype(np.float32)
    packets = encoder.push(0, np.stack([beep, beep], axis=1))
    # The middle one of three equal laps: it joins on to itself without a seam.
    lap = RATE * loop_s
    middle = [msgspec.structs.replace(p, pts=p.pts - lap, dts=p.dts - lap) for p in packets if p.pts >= lap]
    return encoder.header(), [packet for packet in middle if packet.pts < lap]
