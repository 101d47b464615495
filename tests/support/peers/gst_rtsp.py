"""A foreign RTSP server: GStreamer's, which answers 461 to ``interleaved`` where it sends by UDP alone. The
system's Python runs it, for ``gi``.

``gst_rtsp.py udp|tcp`` serves red pictures of 320×180 at 25 fps and a tone of 1 kHz, and prints its port.
"""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

SERVED = """(
videotestsrc is-live=true pattern=red ! video/x-raw,width=320,height=180,framerate=25/1 ! videoconvert
  ! openh264enc complexity=low gop-size=25 ! h264parse ! rtph264pay name=pay0 pt=96
audiotestsrc is-live=true freq=1000 volume=0.25 ! audio/x-raw,rate=48000,channels=2 ! opusenc
  ! rtpopuspay name=pay1 pt=97
)"""


def main() -> None:
    Gst.init(None)
    server = GstRtspServer.RTSPServer.new()
    server.set_address("127.0.0.1")
    server.set_service("0")
    factory = GstRtspServer.RTSPMediaFactory.new()
    factory.set_launch(SERVED)
    factory.set_shared(True)
    factory.set_protocols(getattr(GstRtsp.RTSPLowerTrans, sys.argv[1].upper()))
    server.get_mount_points().add_factory("/camera", factory)
    server.attach(None)
    print(server.get_bound_port(), flush=True)
    GLib.MainLoop().run()


if __name__ == "__main__":
    main()
