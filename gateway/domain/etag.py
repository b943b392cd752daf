"""Which versions an If-Match names: RFC 9110 13.1.1, FHIR R4 3.1.0.1.3. The tags are weak, and each names a version.

A bare number is taken for its tag. `*` names none: it says that there is something, as a change by an id does anyway.
"""

from __future__ import annotations


def pins(if_match: str) -> bool:
    """Whether it names any version.

    >>> pins('W/"3"'), pins("*"), pins(" ")
    (True, False, False)
    """
    return bool(_versions(if_match))


def matches(if_match: str, version: int) -> bool:
    """Whether this version is among those that it names, or it names none.

    >>> matches('W/"2", W/"3"', 3), matches('W/"2"', 3), matches("*", 3)
    (True, False, True)
    """
    named = _versions(if_match)
    return not named or str(version) in named


def _versions(if_match: str) -> list[str]:
    tags = [one.strip() for one in if_match.split(",")]
    return [one.removeprefix("W/").strip('"') for one in tags if one not in ("", "*")]
