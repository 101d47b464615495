"""Small pure parts of signalling: TURN credentials, origins, addresses, metrics, plain pages, libraries."""

import base64
import hashlib
import hmac
from pathlib import Path
from unittest import mock

import pytest
from aiohttp.test_utils import make_mocked_request
from msgspec.structs import replace
from prometheus_client.parser import text_string_to_metric_families

from mixer.contract.messages import Load, MixerReport, PlanTaken, SenderReport
from mixer.contract.names import CONTROL, MIXER, picture_stream, sender_name, shard_name
from signaling.contract import vendor
from signaling.contract.messages import IceServer, PeerStats, ShardReport
from signaling.contract.ports import RefusedError
from signaling.contract.state import ABSENT, BackupStatus, BoothState, BoothStatus, OutputStatus, StudioStatus
from signaling.http import plain
from signaling.http.auth.origin import ClientAddress, check_origin
from signaling.http.metrics import Metrics
from signaling.router.turn import IceSettings, ice_servers
from studio.show.model import Output, Seat, Show, Source
from studio.show.view import PublicView
from tests.support.house import PAGES


def test_turn_credentials_are_those_a_turn_server_computes() -> None:
    servers = ice_servers(IceSettings((), ("turn:t.test",), "north", 3600), clock=lambda: 1_700_000_000.7)
    name = "1700003600:studio"
    expected = base64.b64encode(hmac.new(b"north", name.encode(), hashlib.sha1).digest()).decode()
    assert servers == (IceServer(("turn:t.test",), name, expected),)


def test_no_server_is_named_unless_configured() -> None:
    assert ice_servers(IceSettings()) == ()


@pytest.mark.parametrize(
    ("origin", "host", "public", "allowed"),
    [
        (None, "a.test", "", True),
        ("http://a.test", "a.test", "", True),
        ("https://a.test", "a.test:443", "", True),
        ("http://A.test:80", "a.test", "", True),
        ("http://a.test:81", "a.test", "", False),
        ("https://pub.test", "10.0.0.1:8330", "https://pub.test/", True),
        ("http://pub.test", "10.0.0.1:8330", "https://pub.test", False),
        ("http://[::1]:8330", "[::1]:8330", "", True),
        ("http://a.test@evil.test", "a.test", "", False),
        ("file://", "a.test", "", False),
        ("", "a.test", "", False),
        ("http://a.test:99999", "a.test", "", False),
    ],
)
def test_origins(origin: str | None, host: str, public: str, allowed: bool) -> None:
    headers = {"Host": host} | ({"Origin": origin} if origin is not None else {})
    request = make_mocked_request("POST", "/", headers=headers)
    if allowed:
        check_origin(request, public)
    else:
        with pytest.raises(RefusedError, match=r"origin\.(forbidden|port)"):
            check_origin(request, public)


def test_a_host_without_its_port_is_told_what_to_set() -> None:
    headers = {"Host": "studio.example", "Origin": "https://studio.example:8443"}
    request = make_mocked_request("POST", "/", headers=headers)
    with pytest.raises(RefusedError, match=r"origin\.port.*public_url"):
        check_origin(request, "")
    check_origin(request, "https://studio.example:8443")


@pytest.mark.parametrize(
    ("hops", "client"),
    [
        ("203.0.113.5:41234", "203.0.113.5"),
        ("[2001:db8::5]:41234", "2001:db8::5"),
        ("[2001:db8::5]", "2001:db8::5"),
        ("2001:db8::5", "2001:db8::5"),
        ('"[2001:db8::5]:41234"', "2001:db8::5"),
        ("198.51.100.9, 203.0.113.5:41234, 10.0.0.7:80", "203.0.113.5"),
        ("203.0.113.5:41234,[fd00::1]:443", "203.0.113.5"),
        ("::ffff:203.0.113.5", "203.0.113.5"),
    ],
)
def test_proxies_may_write_ports_and_brackets(hops: str, client: str) -> None:
    transport = mock.Mock()
    transport.get_extra_info.return_value = ("10.0.0.1", 5000)
    request = make_mocked_request("GET", "/", headers={"X-Forwarded-For": hops}, transport=transport)
    assert ClientAddress(["10.0.0.0/8", "fd00::/8"]).of(request) == client


@pytest.mark.parametrize(("site", "allowed"), [("same-origin", True), ("cross-site", False), (None, False)])
def test_a_null_origin_counts_only_from_our_own_page(site: str | None, allowed: bool) -> None:
    headers = {"Host": "a.test", "Origin": "null"} | ({"Sec-Fetch-Site": site} if site else {})
    request = make_mocked_request("POST", "/", headers=headers)
    if allowed:
        check_origin(request, "")
    else:
        with pytest.raises(RefusedError, match=r"origin\.forbidden"):
            check_origin(request, "")


def test_an_unknown_address_is_one_key_and_a_v6_customer_is_one_too() -> None:
    address = ClientAddress(())
    request = make_mocked_request("GET", "/")
    assert address.key(request) == "unknown"
    keys = {
        address.key(request.clone(remote=remote))
        for remote in ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "::ffff:192.0.2.1")
    }
    assert keys == {"2001:db8:1:2::/64", "192.0.2.1"}


def test_the_metrics_that_operators_watch() -> None:
    metrics = Metrics()
    metrics.on_message(
        MIXER,
        MixerReport(
            9,
            900,
            3,
            5,
            {},
            {},
            {picture_stream("program"): 77},
            {sender_name("tv"): 2},
            11,
            Load(2, "overload.wall-rate", "x"),
            latency_counts=(0, 4, 5, 1),
            latency_sum_s=0.5,
        ),
    )
    metrics.on_message(MIXER, PlanTaken(5, 9, 1))
    metrics.on_message(sender_name("tv"), SenderReport("tv", "retrying", bytes_sent=1000, dropped=4))
    metrics.on_message(sender_name("tv~backup"), SenderReport("tv~backup", "live", bytes_sent=2000))
    metrics.on_message(sender_name("gone"), SenderReport("gone", "live"))
    guest, player = PeerStats("guest~a~tab~x", "a", packets=100, lost=6), PeerStats("whep~~program~x")
    whips = [PeerStats(f"whip~~{source}~x", packets=50, lost=2, source=source) for source in ("cam", "gone")]
    metrics.on_message(shard_name(0), ShardReport((guest, player, *whips)))
    metrics.on_message(shard_name(1), ShardReport((player,)))
    metrics.on_message(shard_name(2), ShardReport((player,)))
    metrics.on_process(shard_name(2), 1)
    metrics.on_usage({MIXER: 12.5}, {MIXER: 4096}, {MIXER: {CONTROL: 64}})
    metrics.on_process(MIXER, 2)
    metrics.count_request("GET", "/join/{token}", 303)
    show = Show(
        seats={"a": Seat("a", "A")},
        sources={"cam": Source("cam", "Camera", "whip")},
        outputs={"tv": Output("tv"), "new": Output("new")},
    )
    booths: dict[str, BoothState] = {"b1": "open", "b2": "on_air", "b3": "lost"}
    live = BackupStatus("live", "", "", 0, 0, 0, 0.0)
    status = StudioStatus(
        seats={"a": replace(ABSENT, state="on_air")},
        booths={id_: BoothStatus(state, "", "", False, "") for id_, state in booths.items()},
        outputs={
            "tv": OutputStatus("retrying", "", "", 0, 0, 0, 0.0, "", -1, live),
            "new": OutputStatus("stopped", "", "", 0, 0, 0, 0.0, "", -1),
        },
    )
    state = PublicView()(show, status)
    text = metrics.render(state, 3).decode()
    found = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    for key, value in {
        ("studio_ticks_total",): 900,
        ("studio_late_ticks_total",): 3,
        ("studio_spared_ticks_total",): 11,
        ("studio_overload_step",): 2,
        ("studio_picture_latency_seconds_bucket", "0.001"): 0,
        ("studio_picture_latency_seconds_bucket", "0.002"): 4,
        ("studio_picture_latency_seconds_bucket", "0.003"): 9,
        ("studio_picture_latency_seconds_bucket", "+Inf"): 10,
        ("studio_picture_latency_seconds_count",): 10,
        ("studio_picture_latency_seconds_sum",): 0.5,
        ("studio_command_to_air_ticks",): 1,
        ("studio_seats", "on_air"): 1,
        ("studio_seats", "absent"): 0,
        ("studio_booth_open", "b1"): 1,
        ("studio_booth_open", "b2"): 1,
        ("studio_booth_open", "b3"): 0,
        ("studio_output_state", "primary", "retrying", "tv"): 1,
        ("studio_output_state", "live", "primary", "tv"): 0,
        ("studio_output_state", "backup", "live", "tv"): 1,
        ("studio_output_state", "new", "primary", "stopped"): 1,
        ("studio_output_bytes_total", "primary", "tv"): 1000,
        ("studio_output_bytes_total", "backup", "tv"): 2000,
        ("studio_output_dropped_total", "primary", "tv"): 4,
        ("studio_guest_packets_lost_total", "a"): 6,
        ("studio_whip_packets_lost_total", "cam"): 2,
        ("studio_whip_packets_total", "cam"): 50,
        ("studio_peers", "guest"): 1,
        ("studio_peers", "whep"): 2,
        ("studio_peers", "whip"): 2,
        ("studio_peers", "booth"): 0,
        ("studio_process_cpu_seconds_total", "mixer"): 12.5,
        ("studio_process_resident_bytes", "mixer"): 4096,
        ("studio_process_restarts_total", "mixer"): 2,
        ("studio_link_bytes_total", "control", "mixer"): 64,
        ("studio_http_requests_total", "/join/{token}", "303", "GET"): 1,
        ("studio_websockets",): 3,
    }.items():
        assert found[key] == value, key
    assert not any("gone" in key for key in found)


@pytest.mark.parametrize(
    ("accepted", "language"),
    [("ko-KR,ko;q=0.9,en;q=0.8", "ko"), ("en-US,ko;q=0.5", "en"), ("fr,ko", "ko"), ("", "en"), ("ja", "en")],
)
def test_a_plain_page_speaks_the_browsers_language_first(accepted: str, language: str) -> None:
    page = plain.error_page(RefusedError(401, "link.expired", ""), accepted)
    assert f'<html lang="{language}">' in page
    assert (
        page.index("expired") < page.index("유효")
        if language == "en"
        else page.index("유효") < page.index("expired")
    )


def test_every_code_has_a_plain_page_and_no_markup_gets_in() -> None:
    page = plain.error_page(RefusedError(500, '"><script>', "<b>"))
    assert "<script>" not in page
    assert "This did not work" in page


def test_the_library_list_makes_the_import_map(tmp_path: Path) -> None:
    listed = vendor.entries(PAGES)
    names = vendor.import_map(listed)["imports"]
    assert set(names) == {
        "preact",
        "preact/hooks",
        "htm",
        "htm/preact",
        "@preact/signals",
        "@preact/signals-core",
    }
    assert set(vendor.missing(tmp_path, listed)) == {each.rpartition("/")[2] for each in names.values()}
