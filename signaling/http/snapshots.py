"""Still pictures of the canvases. Implements :class:`ports.Snapshots` over the control link and slots.

The mixer copies one picture into a slot when asked, between two ticks; converting and compressing happen
here, in a thread, at most once a second and canvas, whoever asks.
"""

import asyncio
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mixer.contract.messages import CanvasPublished, Message, PublishCanvas
from mixer.contract.names import MIXER, SlotName, canvas_in, canvas_slot
from mixer.contract.picture import Picture, copy_into, new_picture
from mixer.contract.plan import CanvasName
from mixer.ipc.link import LinkClosedError, LinkOverflowError
from mixer.ipc.slot import SlotReader
from signaling.contract.ports import OutboxPort, RefusedError, SnapshotsPort

PUBLISH_TIMEOUT_S = 2.0
CACHE_S = 1.0
JPEG_QUALITY = 82
_NEWEST = 1 << 62
_TRIES = 4

# Limited-range BT.709 Y'CbCr → full-range RGB as B, G, R rows on (Y, U, V, 1); ITU-R BT.709-6 §3.
_KR, _KB = 0.2126, 0.0722
_KG = 1 - _KR - _KB
_Y, _C = 255 / 219, 255 / 224
_ROWS = np.array(
    [
        [_Y, 2 * (1 - _KB) * _C, 0.0],
        [_Y, -2 * (1 - _KB) * _KB / _KG * _C, -2 * (1 - _KR) * _KR / _KG * _C],
        [_Y, 0.0, 2 * (1 - _KR) * _C],
    ]
)
_TO_BGR = np.hstack([_ROWS, _ROWS @ np.array([[-16.0], [-128.0], [-128.0]])]).astype(np.float32)


def unavailable() -> RefusedError:
    return RefusedError(
        503, "mixer.unavailable", "There is no picture now: the mixer is starting. Try again."
    )


class CanvasSnapshots:
    """Feed it with :meth:`on_message`, :meth:`slot_opened` and :meth:`slot_closed`; all on one event loop.

    ``asked`` is called with each canvas a picture is asked of: whoever polls them watches.
    """

    def __init__(
        self,
        send: OutboxPort,
        timeout_s: float = PUBLISH_TIMEOUT_S,
        asked: Callable[[CanvasName], None] = lambda _: None,
    ) -> None:
        self._send = send
        self._asked = asked
        self._timeout_s = timeout_s
        self._slots: dict[SlotName, SlotReader] = {}
        self._waiting: dict[CanvasName, asyncio.Future[None]] = {}

    def slot_opened(self, slot: SlotName, fd: int) -> None:
        """Map a canvas's slot; ``fd`` stays the caller's to close. Sources' slots are ignored."""
        if canvas_in(slot):
            self.slot_closed(slot)
            self._slots[slot] = SlotReader(fd)

    def slot_closed(self, slot: SlotName) -> None:
        reader = self._slots.pop(slot, None)
        if reader is not None:
            reader.close()

    def on_message(self, message: Message) -> None:
        """Others than :class:`CanvasPublished` are ignored."""
        if isinstance(message, CanvasPublished):
            waiting = self._waiting.get(message.canvas)
            if waiting is not None and not waiting.done():
                waiting.set_result(None)

    async def picture(self, canvas: CanvasName) -> Picture:
        """See :meth:`ports.Snapshots.picture`."""
        self._asked(canvas)
        if canvas_slot(canvas) not in self._slots:
            raise unavailable()
        waiting = self._waiting.get(canvas)
        if waiting is None:
            waiting = self._waiting[canvas] = asyncio.get_running_loop().create_future()
            try:
                self._send(MIXER, PublishCanvas(canvas))
            except (LinkClosedError, LinkOverflowError):
                del self._waiting[canvas]
                raise unavailable() from None
        try:
            async with asyncio.timeout(self._timeout_s):
                await asyncio.shield(waiting)
        except TimeoutError:
            raise unavailable() from None
        finally:
            if self._waiting.get(canvas) is waiting:
                del self._waiting[canvas]
        return self._copy(canvas)

    def _copy(self, canvas: CanvasName) -> Picture:
        slot = self._slots.get(canvas_slot(canvas))
        for _ in range(_TRIES if slot is not None else 0):
            assert slot is not None
            taken = slot.take(_NEWEST)
            if taken is None:
                break
            copy = new_picture(taken.picture.width, taken.picture.height)
            copy_into(copy, taken.picture)
            if taken.intact():
                return copy
        raise unavailable()


class JpegCache:
    """JPEGs of the canvases, at most ``CACHE_S`` old; concurrent requests share one encode."""

    def __init__(self, snapshots: SnapshotsPort, clock: Callable[[], float] = time.monotonic) -> None:
        self._snapshots = snapshots
        self._clock = clock
        self._made: dict[CanvasName, tuple[float, bytes]] = {}
        self._making: dict[CanvasName, asyncio.Task[bytes]] = {}

    async def jpeg(self, canvas: CanvasName) -> bytes:
        """Raises RefusedError 503 ``mixer.unavailable``."""
        made = self._made.get(canvas)
        if made is not None and self._clock() - made[0] < CACHE_S:
            return made[1]
        making = self._making.get(canvas)
        if making is None:
            making = self._making[canvas] = asyncio.create_task(self._make(canvas), name=f"jpeg {canvas}")
            making.add_done_callback(lambda _: self._making.pop(canvas, None))
        # shielded: one client that goes away must not take the others' picture with it
        return await asyncio.shield(making)

    async def _make(self, canvas: CanvasName) -> bytes:
        picture = await self._snapshots.picture(canvas)
        at = self._clock()
        data = await asyncio.to_thread(encode_jpeg, picture)
        self._made[canvas] = (at, data)
        return data


def encode_jpeg(picture: Picture, quality: int = JPEG_QUALITY) -> bytes:
    """A picture (I420, BT.709 limited range, any size) as a JPEG file."""
    size = (picture.width, picture.height)
    import cv2  # imported late, so that control starts sooner

    yuv = np.dstack(
        [
            picture.y,
            cv2.resize(picture.u, size, interpolation=cv2.INTER_LINEAR),
            cv2.resize(picture.v, size, interpolation=cv2.INTER_LINEAR),
        ]
    )
    bgr: NDArray[np.uint8] = cv2.transform(yuv, _TO_BGR).astype(np.uint8, copy=False)
    done, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ValueError("the picture could not be encoded as JPEG")
    return bytes(data)
