"""A mixer that comes back: its first picture is that of the plan that was on air, plates and all."""

import time

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from mixer.contract.messages import PlanTaken, TakePlan
from mixer.contract.names import of_seat, picture_stream
from mixer.contract.plan import Plate, Rect, SourceInfo, Tile
from tests.support.media.mixing import Mixer, decoded, plan_of, small_config

pytestmark = pytest.mark.alone

VIDEO = picture_stream("program")
NAMES = ("이은영", "Özlem Şahin", "直江 海斗", "Αθηνά", "Київ", "กรุงเทพ", "João", "Nguyễn Thị", "محمد")


def test_the_first_picture_after_a_restart_has_its_plates() -> None:
    tiles = tuple(
        Tile(
            Rect(210 * (n % 3), 120 * (n // 3), 208, 118), of_seat(str(n)), plate=Plate(NAMES[n], "고양시장")
        )
        for n in range(9)
    )
    plan = plan_of(7, tiles)
    named = {f"seat/{n}": SourceInfo(name=name, title="고양시장") for n, name in enumerate(NAMES)}
    plan = msgspec.structs.replace(plan, sources=named)
    mixer = Mixer(small_config(resumes=True))
    tap = mixer.tap(VIDEO)
    mixer.send(TakePlan(plan, time.monotonic_ns()))
    with mixer:
        pictures = tap.wait(VIDEO, lambda packets: len(packets) > 45)
        taken = mixer.expect(PlanTaken)
        assert (taken.revision, taken.tick) == (7, pictures[0].pts)
        shown = [luma(frame) for frame in decoded(pictures, header=tap.headers(VIDEO)[0])]
    settled = shown[-1]
    assert settled.std() > 10, "names are to be seen"
    apart = [float(np.abs(picture - settled).mean()) for picture in shown[:10]]
    assert max(apart) < 3, apart


def luma(frame: object) -> NDArray[np.float32]:
    return np.asarray(frame.to_ndarray(format="gray"), np.float32)  # type: ignore[attr-defined]
