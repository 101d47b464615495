"""Players: one process for each clip, pulled stream, slide deck, still or test pattern.

Each writes its source's slot, and decodes what it is given far from the programme. Imports nothing here.
"""
