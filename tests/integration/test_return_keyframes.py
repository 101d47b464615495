"""However many guests of however many shards ask: the shared encoder makes a keyframe a second at most."""

import asyncio
import contextlib
import itertools
import socket
import time

import msgspec

from mixer.busclient import BusReader
from mixer.wire import BusAttach
from signaling.rtc.returns import ReturnHub
from tests.integration.shard_house import until
from tests.mixing import Mixer, small_config
from tests.unit.test_pacing import Line, sender

STREAM = "return/h264"
SECONDS = 3.2


def shard(mixer: Mixer, name: str) -> ReturnHub:
    """The part of a shard that the mixer sees."""
    ours, theirs = socket.socketpair()
    mixer.send(BusAttach(name), (theirs.fileno(),))
    theirs.close()
    hub = ReturnHub()
    hub.attach(BusReader(ours))
    return hub


async def test_requests_of_all_shards_are_one_a_second() -> None:
    renditions = {
        name: msgspec.structs.replace(each, keyframe_s=60.0)  # no keyframe but those asked for
        for name, each in small_config().renditions.items()
    }
    mixer = Mixer(small_config(renditions=renditions))
    with contextlib.ExitStack() as stack:
        await asyncio.to_thread(stack.enter_context, mixer)
        watching = await asyncio.to_thread(mixer.tap, STREAM, name="shard-3", live=True)
        hubs = [shard(mixer, f"shard-{number}") for number in (1, 2)]
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
