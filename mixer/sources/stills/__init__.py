"""Stills: pictures that are shown as they are."""
