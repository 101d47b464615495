"""What the microphones of a plenary cost: 40 guests' sound, all open and with 8 open.

``python -m tests.benchmarks.bench_sound [--guests 40] [--open 8]`` prints the share of a core for packets →
slots without the network: jitter buffer, decoding, concealment, stretching, writing. Time is handed in, so
that nothing is measured but work.
"""

import argparse
import os
import time

from mixer.ipc.slot import SlotWriter, create_slot
from signaling.rtc.audio.opus import AvDecoder
from signaling.rtc.audio.sound_in import SoundStream
from signaling.rtc.audio.voice import Voice
from signaling.rtc.timeline import LipSync
from signaling.rtc.transport.rtp import Rtp
from tests.support.peers.microphones import MS, chirps, opus

SECONDS = 10


def cost(guests: int, are_open: int, *, plain: bool = False) -> float:
    """CPU seconds a second."""
    packets = opus(chirps(SECONDS))
    fds = [create_slot(f"bench-{number}", 64, 36) for number in range(guests)]
    streams = []
    for number, fd in enumerate(fds):
        voice = Voice(AvDecoder()) if plain else None
        streams.append(SoundStream(LipSync(), SlotWriter(fd).write_sound, voice))
        streams[-1].open = number < are_open
    now_ns = time.monotonic_ns()
    began = time.process_time()
    for step in range(SECONDS * 100):
        now_ns += 10 * MS
        for stream in streams:
            if step % 2 == 0:
                number = step // 2
                stream.push(Rtp(111, False, number, number * 960, 1, packets[number]), "opus", now_ns)
            stream.run(now_ns)
    spent = time.process_time() - began
    for fd in fds:
        os.close(fd)
    return spent / SECONDS


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--guests", type=int, default=40)
    parser.add_argument("--open", type=int, default=8)
    arguments = parser.parse_args()
    everybody = cost(arguments.guests, arguments.guests)
    some = cost(arguments.guests, arguments.open)
    wrapped = cost(arguments.guests, arguments.guests, plain=True)
    print(f"{arguments.guests} open: {everybody:.3f} cores (by FFmpeg's wrapper {wrapped:.3f})")
    print(f"{arguments.open} open: {some:.3f} cores, {some / everybody:.2f} of it")
