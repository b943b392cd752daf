"""HL7 v2 data types as FHIR data types: the named functions that rules call on whole fields.

People, organisations and places become logical references (identifier and display): they are no resources here.
Each function gives None for what holds nothing, so nothing empty is ever made.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from gateway.domain.identifier import CPR, D_ECPR, X_ECPR, is_a_citizens
from gateway.translate.hl7v2 import time
from gateway.translate.hl7v2.naming import (
    assigner,
    authority,
    citizen_number,
    coding_system,
    facility,
    is_national,
    local,
    number,
    parts,
)
from gateway.translate.hl7v2.parse import Repetition
from gateway.translate.rules.reader import Env, Unfit
from gateway.translate.translation import Finding

Json = dict[str, Any]
_TYPES = "http://terminology.hl7.org/CodeSystem/v2-0203"
_TABLE = re.compile(r"HL7\d{4}", re.ASCII)
_NOTHING = [""] * 9
_DAY = 8  # characters of a time that tells the day alone
_LONGEST = 300  # of a text that is remembered
_USES = {
    "PRN": "home", "WPN": "work", "ORN": "home", "VHN": "home", "PRS": "mobile",
    "HOME": "home", "WORK": "work", "BUSINESS": "work", "MOBILE": "mobile", "CELL": "mobile",  # words, as some write
}  # fmt: skip
_EQUIPMENT = {
    "PH": "phone", "CP": "phone", "FX": "fax", "BP": "pager", "MD": "other", "SAT": "other", "TDD": "other",
    "TTY": "other", "INTERNET": "email", "X.400": "email",
}  # fmt: skip
_MOBILE = frozenset({"CP", "CELL", "MOBILE"})


def citizen_identifier(env: Env, node: Repetition) -> Json | None:
    """CX of PID-3: Identifier with use and type. Raises Unfit for what can be nobody's number."""
    found = citizen_number(env, node)
    if found is None:
        return None
    made = _typed(env, node, found.system, found.value)
    if found.system == CPR:
        made = {"use": "official"} | made
    elif found.system == X_ECPR or found.system.startswith(D_ECPR):
        made = {"use": "temp"} | made
    return made


def former_identifier(env: Env, node: Repetition) -> Json | None:
    """CX of MRG-1: as `citizen_identifier`, and nothing where the number is the survivor's too."""
    own = [env.message.numbers.get(one.raw) for one in env.message.first["PID"].repetitions(3)]
    return None if citizen_number(env, node) in own else citizen_identifier(env, node)


def identifier(env: Env, node: Repetition) -> Json | None:
    """CX of anything else: Identifier."""
    found = number(env, node, "number")
    return _typed(env, node, found.system, found.value) if found else None


def visit_identifier(env: Env, node: Repetition) -> Json | None:
    """CX of PV1-19: Identifier of type VN."""
    found = number(env, node, "visit")
    if found is None:
        return None
    return {"type": {"coding": [{"system": _TYPES, "code": "VN"}]}, "system": found.system, "value": found.value}


def entity(env: Env, node: Repetition) -> Json | None:
    """EI (number, namespace, universal id, its type): Identifier."""
    value, *named = parts(node, 4)
    if not value:
        return None
    return {"system": authority(env.source, named) or local(env.source, "number"), "value": value}


def _typed(env: Env, node: Repetition, system: str, value: str) -> Json:
    given = node.said()
    made: Json = {"system": system, "value": value}
    if given[6] or given[7]:
        made |= _period(env, node, 7, 8)
    kind = given[4]
    if not kind:
        return made
    return {"type": {"text": kind} if " " in kind else {"coding": [{"system": _TYPES, "code": kind}]}} | made


def _period(env: Env, node: Repetition, start: int, end: int) -> Json:
    """From when until when something was in use, by two components; what is no time is left out and told."""
    period: Json = {}
    for edge, component in (("start", start), ("end", end)):
        text = node.value(component)
        if text:
            try:
                period[edge] = time.fhir(text, env.timezone)
            except time.NoTime as error:
                env.findings.append(Finding(node.place(component), f"is not {error}; left out"))
    return {"period": period} if period else {}


def concept(env: Env, node: Any, table: Any = "") -> Json | None:
    """CWE: CodeableConcept with both codings and the original text. `table` (`HL70004`, or the field that names it) is
    the coding system where the sender names none."""
    if isinstance(table, Repetition):
        table = table.value(1)
    if not isinstance(node, Repetition) or len(node.raw) + len(table) > _LONGEST:
        return _concept(env, parts(node) + _NOTHING, table)
    memo, key = env.memo, (table, node.raw)
    if key not in memo:
        memo[key] = _concept(env, node.said(), table)
    return memo[key]


def _concept(env: Env, given: list[str], table: str) -> Json | None:
    code, shown, system, alternate, text, other = given[:6]
    code, alternate = _word(code), _word(alternate)
    codings = []
    if code:
        codings.append(_coded(env, code, shown, system or table))
    if alternate:
        codings.append(_coded(env, alternate, text, other or ("" if code else table)))
    made: Json = {"coding": codings} if codings else {}
    shown = given[8] or shown or ("" if code else text)
    if shown:
        made["text"] = shown
    return made or None


def _word(code: str) -> str:
    """A code without line breaks and double blanks, which R4 does not allow in one."""
    return code if code.isalnum() else " ".join(code.split())


def _coded(env: Env, code: str, display: str, system: str) -> Json:
    uri = coding_system(env.source, system, code)
    made = {"system": uri, "code": code} if uri else {"code": code}
    if display:
        made["display"] = display
    return made


def diagnosed(env: Env, code: Any, table: Any, text: Any) -> Json | None:
    """DG1-3 with the words in DG1-4, which are the doctor's own, as its text; either may be missing."""
    made = concept(env, code, table or "") if code is not None else None
    words = text.value(1) if isinstance(text, Repetition) else ""
    return (made or {}) | {"text": words} if words else made


def coding(env: Env, node: Any, table: str = "") -> Json | None:
    """CWE: its first Coding."""
    made = concept(env, node, table)
    return made["coding"][0] if made and "coding" in made else None


def practitioner(env: Env, node: Repetition) -> Json | None:
    """XCN: logical reference to a person who works in health or social care, never by a number that they have as
    citizens."""
    return _remembered(env, node, _practitioner)


def _practitioner(env: Env, node: Repetition) -> Json | None:
    value, family, given, further, suffix, prefix = node.said()[:6]
    made: Json = {"type": "Practitioner"}
    if value:
        system = assigner(env, node, 9) or local(env.source, "staff")
        if not (is_a_citizens(system) or is_national(env, node, system, 13)):
            made["identifier"] = {"system": system, "value": value}
    display = " ".join(filter(None, (prefix, given, further, family, suffix)))
    if display:
        made["display"] = display
    return made if len(made) > 1 else None


def _remembered(env: Env, node: Repetition, make: Callable[[Env, Repetition], Json | None]) -> Json | None:
    """Staff, wards and organisations recur in every message: what was made of one text is kept with the source."""
    if len(node.raw) > _LONGEST:
        return make(env, node)
    memo, key = env.memo, (make, node.raw)
    if key not in memo:
        memo[key] = make(env, node)
    return memo[key]


def organisation(env: Env, node: Repetition) -> Json | None:
    """XON: logical reference to an organisation. Its number is XON.10, before 2.5 XON.3."""
    return _remembered(env, node, _organisation)


def _organisation(env: Env, node: Repetition) -> Json | None:
    value = node.value(10) or node.value(3)
    made: Json = {"type": "Organization"}
    if value:
        system = assigner(env, node, 6) or local(env.source, "organisation")
        made["identifier"] = {"system": system, "value": value}
    if node.value(1):
        made["display"] = node.value(1)
    return made if len(made) > 1 else None


def hospital(env: Env, node: Repetition) -> Json | None:
    """PL of PV1-3: logical reference to the organisation that its facility (PL.4) names."""
    return _remembered(env, node, _hospital)


def _hospital(env: Env, node: Repetition) -> Json | None:
    named = node.subcomponents(4)
    found = facility(env.source, named)
    if found is None:
        return None
    made: Json = {"type": "Organization", "identifier": found}
    if named[0]:
        made["display"] = named[0]
    return made


def sender(env: Env, node: Repetition) -> Json:
    """MSH-4: logical reference to the organisation that the source is registered for."""
    of = env.source.organisation
    return {"type": "Organization", "identifier": {"system": of.system, "value": of.value}, "display": env.source.name}


def place(env: Env, node: Repetition) -> Json | None:
    """PL: logical reference to the most exact place it names. The number is the source's own; the display tells the
    ward's name, ward, room and bed, and the facility unless it is a mere number (Encounter.serviceProvider has its
    name); building and floor only where there is nothing else."""
    return _remembered(env, node, _place)


def _place(env: Env, node: Repetition) -> Json | None:
    given = node.said()
    ward, room, bed = given[0:3]
    exact = "-".join(name for name in (ward, room, bed) if name)
    shown = [given[8], exact or " ".join(filter(None, given[6:8])), "" if given[3].isdigit() else given[3]]
    display = ", ".join(dict.fromkeys(name for name in shown if name))
    if not display:
        return None
    made: Json = {"type": "Location"}
    if exact:
        owner = given[3] or "place"
        made["identifier"] = {"system": local(env.source, f"place:{owner}"), "value": exact}
    return made | {"display": display}


def destination(env: Env, node: Repetition) -> Json | None:
    """DLD of PV1-37: where the citizen is discharged to, by code or name, as a logical reference."""
    name = node.value(1)
    if not name:
        return None
    return {
        "type": "Location",
        "identifier": {"system": local(env.source, "destination"), "value": name},
        "display": name,
    }


def contact(env: Env, node: Repetition, default: str = "") -> Json | None:
    """XTN: ContactPoint. `default` is the use where XTN.2 says none (PID-13 home, PID-14 work)."""
    memo, key = env.memo, (contact, default, node.raw)
    if key not in memo:
        given = node.said()
        made = _contact(given, default)
        if made and (given[12] or given[13]):  # not remembered: a time that cannot be read is told each time
            return made | _period(env, node, 13, 14)
        if len(node.raw) > _LONGEST:
            return made
        memo[key] = made
    return memo[key]


def _contact(given: list[str], default: str) -> Json | None:
    use, equipment = given[1].upper(), given[2].upper()
    system = _EQUIPMENT.get(equipment, "email" if use == "NET" or "@" in given[0] else "phone")
    value = _mailed(given) if system == "email" else _dialled(given)
    if not value:
        return None
    made = {"system": system, "value": value}
    meant = "mobile" if equipment in _MOBILE else _USES.get(use, "" if use else default)
    if meant:
        made["use"] = meant
    return made


def _mailed(given: list[str]) -> str:
    return given[3] or given[11] or given[0]


def _dialled(given: list[str]) -> str:
    if given[11] or given[0]:
        return given[11] or given[0]
    country, area, local_number, extension = given[4:8]
    if not local_number:
        return ""
    prefix = f"+{country.lstrip('+')} " if country else ""
    return f"{prefix}{area}{' ' if area else ''}{local_number}{f';ext={extension}' if extension else ''}"


def title(env: Env, text: str) -> str:
    """XPN.5, a prefix such as Dr. Some senders put the relationship's code into the name field of NK1: then the name
    of its code table stands here, and what stands before it is no name."""
    if _TABLE.fullmatch(text):
        raise Unfit("is the name of a code table: this name field seems to hold a code")
    return text


def street(env: Env, node: Repetition) -> str:
    """SAD of XAD.1 in one line: street address, street name, dwelling number; these two where the first does not hold
    them, since many senders tell both."""
    if node.marks.subcomponent not in node.raw:
        return node.said()[0]
    whole, *parts = node.subcomponents(1)
    told = whole.casefold()
    return whole if all(part.casefold() in told for part in parts) else " ".join(filter(None, (whole, *parts)))


def date_time(env: Env, text: str) -> str:
    """DTM: dateTime in the precision sent."""
    try:
        return time.fhir(text, env.timezone)
    except time.NoTime as error:
        raise Unfit(f"is not {error}") from None


def timed(env: Env, text: str) -> str:
    """DTM that tells a time of day: dateTime; nothing for a mere date, which many senders fill with zeros, nor for what
    is no time, which another rule of the same field tells."""
    if len(text) <= _DAY or text[_DAY] in "+-" or not text[_DAY:].partition("+")[0].partition("-")[0].strip("0."):
        return ""
    try:
        return time.fhir(text, env.timezone)
    except time.NoTime:
        return ""


def date(env: Env, text: str) -> str:
    """DTM: date in the precision sent."""
    try:
        return time.day(text)
    except time.NoTime as error:
        raise Unfit(f"is not {error}") from None


def moment(env: Env, text: str) -> Any:
    """DTM: moment in UTC."""
    try:
        return time.instant(text, env.timezone)
    except time.NoTime as error:
        raise Unfit(f"is not {error}") from None
