"""What others write against, generated from the code: ``docs/protocol.md`` and the pages' types."""
