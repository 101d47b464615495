"""The configuration: defaults, errors that say where, and what the processes are told."""

from fractions import Fraction
from pathlib import Path

import pytest

from mixer.contract.messages import Rendition
from mixer.contract.plan import Ducking
from studio.contract import config
from studio.contract.config import ConfigError, Settings, parse


def test_nothing_configured_is_the_defaults() -> None:
    settings = parse("")
    assert settings == Settings()
    assert settings.video.program == (1920, 1080)
    assert settings.video.wall == (3840, 1080)
    assert settings.video.rate == 30
    assert settings.renditions.program == config.Encoding(6_000_000, "superfast", 2.0)
    assert settings.ice.stun == ()
    assert settings.ice.turn == ()
    assert settings.event.languages == ("ko", "en")
    assert config.ducking(settings) == Ducking()


def test_everything_configured() -> None:
    settings = parse(
        """
        public_url = "https://studio.example"
        shards = 3
        [event]
        title = "정상회의"
        languages = ["ko", "zh-Hant"]
        [server]
        host = "0.0.0.0"
        port = 443
        trusted_proxies = ["192.0.2.0/24", "2001:db8::1"]
        [tls]
        cert = "cert.pem"
        key = "key.pem"
        [ice]
        stun = ["stun:stun.example:3478"]
        turn = ["turn:turn.example:3478?transport=udp"]
        turn_secret = "shared"
        ttl_s = 3600
        [rtc]
        announce = "203.0.113.7"
        ports = [40000, 40999]
        [video]
        fps = "30000/1001"
        wall = [5760, 1080]
        [renditions.program]
        bitrate = 10_000_000
        preset = "veryfast"
        keyframe_s = 2
        [renditions.return]
        bitrate = 500_000
        [interpretation]
        duck_db = -24
        attack_ms = 50
        hold_ms = 300
        release_ms = 250
        both_open = true
        [audio]
        aac_bitrate = 128_000
        targets = {ko = -14, floor = -20.5}
        [outputs]
        ca_file = "ca.pem"
        recordings = "/srv/recordings"
        [invites]
        days = 3
        """
    )
    assert settings.event.title == "정상회의"
    assert settings.video.rate == Fraction(30000, 1001)
    assert settings.renditions.return_feed.bitrate == 500_000
    assert settings.invites.days == 3
    assert settings.rtc.ports == (40000, 40999)
    assert settings.event.languages == ("ko", "zh-Hant")
    assert settings.audio.targets == {"ko": -14, "floor": -20.5}
    assert config.ducking(settings) == Ducking(-24, 50, 300, 250)


@pytest.mark.parametrize(
    ("text", "key", "reason"),
    [
        ("nonsense = 1", "nonsense", "unknown key"),
        ("[server]\nprot = 1", "server.prot", "unknown key"),
        ("[renditions.program]\nbit_rate = 1", "renditions.program.bit_rate", "unknown key"),
        ('[server]\nport = "80"', "server.port", "expected int, got str"),
        ("[server]\nport = 70000", "server.port", "<= 65535"),
        ("[video]\nwall = [3841, 1080]", "video.wall[0]", "multiple of 2"),
        ("[video]\nwall = [3840]", "video.wall", "length 2"),
        ("[video]\nfps = 31", "video.fps", "31 is not one of"),
        ('[renditions.wall]\npreset = "placebo"', "renditions.wall.preset", "invalid enum value"),
        ("[renditions.program]\nkeyframe_s = 5.0", "renditions.program.keyframe_s", "<= 4.0"),
        ('[tls]\ncert = "c.pem"', "tls.key", "belong together"),
        ('[tls]\nkey = "k.pem"', "tls.cert", "belong together"),
        ('public_url = "studio.example"', "public_url", "must be like"),
        ('public_url = "https://studio.example/studio"', "public_url", "without a path"),
        ('[server]\ntrusted_proxies = ["10.0.0.0/8", "proxy"]', "server.trusted_proxies[1]", "not an IP"),
        ('[rtc]\nannounce = "studio.example"', "rtc.announce", "not an IP address"),
        ("[rtc]\nports = [5000, 4000]", "rtc.ports", "first ≤ last"),
        ("[rtc]\nports = [0, 4000]", "rtc.ports", "first ≤ last"),
        ('[ice]\nstun = ["stun.example"]', "ice.stun[0]", "must start with stun:"),
        ('[ice]\nturn = ["turn:turn.example"]', "ice.turn_secret", "is needed"),
        ("[event]\ntitle = ''", "event.title", "length >= 1"),
        ("[server\n", "", "not TOML"),
        ("[event]\nlanguages = []", "event.languages", "length >= 1"),
        ('[event]\nlanguages = ["ko", "hall"]', "event.languages", "No language can be called hall"),
        ('[event]\nlanguages = ["ko", "KO"]', "event.languages", "once"),
        ('[event]\nlanguages = ["한국어"]', "event.languages[0]", "regex"),
        ("[audio]\ntargets = {ja = -14}", "audio.targets.ja", "neither floor nor a language"),
        ("[audio]\ntargets = {ko = -5}", "audio.targets[...]", "<= -9"),
        ("[interpretation]\nhold_ms = 700\nrelease_ms = 300", "interpretation.release_ms", "at most 900"),
        ("[interpretation]\nduck_db = 3", "interpretation.duck_db", "<= 0"),
    ],
)
def test_errors_name_file_key_and_reason(text: str, key: str, reason: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text, "studio.toml")
    error = caught.value
    assert (error.file, error.key) == ("studio.toml", key)
    assert reason in error.reason
    assert str(error) == ": ".join(part for part in ("studio.toml", key, error.reason) if part)
    assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("fps", "rate"),
    [
        ("25", Fraction(25)),
        (25, Fraction(25)),
        ("50", Fraction(50)),
        (60, Fraction(60)),
        (29.97, Fraction(30000, 1001)),
        ("59.94", Fraction(60000, 1001)),
        ("24000/1001", Fraction(24000, 1001)),
    ],
)
def test_frame_rates_are_exact(fps: str | float, rate: Fraction) -> None:
    assert parse(f"[video]\nfps = {fps!r}").video.rate == rate


def test_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"missing\.toml: No such file or directory"):
        config.load(tmp_path / "missing.toml")


def test_file_that_is_not_text(tmp_path: Path) -> None:
    file = tmp_path / "binary.toml"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="not UTF-8"):
        config.load(file)


def test_mixer_is_told_every_rendition() -> None:
    settings = parse('[video]\nfps = "30000/1001"\nwall = [1920, 1080]\n[event]\ntitle = "T"')
    told = config.mixer_config(settings, 123, Path("/fonts"))
    assert (told.fps_num, told.fps_den, told.epoch_ns, told.title) == (30000, 1001, 123, "T")
    assert told.canvases["wall"] == (1920, 1080)
    assert told.renditions["program"] == Rendition(
        "program", 1920, 1080, 6_000_000, "superfast", 2.0, always=True
    )
    assert [name for name, each in told.renditions.items() if each.always] == ["program"]
    assert told.renditions["return"].canvas == "program"


def test_shards_share_the_ports_without_overlap() -> None:
    settings = parse("[rtc]\nports = [40000, 40010]")
    told = [config.shard_config(settings, index, 3, 77) for index in range(3)]
    assert {shard.epoch_ns for shard in told} == {77}
    assert [shard.ports for shard in told] == [(40000, 40002), (40003, 40005), (40006, 40010)]
    with pytest.raises(ConfigError, match=r"rtc\.ports: fewer ports than the 12 shards"):
        config.shard_config(settings, 0, 12)


def test_number_of_shards_follows_the_cores() -> None:
    assert [config.shard_count(Settings(), cores) for cores in (1, 2, 4, 16)] == [1, 1, 2, 8]
    assert config.shard_count(parse("shards = 5"), 2) == 5


def test_readme_shows_the_defaults() -> None:
    """The README's example names every key, with its default but for what makes it an example."""
    readme = (Path(__file__).resolve().parents[4] / "README.md").read_text("utf-8")
    shown = parse(readme.partition("```toml\n")[2].partition("```")[0], "README.md")
    assert shown == Settings(event=shown.event, public_url=shown.public_url)
    text = readme.partition("```toml\n")[2]
    sections = [name for name in Settings.__struct_fields__ if name not in ("public_url", "shards")]
    assert [name for name in sections if f"[{name}" not in text] == []


def test_a_file_of_notepads_is_read_and_one_in_utf_16_is_told(tmp_path: Path) -> None:
    file = tmp_path / "studio.toml"
    file.write_bytes(b"\xef\xbb\xbf[event]\r\ntitle = 'Summit'\r\n")
    assert config.load(file).event.title == "Summit"
    file.write_text("[event]\ntitle = 'Summit'\n", "utf-16")
    with pytest.raises(config.ConfigError, match="save it as UTF-8"):
        config.load(file)


def test_relative_paths_are_of_the_folder_given(tmp_path: Path) -> None:
    file = tmp_path / "studio.toml"
    file.write_text("[outputs]\nrecordings = 'tapes'\nca_file = '/etc/ca.pem'\n", "utf-8")
    outputs = config.load(file, Path("/srv/show")).outputs
    assert (outputs.recordings, outputs.ca_file) == ("/srv/show/tapes", "/etc/ca.pem")
