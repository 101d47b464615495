"""Who gets into a guest's socket: the kernel's filter, the accounts, and whatever else strangers may send."""

import asyncio
import contextlib
import random
import socket
import struct
from collections.abc import Iterator

import pytest
from aioice import stun
from hypothesis import given, settings
from hypothesis import strategies as st

from signaling.rtc import hooks
from signaling.rtc.transport import door
from signaling.rtc.transport.account import TOO_MUCH, Account, Recent
from signaling.rtc.transport.door import STRANGERS_AT_ONCE, attach, only
from signaling.rtc.transport.ice import MAX_PAIRS, IceConnection, StunProtocol
from tests.support.shard_harness import until

S = 1_000_000_000
NAME = "abCD"


def attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("!HH", kind, len(value)) + value + bytes(-len(value) % 4)


def request(*attributes: bytes, kind: int = 1, cookie: int = stun.COOKIE) -> bytes:
    body = b"".join(attributes)
    return struct.pack("!HHI", kind, len(body), cookie) + bytes(12) + body


MINE = b"\x80 mine"
USER = attribute(6, b"abCD:them")


class Doorway:
    """A socket with a filter, one that is let in and one that is not."""

    def __init__(self, host: str, name: str, more: int = 0) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.room, self.peer, self.stranger = (socket.socket(family, socket.SOCK_DGRAM) for _ in range(3))
        for each in (self.room, self.peer, self.stranger):
            each.bind((host, 0))
        others = [(host, 1000 + number) for number in range(more)]
        attach(self.room, only([*others, self.peer.getsockname()[:2]], name))

    def passes(self, sender: socket.socket, data: bytes) -> bool:
        """Whether it gets in; the peer's next word is what one need not wait for."""
        sender.sendto(data, self.room.getsockname())
        self.peer.sendto(b"after", self.room.getsockname())
        got = self.room.recv(2000)
        if got == b"after" and data != b"after":
            return False
        assert self.room.recv(2000) == b"after"
        return got == data

    def close(self) -> None:
        for each in (self.room, self.peer, self.stranger):
            each.close()


@pytest.fixture(params=["127.0.0.1", "::1"])
def host(request: pytest.FixtureRequest) -> str:
    if request.param == "::1" and not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    return str(request.param)


def test_the_kernel_lets_in_whom_it_was_told_to(host: str) -> None:
    way = Doorway(host, NAME, more=MAX_PAIRS)
    for data in (b"\x80" + bytes(40), b"\x16\xfe\xfd", b"", b"x"):
        assert way.passes(way.peer, data)
        assert not way.passes(way.stranger, data)
    priority, control = attribute(0x24, bytes(4)), attribute(0x802A, bytes(8))
    odd = attribute(0x8022, b"a browser")
    for named in (request(USER), request(priority, control, odd, USER), request(USER, priority)):
        assert way.passes(way.stranger, named)
    for other in (
        request(attribute(6, b"abCX:them")),
        request(attribute(6, b"abC")),
        request(attribute(6, b"abCDE:them")),
        request(priority, control, odd),
        request(*[priority] * 20, USER),
        request(USER, kind=0x101),
        request(USER, cookie=1),
        request(attribute(0x24, bytes(4)) + struct.pack("!HH", 9, 60_000), USER),
        request(),
        request(USER)[:22],
    ):
        assert not way.passes(way.stranger, other)
    way.close()


def test_whom_the_name_was_told_can_be_kept_out(host: str) -> None:
    way = Doorway(host, "")
    assert not way.passes(way.stranger, request(USER))
    assert way.passes(way.peer, request(USER))
    way.close()


@pytest.fixture(scope="module")
def way() -> Iterator[Doorway]:
    way = Doorway("127.0.0.1", NAME)
    yield way
    way.close()


@settings(max_examples=200)
@given(
    attributes=st.lists(st.tuples(st.integers(0, 0xFFFF), st.binary(max_size=30)), max_size=12),
    cut=st.integers(0, 400),
)
def test_whatever_request_comes_the_kernel_finds_the_name_where_it_is(
    way: Doorway, attributes: list[tuple[int, bytes]], cut: int
) -> None:
    data = request(*(attribute(kind, value) for kind, value in attributes))[: max(0, 400 - cut)]
    first = next((value for kind, value in attributes[:8] if kind == 6), b"")
    assert way.passes(way.stranger, data) <= first.startswith(b"abCD:")


def test_an_account_is_full_at_first_and_fills_with_time() -> None:
    account = Account(100, 20)
    now_ns = 1_000 * S
    assert sum(account.pay(now_ns) for _ in range(1000)) in (40, 20 + 20)  # what time has brought before, too
    assert sum(account.pay(now_ns + S // 10) for _ in range(1000)) == 10
    assert sum(account.pay(now_ns + 100 * S) for _ in range(1000)) == 20


def test_what_is_long_ago_is_forgotten() -> None:
    recent, now_ns = Recent(), 50 * S
    for _ in range(TOO_MUCH + 1):
        recent.add(now_ns)
        now_ns += S // 10
    assert recent.too_much(now_ns)
    assert not recent.too_much(now_ns + 6 * S)
    for _ in range(100):  # 72 strays in a minute are nobody's fault
        now_ns += S
        recent.add(now_ns)
    assert not recent.too_much(now_ns)
    assert recent.total == TOO_MUCH + 101
    assert len(recent._seconds) <= 11


class House:
    """Two ICE connections that know each other, and a socket that nobody knows."""

    async def __aenter__(self) -> "House":
        hooks.install()
        # the stranger's family, whichever pair would be nominated first on this machine
        self.ours, self.theirs = (IceConnection(way, use_ipv6=False) for way in (False, True))
        for each in (self.ours, self.theirs):
            await each.gather_candidates()
        for one, other in ((self.ours, self.theirs), (self.theirs, self.ours)):
            one.remote_username, one.remote_password = other.local_username, other.local_password
            for candidate in other.local_candidates:
                await one.add_remote_candidate(candidate)
            await one.add_remote_candidate(None)
        await asyncio.gather(self.ours.connect(), self.theirs.connect())
        self.words = 0
        self.media: list[bytes] = []
        self.strange: list[bytes] = []
        self.ours.media_sink = self.media.append
        self.ours.stranger_sink = self._strange
        self.sealed = b"\x80 theirs"
        self.protocol: StunProtocol = self.ours._nominated[1].protocol  # type: ignore[assignment]
        self.address = self.protocol.transport.get_extra_info("sockname")
        self.theirs_address = self.theirs._nominated[1].protocol.transport.get_extra_info("sockname")
        self.stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.stranger.bind((self.address[0], 0))
        return self

    async def __aexit__(self, *_: object) -> None:
        self.stranger.close()
        await asyncio.gather(self.ours.close(), self.theirs.close())

    def _strange(self, data: bytes) -> bool:
        self.strange.append(data)
        return data == self.sealed

    def send(self, data: bytes) -> None:
        self.stranger.sendto(data, self.address)

    async def hear(self) -> None:
        """Until all that was sent before has been heard: the peer's own media goes the same way. It is sent
        again where the socket's buffer was full."""
        self.words += 1
        word = MINE + b" %d" % self.words
        async with asyncio.timeout(10):
            while word not in self.media:
                await self.theirs.send(word)
                with contextlib.suppress(TimeoutError):
                    await until(lambda: word in self.media, 0.3)


async def test_strangers_cost_the_guest_nothing_and_soon_no_call() -> None:
    async with House() as house:
        for number in range(3 * STRANGERS_AT_ONCE):
            house.send(b"\x80\x60 junk %d" % number)
            if number % 50 == 0:
                await house.hear()
        await house.hear()
        assert all(data.startswith(MINE) for data in house.media)
        assert STRANGERS_AT_ONCE <= len(house.strange) <= 2 * STRANGERS_AT_ONCE + 20
        dropped = house.protocol.door.dropped
        assert dropped > 0
        for _ in range(500):
            house.send(b"\x80\x60 junk")
        await house.hear()
        assert house.protocol.door.dropped == dropped, "the kernel dropped them"


async def test_who_floods_in_the_sessions_name_is_kept_out_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "SETTLES_NS", 0)
    async with House() as house:
        named = request(attribute(6, f"{house.ours.local_username}:x".encode()), attribute(8, bytes(20)))
        shut_out = False
        for _ in range(40):
            for _ in range(50):
                house.send(named)
            dropped = house.protocol.door.dropped
            await house.hear()
            shut_out = shut_out or house.protocol.door.dropped == dropped > 0
        assert shut_out
        assert len(house.ours._check_list) < MAX_PAIRS


async def test_the_door_opens_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "SHUT_S", 0.2)
    async with House() as house:
        for _ in range(3 * STRANGERS_AT_ONCE):
            house.send(b"\x80\x60 junk")
        await house.hear()
        known = len(house.strange)

        def heard() -> bool:
            house.send(b"\x80\x60 later")
            return len(house.strange) > known

        await until(heard, what="a stranger is heard again")


@pytest.mark.parametrize("shut", [False, True])
async def test_a_peer_may_come_from_another_address(shut: bool) -> None:
    """By what its keys sealed, or, where strangers are shut out, by its next check."""
    async with House() as house:
        if shut:
            for _ in range(3 * STRANGERS_AT_ONCE):
                house.send(b"\x80\x60 junk")
            await house.hear()
            pair = house.theirs._nominated[1]
            check = house.theirs.build_request(pair, nominate=False)
            check.add_message_integrity(house.ours.local_password.encode())
            word = bytes(check)
        else:
            word = house.sealed
        address = house.stranger.getsockname()

        def proven() -> bool:
            house.send(word)  # until there is something left in the strangers' account
            return address in house.protocol.door.proven

        await until(proven, what="it has proven to be the peer's")
        for number in range(5 * STRANGERS_AT_ONCE):
            house.send(b"\x80 moved")
            if number % 50 == 0:
                await house.hear()
        await house.hear()
        assert house.media.count(b"\x80 moved") == 5 * STRANGERS_AT_ONCE


async def test_only_the_peer_speaks_dtls_and_nobody_says_nothing() -> None:
    async with House() as house:
        for data in (b"", b"\x16\xfe\xfd hello", b"\x02", b"\xff" * 30):
            house.send(data)
        await house.theirs.send(b"\x16\xfe\xfd theirs")
        await house.theirs.send(b"")
        assert await asyncio.wait_for(house.ours.recv(), 5) == b"\x16\xfe\xfd theirs"
        await house.hear()
        assert house.ours._queue.empty()


async def test_any_message_is_survived() -> None:
    chance = random.Random(3)
    async with House() as house:
        whole = house.theirs.build_request(house.theirs._nominated[1], nominate=True)
        whole.add_message_integrity(house.ours.local_password.encode())
        for number in range(2000):
            bent = bytearray(bytes(whole))
            for _ in range(chance.randrange(5)):
                bent[chance.randrange(len(bent))] = chance.randrange(256)
            data = bytes(bent[: chance.randrange(len(bent) + 1)])
            if number % 4 == 0:
                data = request(attribute(chance.randrange(40), chance.randbytes(chance.randrange(30))))
            source = house.theirs_address if number % 2 else ("10.0.0.1", number)
            house.protocol.datagram_received(data, source)
        for key in ("PRIORITY", "USERNAME"):  # authentic, and incomplete
            check = house.theirs.build_request(house.theirs._nominated[1], nominate=False)
            del check.attributes[key]
            check.add_message_integrity(house.ours.local_password.encode())
            house.protocol.datagram_received(bytes(check), ("10.0.0.2", 5))
        await house.hear()


async def test_addresses_that_a_peer_was_found_at_are_not_kept_for_ever() -> None:
    async with House() as house:
        check = house.theirs.build_request(house.theirs._nominated[1], nominate=False)
        check.add_message_integrity(house.ours.local_password.encode())
        message = stun.parse_message(bytes(check))
        for port in range(1000, 1000 + 3 * MAX_PAIRS):
            house.ours.check_incoming(message, ("127.0.0.9", port), house.protocol)
        assert len(house.ours._check_list) <= MAX_PAIRS
        assert len(house.ours._remote_candidates) <= MAX_PAIRS + 1
        assert len(house.protocol.door.proven) <= door.MAX_PROVEN
        house.ours.check_incoming(message, house.theirs_address, house.protocol)
        await house.hear()
