"""How commands are decided, a module a noun; :mod:`studio.decide` is the way in."""
