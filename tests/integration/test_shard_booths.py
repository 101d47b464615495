"""Interpreters and the director's microphone at the real shard; changing buses; levels at 20 Hz."""

import asyncio
import itertools
import re
import time

import numpy as np
import pytest

from mixer.contract.clock import RATE, sample_at
from mixer.contract.messages import SlotOpened, WatchMeters
from mixer.contract.names import TALKBACK, SourceName, StreamName, of_seat, slot_of
from mixer.ipc.bus.packets import ReturnAudio
from mixer.ipc.slot import SlotReader
from signaling.contract.messages import (
    Answer,
    ClosePeer,
    Offer,
    OfferFailed,
    PeerKind,
    ShardLevels,
    ShardReport,
    UplinkTargets,
)
from signaling.rtc.synthetic.client import Counter, LoopPlayer, RehearsalGuest
from signaling.rtc.synthetic.loops import HUM_LEVEL, Loop, make_loop
from signaling.rtc.transport.rtp import Rtp
from tests.support.shard_harness import ShardBus, ShardHouse, until

pytestmark = pytest.mark.alone

HUM_HZ = 440
BLOCK = 960


@pytest.fixture(scope="module")
def media() -> Loop:
    return make_loop("Voice", 0.3, seconds=1, size=(64, 64), tone_hz=HUM_HZ)


class Buses:
    """What the mixer would send of each bus that is asked for: blocks whose bytes name bus and number.

    A bus's encoder is there ``starts_after`` blocks after it is asked for.
    """

    def __init__(self, bus: ShardBus, starts_after: int = 3) -> None:
        self._bus = bus
        self._starts_after = starts_after
        self.heard: tuple[SourceName, ...] = ()

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        began, block, asked = loop.time(), 0, dict[StreamName, int]()
        while True:
            self._bus.pump()
            sounds = [each for each in self._bus.streams if each.startswith(("returns/", "booth/"))]
            asked = {stream: asked.get(stream, block) for stream in sounds}
            while block * BLOCK / RATE < loop.time() - began:
                for stream, since in asked.items():
                    if block >= since + self._starts_after:
                        name = f"{stream} {block}"
                        own = {source: f"{name} own {source}".encode() for source in self.heard}
                        self._bus.send(ReturnAudio(stream, block * BLOCK, name.encode(), self.heard, own))
                block += 1
            await asyncio.sleep(0.004)


class Ear:
    """The packets of sound that came back: sequence number, RTP time, bus and block."""

    def __init__(self) -> None:
        self.came: list[tuple[int, int, str, int]] = []
        self.own: list[bool] = []
        self.audio = Counter(self._take)

    def _take(self, packet: Rtp, codec: str, now_ns: int) -> None:
        stream, number, *own = packet.payload.decode().split()
        self.came.append((packet.seq, packet.timestamp, stream, int(number)))
        self.own.append(bool(own))

    @property
    def hears(self) -> str:
        return self.came[-1][2] if self.came else ""

    def check(self) -> int:
        """Packets in order, each block once and none left out, RTP times going on. Returns their number."""
        for (seq, at, _, block), (next_seq, next_at, _, next_block) in itertools.pairwise(self.came):
            assert next_seq - seq & 0xFFFF == 1
            assert (next_block, next_at - at & 0xFFFFFFFF) == (block + 1, BLOCK)
        return len(self.came)


async def join(house: ShardHouse, guest: RehearsalGuest, kind: PeerKind, peer: str, seat: str = "") -> str:
    answer = await house.answer(Offer(peer, kind, await guest.offer(), seat))
    assert isinstance(answer, Answer), answer
    await guest.accept(answer.sdp)
    await until(lambda: guest.connected, what=f"{peer} connected")
    return answer.sdp


def directions(sdp: str) -> list[tuple[str, str]]:
    """Kind and direction of each section of an answer."""
    sections = re.split(r"(?m)^m=", sdp)[1:]
    found = [re.search(r"(?m)^a=(sendrecv|sendonly|recvonly|inactive)\r?$", each) for each in sections]
    return [(each.split()[0], match[1]) for each, match in zip(sections, found, strict=True) if match]


def tone_level(reader: SlotReader, hz: float = HUM_HZ) -> float:
    """Amplitude of a tone in the slot's last 200 ms."""
    count = RATE // 5
    samples = reader.read_sound(sample_at(time.monotonic_ns() - 40_000_000) - count, count)[0][:, 0]
    return float(2 * abs(np.mean(samples * np.exp(-2j * np.pi * hz * np.arange(count) / RATE))))


async def test_an_interpreter_speaks_into_a_slot_and_changes_buses(media: Loop, player: LoopPlayer) -> None:
    async with ShardHouse() as house:
        bus = house.bus()
        buses = Buses(bus)
        playing = asyncio.create_task(buses.run())
        reader = house.slot("kim", 64, 64)
        ear = Ear()
        interpreter = RehearsalGuest(media, player, audio=ear.audio, camera=False)
        answer = await join(house, interpreter, "booth", "b", "kim")
        assert directions(answer) == [("audio", "sendrecv"), ("video", "sendonly")]
        await until(lambda: set(bus.streams) == {"booth/floor", "return/h264"}, what="subscription")
        await until(lambda: abs(tone_level(reader) - HUM_LEVEL) < 0.01, what="the voice in the slot")
        assert time.monotonic_ns() - reader.heartbeat_ns < 500_000_000
        assert reader.serial == 0

        # relay and back, ten times, at any moment: nothing doubled, nothing missing
        await until(lambda: ear.hears == "booth/floor", what="floor")
        for number in range(10):
            wanted = ("ko", "en", "floor")[number % 3]
            house.send(UplinkTargets({}, (), listens={"kim": wanted, "somebody": "floor"}))
            await until(lambda wanted=wanted: ear.hears == f"booth/{wanted}", what=wanted)  # type: ignore[misc]
            await until(lambda wanted=wanted: f"booth/{wanted}" in bus.streams, what=wanted)  # type: ignore[misc]
            await until(
                lambda wanted=wanted: set(bus.streams) == {f"booth/{wanted}", "return/h264"},  # type: ignore[misc]
                what="nothing else is asked for",
            )
        buses.heard = (of_seat("kim"),)
        await until(lambda: bool(ear.own) and ear.own[-1], what="a packet of his own: the director talks")
        print(f"\n10 changes of bus in {ear.check()} packets: none missing, none double")

        # closed, its loudness is the browser's word alone; listed as open it is decoded again
        await until(lambda: tone_level(reader) < 0.001, what="closed")
        house.send(UplinkTargets({}, ("kim",), listens={}))
        await until(lambda: abs(tone_level(reader) - HUM_LEVEL) < 0.01, what="open again")
        await until(lambda: ear.hears == "booth/floor", what="the floor is what is heard unless told")
        report = await house.message(lambda m: isinstance(m, ShardReport) and bool(m.peers))
        assert (report.peers[0].seat, report.peers[0].problem) == ("kim", "")
        assert report.peers[0].level_db > -40
        house.send(ClosePeer("b"))
        await until(lambda: bus.streams == (), what="nobody listens")
        playing.cancel()
        await interpreter.close()


async def test_each_kind_hears_its_own_family_of_buses(media: Loop, player: LoopPlayer) -> None:
    async with ShardHouse() as house:
        bus = house.bus()
        playing = asyncio.create_task(Buses(bus).run())
        house.send(UplinkTargets({}, (), listens={"mayor": "ko", "kim": "ko"}))
        house.slot("mayor", 64, 64)
        house.slot("kim", 64, 64)
        ears = {kind: Ear() for kind in ("guest", "booth", "wall", "multiview")}
        peers = []
        for kind, seat in (("guest", "mayor"), ("booth", "kim"), ("wall", ""), ("multiview", "")):
            peer = RehearsalGuest(
                media if seat else None, player, audio=ears[kind].audio, camera=kind == "guest"
            )
            peers.append(peer)
            await join(house, peer, kind, kind, seat)  # type: ignore[arg-type]
        await until(lambda: all(ear.hears for ear in ears.values()), what="sound for all")
        assert {kind: ear.hears for kind, ear in ears.items()} == {
            "guest": "returns/ko",
            "booth": "booth/ko",
            "wall": "returns/hall",
            "multiview": "returns/monitor",
        }
        for ear in ears.values():
            ear.check()
        playing.cancel()
        for peer in peers:
            await peer.close()


async def test_the_directors_microphone_is_the_newest_ones(media: Loop, player: LoopPlayer) -> None:
    quiet = make_loop("Quiet", 0.6, seconds=1, size=(64, 64))
    async with ShardHouse() as house:
        bus = house.bus()
        reader = house.slot("talkback", 64, 64)
        house.send(SlotOpened(slot_of(TALKBACK)), (house.descriptor("talkback"),))
        house.send(UplinkTargets({}, ()))
        first, second = (RehearsalGuest(each, player, talks=True) for each in (quiet, media))
        answer = await join(house, first, "talkback", "t1")
        assert directions(answer) == [("audio", "recvonly")]
        await until(lambda: reader.heartbeat_ns > 0, what="first")
        await join(house, second, "talkback", "t2")
        await until(lambda: abs(tone_level(reader) - HUM_LEVEL) < 0.01, what="the second's voice")
        assert bus.streams == ()  # it hears nothing
        report = await house.message(lambda m: isinstance(m, ShardReport) and len(m.peers) == 2)
        assert [each.seat for each in report.peers] == ["", ""]
        for each in (first, second):
            await each.close()


async def test_cameras_where_none_is_wanted(media: Loop, player: LoopPlayer) -> None:
    """Sections too many are refused. A booth's camera is told to send nothing; if it sends all the same,
    nothing is decoded."""
    async with ShardHouse() as house:
        reader = house.slot("kim", 64, 64)
        guest, shares = RehearsalGuest(media, player), RehearsalGuest(media, player, screen=media)
        offers = {"guest": await guest.offer(), "shares": await shares.offer()}
        for name, kind, offer in (("t", "talkback", offers["guest"]), ("s", "booth", offers["shares"])):
            failed = await house.answer(Offer(name, kind, offer, "kim"))  # type: ignore[arg-type]
            assert isinstance(failed, OfferFailed)
            assert failed.code == "sdp.invalid"
        answer = await house.answer(Offer("b", "booth", offers["guest"], "kim"))
        assert isinstance(answer, Answer)
        assert directions(answer.sdp) == [("audio", "sendrecv"), ("video", "sendonly")]
        await guest.accept(answer.sdp.replace("a=sendonly", "a=sendrecv"))
        await until(lambda: guest.senders[1].packets > 30, what="pictures are sent")
        await until(lambda: abs(tone_level(reader) - HUM_LEVEL) < 0.01, what="sound")
        report = await house.message(lambda m: isinstance(m, ShardReport) and bool(m.peers))
        assert (report.peers[0].width, report.peers[0].fps) == (0, 0)
        assert reader.serial == 0
        for each in (guest, shares):
            await each.close()


async def test_levels_come_at_twenty_a_second_while_somebody_looks(media: Loop, player: LoopPlayer) -> None:
    async with ShardHouse() as house:
        house.slot("open", 64, 64)
        house.slot("closed", 64, 64)
        house.send(UplinkTargets({}, ("open",)))
        decoded, told = RehearsalGuest(media, player), RehearsalGuest(media, player, camera=False)
        await join(house, decoded, "guest", "g", "open")
        await join(house, told, "booth", "b", "closed")
        next(sender for sender in told.senders if sender.kind == "audio").tell_level(-12)
        report = await house.message(
            lambda m: isinstance(m, ShardReport) and len(m.peers) == 2 and m.peers[0].level_db > -40
        )
        assert not any(isinstance(m, ShardLevels) for m in house.received)
        house.send(WatchMeters(True))
        house.send(WatchMeters(True))
        await house.message(lambda m: isinstance(m, ShardLevels))
        began, before = time.monotonic(), len(levels_of(house))
        await until(lambda: len(levels_of(house)) >= before + 30, what="levels")
        rate = 30 / (time.monotonic() - began)
        found = levels_of(house)[before:]
        print(f"\n{rate:.1f} messages a second")
        assert 15 < rate < 22
        assert all(set(each) == {"seat/open", "seat/closed"} for each in found)
        # the hum is there all the time, at −26 dBFS, and the beep of each second, at −14
        hum = [each[of_seat("open")] for each in found]
        assert -27 < np.median(hum) < -25
        assert -16 < max(hum) < -11
        assert np.median([each[of_seat("closed")] for each in found]) == -12
        report = await house.message(
            lambda m: isinstance(m, ShardReport) and m is not report and m.peers[0].level_db > -16
        )
        assert report.peers[1].level_db == -12  # the meters took nothing from the second's peak
        house.send(WatchMeters(False))
        # the report that comes after a whole second without a level tells that they have ended
        await until(lambda: ended(house), what="the end")
        for each in (decoded, told):
            await each.close()


def levels_of(house: ShardHouse) -> list[dict[SourceName, float]]:
    return [m.levels for m in house.received if isinstance(m, ShardLevels)]


def ended(house: ShardHouse) -> bool:
    last = [type(m) for m in house.received if isinstance(m, ShardReport | ShardLevels)][-2:]
    return last == [ShardReport, ShardReport]
