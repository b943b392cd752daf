"""Languages that people speak (PID-15, NK1-20): readers look for BCP 47, and senders write ISO 639 or what they like.

Table 0296 is local and holds codes of ISO 639 nearly everywhere, as do codes of which no table is told. Both the
language and the sender's own code are told, each in its system.
"""

from __future__ import annotations

import re
from typing import Any

from gateway.translate.hl7v2.naming import coding_system
from gateway.translate.hl7v2.parse import Repetition
from gateway.translate.rules.reader import Env

Json = dict[str, Any]
_TABLE = "HL70296"
_ISO = re.compile(r"ISO(?:[ _-]?639(?:[ _-]?[1-5])?)?", re.ASCII | re.IGNORECASE)
_BCP = frozenset({"BCP47", "BCP-47", "BCP 47"})
_BCP_47 = "urn:ietf:bcp:47"
_OF_LETTERS = {2: "urn:oid:2.16.840.1.113883.6.99", 3: "urn:oid:2.16.840.1.113883.6.100"}  # ISO 639-1, ISO 639-2


def language_code(env: Env, node: Repetition, first: str) -> str:
    """The code in the components from `first` on (1, or 4 for the alternate) in capitals, where it may be one of ISO
    639; nothing where another list is named."""
    code, _, system = _told(node, first)
    return code.upper() if system in ("", _TABLE) or _ISO.fullmatch(system) else ""


def language_coding(env: Env, node: Repetition, first: str) -> Json | None:
    """The sender's own Coding in the components from `first` on."""
    code, display, name = _told(node, first)
    if not code:
        return None
    system = coding_system(env.source, name or _TABLE, code)
    if name.upper() in _BCP:
        system = _BCP_47
    elif _ISO.fullmatch(name):
        system = _OF_LETTERS.get(len(code), _BCP_47)
    made = {"system": system, "code": code}
    return made | {"display": display} if display else made


def language_words(env: Env, node: Repetition) -> str:
    """What stands in the place of the code and is none: several words that no list is told of."""
    return "" if _told(node, "1")[0] else node.value(1)


def _told(node: Repetition, first: str) -> list[str]:
    """Code, display and coding system."""
    code, display, system = (" ".join(node.value(int(first) + at).split()) for at in range(3))
    return ["" if " " in code and not (display or system) else code, display, system]
