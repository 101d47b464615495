"""Mixes the sound: reads 48 kHz stereo from slots, sums it into buses, limits and encodes it.

Everything but :mod:`mixer.audio.worker` is plain computation on blocks, without threads and clocks.
May import what ``mixer`` may. Blocks are float32 arrays of shape (n, 2), full scale ±1.
"""
