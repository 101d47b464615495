"""The return feeds: encoded once, sent to all who watch and listen."""
