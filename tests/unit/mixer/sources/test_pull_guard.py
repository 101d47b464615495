"""Which addresses a pulled stream may be at."""

import os
import socket
from pathlib import Path

import pytest

from mixer.contract.pull_url import is_public, names_private
from mixer.sources.pull.pull_guard import (
    AuthoritiesError,
    PrivateAddressError,
    authorities,
    check_peers,
    pinned,
    tc_url,
)
from mixer.sources.pull.pull_trouble import trouble_of


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.9.9.9", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
        *("169.254.169.254", "100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192"),
        *("224.0.0.1", "239.1.1.1", "255.255.255.255", "240.0.0.1", "198.18.0.1"),
        *("::1", "::", "fe80::1", "fe80::1%eth0", "fd00:ec2::254", "fc00::1", "fec0::1", "ff02::1"),
        *("::ffff:127.0.0.1", "::ffff:a9fe:a9fe", "::10.0.0.1", "64:ff9b::a00:1", "2002:7f00:1::1"),
    ],
)
def test_what_is_private(address: str) -> None:
    assert not is_public(address)
    host = f"[{address}]" if ":" in address else address
    assert names_private(f"rtsp://user:word@{host}:554/a")


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1", "::ffff:8.8.8.8"]
)
def test_what_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("host", ["localhost", "127.1", "0x7f000001", "2130706433", "[::1]", "10.0.0.1"])
def test_an_address_that_means_a_private_place_is_not_pinned(host: str) -> None:
    with pytest.raises(PrivateAddressError):
        pinned(f"rtmp://{host}/live/key", 0)


def test_one_private_address_among_public_ones_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 322)) for address in ("8.8.8.8", "8.8.4.4")
    ]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: found)
    url = "rtsps://user:p%40ss@cam.example/hall?a=b"
    assert pinned(url, 0) == "rtsps://user:p%40ss@8.8.8.8:322/hall?a=b"
    assert pinned(url, 3) == "rtsps://user:p%40ss@8.8.4.4:322/hall?a=b"
    found.append((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.1", 322)))
    with pytest.raises(PrivateAddressError):
        pinned(url, 0)


@pytest.mark.parametrize(
    ("path", "application"), [("live/key", "live"), ("live/room/key?a=b", "live/room"), ("live", "live")]
)
def test_the_server_is_told_its_name(path: str, application: str) -> None:
    assert tc_url(f"rtmp://user:word@host.example:1936/{path}") == f"rtmp://host.example:1936/{application}"


def test_whom_this_process_is_connected_to_is_seen() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()),
        pytest.raises(PrivateAddressError),
    ):
        check_peers()


def test_looking_at_who_is_connected_leaves_nothing_open() -> None:
    before = len(os.listdir("/proc/self/fd"))
    check_peers()
    assert len(os.listdir("/proc/self/fd")) == before


def test_authorities_that_cannot_be_read_leave_nothing_open(tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(AuthoritiesError) as refusal:
        authorities(str(tmp_path / "none.pem"))
    assert len(os.listdir("/proc/self/fd")) == before
    assert trouble_of(refusal.value).code == "pull.ca-file"
