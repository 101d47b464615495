"""What receiving costs: the shard against stock aiortc, with the same guests (360p30, sound, no returns).

``python -m tests.benchmarks.bench_receive [--guests 6] [--seconds 10]`` prints CPU of the receiving process
as a share of a core, and microseconds a packet, decoding included and apart. Stock aiortc runs in a process
of its own on asyncio's loop, every track drained.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import uvloop

from signaling.rtc.client import Player, RehearsalGuest
from signaling.rtc.loops import Loop, make_loop
from signaling.wire import Offer
from tests.integration.shard_house import ShardHouse, until

TICKS = 100

STOCK = """
import asyncio, json, sys
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaBlackhole
kept = []
async def main():
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        sink = MediaBlackhole()
        kept.append((pc, sink))
        pc.on("track", sink.addTrack)
        await pc.setRemoteDescription(RTCSessionDescription(json.loads(line), "offer"))
        await pc.setLocalDescription()
        await sink.start()
        print(json.dumps(pc.localDescription.sdp), flush=True)
asyncio.run(main())
"""


def cpu_seconds(pid: int, thread: bool = False) -> float:
    """CPU of the process, or of its main thread alone: the event loop."""
    path = f"/proc/{pid}/task/{pid}/stat" if thread else f"/proc/{pid}/stat"
    fields = Path(path).read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


async def measure(pid: int, guests: list[RehearsalGuest], seconds: float) -> dict[str, float]:
    await until(lambda: all(guest.connected for guest in guests), what="all connected")
    await asyncio.sleep(2)
    sent = sum(s.packets for g in guests for s in g.senders)
    own, theirs, began = time.process_time(), cpu_seconds(pid), time.monotonic()
    looped = cpu_seconds(pid, thread=True)
    await asyncio.sleep(seconds)
    elapsed = time.monotonic() - began
    packets = sum(s.packets for g in guests for s in g.senders) - sent
    cpu = cpu_seconds(pid) - theirs
    return {
        "cores": round(cpu / elapsed, 3),
        "us_per_packet": round(cpu / packets * 1e6, 1),
        "loop_us_per_packet": round((cpu_seconds(pid, thread=True) - looped) / packets * 1e6, 1),
        "packets_per_s": round(packets / elapsed),
        "pss_mb": round(resident_mb(pid)),
        "generator_cores": round((time.process_time() - own) / elapsed, 3),
    }


async def bench_shard(media: Loop, count: int, seconds: float) -> dict[str, float]:
    player = Player()
    playing = asyncio.create_task(player.run())
    async with ShardHouse() as house:
        guests = []
        for number in range(count):
            house.slot(f"s{number}")
            guest = RehearsalGuest(media, player)
            answer: Any = await house.answer(Offer(f"p{number}", "guest", await guest.offer(), f"s{number}"))
            await guest.accept(answer.sdp)
            guests.append(guest)
        result = await measure(house.process.pid, guests, seconds)
        for guest in guests:
            await guest.close()
    playing.cancel()
    return result


async def bench_stock(media: Loop, count: int, seconds: float) -> dict[str, float]:
    player = Player()
    playing = asyncio.create_task(player.run())
    process = subprocess.Popen(
        [sys.executable, "-c", STOCK], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    guests = []
    try:
        for _ in range(count):
            guest = RehearsalGuest(media, player)
            process.stdin.write(json.dumps(await guest.offer()) + "\n")
            process.stdin.flush()
            await guest.accept(json.loads(await asyncio.to_thread(process.stdout.readline)))
            guests.append(guest)
        result = await measure(process.pid, guests, seconds)
    finally:
        process.kill()
        process.wait()
    for guest in guests:
        await guest.close()
    playing.cancel()
    return result


async def bench(count: int, seconds: float) -> None:
    media = make_loop("Mayor", 0.3, seconds=4)
    ours = await bench_shard(media, count, seconds)
    print("shard:", json.dumps(ours))
    stock = await bench_stock(media, count, seconds)
    print("stock:", json.dumps(stock))
    for figure in ("us_per_packet", "loop_us_per_packet"):
        print(f"ratio of {figure}:", round(ours[figure] / stock[figure], 2))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--guests", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=10)
    arguments = parser.parse_args()
    uvloop.run(bench(arguments.guests, arguments.seconds))
