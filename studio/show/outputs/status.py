"""Pure: an output's health as the console shows it, from what its senders and the shards report."""

from collections.abc import Sequence

import msgspec

from mixer.contract.messages import SenderReport
from mixer.contract.output_url import StreamUrl, UrlError
from signaling.contract.messages import SeatsRecorded
from signaling.contract.state import BackupStatus, OutputStatus, projected
from studio.show.model import Output


def public_output(
    output: Output,
    report: SenderReport | None,
    backup: SenderReport | None,
    recorded: Sequence[SeatsRecorded],
) -> OutputStatus:
    """``backup`` is there where the output has one. ``recorded``: what each shard
    says of the seats it writes for this output."""
    if output.seats:
        return _shown(_of_seats(output, recorded))
    shown = _shown(report or _silent(output))
    if not output.backup:
        return shown
    second = _shown(backup or _silent(output))
    return msgspec.structs.replace(shown, backup=projected(BackupStatus, second))


def redacted(report: SenderReport, output: Output) -> SenderReport:
    """Senders redact; a key must not get out even if one forgets."""
    for url in (output.url, output.backup):
        if not url:
            continue
        try:
            redact = StreamUrl.parse(url).redact
        except UrlError:
            return msgspec.structs.replace(report, reason="")
        report = msgspec.structs.replace(report, reason=redact(report.reason), file=redact(report.file))
    return report


def _silent(output: Output) -> SenderReport:
    """Return the status of an output that nothing is heard of: not started yet, or not to run."""
    return SenderReport(output.id, "starting" if output.running else "stopped")


def _of_seats(output: Output, recorded: Sequence[SeatsRecorded]) -> SenderReport:
    """One report of what several shards write; the first fault stands for all."""
    live = [each for each in recorded if each.live]
    if not output.running or not live:
        return _silent(output)
    fault = next((each for each in live if each.code), live[0])
    return SenderReport(
        output.id,
        "failed" if fault.code else "live",
        fault.reason,
        fault.code,
        bytes_sent=sum(each.bytes for each in live),
        dropped=sum(each.dropped for each in live),
        bitrate=sum(each.bitrate for each in live),
        # each of them sees what the disk loses to all
        remaining_s=min((each.remaining_s for each in live if each.remaining_s >= 0), default=-1.0),
    )


def _shown(report: SenderReport) -> OutputStatus:
    return OutputStatus(
        state=report.state,
        code=report.code,
        reason=report.reason,
        bytes=report.bytes_sent,
        dropped=report.dropped,
        bitrate=report.bitrate,
        file=report.file,
        retry_in_s=round(report.retry_in_s, 1),
        remaining_s=_coarse(report.remaining_s),
    )


def _coarse(remaining_s: float) -> int:
    """Whole minutes, and whole seconds at the end: the console need not be told each second of hours."""
    if remaining_s < 0:
        return -1
    return int(remaining_s) if remaining_s < 600 else int(remaining_s // 60) * 60
