"""Numbers of an episode of care (hospital.md 1.4): however they are written, one key.

FHIR keeps the hyphens of a UUID, OIOXML, EDIFACT and some HL7 v2 senders do not; `urn:uuid:` may stand before it.
"""

from __future__ import annotations

import re

EPISODE = "episode|"
"""How the keys of episodes begin. One episode may hold several visits, at several hospitals."""

_UUID = re.compile(r"[0-9a-z]{32}", re.ASCII)  # MedCom's examples have letters beyond f


def bare(number: str) -> str:
    """The number without what its spelling adds.

    >>> bare("urn:uuid:3F0B2C4E-5D6A-4B7C-8D9E-0A1B2C3D4E5F")
    '3f0b2c4e5d6a4b7c8d9e0a1b2c3d4e5f'
    """
    return number.strip().lower().removeprefix("urn:uuid:").replace("-", "")


def key_of(system: str, number: str) -> str:
    """The key of an episode's number. 32 characters name it anywhere (the second hospital of a transfer repeats the
    first one's, and letters of the old kind carry no system); a shorter number only within its system."""
    return anywhere(number) or f"{EPISODE}{system}|{bare(number)}"


def anywhere(number: str) -> str:
    """The key of a number that names an episode whoever gave it: 32 characters. Empty for any other."""
    text = bare(number)
    return f"{EPISODE}{text}" if _UUID.fullmatch(text) else ""
