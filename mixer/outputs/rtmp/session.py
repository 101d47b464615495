"""Publishing over RTMP, without I/O: bytes in, bytes out, a state that only advances.

FFmpeg's own RTMP client connects with the GIL held and without a time limit, tells a wrong key from a lost
network only in its log, verifies no certificate, and shows nothing of what the ingest took. Hence this one:
the protocol's publishing side (Adobe, RTMP specification 1.0, with ``FCPublish`` as encoders send it).
"""

import os
import re
import struct
from typing import Literal

from mixer.containers.flv_tags import DATA, PICTURE, Tag
from mixer.contract.output_url import StreamUrl
from mixer.outputs.diagnosis import ProtocolError, RejectedError
from mixer.outputs.rtmp import amf, authmod
from mixer.outputs.rtmp.chunks import SET_CHUNK_SIZE, ChunkError, ChunkReader, ChunkWriter, RtmpMessage

CHUNK_BYTES = 4096
"""What OBS sends too: large enough to cost nothing, small enough for every ingest."""
_HANDSHAKE_BYTES = 1536
_ACKNOWLEDGEMENT, _USER_CONTROL, _WINDOW, _PEER_BANDWIDTH = 3, 4, 5, 6
_COMMAND_AMF3, _COMMAND = 17, 20
_CONTROL_CHUNKS, _COMMAND_CHUNKS, _AUDIO_CHUNKS, _VIDEO_CHUNKS = 2, 3, 4, 6
_PING, _PONG = 6, 7
_CONNECT, _RELEASE, _FC_PUBLISH, _CREATE, _PUBLISH = 1, 2, 3, 4, 5
_SET_DATA_FRAME = amf.encode("@setDataFrame")

State = Literal["handshake", "connecting", "publishing", "live"]


class ChallengedError(Exception):
    """The ingest asks who we are: connect once more, with ``query`` behind the application. A secret."""

    def __init__(self, query: str) -> None:
        super().__init__("the ingest asks for user and password")
        self.query = query


class PublishSession:
    """One connection's protocol. Give it what was received; send what :meth:`take` returns. ``query``: of the
    :class:`ChallengedError` before."""

    def __init__(self, url: StreamUrl, query: str = "") -> None:
        self.state: State = "handshake"
        self._url = url
        self._query = query
        self._reader = ChunkReader()
        self._writer = ChunkWriter()
        self._stream_id = 0
        self._greeting = bytearray()
        self._received = 0
        self._acknowledged = 0
        self._window = 0
        self._out = bytearray(b"\x03" + bytes(8) + os.urandom(_HANDSHAKE_BYTES - 8))

    def take(self) -> bytes:
        """Return what is to be sent now; the caller keeps it until the network took it."""
        data = bytes(self._out)
        self._out.clear()
        return data

    def receive(self, data: bytes) -> None:
        """Raises :class:`RejectedError` when the ingest says no, :class:`ChallengedError` when it asks for a
        user that we have, :class:`ProtocolError` for other speech."""
        try:
            if self.state == "handshake":
                data = self._shake_hands(data)
                if not data:
                    return
            self._received += len(data)
            for message in self._reader.feed(data):
                self._on_message(message)
        except (ChunkError, amf.AmfError, struct.error) as error:
            raise ProtocolError(str(error)) from error
        if self._window and self._received - self._acknowledged >= self._window // 2:
            self._acknowledged = self._received
            self._control(_ACKNOWLEDGEMENT, struct.pack(">I", self._received % (1 << 32)))

    def chunks(self, tag: Tag) -> list[bytes]:
        """One FLV tag as chunks to be sent, which :meth:`take` doesn't return. In state ``live`` only."""
        body = _SET_DATA_FRAME + tag.body if tag.kind == DATA else tag.body
        chunk_stream = _VIDEO_CHUNKS if tag.kind == PICTURE else _AUDIO_CHUNKS
        message = RtmpMessage(tag.kind, self._stream_id, tag.time_ms, body)
        return self._writer.chunks(chunk_stream, message)

    def finish(self) -> None:
        """Say that the stream is over: the ingest needn't wait for the publisher to come back."""
        if self.state == "live":
            self._command("FCUnpublish", 6, None, self._url.key)
            self._command("deleteStream", 7, None, float(self._stream_id))

    def _shake_hands(self, data: bytes) -> bytes:
        greeting = self._greeting
        greeting += data
        if greeting and greeting[0] != 3:
            raise ProtocolError("the handshake is not RTMP's")
        need = 1 + 2 * _HANDSHAKE_BYTES
        if len(greeting) < need:
            return b""
        self._out += greeting[1 : 1 + _HANDSHAKE_BYTES]
        self.state = "connecting"
        self._command(
            "connect",
            _CONNECT,
            {
                "app": self._url.app + self._query,
                "type": "nonprivate",
                "flashVer": "FMLE/3.0 (compatible; SummitStudio)",
                "tcUrl": self._url.tc_url + self._query,
            },
        )
        rest = bytes(greeting[need:])
        greeting.clear()
        return rest

    def _on_message(self, message: RtmpMessage) -> None:
        if message.kind == _WINDOW:
            self._window = int.from_bytes(message.body[:4], "big")
        elif message.kind == _PEER_BANDWIDTH:
            self._control(_WINDOW, message.body[:4])
        elif message.kind == _USER_CONTROL and message.body[:2] == struct.pack(">H", _PING):
            self._control(_USER_CONTROL, struct.pack(">H", _PONG) + message.body[2:6])
        elif message.kind == _COMMAND:
            self._on_command(amf.decode(message.body))
        elif message.kind == _COMMAND_AMF3:
            self._on_command(amf.decode(message.body[1:]))

    def _on_command(self, values: list[amf.Value]) -> None:
        name, transaction = (*values, None, None)[:2]
        argument = values[3] if len(values) > 3 else None
        if name == "_result" and transaction == _CONNECT and self.state == "connecting":
            self.state = "publishing"
            self._control(SET_CHUNK_SIZE, struct.pack(">I", CHUNK_BYTES))
            self._writer.chunk_bytes = CHUNK_BYTES
            self._command("releaseStream", _RELEASE, None, self._url.key)
            self._command("FCPublish", _FC_PUBLISH, None, self._url.key)
            self._command("createStream", _CREATE, None)
        elif name == "_result" and transaction == _CREATE and self.state == "publishing":
            if not isinstance(argument, float) or not 0 <= argument < 1 << 32:
                raise ProtocolError("createStream gave no stream")
            self._stream_id = int(argument)
            self._command("publish", _PUBLISH, None, self._url.key, "live", stream_id=self._stream_id)
        elif name == "_error" and transaction in (_CONNECT, _CREATE, _PUBLISH):
            # releaseStream and FCPublish fail at many ingests without meaning anything.
            self._challenged(argument if transaction == _CONNECT else None)
            raise RejectedError(_status(argument))
        elif name == "onStatus":
            self._on_status(argument)
        elif name == "close":
            raise RejectedError("")

    def _challenged(self, info: amf.Value) -> None:
        description = info.get("description") if isinstance(info, dict) else None
        if not isinstance(description, str) or authmod.ANSWER in self._query:
            return  # answered already
        query = authmod.next_query(
            description, self._url.app, *self._url.credentials, lambda: os.urandom(4).hex()
        )
        if query is not None and query != self._query:
            raise ChallengedError(query)

    def _on_status(self, info: amf.Value) -> None:
        if isinstance(info, dict) and info.get("level") == "error":
            raise RejectedError(_status(info))
        status = _status(info)
        if status == "NetStream.Publish.Start" and self.state == "publishing":
            self.state = "live"

    def _command(
        self,
        name: str,
        transaction: int,
        *arguments: str | float | dict[str, str | float | bool] | None,
        stream_id: int = 0,
    ) -> None:
        body = amf.encode(name, float(transaction), *arguments)
        self._out += self._writer.write(_COMMAND_CHUNKS, RtmpMessage(_COMMAND, stream_id, 0, body))

    def _control(self, kind: int, body: bytes) -> None:
        self._out += self._writer.write(_CONTROL_CHUNKS, RtmpMessage(kind, 0, 0, body))


def _status(info: amf.Value) -> str:
    """RTMP's status code. The description beside it is free text that may repeat the key: left out."""
    code = info.get("code") if isinstance(info, dict) else None
    return re.sub(r"[^A-Za-z0-9.]", "", code)[:64] if isinstance(code, str) else ""
