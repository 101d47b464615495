"""What changes while somebody watches: the WebSocket's hub, each role's view, meters."""
