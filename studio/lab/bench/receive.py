"""What receiving costs a packet: the shard against stock aiortc, fed with the same recorded packets.

Both get the payloads of the same loop (360p30 H.264 and Opus, encoded once), the same offers, real ICE, DTLS
and SRTP, at the same pace, in turns. Three figures: CPU of the event loop alone, which is the packets' path;
of the whole process without what decoding these very packets costs alone; of the whole process.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

from signaling.contract.messages import Offer
from signaling.rtc.synthetic.client import LoopPlayer, RehearsalGuest
from signaling.rtc.synthetic.loops import FPS, Loop, make_loop
from studio.contract.usage import cpu_seconds, loop_seconds
from studio.lab.bench.codecs import decode_ms, opus_decode_ms
from studio.lab.bench.figures import Section, figure, ratio
from studio.lab.bench.settings import BenchSettings
from studio.lab.harness.shard import ShardHouse
from studio.lab.harness.stock import Stock
from studio.lab.harness.waiting import until

GUESTS = 8
ROUNDS = 2
SETTLE_S = 2.0
_SHORT_S = 4.0
"""Anything shorter is measured once: it is no more than a look."""

Exchange = Callable[[int, str], Awaitable[str]]
"""Number and offer of a guest → answer."""


async def measure(settings: BenchSettings) -> Section:
    media = make_loop("Mayor", 0.3, seconds=4, tone_hz=220)
    codecs = decode_ms(media) * FPS + opus_decode_ms(media) * 50
    whole = settings.length_s(10.0)
    rounds = ROUNDS if whole > _SHORT_S else 1
    seconds = whole / rounds
    totals: dict[str, dict[str, float]] = {}
    for _ in range(rounds):
        for name, run in (("shard", _shard), ("stock", _stock)):
            settings.say(f"receive: {GUESTS} guests into {name}, {seconds:.0f} s")
            for key, value in (await run(media, seconds)).items():
                part = totals.setdefault(name, {})
                part[key] = part.get(key, 0.0) + value
    raw = {name: _per_packet(part, codecs / 1000 * GUESTS * whole) for name, part in totals.items()}
    ours, stock = raw["shard"], raw["stock"]

    def against(key: str) -> float | None:
        return ratio(ours[key], stock[key])

    def note(key: str) -> str:
        return f"{ours[key]:.0f} µs against {stock[key]:.0f} µs"

    return Section(
        (
            figure(
                "receive_loop_ratio",
                "receiving a packet, event loop, against stock aiortc",
                against("loop_us_per_packet"),
                "×",
                0.4,
                note("loop_us_per_packet"),
            ),
            figure(
                "receive_undecoded_ratio",
                "receiving a packet, whole process without the codecs' own cost, against stock",
                against("undecoded_us_per_packet"),
                "×",
                None,
                note("undecoded_us_per_packet"),
            ),
            figure(
                "receive_process_ratio",
                "receiving a packet, whole process, against stock",
                against("process_us_per_packet"),
                "×",
                None,
                note("process_us_per_packet"),
            ),
        ),
        {**raw, "guests": GUESTS, "codecs_ms_per_guest_second": codecs},
    )


def _per_packet(total: dict[str, float], codecs_s: float) -> dict[str, float]:
    packets = max(1.0, total["packets"])
    return {
        "packets": packets,
        "loop_us_per_packet": total["loop_s"] / packets * 1e6,
        "undecoded_us_per_packet": (total["process_s"] - codecs_s) / packets * 1e6,
        "process_us_per_packet": total["process_s"] / packets * 1e6,
    }


async def _shard(media: Loop, seconds: float) -> dict[str, float]:
    async with ShardHouse() as house:

        async def exchange(number: int, offer: str) -> str:
            house.slot(f"s{number}")
            answer = await house.answer(Offer(f"p{number}", "guest", offer, f"s{number}"))
            return str(answer.sdp)

        return await _run(media, seconds, house.process.pid, exchange)


async def _stock(media: Loop, seconds: float) -> dict[str, float]:
    with Stock("receive") as stock:
        return await _run(media, seconds, stock.pid, lambda _, offer: stock.answer(offer))


async def _run(media: Loop, seconds: float, pid: int, exchange: Exchange) -> dict[str, float]:
    async with guests_of([media] * GUESTS, exchange) as guests:
        await asyncio.sleep(min(SETTLE_S, 2 * seconds))
        packets = sum(sender.packets for guest in guests for sender in guest.senders)
        process, loop = cpu_seconds(pid), loop_seconds(pid)
        await asyncio.sleep(seconds)
        return {
            "process_s": cpu_seconds(pid) - process,
            "loop_s": loop_seconds(pid) - loop,
            "packets": sum(sender.packets for guest in guests for sender in guest.senders) - packets,
        }


@contextlib.asynccontextmanager
async def guests_of(media: list[Loop], exchange: Exchange) -> AsyncIterator[list[RehearsalGuest]]:
    """Guests, all connected; they leave at the end of the block."""
    player = LoopPlayer()
    playing = asyncio.create_task(player.run())
    guests: list[RehearsalGuest] = []
    try:
        for number, each in enumerate(media):
            guest = RehearsalGuest(each, player)
            guests.append(guest)
            await guest.accept(await exchange(number, await guest.offer()))
        await until(lambda: all(guest.connected for guest in guests), 20.0, "all guests connected")
        yield guests
    finally:
        playing.cancel()
        for guest in guests:
            await guest.close()
