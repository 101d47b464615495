"""The player's process: one for each clip, pulled stream, slide deck, still or test pattern; and the
importer.
"""
