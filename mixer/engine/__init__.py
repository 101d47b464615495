"""The mixer's process: the tick loop, what is seen at a tick, which source is live, and what to do under
overload.
"""
