"""A studio to try and to measure: the demo, rehearsals, synthetic guests, the bench."""
