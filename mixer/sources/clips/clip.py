"""A clip: played, paused, sought, looped without a gap, and held at its last picture when it is over."""

import threading
import time
from collections import deque
from fractions import Fraction
from pathlib import Path

from mixer.contract.clock import NS, ProgramClock, sample_at
from mixer.contract.player_messages import PlayerConfig, PlayerOrder, PlayerReport, PlayerState
from mixer.contract.player_timing import Pass, next_tick_ns, resumed_s
from mixer.sources.clips.clip_file import DAMAGED, TOO_SLOW, TRUNCATED, ClipInfo, look
from mixer.sources.clips.clip_run import HANG_NS, Run
from mixer.sources.clips.demux import CORRUPT
from mixer.sources.clips.read_ahead import Shown
from mixer.sources.player import IDLE_NS, MS, NO_TROUBLE, MediaError, Trouble
from mixer.sources.slot_out import FADE, SlotOut, risen

LEAD_TICKS = 4
"""Pictures are written so far ahead: the slot's ring has 8, and its readers look at all but one."""
SOUND_LEAD_NS = 200 * MS
STEP_NS = 8 * MS
FRESH_NS = NS
"""An order older than that was for a player before this one, which would be further by now."""
RENEW_NS = NS
SLOW_SHARE = 0.05
"""Of the pictures of the last :data:`SLOW_WINDOW`; when more come too late, the machine is too slow."""
SLOW_WINDOW = 60


class _Opening:
    """Looks into a file on a thread of its own; ``found`` once that is done."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.found: ClipInfo | MediaError | None = None
        self.progress_ns = time.monotonic_ns()
        threading.Thread(target=self._look, daemon=True).start()

    def _look(self) -> None:
        try:
            self.found = look(self.path, self._looked)
        except MediaError as error:
            self.found = error
        except Exception:
            self.found = MediaError(*CORRUPT)
            raise

    def _looked(self) -> None:
        self.progress_ns = time.monotonic_ns()


class ClipPlayer:
    """Implements :class:`mixer.sources.player.Player`."""

    def __init__(self, config: PlayerConfig, out: SlotOut) -> None:
        self._config = config
        self._out = out
        self._clock = ProgramClock(config.epoch_ns, Fraction(config.fps_num, config.fps_den))
        self._box = (config.width, config.height)
        self._order = PlayerOrder(0)
        self._info: ClipInfo | None = None
        self._trouble = NO_TROUBLE
        self._state: PlayerState = "starting"
        self._starts = False
        """It shall play as soon as it is read."""
        self._run: Run | None = None
        self._next: Run | None = None
        """Of a loop: prepared while the one before it plays."""
        self._before: Pass | None = None
        """Of a loop: what is still seen and heard until the next round begins."""
        self._held_s = Fraction(0)
        """The position while nothing plays."""
        self._recent: deque[tuple[int, Shown]] = deque(maxlen=LEAD_TICKS + 2)
        self._late = 0
        self._punctual: deque[bool] = deque(maxlen=SLOW_WINDOW)
        self._converted = Path(config.converted) if config.converted else None
        self._file = _Opening(self._best())
        self._newer: _Opening | None = None
        """A converted file that has come since."""
        self._renewed_ns = 0

    def _best(self) -> Path:
        """Return what is played, of what is there."""
        converted = self._converted
        return converted if converted is not None and converted.is_file() else Path(self._config.file)

    # --- Player ----------------------------------------------------------------------------------------

    def order(self, order: PlayerOrder, now_ns: int) -> None:
        before, self._order = self._order, order
        if self._info is None:
            return
        if order.sounds != before.sounds and isinstance(self._file.found, ClipInfo):
            self._info = self._file.found.hearing(order.sounds)
        if order.order == before.order:
            self._adjust(before, now_ns)
        else:
            self._carry_out(now_ns)

    def step(self, now_ns: int) -> int:
        if self._info is None:
            if self._state == "starting" and self._file.found is not None:
                self._opened(self._file.found, now_ns)
            return STEP_NS if self._state != "failed" else IDLE_NS
        if (self._run is None or self._run.passing is None) and not self._starts:
            self._renew(now_ns)
        run = self._run
        if run is None:
            return IDLE_NS
        if run.passing is None:
            return self._wait(run, now_ns)
        self._play(run, run.passing, now_ns)
        return STEP_NS

    def report(self, now_ns: int) -> PlayerReport:
        info = self._info
        if info is None:
            return PlayerReport(
                self._config.source, self._state, self._order.order, self._trouble.code, self._trouble.reason
            )
        position_s = self._position_s(now_ns)
        trouble = self._told(info)
        return PlayerReport(
            source=self._config.source,
            state=self._state,
            order=self._order.order,
            code=trouble.code,
            reason=trouble.reason,
            position_s=round(float(position_s), 3),
            duration_s=round(float(info.duration_s), 3),
            remaining_s=round(max(0.0, float(self._end_s - position_s)), 3),
            width=info.width,
            height=info.height,
            fps=round(float(1 / info.frame_s), 2) if info.width else 0.0,
            sound=info.sound,
            late=self._late,
        )

    def alive(self, now_ns: int) -> bool:
        if self._info is None:
            return self._state == "failed" or now_ns - self._file.progress_ns < HANG_NS
        runs = [run for run in (self._run, self._next) if run is not None]
        return not any(run.hangs(now_ns) for run in runs)

    def close(self) -> None:
        for run in (self._run, self._next):
            if run is not None:
                run.close()
        self._run = self._next = None

    # --- orders ----------------------------------------------------------------------------------------

    def _opened(self, found: ClipInfo | MediaError, now_ns: int) -> None:
        if isinstance(found, MediaError):
            self._state, self._trouble = "failed", found.trouble
            return
        self._info = found.hearing(self._order.sounds)
        self._carry_out(now_ns)

    def _renew(self, now_ns: int) -> None:
        """While nothing plays, take a converted file that has come: it shows the same picture."""
        if self._newer is None:
            if now_ns - self._renewed_ns >= RENEW_NS:
                self._renewed_ns = now_ns
                best = self._best()
                self._newer = _Opening(best) if best != self._file.path else None
            return
        found, newer = self._newer.found, self._newer
        if found is None or self._state == "starting":
            return
        self._newer = None
        if isinstance(found, MediaError):
            self._converted = None  # the file that was uploaded is played on
            return
        state, trouble = self._state, self._trouble
        self._file, self._info = newer, found.hearing(self._order.sounds)
        self._cue(self._held_s, now_ns, starts=False)
        self._state, self._trouble = state, trouble

    @property
    def _in_s(self) -> Fraction:
        assert self._info is not None
        return min(Fraction(self._order.in_s).limit_denominator(90_000), self._info.duration_s)

    @property
    def _end_s(self) -> Fraction:
        """The time at which it ends or turns back, by the order."""
        assert self._info is not None
        out_s = Fraction(self._order.out_s).limit_denominator(90_000)
        return min(out_s, self._info.duration_s) if out_s > self._in_s else self._info.duration_s

    def _carry_out(self, now_ns: int) -> None:
        order = self._order
        position_s: float | None = max(order.position_s, float(self._in_s))
        if order.playing and order.at_ns and now_ns - order.at_ns > FRESH_NS:
            position_s = resumed_s(
                max(order.position_s, float(self._in_s)),
                order.at_ns,
                now_ns,
                float(self._in_s),
                float(self._end_s),
                loop=order.loop,
            )
        if position_s is None:
            self._cue(self._end_s, now_ns, starts=False)
            self._state = "ended"
            return
        at_s = Fraction(position_s).limit_denominator(90_000)
        run = self._run
        rests = run is not None and run.passing is None and run.info is self._info
        near = run is not None and rests and abs(run.from_s - at_s) < Fraction(1, 1000)
        if run is not None and near and self._state in ("ready", "paused", "starting"):
            self._starts = order.playing
            run.end_at(max(self._end_s, run.from_s + run.info.frame_s))
            return
        self._cue(at_s, now_ns, starts=order.playing)

    def _standing(self, at_s: Fraction) -> PlayerState:
        return "ready" if at_s <= self._in_s else "paused"

    def _adjust(self, before: PlayerOrder, now_ns: int) -> None:
        """Loop, in and out points and what is heard may change as it plays."""
        order, run = self._order, self._run
        if run is None or order == before:
            return
        if self._next is not None:
            self._next.close()
            self._next = None
        if run.passing is None and self._state == "ready":
            self._cue(self._in_s, now_ns, starts=self._starts)
            return
        run.end_at(self._end_s)
        if order.sounds != before.sounds:
            assert self._info is not None
            run.hear(self._info, max(run.from_s, self._position_s(now_ns)))

    def _cue(self, at_s: Fraction, now_ns: int, *, starts: bool) -> None:
        """Stand at this position, and play from it if ``starts``."""
        assert self._info is not None
        self._stop(now_ns)
        self._trouble = NO_TROUBLE  # what went wrong before may go well now
        self._held_s = at_s
        self._starts = starts
        # At the end there is no picture any more: the last one is shown there.
        from_s = min(at_s, max(Fraction(0), self._end_s - self._info.frame_s))
        until_s = max(self._end_s, from_s + self._info.frame_s)
        self._run = Run(self._file.path, self._info, from_s, until_s, self._box, self._clock.fps)
        if self._state != "starting":  # that it is, until there is something to be seen
            self._state = self._standing(at_s)

    def _stop(self, now_ns: int) -> None:
        """Take back what was written ahead: the picture of now stays, and the sound fades."""
        if self._run is not None and self._run.passing is not None:
            self._out.silence_from(now_ns + 5 * MS)
            due = [shown for pts_ns, shown in self._recent if pts_ns <= now_ns]
            if due and self._recent[-1][0] > now_ns:
                self._out.picture(due[-1].picture, now_ns, due[-1].alpha)
        self._recent.clear()
        self._before = None
        self.close()

    # --- playing ---------------------------------------------------------------------------------------

    def _wait(self, run: Run, now_ns: int) -> int:
        run.heard_on()
        first = run.pictures.peek()
        if first is not None and not run.shown:
            self._out.picture(first.picture, now_ns, first.alpha)
            run.shown = True
            if self._state == "starting":
                self._state = self._standing(self._held_s)
        if self._info is not None and self._info.picture is None:
            if run.prepared and self._state == "starting":
                self._state = self._standing(self._held_s)
        elif first is None and run.pictures.ended:
            self._state, self._trouble = "failed", Trouble(*CORRUPT)
            self._run = None
            return IDLE_NS
        if self._starts and run.prepared and self._out.ready:
            anchor_ns = next_tick_ns(self._clock, now_ns + 2 * self._clock.period_ns)
            run.passing = Pass(anchor_ns, run.from_s)
            self._starts = False
            self._state = "playing"
        return STEP_NS

    def _play(self, run: Run, passing: Pass, now_ns: int) -> None:
        self._write_pictures(run, passing, now_ns)
        if run.heard_on():
            self._out.silence_from(now_ns)
            run.heard, run.sound_from = False, sample_at(now_ns) + FADE
        self._write_sound(run, passing, now_ns + SOUND_LEAD_NS)
        if self._order.loop and self._next is None:
            assert self._info is not None
            until_s = max(self._end_s, self._in_s + self._info.frame_s)
            self._next = Run(self._file.path, self._info, self._in_s, until_s, self._box, self._clock.fps)
        if not run.read:
            return
        end_s = run.end_s()
        end_ns = passing.time_ns(end_s)
        following = self._next
        if self._order.loop and following is not None and not following.empty:
            if following.prepared and now_ns >= end_ns - 4 * SOUND_LEAD_NS:
                self._write_sound(run, passing, end_ns)
                # Where it couldn't be read in time it goes on late, and whole.
                following.passing = Pass(max(end_ns, now_ns), following.from_s)
                following.heard = True
                run.close()
                self._run, self._next, self._before = following, None, passing
        elif now_ns >= end_ns:
            self._held_s = min(end_s, self._end_s) if end_s > run.from_s else self._end_s
            run.close()
            self._run = None
            self._state = "ended"
            if self._info is not None and self._end_s - end_s > self._info.frame_s * 15:
                self._trouble = TRUNCATED

    def _write_pictures(self, run: Run, passing: Pass, now_ns: int) -> None:
        reader, clock = run.pictures, self._clock
        latest_ns = now_ns - clock.period_ns
        reader.wanted_s = passing.position_s(latest_ns)
        horizon_ns = now_ns + LEAD_TICKS * clock.period_ns
        # What is shown at its start may have begun before it.
        first = passing.first_tick(passing.start_s, run.info.frame_s, clock)
        while (shown := reader.peek()) is not None:
            if shown.position_s >= reader.until_s - run.info.frame_s / 2:
                reader.take()  # the out point has been moved before it
                continue
            tick = passing.first_tick(shown.position_s, shown.lasts_s, clock)
            due_ns = clock.due_ns(max(tick, first))
            if due_ns > horizon_ns:
                return
            after = reader.peek(1)
            if after is None and not reader.ended and due_ns > now_ns + clock.period_ns:
                return  # the next one may be of the same tick
            if after is not None:
                next_ns = clock.due_ns(passing.first_tick(after.position_s, after.lasts_s, clock))
                if next_ns <= due_ns:
                    reader.take()
                    continue
            late = due_ns < latest_ns
            self._punctual.append(not late)
            self._late += late
            if not late or after is None:
                self._out.picture(shown.picture, due_ns, shown.alpha)
                self._recent.append((due_ns, shown))
            reader.take()
        spared = reader.spared - run.spared
        if spared:
            run.spared += spared
            self._late += spared
            self._punctual.extend([False] * min(spared, SLOW_WINDOW))

    def _write_sound(self, run: Run, passing: Pass, until_ns: int) -> None:
        if run.sound is None:
            return
        horizon = sample_at(until_ns)
        while (heard := run.sound.peek()) is not None:
            start = passing.sample(heard.start)
            if start > horizon:
                return
            samples = heard.samples[max(0, run.sound_from - start) :]
            if len(samples):
                start = max(start, run.sound_from)
                self._out.sound(start, samples if run.heard else risen(samples))
                run.heard = True
            run.sound.take()

    # --- telling ---------------------------------------------------------------------------------------

    def _position_s(self, now_ns: int) -> Fraction:
        run = self._run
        if run is None or run.passing is None:
            return self._held_s
        if now_ns < run.passing.anchor_ns and self._before is not None:
            return min(self._before.position_s(now_ns), self._end_s)
        return min(max(run.passing.position_s(now_ns), run.from_s), self._end_s)

    def _told(self, info: ClipInfo) -> Trouble:
        if self._trouble.code:
            return self._trouble
        if self._punctual and self._punctual.count(False) > SLOW_SHARE * SLOW_WINDOW:
            return TOO_SLOW
        if info.truncated:
            return TRUNCATED
        if self._run is not None and self._run.damaged:
            return DAMAGED
        return NO_TROUBLE
