"""Places of errors as a sender of JSON knows them: `relationer.ejer`, not `RelationListe/Sagsaktoer[Ejer]`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from gateway.errors import GatewayError
from gateway.translate.oio.lora.names import LISTS, Names
from gateway.translate.oio.lora.tree import Object

_STEP = re.compile(r"([A-Za-z-]+)(?:\[([A-Za-z]+)\])?")
_WRAPPERS = re.compile(r"^(?:(?:Importer|Opdater|Fjern)SagDokumentIndeksInput|SagIndeks|DokumentIndeks|SagUuid"
                       r"|OpdaterSagIndeks|OpdaterDokumentIndeks|Sag|Dokument|Indsats)(?:\[\d+\])?(?:/|$)")  # fmt: skip


@contextmanager
def in_json(names: Names, objects: list[Object]) -> Iterator[None]:
    """What is raised inside tells its place in the words of JSON."""
    try:
        yield
    except GatewayError as error:
        error.where = place(error.where, names, objects[0].kind)
        raise


def place(where: str, names: Names, kind: str) -> str:
    """`Sag/RelationListe/Sagsaktoer[Ejer]` → `relationer.ejer`; what is told in JSON's words already stays."""
    while stripped := _WRAPPERS.match(where):
        where = where[stripped.end() :]
    told, *steps = where.split("/") if where else [""]
    if told[:1].isupper():  # names of JSON are written small
        told, steps = "", [told, *steps]
    made = [told] if told else []
    for step in steps:
        found = _STEP.fullmatch(step)
        name, role = (found[1], found[2] or "") if found else (step, "")
        if name == "UUIDIdentifikator":
            made.append("uuid")
        elif name in LISTS.values():
            made.append(next(key for key, element in LISTS.items() if element == name))
        elif spelled := names.in_json(kind, name, role):
            made = [*(one for one in made if one not in LISTS), spelled]
        elif name == "Tidspunkt":
            made.append("fratidspunkt")
        elif name == "Virkning":
            made.append("virkning")
    return ".".join(made)
