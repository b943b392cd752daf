"""Secrets that a connection needs: an environment variable, or a file. They never stand in a mapping, a log or an
error."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from gateway.domain.source import Source
from gateway.errors import SettingsError


def secret(name: str) -> str:
    """What the variable, or the file where the name begins with `/`, holds; without line ends. Raises SettingsError."""
    try:
        found = Path(name).read_text("utf-8") if name.startswith("/") else os.environ.get(name, "")
    except (OSError, UnicodeDecodeError):
        found = ""
    if not found.strip():
        raise SettingsError(f"The secret {name} is not there", hint="Set the variable, or write the file.")
    return found.strip()


def check(sources: Iterable[Source]) -> None:
    """All secrets that fetching needs are there. Raises SettingsError that names every one that is not."""
    missing: list[str] = []
    for source in sources:
        for name in (source.fetch.secret, source.fetch.key) if source.fetch else ():
            try:
                if name:
                    secret(name)
            except SettingsError:
                missing.append(f"{name} ({source.id})")
    if missing:
        raise SettingsError(
            "Secrets are not there: " + ", ".join(missing), hint="Set the variables, or write the files."
        )
