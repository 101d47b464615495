"""The real mixer: a language's programme is its own while it differs, from its tick on, and unbroken."""

import msgspec
import pytest

from mixer.contract.names import of_seat, picture_stream
from mixer.contract.plan import CanvasPlan, Rect, Tile
from tests.support.media.mixing import (
    GREEN,
    RED,
    Guest,
    Mixer,
    decoded,
    guests,
    is_colour,
    plan_of,
    small_config,
)

pytestmark = pytest.mark.alone

VIDEO, KO = picture_stream("program"), picture_stream("program-ko")
WHOLE = Rect(0, 0, 640, 360)


def test_a_language_differs_from_its_tick_on_and_is_the_programme_again_afterwards() -> None:
    sources = (of_seat("a"), of_seat("b"))
    with Mixer(small_config()) as mixer:
        a, b = (mixer.open_slot(source) for source in sources)
        tap = mixer.tap(VIDEO, KO)
        common = plan_of(1, (Tile(WHOLE, of_seat("a")),), sources)
        with guests(Guest(a, RED), Guest(b, GREEN)):
            mixer.take(common)
            tap.wait(KO, lambda found: len(found) > 10)
            other = {"ko": CanvasPlan(640, 360, (Tile(WHOLE, of_seat("b")),))}
            differs = mixer.take(msgspec.structs.replace(common, revision=2, languages=other)).tick
            tap.wait(KO, lambda found: found[-1].pts > differs + 10)
            same = mixer.take(msgspec.structs.replace(common, revision=3)).tick
            tap.wait(KO, lambda found: found[-1].pts > same + 64)
            last = tap.packets(KO)[-1].pts
            tap.wait(VIDEO, lambda found: found[-1].pts >= last)
        packets = [packet for packet in tap.packets(KO) if packet.pts <= last]
        program = {packet.pts: packet for packet in tap.packets(VIDEO)}
        late = mixer.reports()[-1].late_ticks
    pts = [packet.pts for packet in packets]
    assert sorted(set(pts)) == pts, "each once, in order"
    assert len(pts) >= last - pts[0] + 1 - late
    assert next(packet for packet in packets if packet.pts >= differs).key
    back = next(pts for pts in range(same, last) if pts % 60 == 0)
    (header,) = tap.headers(KO)
    frames = {frame.pts or 0: frame for frame in decoded(packets, header=header)}
    assert list(frames) == pts
    for tick, frame in frames.items():
        wanted = GREEN if differs <= tick < same else RED
        if tick > pts[0] + 5:  # the guest's first picture is there
            assert is_colour(frame, 320, 180, wanted), tick
    assert all(packet.data == program[packet.pts].data for packet in packets if packet.pts >= back)
    assert all(packet.data == program[packet.pts].data for packet in packets if packet.pts < differs)
    keys = [tick for tick, packet in program.items() if packet.key and differs <= tick <= last]
    assert len(keys) == len([tick for tick in range(differs, last + 1) if tick % 60 == 0]), (
        "none for its sake"
    )
