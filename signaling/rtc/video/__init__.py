"""A guest's picture on its way in: jitter buffer, decoding, limits, the shared screen."""
