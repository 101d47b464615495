"""Packets: ICE, DTLS, SRTP, RTP, offers, receiving and sending."""
