"""The programme in a language: the programme's packets while nothing differs, an encoder's own while it does,
and one unbroken stream across both changes."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from fractions import Fraction

import pytest

from mixer.compose.canvas import Canvas, Pool
from mixer.contract.clock import NS, ProgramClock
from mixer.contract.messages import Rendition
from mixer.contract.names import (
    PROGRAM_PICTURE,
    StreamName,
    language_of,
    picture_stream,
    program_in,
    sender_name,
)
from mixer.contract.picture import copy_into, new_picture
from mixer.encode.language_streams import IDLE_NS, MAX_LANGUAGES
from mixer.encode.overload import Step
from mixer.encode.renditions import RenditionSet
from mixer.graphics.graphics import Graphics
from mixer.ipc.bus.client import BusReader
from mixer.ipc.bus.packets import Packet, StreamHeader
from mixer.ipc.bus.server import PacketBus
from studio.lab.harness.waiting import wait_until
from tests.support.media.mixing import FONTS, GREEN, RED, decoded, extradata, is_colour

W, H = 256, 144
GRID = 15
KO = picture_stream("program-ko")
SUBSCRIBED, DIFFERS, SAME = 20, 40, 63
"""Ticks: the first one after the subscription, the first that differs, the first that doesn't any more."""


def at_once(holds: Callable[[], bool]) -> None:
    """It is a matter of milliseconds."""
    end = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.0005)


class House:
    """A programme that is red, in Korean green where that differs; ticks as fast as they are encoded."""

    def __init__(self, bus: PacketBus) -> None:
        self.bus = bus
        self.pool = Pool(W, H, 8)
        clock = ProgramClock(time.monotonic_ns() + 3600 * NS, Fraction(30))  # no tick is late
        program = Rendition("program", W, H, 500_000, keyframe_s=GRID / 30, always=True)
        self.encoders = RenditionSet({"program": program}, clock, bus)
        self.encoders.open(Graphics(FONTS, "Summit"))
        self.now_ns = 0
        self.senders: list[Sender] = []
        self.counted: dict[int, int] = {}
        """Encoders of the programme at each tick."""

    def sender(self, *streams: StreamName) -> "Sender":
        self.senders.append(Sender(self.bus, *streams))
        return self.senders[-1]

    def canvas(self, colour: tuple[int, int, int]) -> Canvas:
        buffer = self.pool.take(None, None)
        assert buffer is not None
        copy_into(buffer.picture, new_picture(W, H, colour))
        return Canvas(buffer, self.pool)

    def tick(self, tick: int, differing: frozenset[str] = frozenset(), drop: bool = False) -> None:
        """One tick; ``drop``: the canvas of the language could not be drawn."""
        self.now_ns += NS // 30
        self.encoders.follow(self.now_ns)
        canvases = {"program": self.canvas(RED)}
        canvases |= {f"program-{each}": self.canvas(GREEN) for each in differing if not drop}
        primary = self.encoders.primary
        assert primary is not None
        wanted = primary.encoded + 1
        assert self.encoders.offer("program", tick, canvases["program"])
        before = {each: each.encoded for each in self.encoders.languages.encoders}
        self.encoders.offer_languages(tick, canvases, differing, self.now_ns)
        for canvas in canvases.values():
            canvas.release()
        at_once(lambda: primary.encoded == wanted)
        own = self.encoders.languages.encoders
        if not drop:
            at_once(lambda: all(each.encoded > before.get(each, 0) for each in own))
        self.counted[tick] = 1 + len(own)


class Sender:
    """A subscriber that keeps what comes."""

    def __init__(self, bus: PacketBus, *streams: StreamName) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        bus.attach(sender_name(streams[0]), theirs)
        self.reader = BusReader(ours)
        self.reader.subscribe(streams)
        wait_until("the subscription", lambda: bus.wanted >= set(streams))
        self.received: list[object] = []

    def packets(self, stream: StreamName) -> list[Packet]:
        self.received += self.reader.receive()
        return [m for m in self.received if isinstance(m, Packet) and m.stream == stream]

    def headers(self, stream: StreamName) -> list[StreamHeader]:
        return [m for m in self.received if isinstance(m, StreamHeader) and m.stream == stream]


@pytest.fixture
def house() -> Iterator[House]:
    bus = PacketBus(lambda stream: made.encoders.request_keyframe(stream))
    bus.start()
    made = House(bus)
    yield made
    for sender in made.senders:
        sender.reader.close()
    made.encoders.close()
    bus.close()


def threads() -> int:
    return sum(thread.name.startswith("program") for thread in threading.enumerate())


def test_a_stream_goes_on_unbroken_as_a_plate_comes_and_goes(house: House) -> None:
    program = house.sender(PROGRAM_PICTURE)
    for tick in range(SUBSCRIBED):
        house.tick(tick)
    korean = house.sender(KO)
    for tick in range(SUBSCRIBED, DIFFERS):
        house.tick(tick)
    assert threads() == 1, "encoded once"
    for tick in range(DIFFERS, SAME):
        house.tick(tick, frozenset({"ko"}))
    assert threads() == 2
    for tick in range(SAME, 96):
        house.tick(tick)
    wait_until("all packets", lambda: korean.packets(KO)[-1:] and korean.packets(KO)[-1].pts == 95)
    wait_until("the programme's, too", lambda: len(program.packets(PROGRAM_PICTURE)) == 96)

    grid = 75
    """The first keyframe of the programme after it."""
    assert [tick for tick, count in house.counted.items() if count > 1] == list(range(DIFFERS, grid))
    packets = korean.packets(KO)
    assert [packet.pts for packet in packets] == list(range(GRID, 96)), "from a keyframe on, each once"
    assert [packet.dts for packet in packets] == [packet.pts for packet in packets]
    assert [packet.pts for packet in packets if packet.key] == [15, 30, DIFFERS, 45, 60, grid, 90]
    common = {packet.pts: packet.data for packet in program.packets(PROGRAM_PICTURE)}
    apart = [packet.pts for packet in packets if packet.data != common[packet.pts]]
    assert {DIFFERS, 45, 60} <= set(apart) <= set(range(DIFFERS, grid)), "else byte for byte"
    own = [packet.pts for packet in program.packets(PROGRAM_PICTURE) if packet.key]
    assert own == [0, 15, 30, 45, 60, 75, 90], "the programme's grid is as ever"

    (header,), (original,) = korean.headers(KO), program.headers(PROGRAM_PICTURE)
    assert extradata(header) == extradata(original)
    assert {packet.stream for packet in header.slate} == {KO}
    frames = decoded(packets, header=original)  # one decoder, which is told of the programme alone
    assert [frame.pts for frame in frames] == list(range(GRID, 96))
    green = [frame.pts for frame in frames if is_colour(frame, W // 2, H // 2, GREEN)]
    red = [frame.pts for frame in frames if is_colour(frame, W // 2, H // 2, RED)]
    assert green == list(range(DIFFERS, SAME))
    assert red == [*range(GRID, DIFFERS), *range(SAME, 96)]
    for tick in range(96, 130):
        house.tick(tick)
    wait_until("the encoder has ended", lambda: threads() == 1)


def test_each_language_is_its_own_and_ends_when_nobody_wants_it(house: House) -> None:
    sender = house.sender(
        KO, picture_stream("program-en"), picture_stream("program-"), picture_stream("programs-de")
    )
    house.tick(0)  # the header is there now
    for tick in range(1, 4):
        house.tick(tick, frozenset({"en"}))
    wait_until("both", lambda: sender.packets(KO) and sender.packets(picture_stream("program-en")))
    assert house.encoders.languages.running("ko")
    assert not house.encoders.languages.running("de")
    assert len(house.encoders.languages.encoders) == 1
    sender.reader.subscribe(())
    wait_until("nobody wants it", lambda: not house.bus.wanted)
    house.tick(4, frozenset({"en"}))
    house.now_ns += IDLE_NS - NS
    house.tick(5, frozenset({"en"}))
    assert house.encoders.languages.running("en"), "a sender that restarts finds the past"
    house.now_ns += 2 * NS
    house.tick(6)
    assert not house.encoders.languages.running("en")
    assert house.encoders.languages.encoders == []


def test_a_language_that_could_not_be_drawn_does_not_show_the_programme(house: House) -> None:
    """Its plate would be the wrong one: the picture is missing there, and it comes with the next."""
    sender = house.sender(KO)
    for tick in range(3):
        house.tick(tick)
    for tick in range(3, 9):
        house.tick(tick, frozenset({"ko"}), drop=tick in (3, 6))
    wait_until("the last", lambda: sender.packets(KO) and sender.packets(KO)[-1].pts == 8)
    packets = sender.packets(KO)
    assert [packet.pts for packet in packets][-4:] == [4, 5, 7, 8]
    assert [packet.key for packet in packets][-4:] == [True, False, False, False]


def test_keyframes_are_asked_of_who_makes_the_stream_and_the_ladder_eases_it(house: House) -> None:
    house.sender(KO)
    for tick in range(3):
        house.tick(tick)
    languages = house.encoders.languages
    assert languages.request_keyframe(KO) == PROGRAM_PICTURE
    assert languages.request_keyframe(picture_stream("wall")) is None
    house.tick(3, frozenset({"ko"}))
    assert languages.request_keyframe(KO) is None
    house.encoders.ease(Step.PRESET)
    (own,) = languages.encoders
    assert own._effort == "eased"
    assert languages.late == 0
    own.late += 2
    assert languages.late == 2


@pytest.mark.parametrize(
    ("stream", "language"),
    [(program_in("zh-Hant"), "zh-Hant"), (PROGRAM_PICTURE, ""), ("clean/h264", ""), ("program-ko/vp8", "")],
)
def test_names(stream: StreamName, language: str) -> None:
    assert language_of(stream) == language


def test_there_is_a_bound(house: House) -> None:
    house.sender(*(program_in(f"l{number}") for number in range(MAX_LANGUAGES + 4)))
    house.tick(0)
    house.tick(1)
    assert sum(house.encoders.languages.running(f"l{n}") for n in range(MAX_LANGUAGES + 4)) == MAX_LANGUAGES
