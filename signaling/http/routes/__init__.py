"""The HTTP routes. ``table`` lists them all with who may call them; the other modules answer."""
