"""A microphone's sound on its way in: jitter buffer, Opus, concealment."""
