"""`_summary` and `_elements`: a part of a resource, cut after the decision. R4 3.1.1.5.5, 3.1.1.5.6.

What must be there by the definition and what changes the meaning of the rest (modifier elements) is always kept, and
the resource is marked SUBSETTED, so that nobody writes it back as if it were whole.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from gateway.domain.searching.world import Body

SUBSETTED = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED", "display": "subsetted",
}  # fmt: skip

_ALWAYS = frozenset({"resourceType", "id", "meta"})
_TEXT = "text"


@dataclass(frozen=True, slots=True)
class Shape:
    """What R4 says of a type's elements: their paths (`Encounter.location.status`, choices spelled out) that must be
    there at the top, that change the meaning of the rest, and that belong to a summary."""

    needed: frozenset[str]
    modifiers: frozenset[str]
    summary: frozenset[str]


def subset(body: Body, shape: Shape, summary: str, elements: Collection[str]) -> Body:
    """The part of a resource that is asked for. The given body stays as it is."""
    kind = body["resourceType"]
    if summary == "true":
        return _marked(_summary(kind, body, shape))
    if summary == "data":
        return _marked({name: value for name, value in body.items() if name != _TEXT})
    if summary != _TEXT and not elements:
        return body
    wanted = {_TEXT} if summary == _TEXT else set(elements)
    kept = _ALWAYS | shape.needed | shape.modifiers
    return _marked({name: value for name, value in body.items() if _plain(name) in kept or _asked(name, wanted)})


def is_part(body: Body) -> bool:
    """Whether a resource says that it is a part of one."""
    meta = body.get("meta")
    tags = meta.get("tag") if isinstance(meta, dict) else None
    told = [one for one in tags if isinstance(one, dict)] if isinstance(tags, list) else []
    return any((one.get("system"), one.get("code")) == (SUBSETTED["system"], SUBSETTED["code"]) for one in told)


def _asked(name: str, wanted: Collection[str]) -> bool:
    """A choice may be asked for by its name without the type: `onset` for `onsetDateTime`."""
    plain = _plain(name)
    return plain in wanted or any(plain.startswith(one) and plain[len(one)].isupper() for one in wanted)


def _plain(name: str) -> str:
    return name.removeprefix("_")


def _summary(path: str, body: Body, shape: Shape) -> Body:
    """The elements marked so, and below them only those marked so where the type itself defines what is below."""
    made: Body = {}
    for name, value in body.items():
        plain = _plain(name)
        here = f"{path}.{plain}"
        if "." in path or plain in _ALWAYS or plain in shape.needed | shape.modifiers or here in shape.summary:
            below = any(one.startswith(f"{here}.") for one in shape.summary)
            made[name] = _below(here, value, shape) if below else value
    return made


def _below(path: str, value: Any, shape: Shape) -> Any:
    if isinstance(value, list):
        return [_below(path, one, shape) for one in value]
    if not isinstance(value, dict):
        return value
    kept = {name: one for name, one in value.items() if f"{path}.{_plain(name)}" in shape.summary}
    return {name: _below(f"{path}.{_plain(name)}", one, shape) for name, one in kept.items()}


def _marked(body: Body) -> Body:
    meta = body.get("meta", {})
    tags = [one for one in meta.get("tag", []) if one.get("code") != SUBSETTED["code"]]
    return body | {"meta": meta | {"tag": [*tags, SUBSETTED]}}
