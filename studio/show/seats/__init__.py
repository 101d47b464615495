"""Seats: the people of the show."""
