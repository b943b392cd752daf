"""Create: a new resource of the citizen that it names. http://hl7.org/fhir/R4/http.html#create"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from gateway.domain.caller import Caller
from gateway.domain.statement import Act, Statement, Verb
from gateway.domain.written import origin_of, written_key
from gateway.errors import Forbidden
from gateway.flows.parts import Gateway
from gateway.flows.writing import checking
from gateway.flows.writing.asked import Around, Asked, Word, Work
from gateway.flows.writing.whose import check_references, citizen_of, numbers_of, source_of
from gateway.store import resources
from gateway.translate.filed import filed

_TICK = timedelta(microseconds=1)


async def create(gateway: Gateway, caller: Caller, work: Work, around: Around, token: str = "") -> Word:
    """The word that makes the resource. `token` is what its key is made of, where it is not to be a new one.

    Raises what is wrong with it; NotFound for a citizen whom this caller may not see.
    """
    asked, source = work.asked, source_of(gateway, caller)
    token = token or secrets.token_hex(16)
    body = await checking.checked(asked)
    checking.label(caller, asked, body, ())
    if asked.kind == "Patient":
        return await _patient(gateway, caller, work, body, token)
    citizen = await citizen_of(gateway, caller, work, body, around)
    work.about(citizen.id)
    await check_references(gateway, caller, asked.kind, body, citizen, around)
    key, now = written_key(source.id, asked.kind, token), gateway.clock()
    origin = origin_of(secrets.token_hex(8))
    said = Statement(asked.kind, key, Act.STATE, Verb.ASSERT, now, now, body, source.id, origin)
    (said,), files = filed((said,), gateway.ids, asked.beside)
    identity = gateway.ids(asked.kind, key)
    return Word(source, citizen.id, citizen.numbers, said, identity, created=True, files=files)


def place_of(gateway: Gateway, caller: Caller, asked: Asked, token: str) -> tuple[str, str]:
    """The (type, id) that this create will have: in a transaction others refer to it before it is worked out."""
    source = source_of(gateway, caller)
    if asked.kind == "Patient":
        numbers = numbers_of(source, caller, {"identifier": asked.body.get("identifier")}, token)
        return "Patient", gateway.ids("Patient", numbers[0].key)
    return asked.kind, gateway.ids(asked.kind, written_key(source.id, asked.kind, token))


async def _patient(gateway: Gateway, caller: Caller, work: Work, body: dict[str, Any], token: str) -> Word:
    """A citizen is who has the number: whoever is known by it already is told of once more."""
    source, now = source_of(gateway, caller), gateway.clock()
    if "link" in body:
        raise Forbidden("Who is the same person is told by message (HL7 v2 A40)", where="Patient.link")
    numbers = numbers_of(source, caller, body, token)
    identity = gateway.ids("Patient", numbers[0].key)
    known = await resources.find(gateway.database, "Patient", identity)
    work.about(known.sealed.facts.citizen if known else identity)
    key = numbers[0].key
    said = Statement("Patient", key, Act.STATE, Verb.ASSERT, now, now, body, source.id, origin_of(secrets.token_hex(8)))
    if known:  # what the source took back it says anew, also where another clock was ahead
        told = await resources.said_of(gateway.database, "Patient", identity, known.sealed.facts.citizen, gateway.ids)
        ends = [one.happened + _TICK for one in told if one.source == source.id and one.verb is Verb.WITHDRAW]
        said.happened = max(now, *ends) if ends else now
    return Word(source, identity, numbers, said, identity, created=True)
