"""From the show's state to what the mixer, the browsers and the supervisor are to do. Pure."""
