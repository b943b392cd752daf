"""An export of the console as `gateway verify-log` meets it: three files in one folder, any of which may be named."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

from gateway.cli.export_log import progress
from gateway.domain.checkpoint import NoteKey
from gateway.domain.export_proof import ExportReport, verify_export
from gateway.errors import SettingsError
from gateway.store import keys

_NAME = re.compile(r"(?P<export>.+)\.(?:manifest\.txt|proofs\.ndjson|content\.(?:csv|ndjson))")
_MANIFEST_BYTES = 10_000


def is_exported(path: Path) -> bool:
    """Whether this is the name of one of the three, as the console gives them."""
    return _NAME.fullmatch(path.name) is not None


def verified(path: Path, trusted: Sequence[NoteKey]) -> ExportReport:
    """What there is to say of an export. Raises SettingsError where no key is given, or a file of it is missing."""
    found = _NAME.fullmatch(path.name)
    if not trusted or found is None:
        text = "An export of the console names no key itself"
        raise SettingsError(text, hint="Give --key: the page Status and /log/keys tell it.")
    endings = ("manifest.txt", "proofs.ndjson", "content.csv", "content.ndjson")
    three = [path.with_name(f"{found['export']}.{ending}") for ending in endings]
    if not three[2].exists():
        del three[2]
    with ExitStack() as opened:
        manifest, proofs, content = (opened.enter_context(_open(one)) for one in three[:3])
        return verify_export(manifest.read(_MANIFEST_BYTES), content, _counted(proofs), keys.verify, trusted)


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        text = f"This file of the export cannot be read ({error.strerror})"
        hint = "The three files lie in one folder, under the names that they were taken with."
        raise SettingsError(text, where=str(path), hint=hint) from None


def _counted(lines: BinaryIO) -> Iterator[bytes]:
    for number, line in enumerate(lines):
        yield line
        progress(number)


def spoken(report: ExportReport) -> str:
    """The report in words."""
    lines = []
    if report.manifest:
        told = report.manifest
        lines.append(f"{report.records} records as {told.shape}, of a log that had {told.size} when they were taken.")
    lines += [f"{fault.kind.upper()}: {fault.text}" for fault in report.faults]
    if report.more:
        lines.append(f"... and {report.more} more.")
    right = "Nothing was changed, removed or put in, and every record stands in the signed log."
    return "\n".join([*lines, right if report.ok else "This is NOT the export that was signed."])
