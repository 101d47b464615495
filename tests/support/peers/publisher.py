"""A foreign WHIP publisher: FFmpeg's own ``whip`` muxer, in a process of its own, which can be killed.

``python -m tests.support.peers.publisher URL TOKEN PROFILE`` sends a red picture of 1280×720 at 25 fps and a
tone of 1 kHz until it is killed. The muxer wants a P-256 certificate and key.
"""

import datetime
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

COLOUR = (63, 102, 240)
"""Y′CbCr of BT.709's red in limited range, as the slot shall have it."""
TONE_HZ = 1000
PEAK = 0.25
SIZE = (1280, 720)
FPS = 25


def start(url: str, token: str, profile: str = "baseline") -> "subprocess.Popen[bytes]":
    """``url``: where a source's publisher sends its offer."""
    command = [sys.executable, "-m", "tests.support.peers.publisher", url, token, profile]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL)


def _certificate(folder: Path) -> tuple[str, str]:
    """A self-signed certificate's file and its key's."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "publisher")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    cert_file, key_file = folder / "cert.pem", folder / "key.pem"
    cert_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return str(cert_file), str(key_file)


def publish(url: str, token: str, profile: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        cert_file, key_file = _certificate(Path(folder))
        options = {"authorization": token, "cert_file": cert_file, "key_file": key_file}
        out = av.open(url, "w", format="whip", options=options)
        video = out.add_stream("libx264", rate=FPS)
        video.width, video.height, video.pix_fmt = *SIZE, "yuv420p"
        video.bit_rate = 1_500_000
        video.codec_context.gop_size = FPS
        video.codec_context.color_range, video.codec_context.colorspace = 1, 1  # limited, BT.709
        video.options = {"preset": "ultrafast", "tune": "zerolatency", "profile": profile, "bf": "0"}
        audio = out.add_stream("libopus", rate=48_000, layout="stereo")
        _play(out, video, audio)


def _play(out: av.container.OutputContainer, video: av.VideoStream, audio: av.AudioStream) -> None:
    picture = av.VideoFrame(*SIZE, "yuv420p")
    for plane, value in zip(picture.planes, COLOUR, strict=True):
        plane.update(bytes([value]) * plane.buffer_size)
    began, pictures, blocks = time.monotonic(), 0, 0
    while True:
        elapsed_s = time.monotonic() - began
        while pictures <= elapsed_s * FPS:
            picture.pts, picture.time_base = pictures, Fraction(1, FPS)
            out.mux(video.encode(picture))
            pictures += 1
        while blocks * 960 <= elapsed_s * 48_000:
            at = np.arange(blocks * 960, (blocks + 1) * 960)
            tone = (PEAK * np.sin(2 * np.pi * TONE_HZ * at / 48_000)).astype(np.float32)
            sound = av.AudioFrame.from_ndarray(np.repeat(tone, 2).reshape(1, -1), "flt", "stereo")
            sound.sample_rate, sound.pts, sound.time_base = 48_000, blocks * 960, Fraction(1, 48_000)
            out.mux(audio.encode(sound))
            blocks += 1
        time.sleep(0.005)


if __name__ == "__main__":
    publish(*sys.argv[1:])
