"""The shard's process: WebRTC peers, and what control tells it of them."""
