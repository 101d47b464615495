"""Each process is sent what differs from what it was sent last, and nothing else."""

from typing import Any

import pytest

from mixer.contract.hand_values import HandValues
from mixer.contract.messages import Message, TakePlan, TakeSound, TakeValues
from mixer.contract.names import SourceName, of_seat, shard_name
from signaling.contract.messages import UplinkTargets
from studio.contract.messages import Desired
from studio.control.plan_sender import PlanSender
from studio.planning.planner import Live, plan
from studio.show.model import Show
from tests.support.shows import PLAN_SETTINGS, after, with_mayors, with_scene

SHARD = shard_name(0)


class Processes:
    def __init__(self) -> None:
        self.sent: list[tuple[str, Message]] = []
        self.closed = False
        self.sender = PlanSender(self)
        self.show = after(with_scene(with_mayors(3), "talk", "grid"), "program.cut", scene="talk")
        self.revision = 0

    def __call__(self, to: str, message: Message) -> None:
        if self.closed:
            raise ConnectionError
        self.sent.append((to, message))

    def do(self, type_: str, **fields: Any) -> list[tuple[str, Message]]:
        return self.tell(after(self.show, type_, **fields))

    def tell(self, show: Show) -> list[tuple[str, Message]]:
        self.show = show
        self.revision += 1
        self.sent.clear()
        self.sender.tell(plan(show, Live(), PLAN_SETTINGS, self.revision), 5, True, [SHARD])
        return list(self.sent)


@pytest.fixture
def processes() -> Processes:
    made = Processes()
    assert [(to, type(message)) for to, message in made.tell(made.show)] == [
        ("mixer", TakePlan),
        ("supervisor", Desired),
        (SHARD, UplinkTargets),
    ]
    return made


def test_a_fader_is_its_value(processes: Processes) -> None:
    gains = {}
    for number, db in ((1, -3.0), (2, -9.0), (1, 0.0)):
        gains[f"seat/mayor-{number}"] = db
        left = {SourceName(source): each for source, each in gains.items() if each}
        told = processes.do("source.gain", source=f"seat/mayor-{number}", db=db)
        assert told == [("mixer", TakeValues(processes.revision, 5, HandValues(left)))]


def test_sound_goes_without_pictures(processes: Processes) -> None:
    processes.do("source.gain", source="seat/mayor-1", db=-3)
    ((to, message),) = processes.do("source.solo", source="seat/mayor-1", on=True)
    assert to == "mixer"
    assert isinstance(message, TakeSound)
    assert message.audio.monitor.solo == ("seat/mayor-1",)
    assert message.audio.open[0].gain_db == -3
    assert processes.do("source.gain", source="seat/mayor-1", db=-4) == [
        ("mixer", TakeValues(processes.revision, 5, HandValues({of_seat("mayor-1"): -4})))
    ]


def test_a_revision_is_told_though_nothing_changes(processes: Processes) -> None:
    assert processes.do("show.update", title="Another") == [("mixer", TakeValues(processes.revision, 5))]


def test_pictures_go_whole(processes: Processes) -> None:
    processes.do("source.gain", source="seat/mayor-1", db=-3)
    ((to, message),) = processes.do("seat.update", seat="mayor-1", name="Another")
    assert to == "mixer"
    assert isinstance(message, TakePlan)
    assert message.plan.audio.open[0].gain_db == -3


def test_a_link_that_was_full_gets_all_of_it_the_next_time(processes: Processes) -> None:
    processes.closed = True
    with pytest.raises(ConnectionError):
        processes.do("source.gain", source="seat/mayor-1", db=-3)
    processes.closed = False
    (_, first), (_, second) = processes.do("source.gain", source="seat/mayor-1", db=-4)
    assert isinstance(first, TakePlan)
    assert isinstance(second, Desired)


def test_a_shard_that_comes_back_is_told_again(processes: Processes) -> None:
    plans = plan(processes.show, Live(), PLAN_SETTINGS, 1)
    processes.sent.clear()
    processes.sender.tell_shard(SHARD, plans)
    assert not processes.sent
    processes.sender.forget_shard(SHARD)
    processes.sender.tell_shard(SHARD, plans)
    assert [to for to, _ in processes.sent] == [SHARD]
