"""Uploads: clips, stills and slides, streamed to where they are looked into and kept; listed and deleted."""

import asyncio
from collections.abc import AsyncIterator

from aiohttp import web

from signaling.contract.ports import RefusedError
from signaling.http import messages
from signaling.http.routes.api import json_response
from signaling.http.routes.context import context

IDLE_S = 30.0
"""An upload of which nothing comes for so long is given up."""
MAX_NAME = 1000


async def add(request: web.Request) -> web.Response:
    """The body is the file itself, of any content type: what it is its content tells."""
    name = request.query.get("name", "")
    if len(name) > MAX_NAME:
        raise RefusedError(400, "query.malformed", f"name has at most {MAX_NAME} characters.")
    medium = await context(request).deps.media.add(name, request.content_length, _blocks(request))
    return json_response(medium, 201)


async def listed(request: web.Request) -> web.Response:
    media = context(request).deps.media
    return json_response(messages.MediaList(media.listed(), media.limit_bytes))


async def remove(request: web.Request) -> web.Response:
    deps = context(request).deps
    await deps.media.remove(request.match_info["media"], deps.show.media_used)
    return web.Response(status=204)


async def _blocks(request: web.Request) -> AsyncIterator[bytes]:
    """Raises RefusedError: 408 ``body.timeout``, 400 ``media.incomplete``."""
    while True:
        try:
            async with asyncio.timeout(IDLE_S):
                block = await request.content.readany()
        except TimeoutError:
            raise RefusedError(408, "body.timeout", "The body did not arrive in time.") from None
        except (web.RequestPayloadError, ConnectionError, asyncio.IncompleteReadError):
            raise RefusedError(
                400, "media.incomplete", "The file did not arrive in full; upload it again."
            ) from None
        if not block:
            return
        yield block
