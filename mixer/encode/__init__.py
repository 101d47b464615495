"""Encodes pictures and sound: one encoder a rendition, each on its own thread, and the programme's
languages.
"""
