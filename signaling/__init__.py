"""Brings people in: the HTTP API, the WebSocket, the pages, and the WebRTC peers in their shards.

May import: ``mixer`` (slots, plans, packets, links), aiohttp, aiortc.
May not import: ``studio``. The show is reached through the Protocols in ``signaling.contract.ports``.
"""
