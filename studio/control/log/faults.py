"""What went wrong, as the log may have it and as those who asked are told."""

from pathlib import Path
from traceback import walk_tb

from signaling.contract.ports import RefusedError
from studio.control.log.store import StoreError

_STATUS_OF = {"store.disk-full": 507}


def refused(error: StoreError) -> RefusedError:
    detail = {
        "store.disk-full": "The disk is full; nothing was changed. Make room, then try again.",
    }.get(error.code, "The show's log can't be written; nothing was changed.")
    return RefusedError(_STATUS_OF.get(error.code, 503), error.code, detail)


def shutting_down() -> RefusedError:
    return RefusedError(503, "session.closed", "The studio is shutting down.")


def fault(error: BaseException) -> dict[str, object]:
    """Return what went wrong and where, for the log: no message, which may hold a secret, and no source
    lines, which would be read from disk on the event loop."""
    where = [f"{Path(frame.f_code.co_filename).name}:{line}" for frame, line in walk_tb(error.__traceback__)]
    return {"error": type(error).__name__, "where": where}
