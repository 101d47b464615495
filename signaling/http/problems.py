"""Errors as RFC 9457 problem documents: one shape and one stable code each, whatever went wrong."""

import traceback
from http import HTTPStatus
from pathlib import Path

import msgspec
import structlog
from aiohttp import http_exceptions, web

from signaling.contract.ports import RefusedError
from signaling.http.auth.limits import RateLimitedError
from signaling.http.messages import Problem, encode

log = structlog.get_logger()

CONTENT_TYPE = "application/problem+json"
_PLACES = 8
RETRY_S = 2
"""Seconds after which what was not there may be: a shard that died is back by then."""

_HTTP_CODES = {
    400: ("request.malformed", "The request could not be understood."),
    404: ("path.unknown", "There is nothing at this address."),
    405: ("method.not-allowed", "This address does not take that method."),
    411: ("body.length", "Say the body's length."),
    413: ("body.too-large", "The body is too large."),
    415: ("body.type", "The body has the wrong content type."),
    417: ("request.expectation", "That expectation cannot be met."),
}


def problem(error: RefusedError) -> Problem:
    try:
        title = HTTPStatus(error.status).phrase
    except ValueError:
        title = "Error"
    return Problem(f"urn:studio:problem:{error.code}", title, error.status, error.detail, error.code)


def as_refused(error: Exception) -> RefusedError:
    """Any exception as what the client is told. What nobody foresaw is ``internal``, without details."""
    if isinstance(error, RefusedError):
        return error
    if isinstance(error, msgspec.DecodeError):  # ValidationError too; its text names types, never values
        return RefusedError(400, "body.malformed", f"The body could not be read: {error}.")
    if isinstance(error, web.HTTPException):
        code, detail = _HTTP_CODES.get(error.status, (f"http.{error.status}", "The request was refused."))
        return RefusedError(error.status, code, detail)
    if isinstance(error, web.RequestPayloadError | http_exceptions.HttpProcessingError):
        return RefusedError(400, "body.malformed", "The body could not be read.")
    return RefusedError(500, "internal", "Something failed on our side. Please try again.")


def response(error: RefusedError) -> web.Response:
    """The problem document as a response, ``Retry-After`` and ``WWW-Authenticate`` included."""
    answer = web.Response(body=encode(problem(error)), status=error.status, content_type=CONTENT_TYPE)
    add_headers(answer, error)
    return answer


def add_headers(answer: web.StreamResponse, error: RefusedError) -> None:
    answer.headers["Cache-Control"] = "no-store"
    if isinstance(error, RateLimitedError):
        answer.headers["Retry-After"] = str(error.retry_after_s)
    elif error.status == 503:
        answer.headers["Retry-After"] = str(RETRY_S)
    if error.status == 401:
        answer.headers["WWW-Authenticate"] = 'Bearer realm="studio"'


def log_unforeseen(error: Exception, refused: RefusedError, where: str) -> None:
    """Log what became a 500; ``where`` is the route, never the URL (it may be a link).

    Only the error's type and the places it passed: its text may quote a secret, and reading source lines for
    a traceback would block the loop.
    """
    if refused.code == "internal":
        frames = traceback.StackSummary.extract(traceback.walk_tb(error.__traceback__), lookup_lines=False)
        places = [f"{Path(each.filename).name}:{each.lineno} {each.name}" for each in frames]
        log.error("request failed", where=where, error=type(error).__name__, at=places[-_PLACES:])
