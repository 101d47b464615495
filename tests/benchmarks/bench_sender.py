"""What one sender costs: CPU and memory of an RTMP and a recording sender process at 6 Mb/s.

``python -m tests.benchmarks.bench_sender [SECONDS]`` prints one line for each.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

from mixer.contract.messages import SenderConfig
from tests.support.ingest import Authority, Relay, RtmpIngest
from tests.support.media.program import AUDIO, VIDEO, Program
from tests.support.media.sending import SenderProcess

BITRATE = 6_000_000


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
    with tempfile.TemporaryDirectory() as name, Program(640, 360, BITRATE, keyframe_s=2) as program:
        folder = Path(name)
        authority = Authority(folder)
        with RtmpIngest(folder) as ingest, Relay(ingest.port, authority.server_context()) as front:
            configs = {
                "rtmp": SenderConfig("a", VIDEO, (AUDIO,), url=ingest.url("live/a")),
                "rtmps": SenderConfig(
                    "b", VIDEO, (AUDIO,), url=front.url("live/b"), ca_file=str(authority.ca_file)
                ),
                "recording": SenderConfig("c", VIDEO, (AUDIO,), folder=str(folder / "rec")),
            }
            for kind, config in configs.items():
                with SenderProcess(config, program.attach(), folder / "log") as sender:
                    sender.wait_live()
                    sender.wait_sent(BITRATE // 8, 60)
                    print(f"{kind:10}", measure(sender, seconds))
                    sender.shut_down()


def measure(sender: SenderProcess, seconds: float) -> str:
    pid = sender.process.pid
    cpu, start, sent = cpu_s(pid), time.monotonic(), sender.last.bytes_sent
    time.sleep(seconds)
    elapsed = time.monotonic() - start
    rate = (sender.last.bytes_sent - sent) * 8 / elapsed / 1e6
    return (
        f"{(cpu_s(pid) - cpu) / elapsed:.4f} core, PSS {memory_mb(pid, 'Pss'):.1f} MB,"
        f" RSS {memory_mb(pid, 'Rss'):.1f} MB, {rate:.2f} Mb/s, dropped {sender.last.dropped}"
    )


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb(pid: int, kind: str) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{kind}:")) / 1024


if __name__ == "__main__":
    main()
