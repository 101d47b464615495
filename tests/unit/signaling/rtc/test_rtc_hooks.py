"""Everything our classes lean on inside aiortc and aioice is where we expect it. Fails on another version."""

import inspect
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

import aioice.ice
import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, rtcicetransport, rtcpeerconnection
from aiortc.codecs import HEADER_EXTENSIONS
from aiortc.codecs.h264 import H264Encoder
from aiortc.codecs.vpx import Vp8Encoder
from aiortc.rtcdtlstransport import SRTP_PROFILES, RTCCertificate, RTCDtlsTransport, RtpRouter
from aiortc.rtcrtpparameters import (
    RTCRtpCodecParameters,
    RTCRtpDecodingParameters,
    RTCRtpHeaderExtensionParameters,
    RTCRtpReceiveParameters,
    RTCRtpRtxParameters,
)
from aiortc.rtcrtpreceiver import RTCRtpReceiver
from aiortc.rtcrtpsender import RTCRtpSender
from aiortc.rtp import RtpPacket
from OpenSSL import SSL

from signaling.rtc import hooks
from signaling.rtc.transport.certificate import CIPHERS, Certificate
from signaling.rtc.transport.dtls import DtlsTransport
from signaling.rtc.transport.ice import IceConnection, StunProtocol
from signaling.rtc.transport.receive import Receiver
from signaling.rtc.transport.rtp import parse_rtp
from signaling.rtc.transport.send import RtpSender
from signaling.rtc.video.color_space import COLOUR_URI


def test_version() -> None:
    assert version("aiortc") == hooks.AIORTC_VERSION


@pytest.mark.parametrize(("module", "name", "replacement"), hooks.REPLACED)
def test_global_is_there(module: object, name: str, replacement: type) -> None:
    assert hasattr(module, name)
    assert isinstance(getattr(module, name), type)
    assert callable(replacement)


def test_peer_connection_uses_the_globals() -> None:
    source = inspect.getsource(rtcpeerconnection.RTCPeerConnection)
    for call in ("RTCRtpSender(sender_track or kind, dtlsTransport)", "RTCRtpReceiver(kind, dtlsTransport)",
                 "RTCDtlsTransport(iceTransport, self.__certificates)",
                 "RTCCertificate.generateCertificate()"):  # fmt: skip
        assert call in source
    used = inspect.getsource(rtcpeerconnection)
    for name in ("receiver._set_rtcp_ssrc", "sender._ssrc", "sender._rtx_ssrc", "sender._stream_id",
                 "sender._track_id", "receiver._track", "receiver.setTransport",
                 "sender.setTransport"):  # fmt: skip
        assert name in used


@pytest.mark.parametrize(
    ("stock", "ours", "names"),
    [
        (RTCRtpReceiver, Receiver, "getCapabilities getStats receive setTransport stop "
         "_handle_disconnect _set_rtcp_ssrc"),
        (RTCRtpSender, RtpSender, "getCapabilities getStats replaceTrack send setTransport stop"),
        (RTCDtlsTransport, DtlsTransport, "start stop _register_rtp_receiver _unregister_rtp_receiver "
         "_register_rtp_sender _unregister_rtp_sender"),
        (RtpRouter, RtpRouter, "route_rtp"),
        (aioice.ice.Connection, IceConnection, "get_component_candidates"),
        (RTCCertificate, Certificate, "generateCertificate _create_ssl_context"),
    ],
)  # fmt: skip
def test_methods(stock: type, ours: type, names: str) -> None:
    for name in names.split():
        assert callable(getattr(stock, name))
        assert callable(getattr(ours, name))


def test_ice_looks_up_its_protocol_and_connection() -> None:
    assert "StunProtocol(" in inspect.getsource(aioice.ice.Connection)
    hooks.install()
    assert vars(aioice.ice)["StunProtocol"] is StunProtocol
    assert "Connection(" in inspect.getsource(rtcicetransport)


def test_offers_name_the_extension_of_colours_once() -> None:
    hooks.install()
    hooks.install()
    (told,) = [each for each in HEADER_EXTENSIONS["video"] if each.uri == COLOUR_URI]
    assert [each.id for each in HEADER_EXTENSIONS["video"]].count(told.id) == 1
    assert not [each for each in HEADER_EXTENSIONS["audio"] if each.uri == COLOUR_URI]


def test_every_hook_is_in_the_documents() -> None:
    page = (Path(__file__).parents[4] / "docs/rtc.md").read_text("utf-8")
    for module, name, _ in hooks.REPLACED:
        assert f"`{cast(Any, module).__name__.removeprefix('aiortc.')}.{name}`" in page


def test_dtls_takes_its_suites_from_the_certificate() -> None:
    assert "__local_certificate._create_ssl_context(" in inspect.getsource(RTCDtlsTransport.start)
    context = Certificate.generateCertificate()._create_ssl_context(srtp_profiles=SRTP_PROFILES)
    offered = SSL.Connection(context).get_cipher_list()
    assert set(CIPHERS.split(":")) <= set(offered)


def test_packetisers() -> None:
    assert Vp8Encoder._packetize(b"x" * 3000, 5)[0][:1] == b"\x90"
    assert (
        H264Encoder._packetize(H264Encoder._split_bitstream(b"\0\0\0\1\x65" + b"y" * 3000))[0][0] & 31 == 28
    )


async def test_installed_classes_are_used() -> None:
    hooks.install()
    pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    transceiver = pc.addTransceiver("video")
    assert type(transceiver.receiver).__mro__[0] is cast(Any, Receiver)
    assert type(transceiver.sender).__mro__[0] is cast(Any, RtpSender)
    transport = transceiver.receiver.transport
    assert isinstance(transport, DtlsTransport)
    connection = transport.transport._connection
    assert isinstance(connection, IceConnection)
    for name in ("_nominated", "_queue", "_protocols"):
        assert hasattr(connection, name)
    for name in ("_rx_srtp", "_tx_srtp", "_rtp_router", "_rtp_header_extensions_map"):
        assert hasattr(transport, name)
    await pc.close()


async def test_packets_of_two_video_sections_find_their_own_receiver() -> None:
    """By the SSRCs of the offer, repairs included, else by the section's mid: payload types are the same."""
    hooks.install()
    pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    camera, screen = (cast(Any, pc.addTransceiver("video")).receiver for _ in range(2))
    transport = camera.transport
    codecs = [
        RTCRtpCodecParameters(mimeType="video/VP8", clockRate=90_000, payloadType=96),
        RTCRtpCodecParameters(mimeType="video/rtx", clockRate=90_000, payloadType=97, parameters={"apt": 96}),
    ]
    for receiver, mid, ssrc in ((camera, "1", 100), (screen, "2", 200)):
        encoding = RTCRtpDecodingParameters(ssrc=ssrc, payloadType=96, rtx=RTCRtpRtxParameters(ssrc=ssrc + 1))
        extension = RTCRtpHeaderExtensionParameters(id=4, uri="urn:ietf:params:rtp-hdrext:sdes:mid")
        await receiver.receive(
            RTCRtpReceiveParameters(
                codecs=codecs, headerExtensions=[extension], encodings=[encoding], muxId=mid
            )
        )

    def receiver_of(ssrc: int, payload_type: int, mid: str | None = None) -> object:
        packet = RtpPacket(payload_type=payload_type, ssrc=ssrc, payload=b"x")
        packet.extensions.mid = mid
        data = packet.serialize(transport._rtp_header_extensions_map)
        return transport._assign(parse_rtp(data), data, 0)

    assert receiver_of(100, 96) is camera
    assert receiver_of(200, 96) is screen
    assert receiver_of(101, 97) is camera
    assert receiver_of(201, 97) is screen
    assert receiver_of(300, 96, "2") is screen
    assert receiver_of(301, 97, "1") is camera
    assert receiver_of(400, 96) is None
    await pc.close()
