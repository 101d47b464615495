"""The HTTP server: pages, API, WebSocket and the door before them. It runs in the control process."""
