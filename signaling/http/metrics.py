"""Prometheus metrics: the newest reports of the processes, rendered when somebody asks.

The counts live in the processes that count; here they are only passed on, so that a restart of one shows as
the counter reset that Prometheus knows how to read. Labels are ids, never URLs.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import get_args

from msgspec import UNSET
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from mixer.contract.messages import MixerReport, OutputState, PlanTaken, SenderReport
from mixer.contract.names import ProcessName, sender_of
from signaling.contract.messages import PeerKind, PeerStats, ShardReport
from signaling.contract.state import DirectorState, StudioStatus
from signaling.router.known_peers import owner_of

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SEAT_STATES = ("absent", "waiting", "ready", "next", "on_air")
BOOTH_OPEN = ("open", "on_air")
OUTPUT_STATES: tuple[OutputState, ...] = ("starting", "live", "retrying", "failed", "stopped")
MAX_SEATS = 1000
MAX_SOURCES = 1000
MAX_SHARDS = 100
KINDS: tuple[PeerKind, ...] = get_args(PeerKind)
MAX_OUTPUTS = 1000
MAX_REQUEST_LABELS = 1000


class Metrics(Collector):
    """Feed it from the event loop; :meth:`render` makes the text."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)
        self._mixer: MixerReport | None = None
        self._plan: PlanTaken | None = None
        self._outputs: dict[str, SenderReport] = {}
        self._guests: dict[str, PeerStats] = {}
        self._publishers: dict[str, PeerStats] = {}
        """By source."""
        self._peers: dict[ProcessName, Counter[PeerKind]] = {}
        """By shard: how many of each kind."""
        self._failures: dict[tuple[str, str], int] = {}
        """By shard and part."""
        self._cpu_seconds: dict[ProcessName, float] = {}
        self._resident_bytes: dict[ProcessName, int] = {}
        self._link_bytes: Mapping[ProcessName, Mapping[ProcessName, int]] = {}
        self._restarts: dict[ProcessName, int] = {}
        self._requests: Counter[tuple[str, str, str]] = Counter()
        self._sockets = 0
        self._connections_ended: Counter[str] = Counter()
        self._status = StudioStatus()

    # --- fed by the control process --------------------------------------------------------------------

    def on_message(self, sender: ProcessName, message: object) -> None:
        """A decoded message from the link; those that count nothing are ignored."""
        match message:
            case MixerReport():
                self._mixer = message
            case PlanTaken(ordinary=False):
                self._plan = message
            case SenderReport() if len(self._outputs) < MAX_OUTPUTS or message.output in self._outputs:
                self._outputs[message.output] = message
            case ShardReport(peers):
                for stats in peers:
                    if stats.seat and (len(self._guests) < MAX_SEATS or stats.seat in self._guests):
                        self._guests[stats.seat] = stats
                    if stats.source and (
                        len(self._publishers) < MAX_SOURCES or stats.source in self._publishers
                    ):
                        self._publishers[stats.source] = stats
                if len(self._peers) < MAX_SHARDS or sender in self._peers:
                    owners = (owner_of(stats.peer) for stats in peers)
                    self._peers[sender] = Counter(owner.kind for owner in owners if owner is not None)
                    self._failures |= {(sender, part): count for part, count in message.failures.items()}

    def on_usage(
        self,
        cpu_seconds: Mapping[ProcessName, float],
        resident_bytes: Mapping[ProcessName, int],
        link_bytes: Mapping[ProcessName, Mapping[ProcessName, int]] | None = None,
    ) -> None:
        """Take CPU seconds since each process's first start, its memory now, and bytes by sender and
        receiver."""
        self._cpu_seconds = dict(cpu_seconds)
        self._resident_bytes = dict(resident_bytes)
        self._link_bytes = dict(link_bytes or {})

    def on_process(self, process: ProcessName, restarts: int) -> None:
        self._restarts[process] = restarts
        self._peers.pop(process, None)  # a shard that ends takes its peers with it

    # --- fed by the HTTP server ------------------------------------------------------------------------

    def count_request(self, method: str, route: str, status: int) -> None:
        """``route`` is the route's pattern, never the path: paths hold tokens."""
        key = (method, route, str(status))
        if len(self._requests) < MAX_REQUEST_LABELS or key in self._requests:
            self._requests[key] += 1

    def count_connection(self, ended: str) -> None:
        """``ended``: why the door ended or refused one."""
        self._connections_ended[ended] += 1

    def render(self, state: DirectorState, sockets: int) -> bytes:
        """Everything as Prometheus text; ``sockets``: the open WebSockets."""
        self._status, self._sockets = state.status, sockets
        outputs, seats = state.outputs, state.seats
        for name in [each for each in self._outputs if sender_of(each).output not in outputs]:
            del self._outputs[name]
        for seat in [each for each in self._guests if each not in seats]:
            del self._guests[seat]
        for source in [each for each in self._publishers if each not in state.sources]:
            del self._publishers[source]
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        yield from self._of_mixer()
        yield from self._of_outputs()
        yield from self._of_people()
        yield from self._of_peers()
        yield from self._of_processes()
        alarms = GaugeMetricFamily("studio_alarm", "1 while this alarm is there.", labels=["code"])
        for alarm in self._status.alarms:
            alarms.add_metric([alarm.code], 1)
        yield alarms
        requests = CounterMetricFamily(
            "studio_http_requests", "HTTP requests answered.", labels=["method", "route", "status"]
        )
        for key, count in self._requests.items():
            requests.add_metric(list(key), count)
        yield requests
        ended = CounterMetricFamily(
            "studio_http_connections_ended", "Connections ended or refused by the server.", labels=["reason"]
        )
        for reason in ("idle", "slow", "room", "refused"):
            ended.add_metric([reason], self._connections_ended[reason])
        yield ended
        yield GaugeMetricFamily("studio_websockets", "Open WebSockets.", value=self._sockets)

    def _of_mixer(self) -> Iterator[Metric]:
        report = self._mixer
        yield CounterMetricFamily(
            "studio_ticks", "Pictures the programme clock asked for.", value=report.ticks if report else 0
        )
        yield CounterMetricFamily(
            "studio_late_ticks",
            "Ticks whose picture came over one frame late or not at all.",
            value=report.late_ticks if report else 0,
        )
        yield CounterMetricFamily(
            "studio_spared_ticks",
            "Ticks without a programme picture on purpose: the last step of the overload ladder.",
            value=report.spared_ticks if report else 0,
        )
        yield GaugeMetricFamily(
            "studio_overload_step",
            "Overload ladder: 0 none, 1 preset, 2 wall frame rate, 3 programme frame rate.",
            value=report.load.step if report else 0,
        )
        if report is not None and report.latency_counts:
            yield _latency(report.latency_counts, report.latency_sum_s)
        if self._plan is not None:
            yield GaugeMetricFamily(
                "studio_command_to_air_ticks",
                "Ticks from the newest take to its picture.",
                value=self._plan.ticks_waited,
            )
        streams = CounterMetricFamily("studio_encoded_bytes", "Bytes encoded.", labels=["stream"])
        dropped = CounterMetricFamily(
            "studio_bus_dropped", "Pictures dropped for slow subscribers.", labels=["process"]
        )
        if report is not None:
            for stream, value in report.streams.items():
                streams.add_metric([stream], value)
            for process, value in report.dropped.items():
                dropped.add_metric([process], value)
        yield streams
        yield dropped

    def _of_outputs(self) -> Iterator[Metric]:
        labels = ["output", "ingest"]
        state = GaugeMetricFamily(
            "studio_output_state", "1 for the state an output is in.", labels=[*labels, "state"]
        )
        sent = CounterMetricFamily("studio_output_bytes", "Bytes sent.", labels=labels)
        dropped = CounterMetricFamily("studio_output_dropped", "Pictures lost on the way.", labels=labels)
        # The state is the show's, which knows also of outputs that have no process to report.
        for output, shown in self._status.outputs.items():
            for ingest, status in (("primary", shown), ("backup", shown.backup)):
                if status is not UNSET:
                    for each in OUTPUT_STATES:
                        state.add_metric([output, ingest, each], float(each == status.state))
        for name, report in self._outputs.items():
            sent.add_metric([*sender_of(name)], report.bytes_sent)
            dropped.add_metric([*sender_of(name)], report.dropped)
        yield state
        yield sent
        yield dropped

    def _of_people(self) -> Iterator[Metric]:
        counts = Counter[str](each.state for each in self._status.seats.values())
        seats = GaugeMetricFamily("studio_seats", "Seats by state.", labels=["state"])
        for state in SEAT_STATES:
            seats.add_metric([state], counts[state])
        yield seats
        booths = GaugeMetricFamily(
            "studio_booth_open", "1 while an interpreter's microphone is on in a booth.", labels=["booth"]
        )
        for booth, shown in self._status.booths.items():
            booths.add_metric([booth], float(shown.state in BOOTH_OPEN))
        yield booths
        lost = CounterMetricFamily(
            "studio_guest_packets_lost", "RTP packets lost from a guest since it connected.", labels=["seat"]
        )
        received = CounterMetricFamily(
            "studio_guest_packets", "RTP packets received from a guest since it connected.", labels=["seat"]
        )
        for seat, stats in self._guests.items():
            lost.add_metric([seat], stats.lost)
            received.add_metric([seat], stats.packets)
        yield lost
        yield received

    def _of_peers(self) -> Iterator[Metric]:
        peers = GaugeMetricFamily("studio_peers", "WebRTC peers of all shards.", labels=["kind"])
        for kind in KINDS:
            peers.add_metric([kind], sum(each[kind] for each in self._peers.values()))
        yield peers
        lost = CounterMetricFamily(
            "studio_whip_packets_lost", "RTP packets lost from a publisher since it began.", labels=["source"]
        )
        received = CounterMetricFamily(
            "studio_whip_packets", "RTP packets received from a publisher since it began.", labels=["source"]
        )
        for source, stats in self._publishers.items():
            lost.add_metric([source], stats.lost)
            received.add_metric([source], stats.packets)
        yield lost
        yield received
        failures = CounterMetricFamily(
            "studio_shard_failures",
            "Unexpected errors that were contained, by shard and part; the log says what.",
            labels=["process", "part"],
        )
        for key, count in self._failures.items():
            failures.add_metric(list(key), count)
        yield failures

    def _of_processes(self) -> Iterator[Metric]:
        cpu = CounterMetricFamily("studio_process_cpu_seconds", "CPU time used.", labels=["process"])
        memory = GaugeMetricFamily("studio_process_resident_bytes", "Resident memory.", labels=["process"])
        restarts = CounterMetricFamily("studio_process_restarts", "Restarts.", labels=["process"])
        for process, seconds in self._cpu_seconds.items():
            cpu.add_metric([process], seconds)
        for process, size in self._resident_bytes.items():
            memory.add_metric([process], size)
        for process, count in self._restarts.items():
            restarts.add_metric([process], count)
        carried = CounterMetricFamily(
            "studio_link_bytes", "Bytes of messages between processes.", labels=["sender", "receiver"]
        )
        for sender, sizes in self._link_bytes.items():
            for receiver, size in sizes.items():
                carried.add_metric([sender, receiver], size)
        yield cpu
        yield memory
        yield restarts
        yield carried


def _latency(counts: tuple[int, ...], sum_s: float) -> Metric:
    """Make the histogram from counts by whole milliseconds, the last of them of all that took longer."""
    total = list(accumulate(counts))
    edges = [f"{(index + 1) / 1000:g}" for index in range(len(counts) - 1)]
    return HistogramMetricFamily(
        "studio_picture_latency_seconds",
        "From the last RTP packet of a guest's picture to the programme picture that shows it, encoded.",
        buckets=list(zip([*edges, "+Inf"], map(float, total), strict=True)),
        sum_value=sum_s,
    )
