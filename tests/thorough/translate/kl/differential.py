"""What a profile's differential demands of a resource, as far as it is said by cardinality, fixed value or pattern."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

Json = dict[str, Any]


class Differentials:
    """KL's StructureDefinitions of the public samples, which hold differentials alone."""

    def __init__(self, folder: Path) -> None:
        read = [json.loads(file.read_bytes()) for file in folder.glob("StructureDefinition-*.json")]
        self._by_url = {one["url"]: one for one in read}

    def faults(self, resource: Json, url: str) -> list[str]:
        """Everything that the profile and those under it forbid; a profile that is not there is a fault."""
        definition = self._by_url.get(url)
        if definition is None:
            return [f"{url} is not known"]
        base = definition.get("baseDefinition", "")
        found = self.faults(resource, base) if base in self._by_url else []
        elements = definition["differential"]["element"]
        systems = {one["id"]: one["patternUri"] for one in elements if "patternUri" in one}
        for element in elements:
            found += self._element(resource, element, systems.get(f"{element['id']}.system", ""))
        return found

    def _element(self, resource: Json, element: Json, system: str) -> list[str]:
        """`system` tells the codings of a slice. Slices that only a reference's target could tell are left out."""
        path, slice_ = element["path"].split(".")[1:], element["id"].partition(":")[2]
        told = system or (path[-1:] == ["extension"] and element.get("type"))
        if not path or (slice_ and ("." in slice_ or not told)):
            return []
        holders = _at([resource], path[:-1])
        found = []
        for holder in holders:
            values = _values(holder, path[-1])
            if slice_:
                values = [one for one in values if _in_slice(one, element, system)]
            low, high = element.get("min", 0), element.get("max", "*")
            if len(values) < low or (high != "*" and len(values) > int(high)):
                found.append(f"{element['id']}: {len(values)} of {low}..{high}")
            wanted = next((v for n, v in element.items() if n.startswith(("fixed", "pattern"))), None)
            if wanted is not None and not slice_:
                found += [f"{element['id']} is not as its pattern" for one in values if not _matches(one, wanted)]
        return found


def _at(nodes: list[Any], names: list[str]) -> list[Any]:
    for name in names:
        nodes = [one for node in nodes for one in _values(node, name)]
    return nodes


def _values(node: Any, name: str) -> list[Any]:
    if not isinstance(node, dict):
        return []
    if name.endswith("[x]"):
        start = name[:-3]
        return [v for n, v in node.items() if n.startswith(start) and n[len(start) : len(start) + 1].isupper()]
    value = node.get(name, [])
    return value if isinstance(value, list) else [value]


def _in_slice(value: Any, element: Json, system: str) -> bool:
    """Extensions are told by their profile's URL, codings by their system."""
    if system:
        return bool(value.get("system") == system)
    return value.get("url") in element["type"][0].get("profile", [])


def _matches(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, dict):
        return isinstance(value, dict) and all(_matches(value.get(n), v) for n, v in wanted.items())
    if isinstance(wanted, list):
        return isinstance(value, list) and all(any(_matches(one, w) for one in value) for w in wanted)
    return bool(value == wanted)
