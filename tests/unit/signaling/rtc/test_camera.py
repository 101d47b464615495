"""The camera that encodes as it sends: keyframes when they are asked for, and at no other time."""

from signaling.rtc.synthetic.camera import Camera
from signaling.rtc.synthetic.loops import FPS


def test_keyframes_come_when_asked_for_and_never_else() -> None:
    camera = Camera("Mayor", 0.3, size=(160, 90), bitrate=100_000)
    keys = []
    for number in range(5 * FPS):
        if number == 70:
            camera.ask_key()
        if camera.picture(number).key:
            keys.append(number)
    assert keys == [0, 70]
    assert camera.keyframes == 2


def test_pictures_go_on_past_the_end_of_what_was_drawn() -> None:
    camera = Camera("Mayor", 0.3, size=(160, 90), codec="vp8")
    assert all(camera.picture(number).payloads for number in range(3 * FPS))
    assert camera.sound(0) == camera.sound(100)
