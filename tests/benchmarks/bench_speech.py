"""Speech over a bad line: the shard's receiver against Chromium's own (NetEq), on the same Opus packets.

``python -m tests.benchmarks.bench_speech [--seeds 3] [--loss 0.05]`` prints PESQ (wide band) of what both
make heard after the relay (50 ms of jitter), with error correction in the packets and without. Korean and
English by espeak-ng. The target: ours ≥ Chromium's − 0.3.
"""

import argparse

import numpy as np
import uvloop

from tests.support.peers.listeners import heard_by_both, page_of_chromium, seconds_of
from tests.support.peers.speech import Talker, encode, score, speak

_WARM_UP_S = 6.0


async def bench(seeds: int, loss: float) -> None:
    speech = speak()
    seconds = 2 * seconds_of(speech.blocks)
    for fec in (True, False):
        talker = Talker(encode(speech, fec=fec))
        print("with error correction:" if fec else "without error correction:")
        differences = []
        for seed in range(1, seeds + 1):
            async with page_of_chromium() as page:
                ours, theirs = await heard_by_both(
                    talker, page, loss=loss, seed=seed, warm_up_s=_WARM_UP_S, seconds=seconds
                )
            own, its = score(speech, ours), score(speech, theirs)
            differences.append(own - its)
            print(f"  seed {seed}: ours {own:.2f}, Chromium {its:.2f}", flush=True)
        print(f"  mean difference {np.mean(differences):+.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--loss", type=float, default=0.05)
    arguments = parser.parse_args()
    uvloop.run(bench(arguments.seeds, arguments.loss))
