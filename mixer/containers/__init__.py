"""Packets and the files and streams they are packed into: FLV tags, codec parameters, muxers, chapters."""
