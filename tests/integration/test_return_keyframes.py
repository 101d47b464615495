"""However many guests of however many shards ask: the shared encoder makes a keyframe a second at most."""

import asyncio
import contextlib
import itertools
import socket
import time

import msgspec
import pytest

from mixer.contract.messages import BusAttach, MixerReport
from mixer.contract.names import PROGRAM_PICTURE, ProcessName, picture_stream, sender_name, shard_name
from mixer.ipc.bus.client import BusReader
from signaling.rtc.returns.returns import ReturnHub
from signaling.rtc.transport.rtp import parse_rtp
from signaling.rtc.video.bitstream import depayload_h264, picture_size
from tests.support.media.mixing import Mixer, small_config
from tests.support.shard_harness import until
from tests.unit.signaling.rtc.test_pacing import Line, sender

pytestmark = pytest.mark.alone

STREAM = picture_stream("return")
SECONDS = 3.2


def shard(mixer: Mixer, name: ProcessName) -> ReturnHub:
    """The part of a shard that the mixer sees."""
    ours, theirs = socket.socketpair()
    mixer.send(BusAttach(name), (theirs.fileno(),))
    theirs.close()
    hub = ReturnHub()
    hub.attach(BusReader(ours))
    return hub


async def test_the_programmes_own_encode_goes_to_viewers_as_it_is_for_ingests() -> None:
    """Who watches it waits for the grid's keyframe, gets the parameter sets with it, and no filler."""
    grid = 15
    renditions = dict(small_config().renditions)
    renditions["program"] = msgspec.structs.replace(renditions["program"], keyframe_s=grid / 30)
    mixer = Mixer(small_config(renditions=renditions))
    with contextlib.ExitStack() as stack:
        await asyncio.to_thread(stack.enter_context, mixer)
        ingest = await asyncio.to_thread(mixer.tap, PROGRAM_PICTURE, name=sender_name("a"))
        hub = shard(mixer, shard_name(0))
        lines = [Line(), Line()]
        viewers = [sender(line, "video") for line in lines]
        for number, viewer in enumerate(viewers):
            hub.watch(viewer, "program")  # the second one finds it running
            await until(lambda line=lines[number]: len(line.sent) > 20, 10, "pictures")  # type: ignore[misc]
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            for viewer in viewers:
                viewer.on_keyframe_request()
            await asyncio.sleep(0.02)
        keys = [packet.pts for packet in ingest.packets(PROGRAM_PICTURE) if packet.key]
        assert len(keys) > SECONDS
        # and of an encoder that takes over, where this machine is so busy that the programme gives way
        after = await asyncio.to_thread(mixer.expect, MixerReport, lambda report: report.tick > keys[-1])
        assert sum(pts % grid != 0 for pts in keys[1:]) <= after.load.step, "none but the grid's"
        assert any(b"\0\0\1\x0c" in packet.data for packet in ingest.packets(PROGRAM_PICTURE)), (
            "the rate is constant"
        )
        for line in lines:
            chunks = [depayload_h264(parse_rtp(data).payload) for _, _, data in line.sent]
            assert chunks[0].starts_key
            assert picture_size("h264", chunks[0].data) == (640, 360)
            assert not any(b"\0\0\1\x0c" in chunk.data for chunk in chunks)
        hub.close()
        await asyncio.to_thread(stack.close)


async def test_requests_of_all_shards_are_one_a_second() -> None:
    renditions = {
        name: msgspec.structs.replace(each, keyframe_s=60.0)  # no keyframe but those asked for
        for name, each in small_config().renditions.items()
    }
    mixer = Mixer(small_config(renditions=renditions))
    with contextlib.ExitStack() as stack:
        await asyncio.to_thread(stack.enter_context, mixer)
        watching = await asyncio.to_thread(mixer.tap, STREAM, name=shard_name(2), live=True)
        hubs = [shard(mixer, ProcessName(f"shard-{number}")) for number in (1, 2)]
        line = Line()
        viewers = [sender(line, "video") for _ in range(8)]
        for number, viewer in enumerate(viewers):
            hubs[number % 2].watch(viewer, "return")
        await until(lambda: len(line.sent) > 80, 10, "pictures")
        before = len(watching.packets(STREAM))
        end = time.monotonic() + SECONDS
        asked = 0
        while time.monotonic() < end:
            for viewer in viewers:
                viewer.on_keyframe_request()
                asked += 1
            await asyncio.sleep(0.02)
        keys = [packet.pts for packet in watching.packets(STREAM)[before:] if packet.key]
        print(f"{asked} requests, {len(keys)} keyframes")
        assert asked > 300
        assert SECONDS - 2 <= len(keys) <= SECONDS + 1
        assert all(b - a >= 29 for a, b in itertools.pairwise(keys))
        for hub in hubs:
            hub.close()
        await asyncio.to_thread(stack.close)
