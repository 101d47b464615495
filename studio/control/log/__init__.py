"""The show's log: the SQLite file, its reserve on the disk, damage and mending."""
