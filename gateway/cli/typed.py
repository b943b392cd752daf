"""What is typed on a command line, read; argparse tells what is none."""

from __future__ import annotations

from argparse import ArgumentTypeError
from datetime import UTC, datetime, timedelta

from gateway.domain.when import instant


def day(text: str) -> datetime:
    """The first moment of a Danish day."""
    try:
        return instant(text).astimezone(UTC)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no day (2026-01-31)") from None


def seconds(text: str) -> timedelta:
    """A number of seconds, with a point if need be."""
    try:
        return timedelta(seconds=float(text))
    except (ValueError, OverflowError):
        raise ArgumentTypeError(f"{text!r} is no number of seconds") from None
