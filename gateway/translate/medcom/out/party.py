"""Sender, receiver and provider of a message that goes out: MedCom asks for two numbers of each, SOR and GLN."""

from __future__ import annotations

from typing import Any

from gateway.domain.identifier import GLN, SOR, normal
from gateway.errors import MissingField
from gateway.translate.medcom.names import GS1_GLN, SOR_ENDPOINT
from gateway.translate.medcom.original import Party
from gateway.translate.medcom.writing import printable
from gateway.translate.rules.codes import CodeTable

Json = dict[str, Any]


def party(reference: Json, locations: CodeTable, where: str) -> Party:
    """Whom a logical reference means. `locations` is mappings/codes/locations.csv, which leads SOR numbers to GLNs.

    Raises MissingField without a SOR number, which addresses the message, or without a GLN.
    """
    said = reference.get("identifier", {})
    own = normal(said.get("system", ""), said.get("value", ""))
    if own.system != SOR or not own.value:
        raise MissingField("MedCom's messages are addressed by SOR numbers.", where=f"{where}.identifier")
    row = locations.find(SOR, own.value)
    if row is None or row.target_system != GLN or not row.target_code:
        raise MissingField(
            "No location number (GLN) is known.", where=f"{where}.identifier", hint="See mappings/codes/locations.csv."
        )
    numbers = ((GS1_GLN, row.target_code), (SOR, own.value))
    return Party(f"{SOR_ENDPOINT}{own.value}", numbers, printable(reference.get("display") or row.display).strip())
