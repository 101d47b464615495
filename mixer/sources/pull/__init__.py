"""Streams pulled from a server, RTMP or RTSP."""
