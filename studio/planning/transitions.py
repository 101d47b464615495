"""What is under way on air: a transition, a fade. Pure; times are handed in, as CLOCK_MONOTONIC nanoseconds.

The log says what was taken and how; when it began is known to this control alone. A control that has just
started knows of none: the scene that was being gone to is on air at once.
"""

import msgspec

from mixer.contract.plan import Direction, Fade, Transition
from signaling.contract.state import TakeStatus
from studio.planning.places import Staged, on_air
from studio.show.events import AnyEvent
from studio.show.model import Show, TransitionStyle
from studio.show.program.events import ProgramChanged, ProgramFaded

MS = 1_000_000
_BACK: dict[Direction, Direction] = {"left": "right", "right": "left", "up": "down", "down": "up"}


class Take(msgspec.Struct, frozen=True):
    """A transition under way. ``leaving`` is what it leaves. ``start_ns`` may lie before its command: what
    the T-bar or the transition before has done already counts. ``fade_ms``: how long the sound would take
    for the whole way between silent and open. ``ends_at_ms``: Unix."""

    scene: str
    leaving: Staged
    style: TransitionStyle
    start_ns: int
    fade_ms: int
    ends_at_ms: int

    @property
    def end_ns(self) -> int:
        return self.start_ns + self.style.duration_ms * MS

    @property
    def transition(self) -> Transition:
        return transition(self.style, start_ns=self.start_ns)


class Taking:
    """``take`` and ``fade`` are what plans are to have; both are over by themselves."""

    def __init__(self) -> None:
        self.take: Take | None = None
        self.fade = Fade()

    def happened(self, before: Show, event: AnyEvent, now_ns: int, unix_ms: int) -> None:
        """``event`` is about to change the state ``before``."""
        match event:
            case ProgramChanged():
                self.take = _begun(before, event, self.take, now_ns, unix_ms)
            case ProgramFaded():
                self.fade = _faded(event, self.fade, now_ns)

    def settle(self, now_ns: int) -> None:
        """Forget what is over."""
        if self.take is not None and now_ns >= self.take.end_ns:
            self.take = None
        if now_ns >= _end_ns(self.fade):
            self.fade = Fade()

    def due_ns(self) -> int | None:
        """Return when something will be over; None: nothing is under way."""
        ends = [self.take.end_ns] if self.take is not None else []
        ends += [_end_ns(self.fade)] if self.fade.duration_ns else []
        return min(ends, default=None)

    def public(self) -> TakeStatus | None:
        """``status.take``."""
        if self.take is None:
            return None
        leaving = self.take.leaving.scene
        return TakeStatus(
            scene=self.take.scene,
            leaving=leaving.id if leaving is not None else None,
            kind=self.take.style.kind,
            duration_ms=self.take.style.duration_ms,
            ends_at_ms=self.take.ends_at_ms,
        )


def transition(style: TransitionStyle, *, start_ns: int = 0, position: float | None = None) -> Transition:
    """Return the transition, by the clock from ``start_ns`` on, or by hand at ``position``."""
    return Transition(style.kind, start_ns, style.duration_ms * MS, position, style.direction, style.colour)


def _begun(before: Show, event: ProgramChanged, going: Take | None, now_ns: int, unix_ms: int) -> Take | None:
    style = event.transition
    if style is None or event.scene is None or style.duration_ms <= 0:
        return None
    duration_ns = style.duration_ms * MS
    done = before.tbar if event.scene == before.preview else 0.0
    fade_ms = round((1.0 - done) * style.duration_ms)
    if going is not None and _goes_back(event, style, going, now_ns):
        # The picture runs back from where it is: the same shares of both, the edge moving the other way.
        done = 1.0 - (now_ns - going.start_ns) / (going.end_ns - going.start_ns)
        direction = _BACK[going.style.direction]
        style = msgspec.structs.replace(style, direction=direction, colour=going.style.colour)
        fade_ms = style.duration_ms  # its sound has come as far as the picture
    done_ns = round(min(1.0, max(0.0, done)) * duration_ns)
    left_ms = (duration_ns - done_ns) // MS
    return Take(event.scene, on_air(before), style, now_ns - done_ns, fade_ms, unix_ms + left_ms)


def _goes_back(event: ProgramChanged, style: TransitionStyle, going: Take, now_ns: int) -> bool:
    leaving = going.leaving.scene
    back = leaving is not None and event.scene == leaving.id and style.kind == going.style.kind
    return back and going.start_ns <= now_ns < going.end_ns


def _faded(event: ProgramFaded, fade: Fade, now_ns: int) -> Fade:
    duration_ns = event.duration_ms * MS
    left = 0.0
    if fade.duration_ns and now_ns < _end_ns(fade):
        left = (_end_ns(fade) - now_ns) / fade.duration_ns
    # Turned round half way, it begins half way.
    return Fade(now_ns - round(left * duration_ns), duration_ns)


def _end_ns(fade: Fade) -> int:
    return fade.start_ns + fade.duration_ns
