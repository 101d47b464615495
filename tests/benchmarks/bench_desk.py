"""What the desk's arithmetic costs: a block of 20 ms through strips, limiters and meters.

``python -m tests.benchmarks.bench_desk`` prints milliseconds a block (the least of many, and the median), one
thread, as in the studio's processes. 1 ms a block is 5 % of a core.
"""

import os
import time
from collections.abc import Callable

from mixer.contract.names import SourceName, of_seat

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from mixer.audio.limiter import LimiterBank
from mixer.audio.measuring.loudness import LoudnessMeter
from mixer.audio.protect import Protector
from mixer.audio.strips.desk import Desk
from mixer.contract.plan import AudioInput, Strip
from mixer.ipc.slot import Samples

BLOCK = 960
EVERYTHING = Strip(
    delay_ms=40, highpass_hz=80.0, gate_db=-50.0, leveller=True, compressor_db=-24.0, ratio=3.0
)


def cost_ms(work: Callable[[], object], repeats: int = 300) -> tuple[float, float]:
    """The least and the median of ``repeats`` runs."""
    for _ in range(20):
        work()
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        times.append((time.perf_counter() - began) * 1e3)
    return min(times), float(np.median(times))


def noise(rows: int, amplitude: float) -> Samples:
    return (np.random.default_rng(1).standard_normal((rows, BLOCK, 2)) * amplitude).astype(np.float32)


def costs() -> dict[str, tuple[float, float]]:
    """Of each part, by what it says on the output."""
    # Memory of this size comes from the heap, as in a mixer that has had pictures in its hands.
    np.ones(1 << 22)
    found: dict[str, tuple[float, float]] = {}
    for rows in (8, 16):
        names, block = [of_seat(str(row)) for row in range(rows)], noise(rows, 0.1)
        for label, strip in (("off", Strip()), ("everything on", EVERYTHING)):
            desk, inputs = Desk(), {name: AudioInput(name, strip=strip) for name in names}
            whole = [True] * rows

            def strips(
                desk: Desk = desk,
                names: list[SourceName] = names,
                block: Samples = block,
                inputs: dict[SourceName, AudioInput] = inputs,
                whole: list[bool] = whole,
            ) -> None:
                desk.process(names, block, inputs, whole)

            found[f"{rows} strips, {label}"] = cost_ms(strips)
    buses_named = [str(row) for row in range(16)]
    for label, amplitude in (("calm", 0.02), ("near the ceiling", 0.15), ("limiting", 1.0)):
        bank, block = LimiterBank(), noise(16, amplitude)

        def limit(bank: LimiterBank = bank, block: Samples = block) -> None:
            bank.process(block, buses_named)

        found[f"16 limiters, {label}"] = cost_ms(limit)
    meter, buses = LoudnessMeter(), noise(5, 0.1)
    found["loudness and true peak of 5 buses"] = cost_ms(lambda: meter.process(buses, buses_named[:5]))
    found["reading one bus's loudness"] = cost_ms(lambda: meter.read("0"))
    protector = Protector()
    found["protection of 5 rows"] = cost_ms(lambda: protector.most(buses, buses_named[:5]))
    return found


if __name__ == "__main__":
    for what, (least, median) in costs().items():
        print(f"{what:36} {least:6.3f} ms, median {median:6.3f}")
