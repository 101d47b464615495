"""Odd senders: clocks that run off, pictures that nobody asked for, leaving in the middle of a burst."""

import asyncio
import contextlib
import time
from collections.abc import Iterator

import numpy as np
import pytest

from mixer.contract.clock import RATE
from mixer.contract.names import of_seat
from signaling.contract.messages import ClosePeer, PeerChanged, UplinkTarget, UplinkTargets
from signaling.rtc.synthetic.camera import Camera
from signaling.rtc.synthetic.client import LoopPlayer, RehearsalGuest
from signaling.rtc.synthetic.loops import GuestMedia, Loop, make_loop
from studio.contract.usage import cpu_seconds
from tests.integration.test_real_guests import invite, post
from tests.support.media.slots import Arrivals
from tests.support.peers.impaired import Beats, Ear, Noise, Watch, join
from tests.support.running import RunningStudio, running_studio, wait_until
from tests.support.shard_harness import ShardHouse, until

pytestmark = pytest.mark.alone

DRIFT_S = 12
BEEP = 0.15
"""Above this is the beep at each full second, below it the tone that is always there."""


@pytest.fixture(scope="module")
def media() -> Loop:
    return make_loop("Guest", 0.3, seconds=2, size=(320, 180), bitrate=250_000, tone_hz=440)


@pytest.fixture(scope="module")
def large() -> Loop:
    return make_loop("Large", 0.6, seconds=1, size=(1280, 720), bitrate=2_500_000)


class Drifting(RehearsalGuest):
    """A guest whose clock, camera and sound card run ``ppm`` too fast."""

    def __init__(self, media: GuestMedia, player: LoopPlayer, ppm: float) -> None:
        super().__init__(media, player)
        self._ppm = ppm
        self._first_ns: int | None = None

    def play(self, now_ns: int) -> None:
        if self._first_ns is None:
            self._first_ns = now_ns
        elapsed_ns = now_ns - self._first_ns
        super().play(self._first_ns + round(elapsed_ns * (1 + self._ppm * 1e-6)))

    def sent_ns(self, media_s: int) -> float:
        """When what belongs to this second of its media was sent, on this machine's clock."""
        assert self._first_ns is not None
        assert self.began_ns is not None
        into_ns = self.began_ns - self._first_ns + media_s * 1e9
        return self._first_ns + into_ns / (1 + self._ppm * 1e-6)


def beep_delays_ms(ear: Ear, guest: Drifting) -> list[float]:
    """From each beep's sending to its place in the slot."""
    sound = np.abs(ear.sound)
    loud = np.flatnonzero(sound > BEEP)
    onsets = loud[np.flatnonzero(np.diff(loud, prepend=-RATE) > RATE // 4)]
    times_ns = [(ear.start + int(onset)) * 1e9 / RATE for onset in onsets]
    delays: list[float] = []
    for at_ns in times_ns:
        second = max(n for n in range(DRIFT_S * 3) if guest.sent_ns(n) < at_ns)
        delays.append((at_ns - guest.sent_ns(second)) / 1e6)
    return delays[1:]


@pytest.mark.soak
async def test_a_clock_that_runs_off_is_followed(media: Loop, player: LoopPlayer) -> None:
    """No gap in picture or sound, and no delay that grows or is used up, against a guest whose clock is true.
    2000 ppm is more than any clock does: uncorrected, its delay would change by 40 ms in this time."""
    drifts = {"true": 0.0, "fast": 300.0, "slow": -300.0, "absurd": 2000.0}
    async with ShardHouse() as house:
        readers = {name: house.slot(name) for name in drifts}
        guests = {name: Drifting(media, player, ppm) for name, ppm in drifts.items()}
        for name, guest in guests.items():
            await join(house, guest, name, name)
        for reader in readers.values():
            await until(lambda reader=reader: reader.serial > 90, what="settled")  # type: ignore[misc]
        ears = {name: Ear(reader) for name, reader in readers.items()}
        watches = {name: Watch(reader) for name, reader in readers.items()}
        async with contextlib.AsyncExitStack() as stack:
            noise = await stack.enter_async_context(Noise())
            for name in drifts:
                await stack.enter_async_context(ears[name])
                await stack.enter_async_context(watches[name])
            begun = time.monotonic()
            await until(lambda: time.monotonic() - begun > DRIFT_S, DRIFT_S + 5, "long enough to drift")
        changes: dict[str, float] = {}
        print(f"\n{noise}")
        for name, guest in guests.items():
            delays = beep_delays_ms(ears[name], guest)
            assert len(delays) >= DRIFT_S - 3
            changes[name] = float(np.median(delays[-5:]) - np.median(delays[:5]))
            gap, silence = max(watches[name].gaps_ms()), ears[name].longest_silence_ms
            print(f"{name}, {drifts[name]:+.0f} ppm: delay {np.median(delays):.0f} ms,", end=" ")
            print(
                f"{changes[name]:+.1f} ms in {DRIFT_S} s; longest gap {gap:.0f} ms, silence {silence:.0f} ms"
            )
            assert silence < 20 + noise.ms
            assert gap < 80 + 2 * noise.ms
        # what the jitter of a busy machine does to the delay, it does to all of them
        for name in ("fast", "slow", "absurd"):
            assert abs(changes[name] - changes["true"]) <= 15 + (10 if name == "absurd" else 0) + noise.ms / 4
        for guest in guests.values():
            await guest.close()


class Doubling(RehearsalGuest):
    """A guest that sends 60 pictures a second."""

    def play(self, now_ns: int) -> None:
        before = self._frames
        super().play(now_ns)
        assert self._media is not None
        picture = self.senders[1]
        for number in range(before, self._frames):
            frame = self._media.picture(number)
            picture.send_frame(frame.payloads, number * 3000 + 1500, self._ntp(number, 30))


@pytest.fixture
def camera() -> Camera:
    return Camera("Fast", 0.1, (1280, 720), bitrate=1_500_000)


@pytest.mark.soak
async def test_a_sender_of_too_much_is_decoded_as_far_as_it_was_allowed(
    media: Loop, player: LoopPlayer, camera: Camera
) -> None:
    """Sixty large pictures a second where five small ones are asked for; its neighbour notices nothing."""
    async with ShardHouse() as house:
        reader, neighbour = house.slot("greedy"), house.slot("good")
        house.send(
            UplinkTargets(
                {"greedy": UplinkTarget(160, 90, 5, 60_000), "good": UplinkTarget(320, 180, 30, 250_000)}
            )
        )
        good, greedy = RehearsalGuest(media, player), Doubling(camera, player)
        await join(house, good, "good", "good")
        await until(lambda: neighbour.serial > 30, what="the neighbour's pictures")
        await join(house, greedy, "greedy", "greedy")
        await house.message(
            lambda m: (
                type(m).__name__ == "ShardReport"
                and any(p.seat == "greedy" and p.problem == "video.over-limit" for p in m.peers)
            )
        )
        # what may come at once is used up
        begun, serial = time.monotonic(), reader.serial
        cpu_s = await asyncio.to_thread(cpu_seconds, house.process.pid)
        async with Watch(neighbour) as watch, Noise() as noise:
            await until(lambda: time.monotonic() - begun > 5, 8, "five seconds")
        took_s = time.monotonic() - begun
        cores = (await asyncio.to_thread(cpu_seconds, house.process.pid) - cpu_s) / took_s
        rate, gap_ms = (reader.serial - serial) / took_s, max(watch.gaps_ms())
        print(f"\n60 pictures of 720p a second: {rate:.1f} a second are decoded, the shard takes")
        print(f"  {cores:.2f} of a core; the neighbour's longest gap {gap_ms:.0f} ms; {noise}")
        assert rate <= 8
        assert gap_ms < 80 + 2 * noise.ms
        for guest in (good, greedy):
            await guest.close()


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStudio]:
    config = "[video]\nprogram = [640, 360]\nwall = [640, 360]\nmultiview = [640, 360]\n"
    with running_studio(tmp_path_factory.mktemp("odd"), config=config) as running:
        yield running


async def test_the_console_names_a_sender_of_too_much(
    studio: RunningStudio, media: Loop, large: Loop, player: LoopPlayer
) -> None:
    """Seats that are shown in the multiview only are asked for thumbnails; one sends 720p all the same."""
    director, greedy = RehearsalGuest(None, player), RehearsalGuest(large, player)
    good = RehearsalGuest(media, player)

    def problem(seat: str) -> str:
        return str(studio.status("seats", seat, "problem"))

    try:
        for seat, guest in (("good", good), ("greedy", greedy)):
            await enter(studio, await invite(studio, seat), guest, "guest")
        await enter(studio, studio.token, director, "multiview")
        await asyncio.to_thread(
            wait_until, "the greedy one is named", lambda: problem("greedy") == "video.over-limit", 15
        )
        arrivals = await asyncio.to_thread(Arrivals, studio.process.pid, (of_seat("greedy"), of_seat("good")))
        with arrivals:
            async with Noise() as noise:
                begun = time.monotonic()
                await until(lambda: time.monotonic() - begun > 4, 6, "four seconds")
            rate = arrivals.count(of_seat("greedy"), begun) / (time.monotonic() - begun)
            gap_ms = 1000 * arrivals.longest_gap_s(of_seat("good"), begun)
        print(f"\n30 pictures of 720p a second for a thumbnail: {rate:.1f} a second are decoded,")
        print(f"  the neighbour's longest gap {gap_ms:.0f} ms; {noise}")
        assert rate <= 8
        assert gap_ms < 150 + 2 * noise.ms
        assert await asyncio.to_thread(problem, "good") == ""
    finally:
        for guest in (director, greedy, good):
            await guest.close()


async def enter(studio: RunningStudio, token: str, guest: RehearsalGuest, kind: str) -> None:
    """Connect to the studio by its HTTP surface."""
    status, answer, _ = await post(studio, token, await guest.offer(), f"tab-{kind}", kind=kind)
    assert status == 201, answer
    await guest.accept(answer)
    await until(lambda: guest.connected, what="connected")


async def test_leaving_in_a_burst_stalls_nobody(media: Loop, large: Loop, player: LoopPlayer) -> None:
    """The leavers' lanes are full of large pictures when they go."""
    async with ShardHouse() as house:
        stays = house.slot("stays")
        guest = RehearsalGuest(media, player)
        await join(house, guest, "stays", "stays")
        leavers = [RehearsalGuest(large, player) for _ in range(4)]
        for number, leaver in enumerate(leavers):
            house.slot(f"s{number}")
            await join(house, leaver, f"p{number}", f"s{number}")
        await until(lambda: house.readers["s3"].serial > 5, what="pictures")
        async with Watch(stays) as watch, Beats(house) as beats, Noise() as noise:
            await until(lambda: len(watch.seen) > 20, what="calm")
            for leaver in leavers:
                burst(leaver, large)
            begun_ns = time.monotonic_ns()
            for number in range(len(leavers)):
                house.send(ClosePeer(f"p{number}"))
            await until(lambda: closed(house) == len(leavers), what="all have gone")
            took_ms = (time.monotonic_ns() - begun_ns) / 1e6
            seen = len(watch.seen)
            await until(lambda: len(watch.seen) > seen + 30, what="the one who stays goes on")
        gap_ms = max(watch.gaps_ms(begun_ns))
        print(
            f"\nfour left within {took_ms:.0f} ms, their lanes full; who stays had a gap of {gap_ms:.0f} ms,"
        )
        print(f"  the loop was {beats.worst_lag_ms:.0f} ms late; {noise}")
        assert took_ms < 500 + noise.ms
        assert gap_ms < 100 + 2 * noise.ms
        assert beats.worst_lag_ms < 100 + 2 * noise.ms
        for each in (*leavers, guest):
            await each.close()


def burst(guest: RehearsalGuest, media: Loop) -> None:
    """A second of pictures at once."""
    picture = guest.senders[1]
    for number, frame in enumerate(media.video):
        picture.send_frame(frame.payloads, (1_000 + number) * 3000, 1)


def closed(house: ShardHouse) -> int:
    return sum(isinstance(m, PeerChanged) and m.state == "closed" for m in house.received)
