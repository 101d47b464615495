"""A guest or viewer of a bench joins a running studio as a browser does: link, session, offer over HTTP."""

import contextlib
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import aiohttp

from signaling.rtc.synthetic.client import RehearsalGuest
from signaling.rtc.synthetic.relay import Relay


@contextlib.asynccontextmanager
async def visit(
    link: str, kind: str, guest: RehearsalGuest, relay: Relay | None = None
) -> AsyncIterator[None]:
    """The guest's offer has been answered and its connection is being made, through ``relay`` if there is
    one. It is closed with the block. Raises aiohttp.ClientError."""
    parts = urlsplit(link)
    base = f"{parts.scheme}://{parts.netloc}"
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True), trust_env=False) as http:
        async with http.get(link) as page:
            page.raise_for_status()
            query = {"kind": kind, "client": "bench", "as": page.url.query.get("as", "")}
        offer = await guest.offer()
        async with http.post(
            f"{base}/api/v1/peers",
            params=query,
            data=(relay.offer(offer) if relay else offer).encode(),
            headers={"Content-Type": "application/sdp", "Origin": base},
        ) as answer:
            answer.raise_for_status()
            text = await answer.text()
        await guest.accept(await relay.answer(text) if relay else text)
    try:
        yield
    finally:
        await guest.close()
