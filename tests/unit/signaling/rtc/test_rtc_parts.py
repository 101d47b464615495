"""The pure parts of the WebRTC side: RTP, bit streams, concealment, timelines, caps, NACK packing."""

import numpy as np
import pytest
from aiortc.rtp import RtcpRtpfbPacket, RtpPacket
from hypothesis import given
from hypothesis import strategies as st

from signaling.rtc.audio.conceal import Concealer, lengthen, pitch_period, shorten
from signaling.rtc.synthetic.loops import make_loop
from signaling.rtc.timeline import PICTURE_LEAD_NS, LipSync, Timeline
from signaling.rtc.transport.receive import Reception, pack_nack
from signaling.rtc.transport.rtp import Rtp, build_rtp, parse_rtp, unwrap
from signaling.rtc.video.bitrate import Cap
from signaling.rtc.video.bitstream import depayload_h264, depayload_vp8, picture_size

MS = 1_000_000


@given(st.binary(max_size=80))
def test_rtp_agrees_with_aiortc_or_refuses(data: bytes) -> None:
    try:
        stock = RtpPacket.parse(data)
    except Exception:
        return
    ours = parse_rtp(data)
    assert (ours.payload, ours.seq, ours.timestamp, ours.ssrc) == (
        stock.payload, stock.sequence_number, stock.timestamp, stock.ssrc,
    )  # fmt: skip


@given(st.binary(max_size=80))
def test_rtp_refuses_with_value_error_only(data: bytes) -> None:
    try:
        parse_rtp(data)
    except ValueError:
        pass


def test_rtp_round_trip() -> None:
    assert parse_rtp(build_rtp(97, True, 65536 + 5, 2**32 + 7, 9, b"x")) == Rtp(97, True, 5, 7, 9, b"x")


def test_unwrap() -> None:
    assert unwrap(1, 65535, 16) == 65537
    assert unwrap(65535, 65537, 16) == 65535


@given(st.lists(st.integers(1, 40), min_size=1, max_size=30), st.integers(0, 65535))
def test_nack_survives_wraparound(steps: list[int], first: int) -> None:
    lost = [first]
    for step in steps:
        lost.append((lost[-1] + step) & 0xFFFF)
    packet = RtcpRtpfbPacket.parse(b"\0" * 8 + pack_nack(lost), 1)
    assert [seq & 0xFFFF for seq in packet.lost] == lost


@given(st.binary(max_size=60))
def test_bitstreams_refuse_with_value_error_only(data: bytes) -> None:
    for depayload in (depayload_h264, depayload_vp8):
        try:
            depayload(data)
        except ValueError:
            pass
    picture_size("h264", b"\0\0\1\x67" + data)
    picture_size("vp8", data)


@pytest.mark.parametrize("codec", ["h264", "vp8"])
@pytest.mark.parametrize("size", [(640, 360), (322, 182), (1920, 1080)])
def test_picture_sizes_before_decoding(codec: str, size: tuple[int, int]) -> None:
    loop = make_loop("x", 0.1, 1, size, codec=codec)
    depayload = depayload_h264 if codec == "h264" else depayload_vp8
    chunks = [depayload(payload) for payload in loop.video[0].payloads]
    assert chunks[0].starts_key
    assert not any(chunk.starts_key for chunk in chunks[1:])
    assert picture_size(codec, b"".join(chunk.data for chunk in chunks)) == size
    delta = b"".join(depayload(payload).data for payload in loop.video[3].payloads)
    assert picture_size(codec, delta) is None


def tone(hz: float, count: int, at: int = 0) -> np.ndarray:
    wave = 0.5 * np.sin(2 * np.pi * hz * (at + np.arange(count)) / 48_000)
    return np.repeat(wave[:, None], 2, axis=1).astype(np.float32)


def largest_step(block: np.ndarray) -> float:
    return float(np.abs(np.diff(block[:, 0])).max())


def test_pitch() -> None:
    assert pitch_period(tone(200, 1920)) % 240 < 8 or pitch_period(tone(200, 1920)) % 240 > 232


def test_stretching_makes_no_click() -> None:
    block = tone(170, 1920)
    steepest = largest_step(block)
    for changed in (shorten(block), lengthen(block)):
        assert len(changed) != len(block)
        assert largest_step(changed) < 1.3 * steepest


def test_concealment_goes_on_fades_and_joins() -> None:
    concealer = Concealer()
    before = concealer.good(tone(170, 1920))
    made = concealer.lost(960)
    after = concealer.good(tone(170, 960, 2880))
    joined = np.concatenate((before, made, after))
    assert largest_step(joined) < 1.5 * largest_step(before)
    assert np.abs(made[:200]).max() > 0.4
    for _ in range(3):
        assert not concealer.faded
        concealer.lost(1920)
    assert concealer.faded
    assert np.abs(concealer.lost(480)).max() == 0


def test_timeline_follows_a_clock_that_drifts() -> None:
    timeline = Timeline(48_000)
    late = []
    for block in range(3000):
        arrival = round(block * 20 * MS * 1.0003) + (block % 7) * MS
        extended, _ = timeline.observe(block * 960 + 5 & 0xFFFFFFFF, arrival)
        late.append(arrival - timeline.local_ns(extended))
    assert min(late[500:]) > -1 * MS
    assert max(late[500:]) < 12 * MS


def test_timeline_takes_a_jump_for_a_new_start() -> None:
    timeline = Timeline(90_000)
    timeline.observe(0, 0)
    timeline.observe(1 << 31, 33 * MS)
    assert timeline.resets == 1
    assert abs(timeline.local_ns(timeline.unwrap(1 << 31)) - 33 * MS) < MS


def ntp(ns: int) -> int:
    return ((1_000_000 << 32) * 1_000_000_000 + (ns << 32)) // 1_000_000_000


def test_lip_sync_by_sender_reports() -> None:
    """The picture's path is 120 ms longer: the sound waits for it, so that both are presented together."""
    sync = LipSync()
    for number in range(100):
        at = number * 20 * MS
        sync.sound.observe(number * 960, at + 10 * MS)
        sync.picture.observe(number * 1800, at + 130 * MS)
    sync.sound.report(ntp(0), 0)
    sync.picture.report(ntp(0), 0)
    assert abs(sync.skew_ns() - 120 * MS) < MS
    sync.settle(2_000 * MS)
    heard = sync.sound.local_ns(96_000) + sync.sound_delay_ns
    shown = sync.picture.local_ns(180_000) + sync.picture_delay_ns
    assert abs(heard - shown - PICTURE_LEAD_NS) < MS
    assert sync.picture_delay_ns >= 0


def test_cap_falls_on_sustained_loss_and_recovers() -> None:
    cap = Cap(1_000_000)
    full = cap.bitrate
    cap.observe(50, 100)
    assert cap.bitrate == full
    for _ in range(5):
        cap.observe(50, 100)
    assert cap.bitrate < 0.7 * full
    for _ in range(30):
        cap.observe(0, 100)
    assert cap.bitrate == full


def test_reception_counts_what_is_lost() -> None:
    reception = Reception(65530, 90_000)
    for number in range(100):
        if number % 10 != 3:
            reception.add(Rtp(96, True, 65530 + number & 0xFFFF, number * 3000, 1, b"x"), number * 33 * MS)
    assert reception.lost == 10
    assert reception.interval() == (10, 100)
    assert reception.info(1, 10, 100, 0).fraction_lost == 25
