"""A STUN server that doesn't answer: the first guest's answer is a second late, the next ones' isn't."""

import socket
import time

import pytest

from mixer.contract.names import shard_name
from signaling.contract.messages import Answer, IceServer, IceServersSilent, Offer
from signaling.rtc.synthetic.client import LoopPlayer, RehearsalGuest
from tests.support.shard_harness import ShardHouse

pytestmark = pytest.mark.alone


async def test_guests_of_a_silent_stun_server() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        url = f"stun:127.0.0.1:{silent.getsockname()[1]}"
        async with ShardHouse() as house:
            took_s: list[float] = []
            for number in range(3):
                guest = RehearsalGuest(None, LoopPlayer())
                sdp = await guest.offer()
                began_s = time.monotonic()
                answer = await house.answer(Offer(f"p{number}", "wall", sdp, ice=(IceServer((url,)),)))
                took_s.append(time.monotonic() - began_s)
                assert isinstance(answer, Answer), answer
                await guest.close()
            assert took_s[0] < 4, "five seconds it was, for each of them"
            assert max(took_s[1:]) < 0.9, "nobody waits for it again"
            told = await house.message(lambda message: isinstance(message, IceServersSilent))
            assert told == IceServersSilent(shard_name(0), (url,))
