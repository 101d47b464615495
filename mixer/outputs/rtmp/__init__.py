"""RTMP and RTMPS, spoken by our own client."""
