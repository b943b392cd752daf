"""A Bundle with names in place of ids: equal content gives equal text, whatever key the ids were made with."""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from typing import Any

Json = dict[str, Any]

_ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")
_LONG = 160  # a longer list has a line for each item
_ROUNDS = 4  # how far content is followed through references to tell two resources apart
# Lists that the gateway sorts by id, and so by chance: they are sets.
_SETS = {
    "CarePlan": ("extension", "addresses", "supportingInfo", "goal", "activity", "contributor"),
    "CareTeam": ("participant", "managingOrganization"),
}


def normalised(bundle: Json) -> Json:
    """The Bundle with `kind-1`, `kind-2` … for ids, without meta.lastUpdated, in an order that content alone gives.
    What is pointed at and not in the Bundle is `not-visible`."""
    if bundle.get("resourceType") != "Bundle":
        return bundle
    bodies = [_undated(entry["resource"]) for entry in bundle.get("entry", [])]
    names = _names([body for body in bodies if _ID.fullmatch(body["id"])])
    named = [_sets(_renamed(body, names)) for body in bodies]
    named.sort(key=lambda body: (body["resourceType"], not body["id"].startswith("joint-"), body["id"]))
    return {"resourceType": "Bundle", "type": bundle["type"], "entry": [{"resource": body} for body in named]}


def text(bundle: Json) -> str:
    """As it stands in `expected/`: JSON, one line for each element of a resource, so that differences can be read."""
    made = normalised(bundle)
    if "entry" not in made:
        return json.dumps(made, ensure_ascii=False, sort_keys=True) + "\n"
    entries = ",\n".join(_lines(entry["resource"]) for entry in made["entry"])
    return f'{{"resourceType": "Bundle", "type": "{made["type"]}", "entry": [\n{entries}\n]}}\n'


def _lines(body: Json) -> str:
    head = {name: body[name] for name in ("resourceType", "id", "meta")}
    rest = sorted(body.keys() - head.keys())
    lines = [json.dumps(head, ensure_ascii=False)[1:-1], *(f'  "{n}": {_line(body[n])}' for n in rest)]
    return '{"resource": {' + ",\n".join(lines) + "}}"


def _line(value: Any) -> str:
    told = json.dumps(value, ensure_ascii=False, sort_keys=True)
    if not isinstance(value, list) or len(told) < _LONG:
        return told
    return "[\n" + ",\n".join(f"    {json.dumps(item, ensure_ascii=False, sort_keys=True)}" for item in value) + "]"


def _undated(body: Json) -> Json:
    meta = {name: value for name, value in body.get("meta", {}).items() if name != "lastUpdated"}
    return body | {"meta": meta}


def _names(bodies: list[Json]) -> dict[str, str]:
    """Id → name. Resources are told apart by their content and by that of what they point at."""
    looks = {body["id"]: body["resourceType"] for body in bodies}
    for _ in range(_ROUNDS):
        looks = {body["id"]: _masked(body, looks) for body in bodies}
    by_kind: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    for body in bodies:
        by_kind[body["resourceType"]].append((_words(body), looks[body["id"]], body["id"]))
    return {
        identity: f"{kind.lower()}-{number}"
        for kind, found in by_kind.items()
        for number, (_, _, identity) in enumerate(sorted(found), 1)
    }


def _words(body: Json) -> str:
    """What a person would tell it by, first of all, so that a small change leaves the names as they are."""
    told = json.dumps({n: v for n, v in body.items() if n != "meta"}, sort_keys=True, ensure_ascii=False)
    return _ID.sub("", told)


def _masked(body: Json, looks: dict[str, str]) -> str:
    told = json.dumps(body, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(_ID.sub(lambda found: looks.get(found[0], ""), told).encode()).hexdigest()


def _renamed(body: Json, names: dict[str, str]) -> Json:
    told = json.dumps(body, ensure_ascii=False)
    renamed: Json = json.loads(_ID.sub(lambda found: names.get(found[0], "not-visible"), told))
    return renamed


def _sets(body: Json) -> Json:
    if not body["id"].startswith("joint-"):
        return body
    sorted_ = {
        name: sorted(body[name], key=lambda one: json.dumps(one, sort_keys=True))
        for name in _SETS[body["resourceType"]]
        if name in body
    }
    return body | sorted_
