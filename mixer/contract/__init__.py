"""What others say to the mixer, its players and its senders, and they to it: plan, theme, picture, clock,
messages.
"""
