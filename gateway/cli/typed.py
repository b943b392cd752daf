"""What is typed on a command line, read; argparse tells what is none."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from gateway.domain.when import instant

_MOST = 2**63 - 1  # the largest id that a database gives


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


def at_least(least: int) -> Callable[[str], int]:
    """Reads a whole number that is not below this."""

    def number(text: str) -> int:
        try:
            found = int(text)
        except ValueError:
            found = least - 1
        if not least <= found <= _MOST:
            raise ArgumentTypeError(f"{text!r} is no whole number, at least {least}")
        return found

    return number
