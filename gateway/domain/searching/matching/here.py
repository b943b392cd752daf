"""What a search is understood by beside its own words: the gateway's address, its code systems, the day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from gateway.errors import BadRequest

Coded = Callable[[str | None, str], bool]
"""A test of a code with its system; None for a code element, whose system is that of its binding."""


class Codes(Protocol):
    """The code systems and value sets that are known here. What is not known is BadRequest: a filter that nobody can
    apply is never left out."""

    def members(self, value_set: str) -> Coded:
        """Whether a code is in a value set, named by its URL or as `ValueSet/id`."""

    def below(self, system: str, code: str) -> Coded:
        """Whether a code is this one or stands below it."""

    def above(self, system: str, code: str) -> Coded:
        """Whether a code is this one or stands above it."""


class NoCodes:
    """Where no code system is known."""

    def members(self, value_set: str) -> Coded:
        """Raises BadRequest."""
        raise BadRequest("This value set is not known here", hint="GET ValueSet lists those that are.")

    def below(self, system: str, code: str) -> Coded:
        """Raises BadRequest."""
        raise BadRequest("This code system is not known here", hint="GET CodeSystem lists those that are.")

    above = below


_NO_CODES = NoCodes()


@dataclass(frozen=True, slots=True)
class Here:
    """`url` is the gateway's FHIR address with a slash at its end; `today` is None where no age can be asked for."""

    url: str = ""
    codes: Codes = _NO_CODES
    today: date | None = None


NOWHERE = Here()
