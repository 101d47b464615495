"""A director's cut and slate in a running studio, timed from the command to the plan that was taken."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import numpy as np
import pyvips
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.support.running import RunningStudio, wait_until

TICK_MS = 1000 / 30
PROMISED_TICKS = 2
FLOOD_PER_S = 1000
THEME_SIDE = 9000
"""Pixels of a theme's picture that takes a while to decode."""
THEMES = 3


class Hand(msgspec.Struct, frozen=True):
    """``answer_ms``: the worst time to a command's answer. ``air_ticks``: the worst count of ticks from a
    command to the one that shows it; 1 is the next one."""

    answer_ms: float
    air_ticks: int


def by_hand(studio: RunningStudio, rounds: int = 4) -> Hand:
    """Cut, slate on, slate off; each one until its plan is taken."""
    answers, ticks = [], []
    for number in range(rounds):
        for type_, fields in (
            ("program.cut", {"scene": "ab"[number % 2]}),
            ("program.slate", {"on": True}),
            ("program.slate", {"on": False}),
        ):
            begun = time.monotonic()
            revision = studio.do(type_, **fields)["revision"]
            answers.append((time.monotonic() - begun) * 1000)
            wait_until(
                "the plan is taken",
                lambda revision=revision: studio.status("mixer", "revision") >= revision,  # type: ignore[misc]
            )
            ticks.append(studio.status("mixer", "air_ticks"))
    return Hand(round(max(answers), 1), max(ticks))


@contextmanager
def flood(studio: RunningStudio) -> Iterator[None]:
    """1,000 commands a second on a socket of the same director's, answered or refused."""
    stop = threading.Event()
    address = studio.url.replace("http", "ws", 1) + "/ws"
    headers = {"Authorization": f"Bearer {studio.token}"}
    with connect(address, additional_headers=headers, proxy=None, max_size=None) as socket:

        def send() -> None:
            begun, sent = time.monotonic(), 0
            while not stop.wait(0.005):
                due = int((time.monotonic() - begun) * FLOOD_PER_S)
                for number in range(sent, due):
                    command = {"type": "show.update", "title": f"Flood {number}"}
                    socket.send(json.dumps({"type": "command", "id": str(number), "command": command}))
                sent = due

        def read() -> None:
            try:
                for _ in socket:
                    pass
            except ConnectionClosed:
                return

        threads = [threading.Thread(target=each) for each in (send, read)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            threads[0].join()
            socket.close()
            threads[1].join()


@contextmanager
def setting_themes(studio: RunningStudio) -> Iterator[list[threading.Event]]:
    """Two clients at once set themes that nobody has set before, some each. Their events are set when they
    are through; at the end both are awaited."""
    picture = pyvips.Image.new_from_array(np.full((THEME_SIDE, THEME_SIDE, 3), 90, np.uint8))
    content = picture.write_to_buffer(".png", compression=1)
    over = [threading.Event(), threading.Event()]
    for name in range(2 * THEMES):
        folder = studio.data / "themes" / f"t{name}"
        folder.mkdir(parents=True)
        (folder / "back.png").write_bytes(content + bytes(name))  # each one another file
        (folder / "theme.toml").write_text('backdrop = "back.png"\n')

    def set_them(client: int) -> None:
        for name in range(client, 2 * THEMES, 2):
            studio.do("theme.set", theme=f"t{name}")
        over[client].set()

    threads = [threading.Thread(target=set_them, args=(client,)) for client in (0, 1)]
    for thread in threads:
        thread.start()
    try:
        yield over
    finally:
        for thread in threads:
            thread.join()
