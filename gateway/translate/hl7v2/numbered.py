"""Appointments, referrals, orders and documents by their numbers (EI): as identifier, as key and as reference.

A number without an assigning authority is the source's own, and of its own row of numbers: the placer's appointment 12
is not the filler's, and neither is document 12.
"""

from __future__ import annotations

from typing import Any

from gateway.translate.hl7v2.naming import authority, local, number, parts
from gateway.translate.hl7v2.parse import Repetition
from gateway.translate.rules.reader import Env

Json = dict[str, Any]
_TYPES = "http://terminology.hl7.org/CodeSystem/v2-0203"


def numbered(env: Env, node: Any, row: str, kind: str = "") -> Json | None:
    """EI (number, namespace, universal id, its type): Identifier. `row` names the source's own row of such numbers,
    `kind` is a type of table 0203 (PLAC, FILL)."""
    value, *named = parts(node, 4)
    if not value:
        return None
    made: Json = {"system": authority(env.source, named) or local(env.source, row), "value": value}
    return {"type": {"coding": [{"system": _TYPES, "code": kind}]}} | made if kind else made


def number_key(env: Env, node: Any, row: str) -> str:
    """The same number as a key: `system|number`."""
    found = numbered(env, node, row)
    return f"{found['system']}|{found['value']}" if found else ""


def appointment(env: Env, filler: Any, placer: Any, occurrence: str = "") -> str:
    """SCH-2, which the scheduling system gives for good, else SCH-1; of a repeating appointment one occurrence each
    (SCH-3)."""
    for node, row in ((filler, "filler-appointment"), (placer, "placer-appointment")):
        found = number_key(env, node, row) if node is not None else ""
        if found:
            told = parts(occurrence, 1) if occurrence else []
            return f"{found}|{told[0]}" if told and told[0] else found
    return ""


def ordered(env: Env, node: Any, row: str) -> Json | None:
    """EI of an order: a logical reference, since orders themselves are not received."""
    found = numbered(env, node, row)
    return {"type": "ServiceRequest", "identifier": found} if found else None


def contact(env: Env, node: Repetition) -> Json | None:
    """CX of PV1-19: a logical reference to the stay, whose Encounter the fold makes."""
    found = number(env, node, "visit")
    return {"type": "Encounter", "identifier": {"system": found.system, "value": found.value}} if found else None


def provider(env: Env, number_: Any, name: Any) -> Json | None:
    """PRD-7 (PLN or CX) and PRD-2: a logical reference to a provider. Whose number it is, the authority of a CX or the
    type of a PLN tells (YDER)."""
    given = parts(number_, 4) if number_ is not None else [""]
    made: Json = {"type": "Practitioner"}
    if given[0]:
        named = number_.subcomponents(4)
        known = authority(env.source, named if len(named) > 1 else given[1:2])
        made["identifier"] = {"system": known or local(env.source, "provider"), "value": given[0]}
    family, first, further, suffix, prefix = (*(parts(name, 5) if name is not None else ()), *[""] * 5)[:5]
    shown = " ".join(filter(None, (prefix, first, further, family, suffix)))
    if shown:
        made["display"] = shown
    return made if len(made) > 1 else None
