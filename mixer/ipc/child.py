"""What every child process does first and last: logging, its link, and dying with the supervisor."""

import ctypes
import gc
import logging
import os
import signal
import sys

import structlog

from mixer.contract.names import ProcessName
from mixer.ipc import link, priority
from mixer.ipc.redact import redact, redact_event

_PR_SET_PDEATHSIG = 1
LOG_FORMAT_ENV = "STUDIO_LOG"


def start(name: ProcessName) -> link.Link:
    """Set the process up and return its link.

    SIGINT and SIGTERM are left to the supervisor, which ends its children in order by
    :class:`mixer.contract.messages.Shutdown`; a supervisor that is killed takes them with it.
    """
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    configure_logging(name)
    gc.freeze()
    gc.enable()  # see mixer.ipc.started
    priority.settle()
    return link.inherited(name)


def configure_logging(process: str) -> None:
    """Log to standard error, as JSON lines or for a terminal (``STUDIO_LOG=json|console``)."""
    as_json = os.environ.get(LOG_FORMAT_ENV, "") == "json" or not sys.stderr.isatty()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _named(process),
            structlog.processors.format_exc_info,
            _redacted,
            structlog.processors.JSONRenderer(sort_keys=False)
            if as_json
            else structlog.dev.ConsoleRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )
    logging.basicConfig(handlers=[_Forward()], level=logging.WARNING, force=True)


class _Forward(logging.Handler):
    """Libraries log through ``logging``: their lines join ours, in the same form and as clean."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = record.getMessage()
            if record.exc_info:
                text += "\n" + logging.Formatter().formatException(record.exc_info)
            structlog.get_logger().log(record.levelno, redact(text), logger=record.name)
        except Exception:
            self.handleError(record)


def _redacted(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    return redact_event(event)


def _named(process: str) -> structlog.typing.Processor:
    def add(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        event["process"] = process
        return event

    return add
