"""A foreign peer: GStreamer's webrtcbin, whose certificate is RSA's. The system's Python runs it, for ``gi``.

``gst_peer.py publish URL TOKEN CODEC`` sends red pictures of 640×360 at 25 fps and a tone of 1 kHz by WHIP.
``gst_peer.py watch URL TOKEN CODEC`` gets pictures and sound by WHEP, and prints a line of JSON for each
picture: ``{"width", "height", "colour": Y′CbCr of the middle, "sounds": buffers of sound so far}``.

Offers name codecs by payload type alone, without ``fmtp``, as the pipelines do that are passed around for
``whepsrc``. CODEC is ``vp8`` or ``h264``. Both run until they are ended; a refused offer ends them.
"""

import json
import sys
import urllib.error
import urllib.request

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402

ENCODERS = {
    "vp8": "vp8enc deadline=1 cpu-used=8 keyframe-max-dist=25 ! rtpvp8pay picture-id-mode=2",
    "h264": "openh264enc complexity=low gop-size=25 ! h264parse ! rtph264pay aggregate-mode=zero-latency",
}
DECODERS = {"vp8": "rtpvp8depay ! vp8dec", "h264": "rtph264depay ! h264parse ! openh264dec"}
_RTP = "application/x-rtp,media={},encoding-name={},clock-rate={},payload={}"
PUBLISHED = """
webrtcbin name=peer bundle-policy=max-bundle
videotestsrc is-live=true pattern=red ! video/x-raw,width=640,height=360,framerate=25/1 ! videoconvert
  ! {encoder} ! {video} ! peer.
audiotestsrc is-live=true freq=1000 volume=0.25 ! audio/x-raw,rate=48000,channels=2 ! opusenc ! rtpopuspay
  ! {audio} ! peer.
"""


class Peer:
    def __init__(self, url: str, token: str, codec: str) -> None:
        self._url, self._token, self._codec = url, token, codec
        self._sounds = 0
        self.loop = GLib.MainLoop()
        self.refused = ""
        self._video = _RTP.format("video", codec.upper(), 90_000, 96)
        self._audio = _RTP.format("audio", "OPUS", 48_000, 97)

    def publish(self) -> None:
        text = PUBLISHED.format(encoder=ENCODERS[self._codec], video=self._video, audio=self._audio)
        self._pipeline = Gst.parse_launch(text)
        self._start(self._pipeline.get_by_name("peer"))

    def watch(self) -> None:
        self._pipeline = Gst.Pipeline.new()
        peer = Gst.ElementFactory.make("webrtcbin", "peer")
        peer.set_property("bundle-policy", GstWebRTC.WebRTCBundlePolicy.MAX_BUNDLE)
        self._pipeline.add(peer)
        self._start(peer)
        for caps in (self._video, self._audio):
            direction = GstWebRTC.WebRTCRTPTransceiverDirection.RECVONLY
            peer.emit("add-transceiver", direction, Gst.Caps.from_string(caps))
        peer.connect("pad-added", self._incoming)

    def _start(self, peer: "Gst.Element") -> None:
        GLib.timeout_add(20, self._offer, peer)
        GLib.timeout_add(20, self._post_when_gathered, peer)  # its signal may come before anybody listens
        self._pipeline.set_state(Gst.State.PLAYING)

    def _offer(self, peer: "Gst.Element") -> bool:
        if self._pipeline.get_state(0).state != Gst.State.PLAYING:
            return True
        peer.emit("create-offer", None, Gst.Promise.new_with_change_func(self._offered, peer))
        return False

    def _offered(self, promise: "Gst.Promise", peer: "Gst.Element") -> None:
        reply = promise.get_reply()
        offer = reply.get_value("offer")
        peer.emit("set-local-description", offer, Gst.Promise.new())

    def _post_when_gathered(self, peer: "Gst.Element") -> bool:
        described = peer.get_property("local-description") is not None
        complete = GstWebRTC.WebRTCICEGatheringState.COMPLETE
        if described and peer.get_property("ice-gathering-state") == complete:
            self._post(peer)
            return False
        return True

    def _post(self, peer: "Gst.Element") -> None:
        offer = peer.get_property("local-description").sdp.as_text()
        print(offer, file=sys.stderr)
        headers = {"Content-Type": "application/sdp", "Authorization": f"Bearer {self._token}"}
        request = urllib.request.Request(self._url, offer.encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                text = response.read().decode()
        except urllib.error.HTTPError as error:
            self.refused = f"{error.code} {json.load(error)['code']}"
            self.loop.quit()
            return
        print(text, file=sys.stderr)
        _, message = GstSdp.SDPMessage.new_from_text(text)
        answer = GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.ANSWER, message)
        peer.emit("set-remote-description", answer, Gst.Promise.new())

    def _incoming(self, _: "Gst.Element", pad: "Gst.Pad") -> None:
        if pad.direction != Gst.PadDirection.SRC:
            return
        if pad.get_current_caps().get_structure(0).get_value("media") == "video":
            chain = f"{DECODERS[self._codec]} ! videoconvert ! video/x-raw,format=I420"
            taken = self._picture
        else:
            chain, taken = "rtpopusdepay ! opusdec", self._sound
        chain += " ! appsink name=sink sync=false emit-signals=true"
        bin_ = Gst.parse_bin_from_description(chain, True)
        bin_.get_by_name("sink").connect("new-sample", taken)
        self._pipeline.add(bin_)
        bin_.sync_state_with_parent()
        pad.link(bin_.get_static_pad("sink"))

    def _picture(self, sink: "Gst.Element") -> "Gst.FlowReturn":
        sample = sink.emit("pull-sample")
        shape = sample.get_caps().get_structure(0)
        width, height = shape.get_value("width"), shape.get_value("height")
        buffer = sample.get_buffer()
        data = buffer.extract_dup(0, buffer.get_size())
        stride, half = (width + 3) // 4 * 4, ((width + 1) // 2 + 3) // 4 * 4
        luma, chroma = stride * ((height + 1) // 2 * 2), half * ((height + 1) // 2)
        middle = (height // 2) * stride + width // 2, (height // 4) * half + width // 4
        colour = [data[middle[0]], data[luma + middle[1]], data[luma + chroma + middle[1]]]
        told = {"width": width, "height": height, "colour": colour, "sounds": self._sounds}
        print(json.dumps(told), flush=True)
        return Gst.FlowReturn.OK

    def _sound(self, sink: "Gst.Element") -> "Gst.FlowReturn":
        sink.emit("pull-sample")
        self._sounds += 1
        return Gst.FlowReturn.OK


def main() -> None:
    way, url, token, codec = sys.argv[1:]
    Gst.init(None)
    peer = Peer(url, token, codec)
    peer.publish() if way == "publish" else peer.watch()
    peer.loop.run()
    print(peer.refused)
    sys.exit(1)


if __name__ == "__main__":
    main()
