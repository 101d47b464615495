"""Test patterns: bars with a tone, a grid, a ramp, white, black, and a flash and a beep each second."""

from collections.abc import Callable
from fractions import Fraction
from math import ceil, floor

import numpy as np

from mixer.contract.clock import NS, RATE, ProgramClock, sample_at
from mixer.contract.colour import colour_bars
from mixer.contract.picture import Picture, new_picture
from mixer.contract.player_messages import PlayerConfig, PlayerOrder, PlayerReport
from mixer.ipc.slot import Samples
from mixer.sources.player import IDLE_NS, MS
from mixer.sources.slot_out import SlotOut

TONE_HZ = 1000
TONE = 10 ** (-18 / 20)
"""−18 dBFS, peak: EBU R 68's alignment level."""
LEAD_NS = 200 * MS
FLASH_TICKS = 3
STEP_NS = 20 * MS
_WHITE = (235, 128, 128)
_GRID_STEPS = 16


def pattern(name: str, width: int, height: int) -> Picture:
    """One picture of a pattern. Raises ValueError for a name that isn't known."""
    match name:
        case "bars":
            return colour_bars(width, height)
        case "white":
            return new_picture(width, height, _WHITE)
        case "black" | "sync":
            return new_picture(width, height)
        case "ramp":
            picture = new_picture(width, height)
            picture.y[:] = np.rint(np.linspace(16, 235, width)).astype(np.uint8)
            return picture
        case "grid":
            return _grid(width, height)
    raise ValueError(f"no pattern {name}")


def _grid(width: int, height: int) -> Picture:
    """White lines on black, 16 squares wide, with a frame at the very edge and a cross in the middle."""
    picture = new_picture(width, height)
    step, luma = width // _GRID_STEPS, picture.y
    for x in range(width // 2 % step, width, step):
        luma[:, x : x + 2] = 180
    for y in range(height // 2 % step, height, step):
        luma[y : y + 2] = 180
    luma[:, width // 2 - 2 : width // 2 + 2] = 235
    luma[height // 2 - 2 : height // 2 + 2] = 235
    luma[:2] = luma[-2:] = 235
    luma[:, :2] = luma[:, -2:] = 235
    return picture


def tone(start: int, count: int) -> Samples:
    """``count`` samples of 1 kHz at −18 dBFS from absolute sample ``start`` on: seamless, whichever block
    comes next."""
    phase = (start + np.arange(count)) % (RATE // TONE_HZ)
    wave = TONE * np.sin(2 * np.pi * TONE_HZ / RATE * phase)
    return np.repeat(wave.astype(np.float32)[:, None], 2, axis=1)


class PatternPlayer:
    """Implements :class:`mixer.sources.player.Player`."""

    def __init__(self, config: PlayerConfig, out: SlotOut) -> None:
        self._config = config
        self._out = out
        self._order = 0
        self._clock = ProgramClock(config.epoch_ns, Fraction(config.fps_num, config.fps_den))
        self._picture = pattern(config.pattern, config.width, config.height)
        self._flash = new_picture(config.width, config.height, _WHITE)
        self._sync = config.pattern == "sync"
        self._shown = False
        self._lit = False
        self._tick: int | None = None
        """Of ``sync``: the next tick to be written."""
        self._sample = 0
        """Next of the sound to be written."""

    def order(self, order: PlayerOrder, now_ns: int) -> None:
        self._order = order.order

    def step(self, now_ns: int) -> int:
        if not self._shown:
            self._shown = True
            self._out.picture(self._picture, now_ns)
        if self._sync:
            self._flash_and_beep(now_ns)
            return STEP_NS
        if self._config.tone:
            self._sound(now_ns, tone)
            return STEP_NS
        return IDLE_NS

    def _sound(self, now_ns: int, wave: Callable[[int, int], Samples]) -> None:
        first, last = max(self._sample, sample_at(now_ns)), sample_at(now_ns + LEAD_NS)
        if first < last:
            self._out.sound(first, wave(first, last - first))
            self._sample = last

    def _flash_and_beep(self, now_ns: int) -> None:
        clock = self._clock
        tick = clock.tick_at(now_ns) + 1
        self._tick = tick if self._tick is None else max(self._tick, tick)
        while clock.due_ns(self._tick) <= now_ns + 4 * clock.period_ns:
            lit = self.flashes(self._tick)
            if lit != self._lit:
                self._out.picture(self._flash if lit else self._picture, clock.due_ns(self._tick))
                self._lit = lit
            self._tick += 1
        self._sound(now_ns, self._beeps)

    def flashes(self, tick: int) -> bool:
        """Return whether this tick is white: the first ones of each second since the epoch."""
        return tick - self._second_of(tick) < FLASH_TICKS

    def _second_of(self, tick: int) -> int:
        """The first tick of the second, counted from the epoch, that ``tick`` lies in."""
        fps = self._clock.fps
        second = floor(tick / fps)
        return ceil(second * fps)

    def _beeps(self, start: int, count: int) -> Samples:
        """The tone, wherever the picture is white."""
        samples = tone(start, count)
        clock = self._clock
        numbers = start + np.arange(count)
        lit = np.zeros(count, bool)
        second = (start * NS // RATE - clock.epoch_ns) // NS - 1
        for each in range(second, second + count // RATE + 4):
            first = ceil(each * clock.fps)
            begin, end = (sample_at(clock.due_ns(tick)) for tick in (first, first + FLASH_TICKS))
            lit |= (numbers >= begin) & (numbers < end)
        samples[~lit] = 0
        return samples

    def report(self, now_ns: int) -> PlayerReport:
        config = self._config
        return PlayerReport(
            source=config.source,
            state="live",
            order=self._order,
            width=config.width,
            height=config.height,
            sound=config.tone or self._sync,
        )

    def alive(self, now_ns: int) -> bool:
        return True

    def close(self) -> None:
        """Do nothing: there is nothing to end."""
