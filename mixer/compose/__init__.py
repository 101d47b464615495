"""Pictures into canvases: scaling, layers, transparency, transitions, motion."""
