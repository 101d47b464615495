"""The sound desk."""
