"""Whatever anybody sends to a guest's port: the guest loses nothing by it, and the shard next to nothing."""

import asyncio
import socket
import subprocess
import sys
import time
from types import SimpleNamespace
from typing import Any, cast

import pytest

from signaling.contract.messages import PeerStats, ShardReport
from signaling.rtc.synthetic.client import LoopPlayer, RehearsalGuest
from signaling.rtc.synthetic.loops import Loop, make_loop
from studio.contract.usage import cpu_seconds
from tests.support.peers.impaired import Noise, Watch, camera_of, join
from tests.support.shard_harness import ShardHouse, until

pytestmark = pytest.mark.alone

FLOOD_PER_S = 12_000
FLOOD_S = 2.0
CORES = 0.1

FLOOD = """
import os, random, socket, sys, time
host, port, rate, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])
sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
chance = random.Random(7)
cookie = b"\\0\\1\\0\\x10\\x21\\x12\\xa4\\x42"
starts = (b"\\x80\\x61", b"\\x80\\xc8", b"\\xbf", b"\\x16\\xfe\\xfd", cookie, b"\\0\\1", b"", b"\\xff")
junk = [start + chance.randbytes(chance.randrange(0, 900)) for start in starts for _ in range(9)]
sent, begun = 0, time.monotonic()
while (now := time.monotonic() - begun) < seconds:
    while sent < now * rate:
        sock.sendto(junk[sent % len(junk)], (host, port))
        sent += 1
    time.sleep(0.002)
print(sent)
"""


@pytest.fixture(scope="module")
def media() -> Loop:
    return make_loop("Guest", 0.3, seconds=2, tone_hz=440)


def pair_of(guest: RehearsalGuest) -> Any:
    return cast(Any, camera_of(guest).transport.transport)._connection._nominated[1]


def stats(house: ShardHouse) -> PeerStats:
    report = next(message for message in reversed(house.received) if isinstance(message, ShardReport))
    return report.peers[0]


async def cores(house: ShardHouse, seconds: float) -> float:
    """What the shard uses of a core for so long."""
    pid, begun = house.process.pid, time.monotonic()
    before = await asyncio.to_thread(cpu_seconds, pid)
    await asyncio.sleep(seconds)
    return (await asyncio.to_thread(cpu_seconds, pid) - before) / (time.monotonic() - begun)


async def test_a_flood_of_junk_at_a_guests_port_is_not_felt(media: Loop, player: LoopPlayer) -> None:
    async with ShardHouse() as house:
        reader = house.slot("mayor")
        guest = RehearsalGuest(media, player)
        await join(house, guest, "p", "mayor")
        await until(lambda: reader.serial > 30, what="pictures")
        for nothing in (b"", b"\x16", b"\x80"):  # one is enough where it is read at all
            from_a_stranger(pair_of(guest).remote_addr, nothing)
        quiet = await cores(house, FLOOD_S)
        host, port = pair_of(guest).remote_addr
        flood = subprocess.Popen(
            [sys.executable, "-c", FLOOD, host, str(port), str(FLOOD_PER_S), str(FLOOD_S + 1)],
            stdout=subprocess.PIPE,
        )
        async with Watch(reader) as watch, Noise() as noise:
            before = reader.serial
            begun_ns = time.monotonic_ns()
            used = await cores(house, FLOOD_S)
            pictures = reader.serial - before
            seconds = (time.monotonic_ns() - begun_ns) / 1e9
            sent = int((await asyncio.to_thread(flood.communicate))[0])
        reports = len([m for m in house.received if isinstance(m, ShardReport)])
        await until(lambda: len([m for m in house.received if isinstance(m, ShardReport)]) > reports + 1)
        told = stats(house)
        print(f"\n{sent} datagrams of junk: {pictures / seconds:.1f} pictures a second, longest gap")
        print(f"{max(watch.gaps_ms()):.0f} ms, {told.lost} packets lost, {used - quiet:+.3f} core; {noise}")
        assert pictures / seconds > 29
        assert max(watch.gaps_ms()) < 100 + 2 * noise.ms
        assert (told.lost, told.problem) == (0, "")
        assert used - quiet < CORES
        assert guest.connected
        await guest.close()


def from_a_stranger(address: tuple[str, int], data: bytes) -> None:
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as stranger:
        stranger.sendto(data, address)


async def test_a_guest_whose_address_changes_on_the_way_is_seen_on(media: Loop, player: LoopPlayer) -> None:
    """As behind a router that forgot the guest, who knows nothing of it and sends on."""
    async with ShardHouse() as house:
        reader = house.slot("mayor")
        guest = RehearsalGuest(media, player)
        await join(house, guest, "p", "mayor")
        await until(lambda: reader.serial > 30, what="pictures")
        pair = pair_of(guest)
        loop = asyncio.get_running_loop()
        other, _ = await loop.create_datagram_endpoint(
            asyncio.DatagramProtocol, local_addr=(pair.local_addr[0], 0)
        )
        own = pair.protocol.transport
        async with Watch(reader) as watch, Noise() as noise:
            await until(lambda: len(watch.seen) > 10, what="calm")
            pair.protocol.transport = SimpleNamespace(sendto=other.sendto, close=own.close)
            begun_ns = time.monotonic_ns()
            await until(lambda: len(watch.seen) > 70, what="two seconds more")
        assert max(watch.gaps_ms(begun_ns)) < 100 + 2 * noise.ms
        assert stats(house).lost == 0
        other.close()
        await guest.close()
