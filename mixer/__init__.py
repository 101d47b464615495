"""Makes the pictures and the sound: clock, compositor, audio, encoders, packet bus, senders.

May import: the standard library, numpy, OpenCV, PyAV, Pango, msgspec, structlog.
May not import: ``signaling``, ``studio``, or any web or asyncio networking code.
"""
