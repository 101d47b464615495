"""Slides: PDF files, page by page."""
