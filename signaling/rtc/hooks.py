"""All changes to aiortc 1.16 and aioice, in one place.

aiortc looks these classes up as globals of its modules, so replacing the globals replaces the classes. What
is expected of those modules is tested in tests/unit/signaling/rtc/test_rtc_hooks.py; the version is pinned
for this.
"""

import aioice.ice
import aiortc
from aiortc import rtcicetransport, rtcpeerconnection
from aiortc.codecs import HEADER_EXTENSIONS
from aiortc.rtcrtpparameters import RTCRtpHeaderExtensionParameters

from signaling.rtc.transport.certificate import Certificate
from signaling.rtc.transport.dtls import DtlsTransport
from signaling.rtc.transport.ice import IceConnection, Network, StunProtocol
from signaling.rtc.transport.receive import Receiver
from signaling.rtc.transport.send import RtpSender
from signaling.rtc.video.color_space import COLOUR_URI

AIORTC_VERSION = "1.16.0"
_COLOUR_ID = 9
"""In offers of our own; aiortc has 1 to 3, and an answer has the offer's."""

REPLACED: tuple[tuple[object, str, type], ...] = (
    (rtcpeerconnection, "RTCRtpReceiver", Receiver),
    (rtcpeerconnection, "RTCRtpSender", RtpSender),
    (rtcpeerconnection, "RTCDtlsTransport", DtlsTransport),
    (rtcpeerconnection, "RTCCertificate", Certificate),
    (rtcicetransport, "Connection", IceConnection),
    (aioice.ice, "StunProtocol", StunProtocol),
)


class HookError(RuntimeError):
    """aiortc or aioice is not the one this code was made for."""


def install(network: Network | None = None) -> None:
    """Put our classes in place, for all peer connections of this process. Raises :class:`HookError`."""
    if aiortc.__version__ != AIORTC_VERSION:
        raise HookError(f"aiortc {aiortc.__version__} is installed, {AIORTC_VERSION} is needed")
    for module, name, replacement in REPLACED:
        if not hasattr(module, name):
            raise HookError(f"{module!r} has no {name}")
        setattr(module, name, replacement)
    told = HEADER_EXTENSIONS["video"]
    if all(extension.uri != COLOUR_URI for extension in told):
        told.append(RTCRtpHeaderExtensionParameters(id=_COLOUR_ID, uri=COLOUR_URI))
    if network is not None:
        IceConnection.network = network
