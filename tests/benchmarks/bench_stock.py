"""The shard against stock aiortc, both on the same recorded packets: receiving, and one more return viewer.

``python -m tests.benchmarks.bench_stock [--seconds 10] [--json]`` prints ratios and what they are made of.
Stock aiortc runs in a process of its own, its classes as installed, on asyncio's loop, every track drained;
see :mod:`studio.lab.bench.receive` and :mod:`studio.lab.bench.viewers`, which ``studio bench`` runs, too.
"""

import argparse
import json

from studio.lab.bench.run import bench
from studio.lab.bench.show import show


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    report = bench(("receive", "viewers"), options.seconds, False)
    show(report, as_json=options.json)
    if not options.json:
        print(json.dumps(report.sections, indent=2))


if __name__ == "__main__":
    main()
