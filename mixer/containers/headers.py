"""Codec parameters as a file header, which is how they cross the packet bus.

PyAV copies a stream's parameters between containers only, so they travel as a NUT file in memory: its header
and one packet of one byte, without which FFmpeg's reader takes the file for cut off.
"""

import io
from fractions import Fraction

import av
from av.container import OutputContainer


def new_container() -> tuple[OutputContainer, io.BytesIO]:
    """A container to add one encoder's stream to, and where it is written."""
    target = io.BytesIO()
    return av.open(target, "w", format="nut"), target


def finish(container: OutputContainer, target: io.BytesIO, time_base: Fraction) -> bytes:
    """Open the encoder of the container's only stream and return its parameters as NUT bytes.

    The stream's codec context stays open and in use after this. Raises av.FFmpegError when the encoder
    cannot be opened.
    """
    container.start_encoding()
    packet = av.Packet(bytes(1))
    packet.stream = container.streams[0]
    packet.pts = packet.dts = 0
    packet.time_base = time_base
    packet.is_keyframe = True
    container.mux(packet)
    container.close()
    return target.getvalue()


def extradata(nut: bytes) -> bytes:
    """The parameter sets within such a header: for H.264 the SPS and the PPS, Annex B."""
    with av.open(io.BytesIO(nut), format="nut") as container:
        return container.streams[0].codec_context.extradata or b""
