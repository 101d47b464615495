"""Servers that don't answer cost one guest a second, and nobody afterwards anything."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import aioice.ice
import pytest
from aioice import stun

from mixer.contract.names import shard_name
from signaling.contract.messages import IceServersSilent
from signaling.rtc.transport.ice import IceConnection
from signaling.rtc.transport.ice_servers import IceServers, IceServerUrl, answers
from studio.contract.messages import ProcessChanged
from studio.control.status import LiveStatus
from studio.lab.harness.waiting import until
from studio.show.model import Show
from tests.support.merging import as_json


class StunServer(asyncio.DatagramProtocol):
    """Answers Binding requests while it is ``on``."""

    def __init__(self) -> None:
        self.on = True
        self.asked = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.asked += 1
        if self.on:
            request = stun.parse_message(data)
            response = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, request.transaction_id)
            response.attributes["XOR-MAPPED-ADDRESS"] = ("203.0.113.9", 4000)
            self.transport.sendto(bytes(response), addr)


@pytest.fixture
async def server() -> AsyncIterator[tuple[StunServer, tuple[str, int]]]:
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(StunServer, local_addr=("127.0.0.1", 0))
    yield protocol, transport.get_extra_info("sockname")
    transport.close()


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> IceServers:
    made = IceServers(wait_s=0.3, probe_s=0.05)
    monkeypatch.setattr(IceConnection, "servers", made)
    return made


async def gathered(address: tuple[str, int]) -> tuple[set[str], float]:
    """Kinds of candidates, and how long they took."""
    began_s = time.monotonic()
    connection = IceConnection(ice_controlling=False, stun_server=address, use_ipv6=False)
    found = await connection.get_component_candidates(1, ["127.0.0.1"])
    took_s = time.monotonic() - began_s
    await connection.close()
    return {each.type for each in found}, took_s


async def test_a_silent_server_is_waited_for_once(
    server: tuple[StunServer, tuple[str, int]], servers: IceServers
) -> None:
    stun_server, address = server
    assert (await gathered(address))[0] == {"host", "srflx"}
    stun_server.on = False
    kinds, took_s = await gathered(address)
    assert kinds == {"host"}
    assert 0.3 <= took_s < 5
    url = f"stun:127.0.0.1:{address[1]}"
    assert servers.silent == (url,)
    for _ in range(20):
        assert (await gathered(address))[0] == {"host"}
    assert servers.silent == (url,)
    stun_server.on = True
    await until(lambda: not servers.silent)
    assert (await gathered(address))[0] == {"host", "srflx"}


async def test_a_silent_server_is_not_asked_for_a_guest(
    server: tuple[StunServer, tuple[str, int]], servers: IceServers
) -> None:
    stun_server, address = server
    stun_server.on = False
    await gathered(address)
    servers.close()  # nobody looks after it now
    blocked = IceServers(wait_s=60, probe_s=60)
    blocked._lost(IceServerUrl("stun", *address), TimeoutError())
    asked = 0

    async def ask() -> list[Any]:
        nonlocal asked
        asked += 1
        return []

    assert await blocked.ask({IceServerUrl("stun", *address): ask}) == []
    assert asked == 0
    blocked.close()


async def test_a_refusal_is_an_answer(servers: IceServers) -> None:
    error = stun.Message(stun.Method.ALLOCATE, stun.Class.ERROR)
    error.attributes["ERROR-CODE"] = (401, "Unauthorized")

    async def refused() -> list[Any]:
        raise stun.TransactionFailed(error)

    async def says() -> list[str]:
        return ["candidate"]

    asked = {
        IceServerUrl("turn", "turn.test", 3478, "tcp"): refused,
        IceServerUrl("stun", "stun.test", 3478): says,
    }
    assert await servers.ask(asked) == ["candidate"]
    assert servers.silent == ()


async def test_nobody_listens_by_tcp() -> None:
    assert not await answers(IceServerUrl("turn", "127.0.0.1", 1, "tcp"), 1)
    assert str(IceServerUrl("turns", "turn.test", 5349, "tcp")) == "turns:turn.test:5349?transport=tcp"


def test_the_operator_is_told() -> None:
    status, show = LiveStatus(), Show()

    def told() -> list[str]:
        silent: list[str] = as_json(status.public(show, {}, {}))["ice"]["silent"]
        return silent

    assert told() == []
    for shard in (shard_name(0), shard_name(1)):
        assert status.take(IceServersSilent(shard, ("stun:s:1",)), show)
    status.take(IceServersSilent(shard_name(1), ("stun:s:1", "stun:r:1")), show)
    assert told() == ["stun:r:1", "stun:s:1"]
    status.take(ProcessChanged(shard_name(1), "restarting", 9, 1), show)
    assert told() == ["stun:s:1"]
    status.take(IceServersSilent(shard_name(0), ()), show)
    assert told() == []


def test_aioice_asks_as_it_did() -> None:
    assert callable(aioice.ice.server_reflexive_candidate)
    assert callable(aioice.ice.relayed_candidate)
