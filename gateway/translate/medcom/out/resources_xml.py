"""The same messages as resources.py gives, in FHIR XML."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from gateway.translate.fhir import write_xml
from gateway.translate.medcom.out import resources


def messages(given: Sequence[dict[str, Any]], now: datetime, mappings: Path) -> list[bytes]:
    """As `resources.messages`."""
    return resources.messages(given, now, mappings, write_xml)
