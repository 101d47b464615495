"""The meters' board: whose word counts, how often it is read, what is held and what is forgotten."""

import math

import msgspec
import pytest

from mixer.contract.messages import BusMeter, Meters, SourceMeter
from mixer.contract.names import of_seat
from signaling.contract.messages import ShardLevels
from signaling.http import messages
from signaling.http.live.meters import HOLD_S, PERIOD_S, STALE_S, MeterBoard, Reading

BUS = BusMeter(-9.04, -8, -23.06, -22.9, -23, -1.2)


class Board:
    """A board with its clock."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.board = MeterBoard(lambda: self.now_s)

    def mixer(self, **sources: float) -> Reading | None:
        found = {of_seat(name): SourceMeter(peak, peak + 1) for name, peak in sources.items()}
        return self.board.take("mixer", Meters(found, {"floor": BUS}))

    def shard(self, number: int = 1, **levels: float) -> Reading | None:
        found = {of_seat(name): level for name, level in levels.items()}
        return self.board.take(f"shard-{number}", ShardLevels(found))

    def wait(self, seconds: float = PERIOD_S) -> None:
        self.now_s += seconds


def test_the_mixers_word_counts_and_shards_fill_in_the_rest() -> None:
    board = Board()
    board.shard(1, a=-30, closed=-40)
    board.wait()
    board.shard(2, b=-50)
    board.wait()
    reading = board.mixer(a=-20.04)
    assert reading is not None
    assert reading.sources == {"seat/a": (-20.0, -19.0), "seat/closed": (-40, -40), "seat/b": (-50, -50)}
    assert reading.buses == {"floor": (-9, -8, -23.1, -22.9, -23, -1.2)}
    assert msgspec.json.decode(messages.encode(reading.whole())) == {
        "type": "meters",
        "sources": {"seat/a": [-20, -19], "seat/closed": [-40, -40], "seat/b": [-50, -50]},
        "buses": {"floor": [-9, -8, -23.1, -22.9, -23, -1.2]},
    }
    assert reading.part(["seat/b", "seat/none"]) == messages.Meters(
        {"seat/b": (-50, -50)}, {"floor": (-9.0, -8.0)}
    )


def test_at_most_twenty_a_second_and_no_peak_is_lost() -> None:
    board = Board()
    shown, highest = 0, []
    for n in range(1000):  # ten times too many, one of them loud
        reading = board.mixer(a=-3 if n == 505 else -60)
        if reading is not None:
            shown += 1
            highest.append(reading.sources["seat/a"][0])
        board.wait(PERIOD_S / 10)
    assert 99 <= shown <= 102
    assert highest.count(-3) == 1


def test_a_mixer_that_is_a_little_irregular_is_shown_each_time() -> None:
    board = Board()
    shown = 0
    for n in range(100):
        shown += board.mixer(a=-60) is not None
        board.shard(a=-60)
        board.wait(PERIOD_S + (0.02 if n % 2 else -0.02))
    assert shown == 100


def test_shards_are_read_alone_while_there_is_no_mixer() -> None:
    board = Board()
    assert board.shard(a=-30) is not None
    board.mixer(a=-20)
    board.wait()
    assert board.shard(a=-30) is None
    board.wait(STALE_S)
    reading = board.shard(a=-30)
    assert reading is not None
    assert reading.buses == {}
    assert reading.sources["seat/a"][0] == -30


def test_what_is_gone_is_forgotten() -> None:
    board = Board()
    board.shard(1, a=-30)
    board.wait(STALE_S)
    reading = board.shard(2, b=-30)
    assert reading is not None
    assert set(reading.sources) == {"seat/b"}
    for n in range(500):
        board.shard(1, **{f"s{n}": -30.0})
        board.wait()
    assert sum(len(feed.sources) + len(feed.held) for feed in board.board._feeds.values()) < 8
    board.board.forget()
    assert not board.board._feeds


def test_a_peak_is_held_and_let_go() -> None:
    board = Board()
    holds = []
    for n in range(60):
        reading = board.shard(a=-6 if n == 10 else -40)
        assert reading is not None
        holds.append(reading.sources["seat/a"][1])
        board.wait()
    held = holds.count(-6)
    assert held * PERIOD_S == pytest.approx(HOLD_S, abs=1.1 * PERIOD_S)
    assert holds == [-40] * 10 + [-6] * held + [-40] * (50 - held)


@pytest.mark.parametrize("value", [math.nan, -math.inf, -120.0])
def test_what_is_no_number_is_silence(value: float) -> None:
    reading = Board().mixer(a=value)
    assert reading is not None
    assert reading.sources["seat/a"] == (-100, -100)
