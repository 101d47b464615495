"""The programme's threads go before everything else on the machine, where the system lets them.

Real-time round robin needs root, CAP_SYS_NICE or an ``rtprio`` limit (systemd: ``LimitRTPRIO=4``); without
it a lower niceness is tried, and without that the mixer takes its equal share. All threads of the mixer
become real-time ones, since any of them may hold the interpreter while the clock's thread waits for it; for
the same reason none of them may wait for a guest's packets to be decoded. The kernel keeps 5 % of each second
for the others, should all these ever want everything.
"""

import contextlib
import enum
import os
import threading
import time
from pathlib import Path

NICENESS = -10
HURRY_ENV = "STUDIO_HURRY"
"""Set by the supervisor for processes that the show waits for: control, shards, the mixer."""
_AGAIN_S, _TRIES = 0.03, 20
"""Without CAP_SYS_ADMIN the system takes one change of a session's niceness every 0.1 s."""

_own_niceness: list[int] = []
"""What :func:`hurry` found, where it took effect; the last of them holds again after :func:`settle`."""


class Urgency(enum.IntEnum):
    """Real-time priorities, low ones: audio servers and the kernel's own threads stay above them."""

    GUESTS = 1
    """Shards: packets in and out, decoders."""
    OTHERS = 2
    """The rest of the mixer."""
    PROGRAM = 3
    """What the stream's next packet waits for: its encoder, the bus."""
    CLOCK = 4
    """The tick and the sound: short work that must begin on time."""


def claim(urgency: Urgency = Urgency.OTHERS) -> bool:
    """Make the calling thread, and all it starts from now on, urgent. True: as real-time threads."""
    if _set(urgency):
        return True
    be_nice(NICENESS)
    return False


def be_nice(niceness: int) -> None:
    """Let this process give way, or go before others by a negative one, where the system allows it."""
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, niceness)
    if os.getsid(0) != os.getpid():
        return
    # Linux shares out by session first, and niceness counts within one
    for _ in range(_TRIES):
        try:
            Path("/proc/self/autogroup").write_bytes(b"%d\n" % niceness)
        except BlockingIOError:
            time.sleep(_AGAIN_S)
        except OSError:
            return
        else:
            return


def hurry() -> None:
    """Go before ordinary processes until :func:`settle`, where :data:`HURRY_ENV` says so."""
    if not os.environ.pop(HURRY_ENV, ""):
        return
    before = os.getpriority(os.PRIO_PROCESS, 0)
    be_nice(min(NICENESS, before))
    if os.getpriority(os.PRIO_PROCESS, 0) != before:
        _own_niceness.append(before)


def settle() -> None:
    """End :func:`hurry`, if it took effect."""
    if _own_niceness:
        be_nice(_own_niceness.pop())


def punctual(urgency: Urgency) -> None:
    """Make the calling thread urgent where that is allowed, and nothing that it starts. For what stands for
    other people's machines: those don't wait for ours."""
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(urgency))


def allowed() -> bool:
    """Return whether :func:`claim` would get real-time threads: tried on a thread that ends at once."""
    got: list[bool] = []
    thread = threading.Thread(target=lambda: got.append(_set(Urgency.CLOCK)))
    thread.start()
    thread.join()
    return got == [True]


def set_thread(urgency: Urgency) -> None:
    """Change the calling thread's urgency, up to what a lower limit allows, where :func:`claim` got real-time
    threads; and show the system its name, so that ``top -H`` says what costs what."""
    with contextlib.suppress(OSError):
        own = Path(f"/proc/self/task/{threading.get_native_id()}/comm")
        own.write_bytes(threading.current_thread().name[:15].encode())
    if os.sched_getscheduler(0) == os.SCHED_RR:
        any(_set(Urgency(level)) for level in range(urgency, 0, -1))


def _set(urgency: Urgency) -> bool:
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(urgency))
    except OSError:
        return False
    return True
