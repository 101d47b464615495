"""What is decoded of a sender at most, and that nobody honest ever notices."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signaling.contract.messages import UplinkTarget
from signaling.rtc.video.allowance import BURST_S, FLOOR, FOLLOW_NS, NAMED_NS, TOLERANCE, Allowance

S = 1_000_000_000
THUMBNAIL, LOW, HIGH = (UplinkTarget(w, w * 9 // 16, fps, 0) for w, fps in ((160, 5), (320, 30), (1280, 30)))
TARGETS = (THUMBNAIL, UplinkTarget(320, 180, 10, 0), LOW, UplinkTarget(480, 270, 30, 0), HIGH)


def told(target: UplinkTarget) -> Allowance:
    """So long ago that nothing else is allowed any more."""
    allowance = Allowance()
    allowance.aim(target, 0)
    allowance.aim(target, FOLLOW_NS)
    return allowance


@given(data=st.data())
def test_who_follows_his_target_is_never_left_out(data: st.DataObject) -> None:
    """Up to twice the box's area, with jitter, over a network that holds 2 s back and gives them at once."""
    target = data.draw(st.sampled_from(TARGETS))
    area = round(target.width * target.height * data.draw(st.floats(0.01, 2.1)))
    # a browser that takes no frame rate sends small pictures at its camera's
    fps = data.draw(st.sampled_from([target.fps, 30])) if target.fps < 30 else 31
    stalls = data.draw(st.lists(st.tuples(st.integers(0, 20), st.floats(0, 1.9)), max_size=3))
    allowance = told(target)
    sent = [FOLLOW_NS + round(n * S / fps) for n in range(25 * fps)]
    for n, at in enumerate(sent):
        arrived = at + data.draw(st.integers(0, 40_000_000)) if n % 20 == 0 else at
        for start, seconds in stalls:
            begin = FOLLOW_NS + start * S
            if begin <= at < begin + seconds * S:
                arrived = round(begin + seconds * S)
        assert allowance.admit(area, n % 300 == 0, arrived)
    assert not allowance.over(sent[-1])


@settings(max_examples=60)
@given(
    target=st.sampled_from(TARGETS),
    pixels=st.integers(1, 1920 * 1088),
    fps=st.integers(1, 400),
    key_every=st.integers(1, 200),
)
def test_never_more_than_allowed_and_no_picture_without_the_one_before(
    target: UplinkTarget, pixels: int, fps: int, key_every: int
) -> None:
    allowance, seconds = told(target), 6
    decoded, gap, asked = 0, False, 0
    for n in range(seconds * fps):
        key = n % key_every == 0
        admitted = allowance.admit(pixels, key, FOLLOW_NS + n * S // fps)
        assert not (admitted and gap and not key)
        gap = not admitted
        decoded += admitted
        asked += allowance.wants_key
    area = max(each.width * each.height * each.fps for each in (target, FLOOR))
    assert decoded * pixels <= TOLERANCE * area * (seconds + BURST_S) + pixels
    small = pixels <= TOLERANCE * FLOOR.width * FLOOR.height
    rate = 1.2 * max(target.fps, FLOOR.fps if small else 0) + 2
    assert decoded <= rate * (seconds + BURST_S) + 1
    # something is shown all the same, where keyframes come when asked for
    assert decoded > 0
    if decoded < seconds * fps:
        assert asked or not allowance.waiting_key or key_every == 1


def play(allowance: Allowance, pixels: int, fps: int, since_ns: int, seconds: float) -> list[int]:
    """Send with a keyframe whenever one is wanted; when pictures were admitted."""
    admitted, key = [], True
    for n in range(round(seconds * fps)):
        now = since_ns + n * S // fps
        if allowance.admit(pixels, key, now):
            admitted.append(now)
        key = allowance.wants_key
    return admitted


def test_the_old_target_stays_allowed_for_a_while_and_the_name_goes_by_itself() -> None:
    allowance, area = told(HIGH), HIGH.width * HIGH.height
    now = FOLLOW_NS
    assert len(play(allowance, area, 30, now, 5)) == 150
    now += 5 * S
    allowance.aim(LOW, now)
    assert len(play(allowance, area, 30, now, FOLLOW_NS / S)) == 30 * FOLLOW_NS // S
    now += FOLLOW_NS
    assert not allowance.over(now)
    shown = play(allowance, area, 30, now, 10)
    now += 10 * S
    assert allowance.over(now)
    allowed = TOLERANCE * LOW.width * LOW.height * LOW.fps
    assert allowed * 9 < len(shown) * area <= allowed * (10 + BURST_S) + area
    play(allowance, LOW.width * LOW.height, 30, now, 1)
    assert allowance.over(now + NAMED_NS - S // 2)
    assert len(play(allowance, LOW.width * LOW.height, 30, now + S, 2)) == 60
    assert not allowance.over(now + 3 * S)


@pytest.mark.parametrize("fps", [60, 1000])
def test_tiny_pictures_at_no_cameras_rate_are_named(fps: int) -> None:
    allowance = told(THUMBNAIL)
    shown = play(allowance, 64 * 36, fps, FOLLOW_NS, 10)
    assert allowance.over(FOLLOW_NS + 10 * S)
    assert len(shown) <= 38 * (10 + BURST_S)


def test_a_raise_counts_at_once() -> None:
    allowance = told(LOW)
    allowance.aim(HIGH, FOLLOW_NS)
    assert len(play(allowance, 1280 * 720, 30, FOLLOW_NS + S, 10)) == 300
