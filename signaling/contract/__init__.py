"""What signalling needs of the others, and says to them: ports and messages."""
