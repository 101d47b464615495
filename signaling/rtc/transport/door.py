"""The door of a guest's socket: what is let in from which address, before anything is read.

Datagrams of addresses that have proven to be the peer's are its own affair. Everybody else is a stranger,
with a small account for all of them together: enough for a peer whose address changes, too little to be felt.
When it is overdrawn the kernel drops strangers for a while (a classic BPF program, which needs no rights),
before they cost a call. Then only who names the peer's ICE session gets through, to prove itself.
"""

import asyncio
import ctypes
import ipaddress
import socket
import time
from collections.abc import Collection, Iterable
from struct import Struct
from typing import Protocol

import structlog

from signaling.rtc.transport.account import Account

Address = tuple[str, int]

SHUT_S = 5.0
"""So long strangers are dropped by the kernel; then the door is opened to see whether they still come."""
STRANGERS_PER_S, STRANGERS_AT_ONCE = 100, 100
SIGNALS_PER_S, SIGNALS_AT_ONCE = 200, 400
"""STUN and DTLS of proven addresses. A browser checks each of its pairs up to 20 times a second at first."""
SETTLES_NS = 500_000_000
"""So long what the kernel had let in before goes on coming."""
MAX_PROVEN = 16
"""Addresses of one peer; the one that was proven longest ago goes first."""
_TOLD_EVERY_NS = 60_000_000_000

_SO_ATTACH_FILTER, _SO_DETACH_FILTER = 26, 27
_INSTRUCTION = Struct("HBBI")
_FILTER = Struct("HP")
_LOAD_WORD, _LOAD_HALF, _LOAD_WORD_AT_X, _LOAD_HALF_AT_X, _LOAD_BYTE_AT_X = 0x20, 0x28, 0x40, 0x48, 0x50
_SET_X, _ADD, _ADD_X, _AND, _TO_X, _JUMP_IF, _RETURN = 0x01, 0x04, 0x0C, 0x54, 0x07, 0x15, 0x06
_PASS, _DROP = 0xFFFFFFFF, 0
_NETWORK_HEADER = 0xFFF00000
"""SKF_NET_OFF: offsets from here on are in the IP header, all others from the UDP header on."""
_UDP_BYTES, _STUN_BYTES = 8, 20
_STUN_REQUEST, _STUN_COOKIE, _STUN_USERNAME = 0x0001, 0x2112A442, 0x0006
_MAX_ATTRIBUTES = 8
"""Of a request, so many are looked at for the name."""

log = structlog.get_logger()


class Socket(Protocol):
    """What is needed of a socket; uvloop's stand-in has it."""

    def setsockopt(self, level: int, option: int, value: int | bytes, /) -> None: ...


class PacketDoor:
    """One socket's. Call everything on the event loop."""

    def __init__(self) -> None:
        self.proven: dict[Address, None] = {}
        """Addresses that the peer's secrets came from, in the order in which they last did."""
        self.strangers = Account(STRANGERS_PER_S, STRANGERS_AT_ONCE)
        self.signals = Account(SIGNALS_PER_S, SIGNALS_AT_ONCE)
        self.dropped = 0
        """Datagrams of strangers that were dropped after the kernel had handed them over."""
        self._sock: Socket | None = None
        self._opens: asyncio.TimerHandle | None = None
        self._shut: tuple[frozenset[Address], str] | None = None
        """What gets through while strangers are dropped: addresses, and a name in STUN requests."""
        self._shut_ns = self._told_ns = 0

    def guard(self, sock: Socket | None) -> None:
        """The socket there is; None: what comes is let through by somebody else (a TURN server)."""
        self._sock = sock

    def prove(self, address: Address) -> None:
        """Take an address as the peer's: it knew the ICE session's password, or sent what its SRTP keys
        sealed."""
        known = self.proven.pop(address, self) is None
        self.proven[address] = None
        if known:
            return
        if len(self.proven) > MAX_PROVEN:
            del self.proven[next(iter(self.proven))]
        if self._shut is not None:
            self._attach(self._shut[0] | {address}, self._shut[1])

    def drop(self, checked: Iterable[Address], name: str) -> None:
        """A stranger's datagram that nobody can afford to read; more of them are not even received.

        ``checked``: where the peer is looked for; ``name``: the ICE session's, that its requests begin with.
        """
        self.dropped += 1
        if self._sock is None:
            return
        if self._shut is None:
            self._opens = asyncio.get_running_loop().call_later(SHUT_S, self._open)
            self._shut_ns = time.monotonic_ns()
            self._tell()
        elif self._shut[1] and time.monotonic_ns() - self._shut_ns > SETTLES_NS:
            name = ""  # who floods knows the name: for the rest of the time it opens nothing
        else:
            return
        self._attach(frozenset(checked) | self.proven.keys(), name)

    def close(self) -> None:
        self._sock = None
        if self._opens is not None:
            self._opens.cancel()

    def _tell(self) -> None:
        now_ns = time.monotonic_ns()
        if not self._told_ns or now_ns - self._told_ns > _TOLD_EVERY_NS:
            self._told_ns = now_ns
            log.warning("strangers.shut-out", dropped=self.dropped)

    def _attach(self, addresses: frozenset[Address], name: str) -> None:
        assert self._sock is not None
        try:
            attach(self._sock, only(addresses, name))
        except OSError as error:  # a kernel without filters: each datagram is dropped by hand
            log.info("strangers.no-filter", error=str(error))
            self._sock = None
            return
        self._shut = addresses, name

    def _open(self) -> None:
        self._opens = self._shut = None
        if self._sock is not None:
            self._sock.setsockopt(socket.SOL_SOCKET, _SO_DETACH_FILTER, 0)


def attach(sock: Socket, program: bytes) -> None:
    """Let the kernel ask ``program`` about each datagram of this socket. Raises OSError."""
    held = ctypes.create_string_buffer(program, len(program))
    told = _FILTER.pack(len(program) // _INSTRUCTION.size, ctypes.addressof(held))
    sock.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, told)


def only(addresses: Collection[Address], name: str) -> bytes:
    """A socket filter that passes datagrams from these addresses, and STUN requests whose user name begins
    with ``name`` and a colon from anywhere; "": none of these.

    All addresses are of the socket's own family.
    """
    code: list[bytes] = []
    for host, port in addresses:
        code += _from(ipaddress.ip_address(host).packed, port)
    code += _named(name.encode() + b":") if name else [_op(_RETURN, _DROP)]
    return b"".join(code)


def _op(code: int, value: int = 0, if_true: int = 0, if_false: int = 0) -> bytes:
    return _INSTRUCTION.pack(code, if_true, if_false, value)


def _from(host: bytes, port: int) -> list[bytes]:
    """Pass what comes from there, and go on with the rest."""
    words = [int.from_bytes(host[at : at + 4], "big") for at in range(0, len(host), 4)]
    source = _NETWORK_HEADER + (12 if len(host) == 4 else 8)
    tests = [(_LOAD_WORD, source + 4 * index, word) for index, word in enumerate(words)]
    tests.append((_LOAD_HALF, 0, port))
    code: list[bytes] = []
    for index, (load, where, value) in enumerate(tests):
        left = 2 * (len(tests) - index - 1) + 1  # instructions up to the next address
        code += [_op(load, where), _op(_JUMP_IF, value, 0, left)]
    return [*code, _op(_RETURN, _PASS)]


def _named(name: bytes) -> list[bytes]:
    """Pass STUN requests for this name, drop the rest. What is loaded from behind the end is dropped, too."""
    code = [
        _op(_LOAD_HALF, _UDP_BYTES),
        _op(_JUMP_IF, _STUN_REQUEST, 1, 0),
        _op(_RETURN, _DROP),
        _op(_LOAD_WORD, _UDP_BYTES + 4),
        _op(_JUMP_IF, _STUN_COOKIE, 1, 0),
        _op(_RETURN, _DROP),
        _op(_SET_X, _UDP_BYTES + _STUN_BYTES),
    ]
    for left in range(_MAX_ATTRIBUTES - 1, -1, -1):
        code += [
            _op(_LOAD_HALF_AT_X, 0),
            _op(_JUMP_IF, _STUN_USERNAME, 5 + 7 * left + 1, 0),
            _op(_LOAD_HALF_AT_X, 2),  # on to the next one, which begins at a multiple of four
            _op(_ADD, 4 + 3),
            _op(_AND, 0xFFFC),
            _op(_ADD_X),
            _op(_TO_X),
        ]
    code.append(_op(_RETURN, _DROP))
    for index, byte in enumerate(name):
        code += [_op(_LOAD_BYTE_AT_X, 4 + index), _op(_JUMP_IF, byte, 1, 0), _op(_RETURN, _DROP)]
    return [*code, _op(_RETURN, _PASS)]
