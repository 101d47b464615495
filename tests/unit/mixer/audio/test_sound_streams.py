"""The sound's encoders and meters: what runs when, on which grid, and whose failure is whose."""

from collections.abc import Iterable
from itertools import pairwise

import msgspec
import numpy as np
import pytest

from mixer.audio.measuring.meters import HeldPeak, MeterBridge
from mixer.audio.streams import IDLE, QUIET, Streams
from mixer.contract.clock import RATE
from mixer.contract.messages import Meters
from mixer.contract.names import TALKBACK, StreamName, of_seat, return_stream, sound_stream
from mixer.contract.plan import AudioInput, AudioPlan, Interpreter, Talkback
from mixer.encode.audio import AAC_BLOCK, AacEncoder, OpusEncoder
from mixer.ipc.bus.packets import Packet, ReturnAudio, StreamHeader
from mixer.ipc.slot import Samples
from tests.support.media.mixing import level_db, sound_of
from tests.support.media.soundstage import BUSES, SECOND, SoundStage, floor

BLOCK = 960
A, B = of_seat("a"), of_seat("b")


class Bus:
    """A bus that keeps what is handed to it."""

    def __init__(self) -> None:
        self.wanted: frozenset[StreamName] = frozenset()
        self.headers: list[StreamHeader] = []
        self.packets: dict[StreamName, list[Packet]] = {}
        self.returns: list[ReturnAudio] = []
        self.ended: list[StreamName] = []

    def announce(self, header: StreamHeader) -> None:
        self.headers.append(header)

    def publish(self, packet: Packet) -> None:
        self.packets.setdefault(packet.stream, []).append(packet)

    def publish_returns(self, block: ReturnAudio) -> None:
        self.returns.append(block)

    def end(self, stream: StreamName) -> None:
        self.ended.append(stream)


class House:
    """A sound stage with its encoders, from sample 7 × 960 on."""

    def __init__(self, plan: AudioPlan) -> None:
        self.bus = Bus()
        self.streams = Streams(self.bus, 128_000, 64_000)
        self.streams.open()
        self.stage = SoundStage(plan)
        self.stage.at = 7 * BLOCK

    def run(self, blocks: int, wanted: Iterable[StreamName] = ()) -> None:
        self.bus.wanted = frozenset(wanted)
        for _ in range(blocks):
            start = self.stage.at
            self.stage.run(1, streams=self.bus.wanted)
            self.streams.publish(self.stage.blocks[-1], self.bus.wanted, start)


def test_a_language_starts_when_it_is_wanted_on_the_floors_grid() -> None:
    house = House(floor(A, buses=BUSES))
    house.stage.sounds = {A: (440.0, 0.25)}
    house.run(20)
    assert set(house.bus.packets) == {"floor/aac"}
    house.run(1, (sound_stream("ko"),))
    assert [h.stream for h in house.bus.headers] == ["floor/aac", "ko/aac"], "before its first packet"
    house.run(40, (sound_stream("ko"), sound_stream("en", "opus")))
    first, second = (house.bus.packets[stream] for stream in (sound_stream("floor"), sound_stream("ko")))
    times = {packet.pts for packet in first}
    assert {packet.pts for packet in second[1:]} <= times
    assert all(packet.pts % AAC_BLOCK == 0 for packet in second)
    assert second[0].pts <= 28 * BLOCK, "at once"
    header = house.bus.headers[1]
    assert {packet.stream for packet in header.slate} == {"ko/aac"}
    _, samples = sound_of(second, "aac", header)
    assert level_db(samples[-9600:], 440.0) == pytest.approx(-12.0, abs=0.5)
    assert house.bus.packets[sound_stream("en", "opus")]


def test_what_nobody_wants_ends_and_starts_anew_without_going_back() -> None:
    house = House(floor(A, buses=BUSES))
    house.run(10, (sound_stream("ko"),))
    house.run(IDLE // BLOCK - 1)
    assert not house.bus.ended, "a sender that restarts finds it running"
    house.run(3)
    assert house.bus.ended == ["ko/aac"]
    count = len(house.bus.packets[sound_stream("ko")])
    house.run(10, (sound_stream("ko"),))
    times = [packet.pts for packet in house.bus.packets[sound_stream("ko")]]
    assert len(times) > count
    assert all(b > a for a, b in pairwise(times))
    assert [h.stream for h in house.bus.headers] == ["floor/aac", "ko/aac"], "announced once: it is the same"


def test_the_hall_has_a_stream() -> None:
    house = House(floor(A, buses=BUSES))
    house.run(5, (sound_stream("hall"), sound_stream("hall", "opus"), return_stream("returns", "hall")))
    assert house.bus.packets[sound_stream("hall")]
    assert house.bus.packets[sound_stream("hall", "opus")]
    assert {block.stream for block in house.bus.returns} == {"returns/hall"}


def test_a_codec_that_fails_fails_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """And comes back by itself, its packets in order."""
    house = House(floor(A, B, buses=BUSES, listeners={B: "ko"}))
    house.stage.sounds = {A: (440.0, 0.25), B: (1000.0, 0.25)}
    wanted = (
        sound_stream("ko"),
        sound_stream("en"),
        return_stream("returns", "floor"),
        return_stream("returns", "ko"),
    )
    house.run(30, wanted)
    real_aac, real_opus, complaints = AacEncoder.push, OpusEncoder.push, []

    def aac(self: AacEncoder, start: int, samples: Samples) -> list[Packet]:
        if self.stream == "ko/aac":
            raise ValueError("no")
        return real_aac(self, start, samples)

    def opus(self: OpusEncoder, start: int, samples: Samples) -> list[Packet]:
        if self.stream == "returns/ko":
            raise ValueError("no")
        return real_opus(self, start, samples)

    monkeypatch.setattr(AacEncoder, "push", aac)
    monkeypatch.setattr(OpusEncoder, "push", opus)
    monkeypatch.setattr("mixer.audio.streams._log.error", lambda *_, **k: complaints.append(k["stream"]))
    house.run(2 * QUIET // BLOCK, wanted)
    monkeypatch.undo()
    house.run(20, wanted)
    for stream in (sound_stream("floor"), sound_stream("en")):
        times = [packet.pts for packet in house.bus.packets[stream]]
        assert {b - a for a, b in pairwise(times)} == {AAC_BLOCK}, stream
    floors = [block.pts for block in house.bus.returns if block.stream == "returns/floor"]
    assert {b - a for a, b in pairwise(floors)} == {BLOCK}
    assert house.bus.returns[-1].stream == "returns/ko"
    times = [packet.pts for packet in house.bus.packets[sound_stream("ko")]]
    assert all(b > a for a, b in pairwise(times))
    assert times[-1] >= house.stage.at - 5 * BLOCK
    assert sorted(set(complaints)) == ["ko/aac", "returns/ko"]
    assert len(complaints) <= 6, "not a line a block"


def test_talkback_to_many_is_encoded_once() -> None:
    """Whoever isn't heard shares one packet, be they forty."""
    targets = tuple(of_seat(str(number)) for number in range(40))
    house = House(floor(A, talkback=Talkback(TALKBACK, targets)))
    house.stage.sounds = {"talk/director": (2000.0, 0.2)}
    house.run(20, (return_stream("returns", "floor"),))
    block = house.bus.returns[-1]
    assert set(block.own) == set(targets) == set(block.heard)
    assert len(set(block.own.values())) == 1
    assert block.common not in block.own.values()


# --- meters --------------------------------------------------------------------------------------------

METERED = AudioPlan(
    (AudioInput(A), AudioInput(B, muted=True)),
    (Interpreter(of_seat("i"), "ko"),),
    BUSES,
    talkback=Talkback(TALKBACK),
)


def metered(bridge: MeterBridge, stage: SoundStage, blocks: int) -> list[Meters]:
    """What is sent while so many blocks are mixed."""
    sent = []
    for _ in range(blocks):
        start = stage.at
        sent.append(bridge.block(stage.plan, stage.run(1).blocks[-1], start))
    return [message for message in sent if message is not None]


def test_meters_come_20_times_a_second_while_watched() -> None:
    bridge, stage = MeterBridge(), SoundStage(METERED)
    stage.sounds = {A: (440.0, 0.5), B: (1000.0, 0.25), "seat/i": (700.0, 0.1), "talk/director": (900.0, 0.1)}
    assert metered(bridge, stage, SECOND) == []
    bridge.watched = True
    sent = metered(bridge, stage, 2 * SECOND)
    assert len(sent) == 40
    last = sent[-1]
    assert set(last.sources) == {A, B, "seat/i", "talk/director"}
    assert last.sources[A].peak == pytest.approx(-6.0, abs=0.2)
    assert last.sources[B].peak == pytest.approx(-12.0, abs=0.2), "muted, and still seen"
    assert set(last.buses) == {"floor", "ko", "en", "hall"}
    assert last.buses["floor"].peak == pytest.approx(-6.0, abs=0.2)
    assert last.buses["floor"].true_peak == pytest.approx(-6.0, abs=0.3)
    assert last.buses["floor"].momentary == pytest.approx(-6.7, abs=0.5), "a 440 Hz tone, both channels"
    bridge.watched = False
    assert metered(bridge, stage, SECOND) == []


def test_integrated_loudness_goes_on_unwatched_and_is_reset_alone() -> None:
    bridge, stage = MeterBridge(), SoundStage(floor(A, buses=BUSES))
    metered(bridge, stage.run(0, sounds={A: (1000.0, 0.5)}), 2 * SECOND)
    stage.sounds = {A: (1000.0, 0.05)}
    bridge.watched = True
    before = metered(bridge, stage, SECOND)[-1]
    bridge.reset("floor")
    bridge.reset("xx")
    after = metered(bridge, stage, 2 * SECOND)[-1]
    assert before.buses["floor"].integrated == before.buses["ko"].integrated > -10
    assert after.buses["floor"].integrated == pytest.approx(-26, abs=1)
    assert after.buses["floor"].true_peak < -20
    assert after.buses["ko"].true_peak > -7


def test_levels_are_of_who_is_audible() -> None:
    bridge, stage = MeterBridge(), SoundStage(METERED)
    stage.sounds = {A: (440.0, 0.5), B: (1000.0, 0.25), "seat/i": (700.0, 0.1)}
    metered(bridge, stage, SECOND)
    assert set(bridge.levels) == {A, "seat/i", "floor", "ko", "en", "hall"}
    assert bridge.levels["floor"] == pytest.approx(-6.0, abs=0.2)
    stage.plan = msgspec.structs.replace(METERED, open=(), interpreters=())
    metered(bridge, stage, 1)
    assert set(bridge.levels) == {"floor", "ko", "en", "hall"}


def test_a_held_peak_stays_then_falls() -> None:
    meter = HeldPeak()
    meter.put(0.1)
    meter.put(1.0)
    assert meter.read(2400) == (0.0, 0.0)
    assert meter.read(2400 + 3 * RATE // 2) == (-100.0, 0.0)
    assert meter.read(2400 + 2 * RATE) == (-100.0, -10.0)
    meter.put(float(10 ** (-9.5 / 20)))
    assert meter.read(2400 + 2 * RATE + 1) == (-9.5, -9.5), "a higher one is held"
    assert meter.read(2400 + 20 * RATE) == (-100.0, -100.0)
    assert np.isfinite(meter.read(1 << 40)).all()
