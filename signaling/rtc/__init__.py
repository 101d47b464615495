"""WebRTC peers: receive, reorder, decode into slots; send the return feeds.

Runs in a shard process. May import ``mixer`` and aiortc; knows neither HTTP nor the show.
"""
