"""Real browsers, and the pages in them."""
