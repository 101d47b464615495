"""Videos and an edit list from what was recorded: pictures and sound are copied, never encoded again.

``parts`` finds and opens recordings, ``join`` (pure) says which pictures of which part follow each other,
``scenes`` (pure) where marks fall in that, ``package`` writes the MP4 files, ``editlist`` the cuts, ``run``
is the command.
"""
