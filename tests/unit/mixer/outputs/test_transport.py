"""The transport stream for partners: datagrams, their pace, and a network that says no."""

import socket
from pathlib import Path

import pytest

from mixer.containers import disk
from mixer.containers.disk import RecordingRoom
from mixer.contract.output_health import SECOND_NS
from mixer.contract.output_url import StreamUrl
from mixer.outputs.mpegts.datagrams import UdpDestination, open_socket
from mixer.outputs.mpegts.transport import MAX_QUEUED, SPREAD_NS, MuxPacer
from mixer.outputs.recording import matroska as recording
from mixer.outputs.recording.matroska import Recording
from studio.lab.harness.waiting import wait_until
from tests.support.media.program import VIDEO, Program


def test_a_burst_is_spread_evenly_and_keeps_its_order() -> None:
    pacer = MuxPacer()
    burst = [bytes([number]) for number in range(100)]
    assert pacer.put(burst, 0)
    sent: list[tuple[int, bytes]] = []
    for now_ns in range(0, 2 * SPREAD_NS, 1_000_000):
        while (datagram := pacer.due(now_ns)) is not None:
            sent.append((now_ns, datagram))
            pacer.sent()
    assert [datagram for _, datagram in sent] == burst
    assert sent[-1][0] <= SPREAD_NS
    assert max(sum(1 for at, _ in sent if at == now) for now, _ in sent) <= 6
    assert pacer.put([b"later"], SECOND_NS)
    assert pacer.due(SECOND_NS) == b"later", "what was idle owes nothing"


def test_what_never_leaves_is_thrown_away() -> None:
    pacer = MuxPacer()
    assert pacer.put([b"x"] * MAX_QUEUED, 0)
    assert not pacer.put([b"x"], 0)
    assert len(pacer) == 0


def test_multicast_crosses_as_many_routers_as_the_address_says() -> None:
    with open_socket(socket.AF_INET, ("239.255.0.1", 5000), 9) as sock:
        assert sock.getsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL) == 9


def test_a_receiver_that_is_not_there_is_said_and_sent_to_all_the_same() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        port = receiver.getsockname()[1]
    program = Program()
    sink = UdpDestination(StreamUrl.parse(f"udp://127.0.0.1:{port}"), VIDEO)
    sink.prepare({header.stream: header for header in program.headers}, 0)
    now_ns = 0

    def begun() -> bool:
        sink.step(now_ns)
        return sink.status(now_ns).state == "live"

    wait_until("the name", begun)
    packets = iter(program._packets)

    def refused() -> bool:
        nonlocal now_ns
        now_ns += 10_000_000
        sink.offer(next(packets), now_ns)
        sink.step(now_ns)
        return sink.status(now_ns).code == "destination.refused"

    wait_until("a refusal", refused)
    assert sink.status(now_ns).state == "retrying"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", port))
        receiver.settimeout(5)
        now_ns += SECOND_NS
        sink.offer(next(packets), now_ns)
        sink.step(now_ns)
        assert receiver.recv(2000)[0] == 0x47
        now_ns += 4 * SECOND_NS
        assert sink.status(now_ns).state == "live"
        sink.finish(now_ns)
        sink.step(now_ns + SECOND_NS)
        assert sink.finished()
    sink.close()


def test_the_disks_time_goes_by_the_faster_of_two_rates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = iter([10_000_000, 9_000_000, 6_000_000])
    monkeypatch.setattr(disk, "free_bytes", lambda _: (next(free), 0))
    room = RecordingRoom()
    assert room.remaining_s() == -1
    room.look(tmp_path, 0, 0)
    room.look(tmp_path, 1_000_000, SECOND_NS)
    assert room.remaining_s() == -1, "too short to tell"
    room.look(tmp_path, 2_000_000, 2 * SECOND_NS)
    assert room.remaining_s() == pytest.approx(3), "somebody else writes, too: 2 MB a second are lost"
    room.forget()
    assert room.remaining_s() == -1


def test_a_full_disk_ends_one_part_and_little_room_begins_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = {"free": 50_000_000, "enough": 5_000_000}
    for module in (disk, recording):
        monkeypatch.setattr(module, "free_bytes", lambda _: (room["free"], room["enough"]))
    program = Program()
    sink = Recording("vod", tmp_path, VIDEO)
    sink.prepare({header.stream: header for header in program.headers}, 0)
    packets = iter(program._packets)
    now_ns = 0

    def go_on(seconds: int) -> None:
        nonlocal now_ns
        for _ in range(seconds):
            now_ns += SECOND_NS
            sink.step(now_ns)
            for _ in range(10):
                sink.offer(next(packets), now_ns)

    go_on(5)
    assert sink.status(now_ns).state == "live"
    assert sink.status(now_ns).remaining_s > 0
    room["free"] = 0
    go_on(1)
    status = sink.status(now_ns)
    assert (status.state, status.code, status.remaining_s) == ("failed", "disk.full", 0)
    room["free"] = 1_000_000
    go_on(20)
    assert sink.status(now_ns).state == "failed"
    assert len(list(tmp_path.glob("*.mkv"))) == 1
    room["free"] = 6_000_000
    go_on(6)
    assert sink.status(now_ns).state == "live"
    assert len(list(tmp_path.glob("*.mkv"))) == 2
    sink.close()
