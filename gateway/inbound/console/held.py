"""What a session holds of what was entered in its forms, so that addresses need not hold it; on every node.

What may be held is a dataclass of ours, or a plain JSON value. It is kept under the name of its class; a thing whose
class is no more, or has other fields by now, is as if it had never been held.
"""

from __future__ import annotations

import secrets
import sys
from collections.abc import Mapping
from dataclasses import is_dataclass
from typing import Any

import msgspec

_OURS = "gateway."


class Held:
    """The things of one session by their opaque ids. `new` are those of this request, which are to be kept yet."""

    def __init__(self, kept: Mapping[str, bytes] | None = None) -> None:
        self._kept = dict(kept or {})
        self._things: dict[str, object] = {}
        self.new: dict[str, bytes] = {}

    def add(self, thing: object) -> str:
        """Hold this; gives the id that may stand in an address."""
        key = secrets.token_hex(12)
        self.new[key] = _told(thing)
        self._things[key] = thing
        return key

    def get(self, key: str) -> object | None:
        """What this id stands for, None where it stands for nothing."""
        if key not in self._things and key in self._kept:
            self._things[key] = _understood(self._kept[key])
        return self._things.get(key)


def _told(thing: object) -> bytes:
    """Raises TypeError for what could not be read again."""
    kind = type(thing)
    if not is_dataclass(thing):
        return _encode(["", thing])
    if not kind.__module__.startswith(_OURS):
        raise TypeError(f"{kind.__name__} is no class of ours")
    return _encode([f"{kind.__module__}:{kind.__qualname__}", thing])


def _text(thing: object) -> str:
    """The page's own words (texts.Ours) as any text."""
    if isinstance(thing, str):
        return str(thing)
    raise TypeError(f"{type(thing).__name__} cannot be held")


_encode = msgspec.json.Encoder(enc_hook=_text).encode


def _understood(raw: bytes) -> object | None:
    name, thing = msgspec.json.decode(raw, type=tuple[str, msgspec.Raw])
    kind: Any = Any
    if name:
        module, _, qualified = name.partition(":")
        kind = getattr(sys.modules.get(module), qualified, None)
        if not module.startswith(_OURS) or not is_dataclass(kind):
            return None
    try:
        found: object = msgspec.json.decode(thing, type=kind)
    except msgspec.ValidationError:
        return None
    return found
