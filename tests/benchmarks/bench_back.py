"""How soon a stream is there: an ingest that was away, and a pulled stream whose keyframes are 4 s apart.

``python -m tests.benchmarks.bench_back [SECONDS AWAY] [PULLS]``, on an otherwise idle machine. Both figures
should be at most 6 s.
"""

import sys
import tempfile
import time
from pathlib import Path

from mixer.contract.messages import SenderConfig
from tests.integration.test_pulls import GROUP_S, KEY, material, published, pull
from tests.support.ingest import RtmpIngest
from tests.support.media.players import PlayerRun
from tests.support.media.program import AUDIO, VIDEO, Program
from tests.support.media.sending import SenderProcess


def back_s(folder: Path, away_s: float) -> float:
    """Seconds from the ingest's return until the sender is live."""
    with Program() as program, RtmpIngest(folder) as ingest:
        config = SenderConfig("bench", VIDEO, (AUDIO,), ingest.url(f"live/{KEY}"))
        with SenderProcess(config, program.attach(), folder / "log") as sender:
            sender.wait_live()
            ingest.stop()
            sender.wait_for("the loss", lambda report: report.state != "live")
            time.sleep(away_s)
            ingest.start()
            returned_s = time.monotonic()
            sender.wait_live()
            return time.monotonic() - returned_s


def pulls_s(folder: Path, count: int) -> list[float]:
    """Seconds from a player's being ready until its stream is live, at different places in the group."""
    file, took = material(folder / "a.flv"), []
    with RtmpIngest(folder) as ingest, published(file, ingest.url(f"live/{KEY}"), loop=True):
        time.sleep(2)
        for number in range(count):
            time.sleep(number * 0.37 % 1)
            with PlayerRun(pull(ingest.url(f"live/{KEY}")), folder / "log") as run:
                run.ready.wait(20)
                ready_s = time.monotonic()
                run.wait_for("a picture", lambda report: report.state == "live" and report.width > 0, 60)
                took.append(time.monotonic() - ready_s)
    return took


def main() -> None:
    away_s = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 10
    with tempfile.TemporaryDirectory() as folder:
        print(f"an ingest back after {away_s:.0f} s: live after {back_s(Path(folder), away_s):.1f} s")
    with tempfile.TemporaryDirectory() as folder:
        took = pulls_s(Path(folder), count)
        print(f"pulls of a group of {GROUP_S} s: " + ", ".join(f"{each:.1f}" for each in took) + " s")


if __name__ == "__main__":
    main()
