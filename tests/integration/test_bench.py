"""``studio bench``: short measurements, for the form of what it prints and the sanity of its numbers."""

import json
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from mixer.contract.clock import RATE
from studio.lab.bench.dropouts import dropouts_ms
from studio.lab.bench.figures import figure, percentile, ratio
from studio.lab.bench.latency import buckets_of, during

pytestmark = pytest.mark.alone


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "studio", "bench", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture(scope="module")
def report() -> dict[str, Any]:
    """One short bench of what needs no running studio."""
    done = run("--json", "--seconds", "0.6", "--only", "receive", "--only", "viewers")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "receive: 8 guests into shard" in done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


@pytest.mark.soak
def test_report_has_its_form(report: dict[str, Any]) -> None:
    assert set(report) == {"machine", "took_s", "figures", "sections", "failed"}
    assert report["failed"] == {}
    assert set(report["sections"]) == {"receive", "viewers"}
    for each in report["figures"]:
        assert set(each) == {"name", "what", "value", "unit", "target", "verdict", "note"}
    names = [each["name"] for each in report["figures"]]
    assert names[0] == "receive_loop_ratio"
    assert names[-1] == "viewer_ratio"


@pytest.mark.soak
def test_receiving_costs_less_than_stock(report: dict[str, Any]) -> None:
    """Both took the same number of packets, give or take what a second's edges make."""
    shard, stock = (report["sections"]["receive"][name] for name in ("shard", "stock"))
    assert shard["packets"] == pytest.approx(stock["packets"], rel=0.3)
    assert 0 < shard["loop_us_per_packet"] < 0.75 * stock["loop_us_per_packet"]
    assert shard["process_us_per_packet"] > shard["loop_us_per_packet"]


@pytest.mark.soak
def test_a_viewer_costs_next_to_nothing(report: dict[str, Any]) -> None:
    parts = report["sections"]["viewers"]
    assert parts["stock"]["viewer_cores"] > 0.02
    assert parts["shard"]["viewer_cores"] < 0.2 * parts["stock"]["viewer_cores"]


def test_a_name_that_is_none_is_status_2() -> None:
    done = run("--only", "nothing")
    assert (done.returncode, done.stdout) == (2, "")
    assert "there is no figure 'nothing'" in done.stderr


def test_a_figure_is_judged_by_its_target() -> None:
    assert figure("a", "a", 0.4, "×", 0.4).verdict == "met"
    assert figure("a", "a", 0.41, "×", 0.4).verdict == "missed"
    assert figure("a", "a", 7.0).verdict == "measured"
    assert figure("a", "a", None, "×", 0.4).verdict == "not measured"
    assert ratio(1, 0) is None
    assert percentile([], 95) is None
    assert percentile([float(n) for n in range(1, 101)], 95) == 95


def test_gaps_in_a_tone_are_found() -> None:
    tone = 0.05 * np.sin(2 * np.pi * 330 * np.arange(2 * RATE) / RATE).astype(np.float32)
    assert dropouts_ms(tone) == []
    tone[RATE : RATE + RATE // 50] = 0
    assert dropouts_ms(tone) == [pytest.approx(20, abs=5)]


def test_latency_is_that_of_the_run_alone() -> None:
    text = 'studio_picture_latency_seconds_bucket{{le="{}"}} {}'
    edges = ("0.03", "0.05", "0.06", "+Inf")
    before = "\n".join(text.format(edge, count) for edge, count in zip(edges, (0, 50, 50, 60), strict=True))
    after = "\n".join(
        text.format(edge, count) for edge, count in zip(edges, (90, 146, 150, 160), strict=True)
    )
    assert during(buckets_of(before), buckets_of(after)) == {
        "count": 100,
        "p50_ms": 30,
        "p95_ms": 50,
        "p99_ms": 60,
        "max_ms": 60,
    }
    assert during(buckets_of(after), buckets_of(after)) == {}
