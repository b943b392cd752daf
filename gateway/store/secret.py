"""Secrets on disk: read, or made once with mode 0600. Every node of one gateway needs the same files."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from gateway.errors import SettingsError


def kept(path: Path, make: Callable[[], bytes]) -> bytes:
    """The content of `path`, made the first time. Two nodes that start at once agree on the first to write."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return path.read_bytes()
        with os.fdopen(handle, "wb") as file:
            content = make()
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        return content
    except OSError as error:
        raise SettingsError("A secret cannot be read or made", where=str(path), hint=str(error.strerror)) from error
