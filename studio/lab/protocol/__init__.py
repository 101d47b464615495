"""What others write against, generated from the code: ``docs/protocol.md``, the pages' types and tables."""
