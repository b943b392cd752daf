"""What was fetched of one citizen, as one JSON document:

    {"vendor": "nexus", "installation": "koebenhavn", "fetched": "2026-03-02T09:00:00+00:00", "asked": "<CPR>",
     "content": {"citizen": [{…}], "grants": [{…}, {…}], …}}

`installation` is how the source names itself (`senders` in mappings/sources), `fetched` when this content was first
seen, `asked` the number that was asked for. `content` holds, by the name of each step of the walk (walk.py), what the
system answered, as it answered it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NoReturn

from gateway.errors import MissingField, Unreadable, WrongType
from gateway.translate.blanks import fit

DEEPEST = 48
_TOP = ("vendor", "installation", "fetched", "asked", "content")

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Gathered:
    """The document. `roots` are the answers by step, as paths read them (translate/fhir/paths.py)."""

    vendor: str
    installation: str
    fetched: datetime
    asked: str
    roots: Mapping[str, Sequence[Json]]

    def place(self, node: Any) -> str:
        """Where an answer stands: `grants[3]`; "" for what is none."""
        for name, found in self.roots.items():
            for at, one in enumerate(found):
                if one is node:
                    return f"{name}[{at}]"
        return ""


def written(
    vendor: str, installation: str, fetched: datetime, asked: str, content: Mapping[str, Sequence[Json]]
) -> bytes:
    """The document as bytes: the same content gives the same bytes, in whatever order the system lists things."""
    ordered = {name: _settled(content[name]) for name in sorted(content)}
    told = {"vendor": vendor, "installation": installation, "fetched": fetched.isoformat(), "asked": asked}
    return json.dumps(told | {"content": ordered}, ensure_ascii=False, default=str).encode()


def canonical(content: Mapping[str, Sequence[Json]]) -> bytes:
    """What tells one content from another."""
    ordered = {name: _settled(content[name]) for name in sorted(content)}
    return json.dumps(ordered, ensure_ascii=False, sort_keys=True, default=str).encode()


def _settled(answers: Sequence[Json]) -> list[Json]:
    return sorted(answers, key=lambda one: json.dumps(one, ensure_ascii=False, sort_keys=True, default=str))


def read(raw: bytes) -> Gathered:
    """The document in these bytes. Raises Unreadable, MissingField, WrongType."""
    whole = json_of(raw)
    if not isinstance(whole, dict):
        raise Unreadable("This is no JSON object", where="line 1")
    for name in _TOP:
        if name not in whole:
            raise MissingField(where=name)
    content = whole["content"]
    if not isinstance(content, dict) or not all(isinstance(found, list) for found in content.values()):
        raise WrongType(where="content", hint="A list of answers by step is expected.")
    for name, found in content.items():
        for at, one in enumerate(found):
            if not isinstance(one, dict):
                raise WrongType(where=f"content.{name}[{at}]", hint="An object is expected.")
    names = [whole[name] for name in ("vendor", "installation", "asked")]
    if not all(isinstance(name, str) for name in names):
        raise WrongType(where="asked", hint="vendor, installation and asked are texts.")
    return Gathered(names[0], names[1], _moment(whole["fetched"]), names[2], content)


def json_of(raw: bytes) -> Any:
    """JSON with its decimals as they were written. Raises Unreadable for anything else, and for what is nested deeper
    than any case system nests."""
    try:
        found = json.loads(raw, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise Unreadable("This is not JSON", where="line 1") from None
    if b"\\u" in raw and not _storable(found):
        raise Unreadable("The JSON holds U+0000 or half a character", where="line 1")
    here: Iterable[Any] = [found]
    for _ in range(DEEPEST):
        here = [child for node in here for child in _children(node)]
        if not here:
            return _plain(found) if b"\\u" in raw else found
    raise Unreadable("The JSON is nested too deep", where="line 1")


def _storable(found: Any) -> bool:
    """Whether its texts can be written down: escapes may spell what no text holds. Deeper than can be looked into is
    told as such."""
    try:
        return b"\\u0000" not in json.dumps(found, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError:
        return False
    except RecursionError:
        return True


def _plain(node: Any) -> Any:
    """Texts without control characters, which JSON can spell."""
    if isinstance(node, dict):
        return {name: _plain(value) for name, value in node.items()}
    if isinstance(node, list):
        return [_plain(one) for one in node]
    return fit(node) if isinstance(node, str) else node


def _children(node: Any) -> Iterable[Any]:
    if isinstance(node, dict):
        return [child for child in node.values() if isinstance(child, dict | list)]
    return [child for child in node if isinstance(child, dict | list)] if isinstance(node, list) else ()


def _no_number(text: str) -> NoReturn:
    raise ValueError("no number of JSON")


def _moment(text: Any) -> datetime:
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is None:
            raise ValueError
        return found.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        raise WrongType(where="fetched", hint="A time with its zone is expected.") from None
