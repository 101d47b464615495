"""What operators bring: media, themes, fonts."""
