"""A peer's certificate, for DTLS with peers whose own certificate is ECDSA's or RSA's."""

from aiortc.rtcdtlstransport import RTCCertificate, SRTPProtectionProfile
from OpenSSL import SSL

CIPHERS = ":".join(
    f"ECDHE-{signature}-{suite}"
    for suite in ("AES128-GCM-SHA256", "CHACHA20-POLY1305", "AES128-SHA", "AES256-SHA")
    for signature in ("ECDSA", "RSA")
)
"""aiortc's suites, and the same for peers with an RSA certificate. A browser's is ECDSA's; GStreamer's
webrtcbin and gateways make RSA ones, and where the studio is the DTLS client theirs decides."""


class Certificate(RTCCertificate):
    """aiortc's, with more suites on offer. The fingerprint in a peer's SDP proves its certificate."""

    def _create_ssl_context(self, srtp_profiles: list[SRTPProtectionProfile]) -> SSL.Context:
        context = super()._create_ssl_context(srtp_profiles)
        context.set_cipher_list(CIPHERS.encode())
        return context
