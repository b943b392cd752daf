"""Our own profiles, extensions and operations (profiles/compiled), as resources for whoever reads what we claim."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping
from typing import Any

from gateway.translate.conformance import FOLDER

Json = dict[str, Any]
KINDS = ("OperationDefinition", "StructureDefinition")
_SUBSETTED = {"tag": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED"}]}


def definition(kind: str, identity: str) -> Json | None:
    """The whole resource, None when there is none of this id."""
    return _published().get((kind, identity))


def metadata(kind: str) -> Iterator[Json]:
    """Every resource of a type: a StructureDefinition without its elements, tagged so."""
    for (of, _), one in _published().items():
        if of == kind == "StructureDefinition":
            short = {name: value for name, value in one.items() if name not in ("snapshot", "differential")}
            yield short | {"meta": _SUBSETTED}
        elif of == kind:
            yield one


@functools.cache
def _published() -> Mapping[tuple[str, str], Json]:
    found = [json.loads(file.read_bytes()) for kind in KINDS for file in sorted(FOLDER.glob(f"{kind}-*.json"))]
    return {(one["resourceType"], one["id"]): one for one in found}
