"""Sources other than people: clips, stills, slides, pulled and published streams, patterns."""
