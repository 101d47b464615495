"""Turns the show's state into what the mixer, the browsers and the supervisor are to do. Pure."""
