"""Who said a part: here a Provenance stands inside of the resource that it tells of (gateway/translate/kl/rewrite.py),
in what KL writes it is an entry of its own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from gateway.domain.statement import Body

KIND = "Provenance"
_NEEDED = frozenset({"target", "recorded", "agent"})  # R4: at least one of each


def apart(part: Body) -> tuple[Body, list[Body]]:
    """A part that points at its Provenances as entries, and these, which point at it. The same Provenance inside of
    several parts is one. Anything else that a part contains stays behind."""
    listed = [one for one in part.get("contained", ()) if one.get("resourceType") == KIND and "id" in one]
    if not listed:
        return part, []
    here = f"{part['resourceType']}/{part['id']}"
    made = [_leading(one, {"#": here}.get) for one in listed]
    urls = {f"#{one['id']}": f"{KIND}/{_name(told)}" for one, told in zip(listed, made, strict=True)}
    rest = {name: value for name, value in part.items() if name != "contained"}
    told = [_leading(one, urls.get) | {"id": _name(one)} for one in made]
    return _leading(rest, urls.get), told


def is_whole(history: Body) -> bool:
    """Whether it still tells who said what."""
    return history.keys() >= _NEEDED


def _name(history: Body) -> str:
    """An id of ours: the same whichever of its parts it was found in."""
    said: Mapping[str, Any] = history | {"target": sorted(str(one.get("reference")) for one in history["target"])}
    return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False, default=str).encode()).hexdigest()[:32]


def _leading(node: Any, meant: Callable[[str], str | None]) -> Any:
    """A copy whose literal references lead to what they mean."""
    if isinstance(node, list):
        return [_leading(item, meant) for item in node]
    if not isinstance(node, dict):
        return node
    made = {name: _leading(value, meant) for name, value in node.items()}
    if isinstance(url := node.get("reference"), str) and (found := meant(url)):
        made["reference"] = found
    return made
