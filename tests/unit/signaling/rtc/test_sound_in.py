"""A microphone's way in, in time that is handed in: gaps, delay, drift, stretching, silence, rubbish."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixer.contract.clock import RATE, sample_at
from signaling.rtc.audio.audio_jitter import Sound
from signaling.rtc.audio.conceal import ALIKE, Samples, lengthen, shorten
from signaling.rtc.audio.opus import AvDecoder, LibDecoder, load
from signaling.rtc.audio.sound_in import MAX_INBOX, SoundStream
from signaling.rtc.audio.voice import Voice
from signaling.rtc.timeline import MIN_PICTURE_DELAY_NS, LipSync, Timeline
from signaling.rtc.transport.rtp import Rtp, audio_level, build_rtp, level_extension, parse_rtp
from studio.lab.bench.hearing import gaps_ms
from tests.support.peers.microphones import MS, Line, Mono, Ordeal, chirps, delay_ms, opus, opus_dtx, tone

PATH_MS, CODEC_MS = 25.0, 6.5
DEAD_ZONE_MS = 10.0


def steepest(wave: Mono) -> float:
    return float(np.abs(np.diff(wave)).max())


def test_the_library_of_the_wheel_is_found() -> None:
    """Otherwise losses are concealed less well, and error correction is of no use."""
    assert load() is not None


@pytest.mark.parametrize("plain", [False, True], ids=["libopus", "waveform"])
def test_five_percent_loss_and_fifty_ms_of_jitter_leave_no_gap(plain: bool) -> None:
    ordeal = Ordeal(plain=plain)
    ordeal.play(opus(chirps(60)), Line(loss=0.05, jitter_ms=50))
    assert gaps_ms(ordeal.heard(0.5, 59.5)) == []
    assert ordeal.written(0.5, 59.5).all()
    assert ordeal.errors == []
    assert ordeal.stream.concealed > 60 * RATE * 0.04


def test_loss_leaves_the_delay_as_it_was() -> None:
    wave = chirps(80)
    packets = opus(wave)
    ordeal = Ordeal()
    ordeal.play(packets[:1000], Line())
    ordeal.play(packets[1000:], Line(loss=0.01), first=1000)
    before = delay_ms(ordeal, wave, 18)
    after = [delay_ms(ordeal, wave, at) for at in (21, 40, 60, 78)]
    print("delay before and after 1 % loss, ms:", before, after)
    assert max(after) <= 1.2 * before


@pytest.mark.parametrize("honest", [True, False], ids=["reports", "wall clock drifts too"])
@pytest.mark.parametrize("drift_ppm", [300.0, -300.0])
def test_a_clock_that_is_wrong_changes_no_delay(drift_ppm: float, honest: bool) -> None:
    wave = chirps(60)
    ordeal = Ordeal()
    ordeal.play(opus(wave), Line(jitter_ms=5, drift_ppm=drift_ppm, honest=honest))
    delays = [delay_ms(ordeal, wave, at, drift_ppm) for at in range(12, 58, 5)]
    print("delays, ms:", [round(delay) for delay in delays])
    expected = PATH_MS + CODEC_MS + ordeal.sync.sound_target_ns / MS
    assert all(abs(delay - expected) < DEAD_ZONE_MS for delay in delays)
    assert gaps_ms(ordeal.heard(0.5, 58)) == []
    assert abs(ordeal.sync.sound.skew_ppb - (drift_ppm * 1000 if honest else 0)) < 20_000


def test_reports_that_arrivals_contradict_are_not_believed() -> None:
    timeline = Timeline(RATE)
    late = []
    for second in range(120):
        for block in range(50):
            at = second * 1000 + block * 20
            extended, _ = timeline.observe(at * 48 & 0xFFFFFFFF, at * MS)
            late.append(at * MS - timeline.local_ns(extended))
        timeline.report(((10**18 + second * 1_000_900_000) << 32) // 10**9, second * RATE & 0xFFFFFFFF)
        if second == 20:
            assert timeline.skew_ppb > 800_000
    assert timeline.skew_ppb == 0
    assert max(map(abs, late)) < 10 * MS


@pytest.mark.parametrize("set_s", [-3600, 3600])
def test_a_wall_clock_that_is_set_is_a_new_beginning(set_s: int) -> None:
    timeline = Timeline(RATE)
    for second in range(20):
        timeline.observe(second * RATE, second * 1000 * MS)
        wall = 10**18 + second * 10**9 + (set_s * 10**9 if second > 10 else 0)
        timeline.report((wall << 32) // 10**9, second * RATE)
    assert abs(timeline.skew_ppb) < 1000
    offset = timeline.offset_ns()
    assert offset is not None
    assert abs(offset + 10**18 + set_s * 10**9) < MS


def test_stretching_is_not_heard_on_a_tone() -> None:
    """The target falls from 60 to 40 ms, then jitter brings it up again: the tone goes on all the time."""
    for hz in (155.0, 440.0, 1000.0):
        wave = tone(hz, 24)
        packets = opus(wave)
        ordeal = Ordeal()
        ordeal.play(packets[:700], Line())
        ordeal.play(packets[700:], Line(jitter_ms=60), first=700)
        low, high = delay_step_ms(ordeal)
        assert low < -15
        assert high > 20
        heard = ordeal.heard(1, 23)
        assert steepest(heard) < 1.15 * steepest(wave)
        assert gaps_ms(heard) == []
        assert purity_db(heard, hz) < -35


def delay_step_ms(ordeal: Ordeal) -> tuple[float, float]:
    """The lowest and the last target against the first one."""
    return 40 - 60, ordeal.sync.sound_target_ns / MS - 40


def purity_db(heard: Mono, hz: float) -> float:
    """Power farther than 40 Hz from the tone against the tone's, the median of windows of 100 ms."""
    size = RATE // 10
    windows = heard[: len(heard) // size * size].reshape(-1, size) * np.hanning(size)
    power = np.abs(np.fft.rfft(windows, axis=1)) ** 2
    near = np.abs(np.fft.rfftfreq(size, 1 / RATE) - hz) <= 40
    return float(10 * np.log10(np.percentile(power[:, ~near].sum(axis=1) / power[:, near].sum(axis=1), 95)))


def test_noise_is_only_stretched_by_force() -> None:
    noise = np.random.default_rng(1).normal(0, 0.1, (960, 2)).astype(np.float32)
    assert len(shorten(noise, ALIKE)) == len(lengthen(noise, ALIKE)) == 960
    assert len(shorten(noise)) < 960 < len(lengthen(noise))
    assert len(shorten(np.zeros((960, 2), np.float32), ALIKE)) < 960


def test_error_correction_brings_back_what_was_lost() -> None:
    library = load()
    assert library is not None
    wave = chirps(4) * (0.6 + 0.4 * np.sin(np.arange(4 * RATE) / 900)).astype(np.float32)
    packets = opus(wave, application="voip", fec=True)
    whole, lossy = LibDecoder(library), Voice(LibDecoder(library))
    for packet in packets[:100]:
        whole.decode(packet)
        lossy.decode(packet, 960)
    sent = whole.decode(packets[100])
    assert sent is not None
    got = lossy.lost(960, packets[101])
    assert lossy.recovered == 960
    assert np.corrcoef(sent[:, 0], got[:, 0])[0, 1] > 0.8
    assert AvDecoder().recover(packets[101], 960) is None


def test_silence_on_purpose_is_no_loss_and_begins_and_ends_without_a_click() -> None:
    rng = np.random.default_rng(3)
    voice = chirps(2)
    wave = np.concatenate((voice, np.zeros(4 * RATE, np.float32), voice))
    wave += rng.normal(0, 3e-4, len(wave)).astype(np.float32)
    packets = opus_dtx(wave)
    assert packets.count(None) > 100
    ordeal = Ordeal()
    ordeal.play(packets, Line(jitter_ms=10))
    heard = ordeal.heard(0.2, 7.8)
    rest = ordeal.heard(3.2, 5.8)
    assert np.abs(rest).max() < 5e-3
    assert ordeal.written(3.2, 5.8).all()  # comfort noise, no holes in it
    assert ordeal.stream.concealed < RATE // 2
    assert steepest(heard) < 1.5 * steepest(wave)
    assert delay_ms(ordeal, wave, 7) < PATH_MS + CODEC_MS + 60 + DEAD_ZONE_MS
    assert np.abs(ordeal.heard(6.2, 6.4)).max() > 0.2


def test_a_closed_microphone_is_timed_but_not_decoded() -> None:
    wave = tone(300, 12)
    packets = opus(wave)
    ordeal = Ordeal()
    ordeal.play(packets[:200], Line())
    ordeal.stream.open = False
    decoded = ordeal.stream.decoded
    ordeal.play(packets[200:400], Line(), first=200)
    assert ordeal.stream.decoded <= decoded + 1
    assert not ordeal.written(4.2, 8.0).any()
    assert ordeal.sync.sound.alive(round(1008e9))
    ordeal.stream.open = True
    ordeal.play(packets[400:], Line(), first=400)
    began_s = 8 + float(np.argmax(ordeal.written(8, 9))) / RATE
    assert ordeal.written(8, 9).any()
    assert began_s - 8 < 0.050
    assert ordeal.written(began_s + 0.001, 11).all()
    assert np.abs(ordeal.heard(began_s + 0.01, began_s + 0.03)).max() > 0.3
    turning = np.concatenate((ordeal.heard(3.9, 4.3), ordeal.heard(7.9, 8.3)))
    assert steepest(turning) < 1.1 * steepest(wave)


@pytest.mark.parametrize("jump", [-1000, -50])
def test_a_microphone_that_counted_anew_while_closed_is_heard_once_it_is_open(jump: int) -> None:
    packets = opus(tone(300, 6))
    ordeal = Ordeal()
    ordeal.play(packets[:100], Line())
    ordeal.stream.open = False
    ordeal.play(packets[100:120], Line(seq=jump), first=100)
    ordeal.stream.open = True
    ordeal.play(packets[120:], Line(seq=jump), first=120)
    assert ordeal.written(2.46, 5.9).all()
    assert gaps_ms(ordeal.heard(2.46, 5.9)) == []


@pytest.mark.parametrize(("jump_s", "silent_ms", "step"), [(-10, 150, 1.1), (10, 150, 1.1), (-1.9, 300, 2.5)])
def test_timestamps_that_jump_cost_one_short_interruption(jump_s: float, silent_ms: int, step: float) -> None:
    """A small step back looks like a stall at first: it takes a second to tell them apart."""
    packets = opus(tone(300, 8))
    jump = int(jump_s * RATE)
    ordeal = Ordeal()
    ordeal.play(packets[:100], Line())
    ordeal.play(packets[100:300], Line(timestamp=jump), first=100)
    gaps = gaps_ms(ordeal.heard(0.5, 5.9))
    print("gaps, ms:", gaps)
    assert len(gaps) <= 1
    assert sum(gaps) < silent_ms
    assert steepest(ordeal.heard(0.5, 5.9)) < step * steepest(tone(300, 1))
    before = ordeal.stream.stretched
    ordeal.play(packets[300:], Line(timestamp=jump, jitter_ms=60), first=300)
    assert ordeal.stream.stretched > before  # on the new clock the delay follows its target as on the old one
    assert ordeal.errors == []


class _Interrupted(Voice):
    """While it decodes, the event loop gets its turn once."""

    turn: Callable[[], None] | None = None

    def decode(self, payload: bytes, expected: int, late: bool = False, skipped: int = 0) -> Samples:
        turn, self.turn = self.turn, None
        if turn is not None:
            turn()
        return super().decode(payload, expected, late, skipped)


def test_timestamps_that_jump_in_the_middle_of_a_step_cost_no_more() -> None:
    ends: list[int] = []
    voice = _Interrupted()
    stream = SoundStream(LipSync(), lambda start, samples: ends.append(start + len(samples)), voice)
    packets = opus(tone(300, 1.2))

    def push(number: int, timestamp: int, at_ns: int) -> None:
        packet = Rtp(111, False, number, timestamp & 0xFFFFFFFF, 1, packets[number])
        stream.push(packet, "opus", at_ns)

    for number in range(50):
        now_ns = 10**12 + number * 20 * MS
        if number == 25:
            voice.turn = partial(push, 25, 25 * 960 - 10 * RATE, now_ns)
        else:
            push(number, number * 960 - (10 * RATE if number > 25 else 0), now_ns)
        for half in range(2):
            stream.run(now_ns + half * 10 * MS)
    assert voice.turn is None
    assert max(np.diff(ends)) < 0.150 * RATE


def test_nothing_of_the_stream_before_is_held_when_another_begins() -> None:
    ordeal = Ordeal()
    ordeal.play(SOUND[:100], Line())
    now_ns = round((1000 + ordeal.elapsed_s) * 1e9)
    for seq, timestamp, ssrc in ((101, 100 * 960, 1), (71, 101 * 960, 2)):  # before the next step, both
        ordeal.stream.push(Rtp(111, False, seq, timestamp, ssrc, SOUND[100]), "opus", now_ns)
    ordeal.stream.run(now_ns)
    assert len(ordeal.stream._jitter) == 1
    assert ordeal.stream._jitter.peek() == Sound(SOUND[100], 101 * 960)


def test_a_picture_waits_for_no_closed_microphone() -> None:
    sync = LipSync()
    for number in range(100):
        sync.sound.observe(number * 960, number * 20 * MS)
        sync.picture.observe(number * 1800, number * 20 * MS)
    sync.sound_target_ns = 120 * MS
    sync.settle(2_000 * MS)
    assert sync.picture_delay_ns > 80 * MS
    sync.sound_open = False
    sync.settle(2_000 * MS)
    assert sync.picture_delay_ns == MIN_PICTURE_DELAY_NS
    assert sync.sound_delay_ns == 120 * MS


@given(st.integers(1, 14), st.integers(-127, 0), st.binary(max_size=20))
def test_levels_are_read_as_they_were_written(extension_id: int, dbov: int, payload: bytes) -> None:
    data = build_rtp(111, True, 1, 2, 3, payload, level_extension(extension_id, dbov))
    assert audio_level(data, extension_id) == dbov
    assert audio_level(data, extension_id % 14 + 1) is None
    assert parse_rtp(data).payload == payload
    assert audio_level(build_rtp(111, True, 1, 2, 3, payload), extension_id) is None


def test_levels_are_found_behind_other_extensions() -> None:
    header = build_rtp(111, False, 1, 2, 3, b"")
    body = b"\x10\x30" + b"\x00" + b"\x22abc" + b"\x50\x94" + b"\x00" * 3
    data = b"\x90" + header[1:] + b"\xbe\xde\x00\x03" + body + b"sound"
    assert audio_level(data, 5) == -20
    long = b"\x90" + header[1:] + b"\x10\x00\x00\x02" + b"\x01\x01\x30" + b"\x05\x01\x8a" + b"\x00\x00"
    assert audio_level(long, 5) == -10


@given(st.binary(min_size=12, max_size=60), st.integers(1, 14))
def test_levels_of_rubbish(data: bytes, extension_id: int) -> None:
    data = bytes((data[0] & 0x3F | 0x80,)) + data[1:]
    try:
        parse_rtp(data)
    except ValueError:
        return
    level = audio_level(data, extension_id)
    assert level is None or -127 <= level <= 0


SOUND = opus(chirps(4))


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("packet"), st.integers(0, 199), st.integers(-3, 3)),
            st.tuples(st.just("twice"), st.integers(0, 199), st.just(0)),
            st.tuples(st.just("cut"), st.integers(0, 199), st.integers(0, 4)),
            st.tuples(st.just("seq"), st.integers(0, 65535), st.just(0)),
            st.tuples(st.just("time"), st.integers(0, 2**32 - 1), st.just(0)),
            st.tuples(st.just("report"), st.integers(0, 2**64 - 1), st.integers(0, 2**32 - 1)),
            st.tuples(st.just("turn"), st.just(0), st.just(0)),
            st.tuples(st.just("level"), st.integers(-127, 0), st.just(0)),
            st.tuples(st.just("pause"), st.integers(1, 60), st.just(0)),
        ),
        max_size=60,
    ),
    st.booleans(),
)
def test_whatever_comes_nothing_raises_and_sound_comes_back(
    events: list[tuple[str, int, int]], plain: bool
) -> None:
    written: list[tuple[int, int]] = []
    now_ns = 10**12

    def sink(start: int, samples: np.ndarray) -> None:
        assert samples.shape[1] == 2
        assert samples.dtype == np.float32
        assert len(samples) <= 2 * 5760
        assert abs(start - sample_at(now_ns)) < RATE
        assert np.isfinite(samples).all()
        written.append((start, len(samples)))

    stream = SoundStream(LipSync(), sink, Voice(AvDecoder()) if plain else Voice())
    for what, number, extra in events:
        seq, timestamp, payload = number + extra & 0xFFFF, number * 960 & 0xFFFFFFFF, SOUND[number % 200]
        if what == "cut":
            payload = payload[:extra]
        elif what == "time":
            seq, timestamp = 100, number
        if what == "report":
            stream.report(number, extra)
        elif what == "turn":
            stream.open = not stream.open
        elif what == "level":
            stream.level(number)
        elif what != "pause":
            for _ in range(2 if what == "twice" else 1):
                stream.push(Rtp(111, False, seq, timestamp, 1, payload), "opus", now_ns)
        for _ in range(number if what == "pause" else 1):
            now_ns += 10 * MS
            stream._sync.settle(now_ns)
            stream.run(now_ns)
        assert len(stream._jitter) <= MAX_INBOX
    stream.open = True
    written.clear()
    for number in range(100):  # the sender comes to its senses: two seconds later at most it is heard again
        stream.push(Rtp(111, False, 30_000 + number, number * 960, 2, SOUND[number]), "opus", now_ns)
        for _ in range(2):
            now_ns += 10 * MS
            stream._sync.settle(now_ns)
            stream.run(now_ns)
    assert sum(count for _, count in written) > RATE
