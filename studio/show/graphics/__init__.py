"""Graphics and the theme."""
