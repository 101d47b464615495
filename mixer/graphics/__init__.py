"""Text, plates, cards, clocks and tickers, drawn once and laid over canvases."""
