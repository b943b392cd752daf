"""Delete: a source takes back what it wrote. http://hl7.org/fhir/R4/http.html#delete

What was written stays in history, marked as entered in error; whoever could see it is told that it is gone. Of a
Patient the source takes back all that it has said of the person, by message too, as with HL7 v2 A29: what others say
stays, and so do the numbers that the person is known by, and all that is told of the person besides.
"""

from __future__ import annotations

import secrets
from dataclasses import replace

from gateway.domain.caller import Caller
from gateway.domain.identifier import Identifier
from gateway.domain.statement import Act, Statement, Verb
from gateway.domain.written import origin_of
from gateway.errors import Gone
from gateway.flows.parts import Gateway
from gateway.flows.writing.asked import Standing, Word, Work
from gateway.flows.writing.standing import after, as_word, check_version, writable


async def withdraw(gateway: Gateway, caller: Caller, work: Work) -> Word | Standing:
    """The word that takes it back; Standing where that was done before. Raises as `writable` does, Conflict for another
    version than If-Match names."""
    asked = work.asked
    try:
        standing = await writable(gateway, caller, work)
    except Gone:
        return Standing(asked.kind, asked.identity)
    check = check_version(standing, asked)
    assert standing.own is not None  # noqa: S101 - for mypy: who handles a task does not delete it
    now, own = gateway.clock(), standing.own
    origin = origin_of(secrets.token_hex(8))
    said = Statement(asked.kind, own.key, Act.STATE, Verb.WITHDRAW, now, now, {}, own.source, origin)
    word = as_word(standing, after(standing, said), check)
    if asked.kind != "Patient":
        return word
    system, _, number = own.key.partition("|")
    return replace(word, numbers=(Identifier(system, number),))  # said of this identity, whoever it was joined with
