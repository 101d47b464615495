"""Bad lines, by a relay on loopback: how long a picture freezes, how late sound becomes, what is heard.

A packet that never comes and the sound's delay are measured at a shard's slots; what is heard with 5 % loss
and 50 ms of jitter, in a running studio's recording.
"""

import asyncio
import contextlib
import itertools
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path as Folder
from typing import Any

from mixer.contract.clock import RATE
from mixer.ipc.slot import SlotReader
from signaling.contract.messages import Offer
from signaling.rtc.synthetic.camera import Camera
from signaling.rtc.synthetic.client import LoopPlayer, RehearsalGuest
from signaling.rtc.synthetic.loops import GuestMedia, make_loop
from signaling.rtc.synthetic.relay import Path, Relay
from studio.lab.bench.dropouts import dropouts_ms, recorded_sound
from studio.lab.bench.figures import Section, figure, ratio
from studio.lab.bench.hearing import Ear, beeps_ns, delays_ms
from studio.lab.bench.settings import BenchSettings
from studio.lab.harness.running import running_studio
from studio.lab.harness.shard import ShardHouse
from studio.lab.harness.visit import visit
from studio.lab.harness.waiting import until, wait_until

RTT_S = 0.05
LOSSES = 5
TONE_HZ = 330.0
BEFORE_S = 6.0


async def measure(settings: BenchSettings) -> Section:
    settings.say("network: a packet that never comes; 1 % loss")
    async with playing() as player, ShardHouse() as house:
        freezes, (before, after) = await asyncio.gather(
            freezes_ms(house, player), before_and_after_ms(house, player, settings.length_s(60.0))
        )
    seconds = settings.length_s(60.0)
    settings.say(f"network: 5 % loss and 50 ms jitter, {seconds:.0f} s")
    heard = await heard_ms(Path(0.05, 0.0, 0.05), seconds)
    return Section(
        (
            figure(
                "freeze_ms", "freeze after one packet that never comes, RTT 50 ms", max(freezes), "ms", 250
            ),
            figure(
                "sound_delay_ratio",
                "sound delay after 1 % loss, against before",
                ratio(after, before),
                "×",
                1.2,
                f"{after:.0f} ms, {before:.0f} ms before",
            ),
            figure(
                "sound_gaps",
                "5 % loss and 50 ms jitter: gaps heard",
                len(heard["gaps_ms"]),
                f"in {seconds:.0f} s",
                0,
            ),
            figure("loss_late_ticks", "the same: late ticks", heard["late_ticks"], "", 0),
        ),
        {"freezes_ms": freezes, "sound_delay_before_ms": before, "sound_delay_after_ms": after, **heard},
    )


@contextlib.asynccontextmanager
async def playing() -> AsyncIterator[LoopPlayer]:
    """A player that runs for the length of the block."""
    player = LoopPlayer()
    task = asyncio.create_task(player.run())
    try:
        yield player
    finally:
        task.cancel()


@contextlib.asynccontextmanager
async def joined(
    house: ShardHouse, player: LoopPlayer, media: GuestMedia, seat: str, relay: Relay
) -> AsyncIterator[RehearsalGuest]:
    """A guest, connected to the shard through the relay."""
    guest = RehearsalGuest(media, player)
    try:
        answer = await house.answer(Offer(seat, "guest", relay.offer(await guest.offer()), seat))
        await guest.accept(await relay.answer(answer.sdp))
        await until(lambda: guest.connected, what="the guest is connected")
        yield guest
    finally:
        await guest.close()


class NeverComes:
    """A relay's filter: the picture's next packet never comes, nor anything sent again until ``over``.
    ``at_ns``: when it was lost."""

    def __init__(self, ssrc: int, rtx_ssrc: int, over: Callable[[], bool]) -> None:
        self._ssrc, self._rtx, self._over = ssrc, rtx_ssrc, over
        self._seq: bytes | None = None
        self.at_ns = 0

    def __call__(self, data: bytes) -> bool:
        if 192 <= data[1] <= 223:  # RTCP
            return False
        ssrc = int.from_bytes(data[8:12], "big")
        if self._seq is None and ssrc == self._ssrc:
            self._seq, self.at_ns = data[2:4], time.monotonic_ns()
            return True
        return (ssrc == self._ssrc and data[2:4] == self._seq) or (ssrc == self._rtx and not self._over())


async def freezes_ms(house: ShardHouse, player: LoopPlayer) -> list[float]:
    """The longest time between two pictures around each loss: a guest that makes keyframes when asked."""
    way = Path(delay_s=RTT_S / 2)
    camera = Camera("Mayor", 0.3)
    reader = house.slot("freeze")
    async with Relay(way, way) as relay, joined(house, player, camera, "freeze", relay) as guest:
        video = next(sender for sender in guest.senders if sender.kind == "video")
        await until(lambda: reader.serial > 20 and video.rtt_ns is not None, 15.0, "pictures, reports")
        freezes: list[float] = []
        for _ in range(LOSSES):
            keys = camera.keyframes
            over = partial(_more, camera, keys)
            relay.up.lose = NeverComes(video._ssrc, video._rtx_ssrc, over)
            freezes.append(await _longest_ms(reader, 2.0))
            if camera.keyframes == keys:
                raise TimeoutError("no keyframe was asked for")
        return freezes


def _more(camera: Camera, keyframes: int) -> bool:
    return camera.keyframes > keyframes


async def _longest_ms(reader: SlotReader, seconds: float) -> float:
    """The longest time without a new picture, looking for ``seconds``."""
    end, serial, seen = time.monotonic() + seconds, reader.serial, [time.monotonic()]
    while time.monotonic() < end:
        if reader.serial != serial:
            serial = reader.serial
            seen.append(time.monotonic())
        await asyncio.sleep(0.003)
    seen.append(time.monotonic())
    return max(late - early for early, late in itertools.pairwise(seen)) * 1000


async def before_and_after_ms(house: ShardHouse, player: LoopPlayer, seconds: float) -> tuple[float, float]:
    """Median delay of the sound, sending to presentation: before, and in the last seconds of 1 % loss."""
    loop = make_loop("Mayor", 0.6, seconds=2)
    reader = house.slot("sound")
    async with Relay() as relay, joined(house, player, loop, "sound", relay) as guest:
        await until(lambda: reader.serial > 20, what="pictures")
        before = await _delays_ms(reader, guest, BEFORE_S)
        relay.up.path = Path(loss=0.01)
        await asyncio.sleep(max(0.0, seconds - BEFORE_S))
        after = await _delays_ms(reader, guest, BEFORE_S)
    if not before or not after:
        raise TimeoutError("no beep was heard")
    return statistics.median(before), statistics.median(after)


async def _delays_ms(reader: SlotReader, guest: RehearsalGuest, seconds: float) -> list[float]:
    began_ns = guest.began_ns
    assert began_ns is not None
    ear = Ear(reader)
    wave = await ear.listen(seconds)
    return delays_ms(beeps_ns(wave, ear.start), began_ns)


async def heard_ms(path: Path, seconds: float) -> dict[str, Any]:
    """One guest with a steady tone behind this line, on air: gaps in the recording's sound, late ticks."""
    loop = make_loop("Mayor", 0.6, seconds=2, tone_hz=TONE_HZ)
    with contextlib.ExitStack() as stack:
        data = Folder(stack.enter_context(tempfile.TemporaryDirectory(prefix="studio-bench-"))) / "data"
        studio = await asyncio.to_thread(stack.enter_context, running_studio(data))

        def on_air() -> None:
            studio.do("seat.admit", seat="mayor")
            studio.do("scene.create", scene="solo", canvases={"program": {"layout": "solo"}})
            studio.do("program.cut", scene="solo")
            studio.do("output.create", output="vod", recording=True, rendition="program", buses=["floor"])
            studio.do("output.start", output="vod")
            wait_until("the recording runs", lambda: studio.status("outputs", "vod", "state") == "live", 20)
            wait_until("picture", lambda: studio.status("seats", "mayor", "picture") == "live", 20)

        link = await asyncio.to_thread(studio.invite, "mayor", name="Mayor")
        async with playing() as player, Relay(path) as relay:
            guest = RehearsalGuest(loop, player)
            async with visit(link, "guest", guest, relay):
                await until(lambda: guest.connected, 15.0, "the guest is connected")
                await asyncio.to_thread(on_air)
                await asyncio.sleep(BEFORE_S)
                before = await asyncio.to_thread(studio.status, "mixer", "late_ticks")
                await asyncio.sleep(seconds)
                after = await asyncio.to_thread(studio.status, "mixer", "late_ticks")
                await asyncio.to_thread(studio.do, "output.stop", output="vod")
                lost, passed = relay.up.lost, relay.up.passed
            await asyncio.to_thread(studio.stop)
        file = next((data / "recordings").glob("*.mkv"))
        sound = await asyncio.to_thread(recorded_sound, file)
    # the end alone: before, it was not on air yet
    inside = sound[-int((seconds + 1) * RATE) : -RATE // 2]
    return {
        "gaps_ms": dropouts_ms(inside),
        "late_ticks": after - before,
        "lost_share": round(lost / max(1, lost + passed), 4),
        "heard_s": round(len(inside) / RATE, 1),
    }
